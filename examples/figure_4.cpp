// Figure 4: the two parts of the tangent kernel of two-layer ReLU networks with random weights, for several
// widths, against their limit (equation (8)), over the angle between the inputs; and how fast they tend to
// it.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <lazytrain/core/random.hpp>
#include <lazytrain/kernel/limit_kernel.hpp>
#include <lazytrain/kernel/two_layer_kernel.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/progress.hpp>
#include <lazytrain/report/table.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "support/log_slope.hpp"
#include "support/program.hpp"

namespace {

using namespace lazytrain;

struct Options {
  Index inputs = 10;
  std::vector<Index> widths = {20, 200, 2000};
  Index realizations = 3;
  std::vector<Index> rate_widths = {8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};
  Index rate_draws = 400;
  std::uint64_t seed = 2;
  std::string out = "figure_4";
};

/// x, a unit vector, and x' at every angle from x on a circle through it: columns of a matrix, x first.
Matrix<double> circle(const Vector<double>& angles, Index d, RandomEngine auto& rng) {
  const Vector<double> x = unit_vector(d, rng);
  Vector<double> across = unit_vector(d, rng);
  across -= across.dot(x) * x;
  across.normalize();
  Matrix<double> X(d, angles.size() + 1);
  X.col(0) = x;
  for (Index i = 0; i < angles.size(); ++i) {
    X.col(i + 1) = std::cos(angles(i)) * x + std::sin(angles(i)) * across;
  }
  return X;
}

/// K^(a)(x, x') and K^(b)(x, x') of a network of m neurons with weights N(0, 1).
KernelParts<Vector<double>> realization(const Matrix<double>& X, Index m, RandomEngine auto& rng) {
  const TwoLayer<double, Relu> net({.inputs = X.rows(), .neurons = m, .scaling = Scaling::sqrt});
  const auto parts = kernel_parts(linearize(net.on(X), gaussian(net, 1.0, rng)));
  const Index count = X.cols() - 1;
  return {parts.inner.row(0).tail(count).transpose(), parts.outer.row(0).tail(count).transpose()};
}

KernelParts<Vector<double>> limit(const Matrix<double>& X) {
  KernelParts<Vector<double>> out{Vector<double>(X.cols() - 1), Vector<double>(X.cols() - 1)};
  const RotationInvariantLaw law{.inner_square = static_cast<double>(X.rows()), .outer_square = 1};
  for (Index i = 1; i < X.cols(); ++i) {
    const auto entry = relu_limit_kernel(X.col(0), X.col(i), law);
    out.inner(i - 1) = entry.inner;
    out.outer(i - 1) = entry.outer;
  }
  return out;
}

/// Root of the mean over draws and angles of (K_m - K)^2, and its standard error over the draws.
struct Rate {
  std::vector<double> widths, values, errors;

  void add(Index m, const Vector<double>& squares) {
    const auto n = static_cast<double>(squares.size());
    const double mean = squares.mean();
    const double error = (squares.array() - mean).matrix().norm() / n;
    widths.push_back(static_cast<double>(m));
    values.push_back(std::sqrt(mean));
    errors.push_back(error / (2 * std::sqrt(mean)));
  }
};

void declare(CLI::App& app, Options& o) {
  app.option_defaults()->always_capture_default();
  app.add_option("--inputs", o.inputs, "dimension d of the inputs, at least 2")->check(CLI::Range(2, 100000));
  app.add_option("--widths", o.widths, "widths m whose kernels are drawn")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--realizations", o.realizations, "kernels drawn of each width")->check(CLI::PositiveNumber);
  app.add_option("--rate-widths", o.rate_widths, "widths of the convergence panel")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->expected(2, 100);
  app.add_option("--rate-draws", o.rate_draws, "random networks of each width there")
      ->check(CLI::Range(2, 1000000));
  app.add_option("--seed", o.seed, "seed of the inputs and the weights");
  app.add_option("--out,--output", o.out, "folder for the figure, its data and a summary");
}

report::Panel kernel_panel(const std::string& title, const std::string& label) {
  report::Panel panel(
      {.label = "angle φ from x to x′", .unit = "rad", .low = -std::numbers::pi, .high = std::numbers::pi},
      {.label = label}, title);
  return panel;
}

void draw_figure(const Options& o) {
  Philox rng(o.seed, 1);
  const Vector<double> angles = Vector<double>::LinSpaced(121, -std::numbers::pi, std::numbers::pi);
  const Matrix<double> X = circle(angles, o.inputs, rng);
  const auto exact = limit(X);

  report::Table kernels({report::integer_column("m"), report::integer_column("realization"),
                         report::number_column("angle"), report::number_column("K^(a)"),
                         report::number_column("K^(b)"), report::number_column("limit K^(a)"),
                         report::number_column("limit K^(b)")});
  std::vector<report::Panel> panels = {kernel_panel("(a) inner weights", "K⁽ᵃ⁾(x, x′)"),
                                       kernel_panel("(b) outer weights", "K⁽ᵇ⁾(x, x′)")};
  const std::vector<report::Colour> colours = {report::Colour::sky, report::Colour::orange,
                                               report::Colour::vermilion, report::Colour::green,
                                               report::Colour::purple};
  for (std::size_t s = 0; s < o.widths.size(); ++s) {
    for (Index r = 0; r < o.realizations; ++r) {
      const auto one = realization(X, o.widths[s], rng);
      const std::string label = r == 0 ? "m = " + std::to_string(o.widths[s]) : "";
      const report::Style style{.colour = colours[s % colours.size()], .width = 1.3};
      panels[0].line(label, angles, one.inner, style);
      panels[1].line(label, angles, one.outer, style);
      for (Index i = 0; i < angles.size(); ++i) {
        kernels.add(o.widths[s], r, angles(i), one.inner(i), one.outer(i), exact.inner(i), exact.outer(i));
      }
    }
  }
  const report::Style black{.colour = report::Colour::black, .dash = report::Dash::dashed, .width = 2.6};
  panels[0].line("limit m → ∞, eq. (8)", angles, exact.inner, black);
  panels[1].line("limit m → ∞, eq. (8)", angles, exact.outer, black);

  // Convergence, at a few angles between 0 and π.
  const Vector<double> few = Vector<double>::LinSpaced(9, 0, std::numbers::pi);
  const Matrix<double> X_few = circle(few, o.inputs, rng);
  const auto exact_few = limit(X_few);
  Rate inner, outer;
  report::Progress progress(2, "random networks", static_cast<Index>(o.rate_widths.size()) * o.rate_draws);
  for (const Index m : o.rate_widths) {
    Vector<double> inner_squares(o.rate_draws), outer_squares(o.rate_draws);
    for (Index r = 0; r < o.rate_draws; ++r) {
      const auto one = realization(X_few, m, rng);
      inner_squares(r) = (one.inner - exact_few.inner).squaredNorm() / static_cast<double>(few.size());
      outer_squares(r) = (one.outer - exact_few.outer).squaredNorm() / static_cast<double>(few.size());
      progress.step(1, [&] { return "m = " + std::to_string(m); });
    }
    inner.add(m, inner_squares);
    outer.add(m, outer_squares);
  }
  report::Panel rate({.label = "width m", .scale = report::Scale::log},
                     {.label = "root mean square of Kₘ − K", .scale = report::Scale::log}, "(c) convergence");
  report::Table rates({report::text_column("kernel"), report::integer_column("m"),
                       report::number_column("rms error"), report::number_column("standard error", 2)});
  nlohmann::json slopes;
  const auto draw = [&](const std::string& name, const std::string& key, const Rate& one,
                        report::Colour colour) {
    const auto fit = examples::log_slope(one.widths, one.values, one.errors);
    const std::string slope =
        report::format_number(fit.slope, 3) + " ± " + report::format_number(fit.error, 1);
    rate.line_points(name + ", slope " + slope, one.widths, one.values, {.colour = colour});
    for (std::size_t i = 0; i < one.widths.size(); ++i) {
      rates.add(key, static_cast<Index>(one.widths[i]), one.values[i], one.errors[i]);
    }
    slopes[key] = {{"slope", fit.slope}, {"standard_error", fit.error}};
  };
  draw("K⁽ᵃ⁾", "K^(a)", inner, report::Colour::blue);
  draw("K⁽ᵇ⁾", "K^(b)", outer, report::Colour::green);
  std::vector<double> guide;
  for (const double m : inner.widths) guide.push_back(0.6 * inner.values[0] * std::sqrt(inner.widths[0] / m));
  rate.line("slope −1/2", inner.widths, guide,
            {.colour = report::Colour::grey, .dash = report::Dash::dotted, .width = 1.5});
  panels.push_back(rate);

  report::Figure figure{.title = "Tangent kernels of random two-layer ReLU networks", .panels = panels};
  figure.width = 480 * 3;
  figure.height = 520;
  figure.caption = "(a), (b): the two parts of the tangent kernel of two-layer ReLU networks with " +
                   std::to_string(o.realizations) +
                   " random initializations of each width m (weights N(0, 1), factor 1/√m) and the "
                   "limit kernels of equation (8). x is a point of the unit sphere of R^" +
                   std::to_string(o.inputs) +
                   " and x′ turns from x by φ along a great circle. (c): root mean square over " +
                   std::to_string(o.rate_draws) +
                   " networks and 9 angles in [0, π] of the difference to the limit, with slopes fitted with "
                   "standard errors; the "
                   "variance of a mean over m independent neurons gives −1/2 exactly.";

  const std::filesystem::path folder = o.out;
  report::write_svg(folder / "figure_4.svg", figure);
  report::write_atomically(folder / "figure_4.csv", kernels.to_csv());
  report::write_atomically(folder / "figure_4_rates.csv", rates.to_csv());
  report::write_json(folder / "figure_4.json", {{"inputs", o.inputs},
                                                {"widths", o.widths},
                                                {"realizations", o.realizations},
                                                {"rate_draws", o.rate_draws},
                                                {"seed", o.seed},
                                                {"slopes", slopes},
                                                {"caption", figure.caption}});
  std::cout << rates.to_text() << "Written to " << (folder / "figure_4").string() << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Figure 4: tangent kernels of random two-layer ReLU networks against their limit");
  Options options;
  declare(app, options);
  return examples::run_program(app, argc, argv, [&] { draw_figure(options); });
}
