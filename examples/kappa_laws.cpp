// The laws of the inverse relative scale kappa of Section 1.2: in the scale alpha, in the size lambda of the
// initialization of a homogeneous model, and in the width m.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/progress.hpp>
#include <lazytrain/report/table.hpp>
#include <string>
#include <vector>

#include "support/log_slope.hpp"
#include "support/program.hpp"

namespace {

using namespace lazytrain;

struct Options {
  Index inputs = 2;
  Index samples = 8;
  Index neurons = 50;
  std::vector<Index> widths = {32, 64, 128, 256, 512, 1024, 2048};
  Index draws = 200;
  std::uint64_t seed = 1;
  std::string out = "kappa_laws";
};

void declare(CLI::App& app, Options& o) {
  app.option_defaults()->always_capture_default();
  app.add_option("--inputs", o.inputs, "dimension d of the inputs")->check(CLI::PositiveNumber);
  app.add_option("--samples", o.samples, "samples n")->check(CLI::PositiveNumber);
  app.add_option("--neurons", o.neurons, "neurons m of panels (a) and (b)")->check(CLI::PositiveNumber);
  app.add_option("--widths", o.widths, "widths m of panel (c)")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->expected(2, 100);
  app.add_option("--draws", o.draws, "random networks of each width")->check(CLI::Range(2, 1000000));
  app.add_option("--seed", o.seed, "seed of the data and the weights");
  app.add_option("--out", o.out, "folder for the figure, its data and a summary");
}

/// Inputs, targets, and every number that is drawn, for the CSV.
struct Study {
  Options options;
  Matrix<double> X;
  SquareLoss<double> loss;
  report::Table table{{report::text_column("law"), report::text_column("model"),
                       report::number_column("variable"), report::number_column("kappa"),
                       report::number_column("standard error"), report::number_column("law")}};
  nlohmann::json results{};
};

report::Panel panel(const std::string& variable, const std::string& title) {
  return {{.label = variable, .scale = report::Scale::log},
          {.label = "inverse relative scale κ", .scale = report::Scale::log},
          title};
}

/// kappa of alpha h for h = f - f(w0), slope -1, and for f, which has a plateau.
report::Panel law_of_scale(Study& study, RandomEngine auto& rng) {
  const TwoLayer<double, Tanh> net(
      {.inputs = study.X.rows(), .neurons = study.options.neurons, .scaling = Scaling::sqrt});
  const auto f = net.on(study.X);
  const Vector<double> w0 = gaussian(net, 1.0, rng);
  const LazinessOptions known{.second_derivative_norm = laziness(f, study.loss, w0).second_derivative};
  const auto h = centred(f, w0);
  std::vector<double> alphas, of_f, of_h;
  for (int i = 0; i <= 16; ++i) {
    alphas.push_back(std::pow(10.0, i / 4.0 - 1));
    of_h.push_back(laziness(Objective(h, study.loss, alphas.back()), w0, known).kappa.value());
    of_f.push_back(laziness(Objective(f, study.loss, alphas.back()), w0, known).kappa.value());
    study.table.add("scale", "f - f(w0)", alphas.back(), of_h.back(), 0.0,
                    of_h.front() * alphas.front() / alphas.back());
    study.table.add("scale", "f", alphas.back(), of_f.back(), 0.0, report::Cell());
  }
  const double slope = examples::log_slope(alphas, of_h);
  study.results["slope_in_alpha"] = slope;
  report::Panel out = panel("scale α", "(a) scale");
  out.line_points("f − f(w0), slope " + report::format_number(slope, 6), alphas, of_h);
  out.line_points("f, f(w0) ≠ 0", alphas, of_f);
  return out;
}

/// kappa_h(λ w0) for a model that is homogeneous of degree q, computed at λ w0, and by the law from w0.
template <Activation Sigma>
void law_of_size(Study& study, report::Panel& out, int q, const std::string& name, RandomEngine auto& rng) {
  const TwoLayer<double, Sigma> net(
      {.inputs = study.X.rows(), .neurons = study.options.neurons, .scaling = Scaling::sqrt});
  const auto h = net.on(study.X);
  const Vector<double> w0 = gaussian(net, 1.0, rng);
  std::vector<double> lambdas, direct, law;
  double difference = 0;
  for (int i = -8; i <= 8; ++i) {
    const double lambda = std::pow(2.0, i / 2.0);
    lambdas.push_back(lambda);
    direct.push_back(laziness(h, study.loss, Vector<double>(lambda * w0)).kappa.value());
    law.push_back(laziness(Objective(h, study.loss, std::pow(lambda, q)), w0).kappa.value());
    difference = std::max(difference, std::abs(direct.back() / law.back() - 1));
    study.table.add("size", name, lambda, direct.back(), 0.0, law.back());
  }
  study.results["homogeneous_law"][name] = {{"degree", q}, {"largest_relative_difference", difference}};
  out.points(name + " at λw0, within " + report::format_number(difference, 1), lambdas, direct);
  out.line(name + ", law: α = λ^" + std::to_string(q) + " at w0", lambdas, law);
}

/// Root mean squares of kappa over draws with independent neurons, |a| = |b| = 1, whose second derivatives
/// are bounded, against the law sqrt(E ||phi||^2 / m + ||y*||^2 / (m alpha(m))^2), for ||h - y*|| has the
/// mean square m alpha^2 E ||phi||^2 + ||y*||^2.
void law_of_width(Study& study, report::Panel& out, const std::string& name, const std::string& key,
                  Scaling scaling, RandomEngine auto& rng) {
  const auto count = static_cast<double>(study.options.draws);
  const Index many = 100000;
  const TwoLayer<double, Tanh> neurons({.inputs = study.X.rows(), .neurons = many, .scaling = 1.0});
  const double moment = neurons.on(study.X).linearize(unit_norm(neurons, rng)).activations().squaredNorm() /
                        static_cast<double>(many * study.X.cols());
  const double target = study.loss.output_space().norm(study.loss.minimizer());
  std::vector<double> widths, values, errors, law, ratios, ratio_errors;
  report::Progress progress(2, name, static_cast<Index>(study.options.widths.size()) * study.options.draws);
  for (const Index m : study.options.widths) {
    const TwoLayer<double, Tanh> net({.inputs = study.X.rows(), .neurons = m, .scaling = scaling});
    const auto h = net.on(study.X);
    Vector<double> squares(study.options.draws);
    for (Index r = 0; r < squares.size(); ++r) {
      const Vector<double> w0 = unit_norm(net, rng);
      // The closed form for the curvature, whose gap to the norm is a matter of the largest neuron alone.
      const double curvature = TwoLayerCurvature(h, h.linearize(w0)).bound(0);
      const LazinessOptions known{.second_derivative_norm = Estimate::at_most(curvature)};
      const double kappa = laziness(h, study.loss, w0, known).kappa.value();
      squares(r) = kappa * kappa;
      progress.step();
    }
    const auto width = static_cast<double>(m);
    widths.push_back(width);
    values.push_back(std::sqrt(squares.mean()));
    errors.push_back((squares.array() - squares.mean()).matrix().norm() / count / (2 * values.back()));
    law.push_back(std::hypot(std::sqrt(moment / width), target / (width * scaling(m))));
    ratios.push_back(values.back() / law.back());
    ratio_errors.push_back(errors.back() / law.back());
  }
  // The law leaves a constant open: the mean ratio.
  double factor = 0;
  for (const double ratio : ratios) factor += ratio / static_cast<double>(ratios.size());
  for (std::size_t i = 0; i < widths.size(); ++i) {
    study.table.add("width", name, widths[i], values[i], errors[i], law[i] * factor);
  }
  const auto fit = examples::log_slope(widths, ratios, ratio_errors);
  study.results["width"][key] = {{"slope_of_kappa", examples::log_slope(widths, values, errors).slope},
                                 {"slope_of_kappa_over_law", fit.slope},
                                 {"standard_error", fit.error}};
  out.points(name + ", slope of κ / law: " + report::format_number(fit.slope, 2) + " ± " +
                 report::format_number(fit.error, 1),
             widths, values);
  for (double& value : law) value *= factor;
  out.line("", widths, law, {.colour = report::Colour::grey, .width = 1.5});
}

void draw_figure(const Options& o) {
  Philox rng(o.seed);
  const Matrix<double> X = normal_matrix(o.inputs, o.samples, rng);
  Study study{o, X, square_loss(normal_vector(o.samples, rng), empirical(o.samples))};
  report::Figure figure{.title = "Laws of the inverse relative scale κ"};
  figure.panels.push_back(law_of_scale(study, rng));
  report::Panel size = panel("factor λ of the initialization", "(b) size of the initialization");
  law_of_size<Relu>(study, size, 2, "relu", rng);
  law_of_size<Quadratic>(study, size, 3, "quadratic", rng);
  figure.panels.push_back(size);
  report::Panel width = panel("width m", "(c) width");
  width.y.label = "root mean square of κ";
  law_of_width(study, width, "factor 1", "one", 1.0, rng);
  law_of_width(study, width, "factor 1/√m", "one_over_sqrt_m", Scaling::sqrt, rng);
  law_of_width(study, width, "factor 1/m", "one_over_m", Scaling::mean, rng);
  figure.panels.push_back(width);
  figure.width = 520 * 3;
  figure.height = 540;
  figure.caption = "κ = ‖αh(w0) − y*‖ ‖D²h(w0)‖ / (α ‖Dh(w0)‖²) of two-layer networks on " +
                   std::to_string(o.samples) + " samples in R^" + std::to_string(o.inputs) +
                   ". (a): tanh, m = " + std::to_string(o.neurons) +
                   ", weights N(0, 1): 1/α where h(w0) = 0, else a plateau. (b): homogeneous of degree q = 2 "
                   "(ReLU) and 3 (z²): κ at "
                   "λw0 (points) and κ of λ^q h at w0 (lines); their largest relative difference is in the "
                   "legend. (c): tanh, a_j "
                   "on the unit sphere, b_j = ±1: root mean squares over " +
                   std::to_string(o.draws) +
                   " draws, and in grey the law (E‖φ‖²/m + ‖y*‖²/(m α(m))²)^(1/2) times the mean ratio: "
                   "m^(−1/2) + 1/(m α(m)). "
                   "The slope of their ratio, with its standard error, is 0 where the law holds.";
  const std::filesystem::path folder = o.out;
  report::write_svg(folder / "kappa_laws.svg", figure);
  report::write_atomically(folder / "kappa_laws.csv", study.table.to_csv());
  study.results["caption"] = figure.caption;
  study.results["seed"] = o.seed;
  report::write_json(folder / "kappa_laws.json", study.results);
  std::cout << study.results["slope_in_alpha"] << " slope in alpha\n"
            << study.results["homogeneous_law"].dump(2) << '\n'
            << study.results["width"].dump(2) << "\nWritten to " << (folder / "kappa_laws").string()
            << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Laws of kappa in the scale, in the size of the initialization and in the width");
  Options options;
  declare(app, options);
  return examples::run_program(app, argc, argv, [&] { draw_figure(options); });
}
