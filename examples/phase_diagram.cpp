// The lazy-rich phase diagram of two-layer networks: the scale alpha at which training changes the tangent
// kernel by a given fraction, over the numbers of neurons and samples, found by bisection, and the scale at
// which kappa has a given value.
#include <lazytrain/flow/descent.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/sweep.hpp>
#include <lazytrain/report/table.hpp>

#include "support/log_slope.hpp"
#include "support/program.hpp"
#include "support/sweep_choices.hpp"
#include "support/teacher_student.hpp"

namespace {

using namespace lazytrain;
using examples::Statistics;
using nlohmann::json;

struct Choices {
  examples::SweepChoices sweep{.trials = 5, .out = "phase_diagram"};
  Index inputs = 10;
  Index teacher_neurons = 3;
  std::vector<Index> neurons = {10, 30, 100, 300};
  std::vector<Index> samples = {10, 30, 100};
  Index iterations = 2000;
  double change = 0.1;
  /// Ratio of the ends of the last bracket.
  double precision = 1.05;
};

Choices large() {
  Choices c;
  c.sweep = {.full = true, .trials = 10, .out = "phase_diagram_full"};
  c.neurons = {10, 30, 100, 300, 1000};
  c.samples = {10, 30, 100, 300};
  return c;
}

/// The boundary of one network on one data set.
json boundary(const Choices& c, Index neurons, Index samples, Index trial) {
  Philox data_rng(c.sweep.seed, 16 * static_cast<std::uint64_t>(trial) + 1);
  const auto problem = data::teacher_student<double>(
      {.inputs = c.inputs, .samples = samples, .neurons = c.teacher_neurons}, data_rng);
  const TwoLayer<double> net({.inputs = c.inputs, .neurons = neurons, .scaling = Scaling::sqrt});
  Philox rng = examples::weights_engine(c.sweep.seed, trial);
  const Vector<double> w0 = gaussian(net, 1.0, rng);
  const auto f = net.on(problem.data.inputs);
  const auto h = centred(f, w0);
  const auto loss = square_loss(problem.data.targets, f.output_space());
  const auto start = linearize(f, w0);
  const Matrix<double> kernel = tangent_kernel(start);
  Philox norm_rng(1);
  const Laziness lazy = laziness(
      h, loss, w0, LazinessOptions{.second_derivative_norm = second_derivative_norm(start, {}, norm_rng)});
  const double kappa = lazy.kappa_h.value();

  const Vector<double> zero = Vector<double>::Zero(w0.size());
  Index runs = 0;
  // Relative change of the tangent kernel by training at a scale; infinite where descent fails, which happens
  // far from the lazy regime alone: the step is half of what is stable there.
  const auto change = [&](double alpha) {
    ++runs;
    auto field = displacement_field(h, loss, w0, alpha);
    const double step = gradient_step(field, zero).step / 2;
    const auto end = gradient_descent(field, zero, {.step = step, .max_iterations = c.iterations});
    if (!end.succeeded()) return std::numeric_limits<double>::infinity();
    const Matrix<double> moved = tangent_kernel(f, Vector<double>(w0 + end.x / alpha));
    const double ratio = (moved - kernel).norm() / kernel.norm();
    return std::isfinite(ratio) ? ratio : std::numeric_limits<double>::infinity();
  };
  double low = kappa / c.change;
  double high = low;
  const auto require_bracket = [&] {
    if (runs < 100) return;
    throw std::runtime_error("no scale changes the tangent kernel by " + std::to_string(c.change));
  };
  for (; change(low) < c.change; low /= 2) require_bracket();
  for (; change(high) >= c.change; high *= 2) require_bracket();
  while (high > low * c.precision) {
    const double middle = std::sqrt(low * high);
    (change(middle) < c.change ? high : low) = middle;
  }
  return {{"low", low},
          {"high", high},
          {"kappa", kappa},
          {"criterion", lazy.criterion.value()},
          {"curvature", lazy.second_derivative.value()},
          {"slope", lazy.differential.value()},
          {"runs", runs}};
}

std::vector<report::SweepPoint> points_of(const Choices& c) {
  std::vector<report::SweepPoint> points;
  json settings = {{"inputs", c.inputs},         {"teacher_neurons", c.teacher_neurons},
                   {"iterations", c.iterations}, {"change", c.change},
                   {"precision", c.precision},   {"seed", c.sweep.seed}};
  for (const Index n : c.samples) {
    for (const Index m : c.neurons) {
      for (Index trial = 0; trial < c.sweep.trials; ++trial) {
        settings.update({{"samples", n}, {"neurons", m}, {"trial", trial}});
        points.push_back(
            {"n-" + std::to_string(n) + "-m-" + std::to_string(m) + "-trial-" + std::to_string(trial),
             settings, [&c, n, m, trial] { return boundary(c, m, n, trial); }});
      }
    }
  }
  return points;
}

/// Geometric mean and its spread: boundaries are compared by ratios.
Statistics in_logarithm(std::vector<double> values) {
  for (double& value : values) value = std::log(value);
  return examples::statistics(std::move(values));
}

void phase_diagram(const Choices& c) {
  using report::Colour;
  const std::filesystem::path folder = c.sweep.out;
  const auto results =
      report::run_sweep(folder / "points", points_of(c), {.threads = c.sweep.threads, .label = "boundaries"});
  report::Table table(
      {report::integer_column("n"), report::integer_column("m"), report::number_column("boundary alpha"),
       report::number_column("factor of deviation", 3), report::number_column("kappa at alpha = 1"),
       report::number_column("kappa at boundary", 3)});
  report::Panel against_m({.label = "neurons m", .scale = report::Scale::log},
                          {.label = "scale α", .scale = report::Scale::log},
                          "lazy above the lines, rich below");
  report::Panel against_kappa({.label = "κ of h, at α = 1", .scale = report::Scale::log},
                              {.label = "α of the boundary", .scale = report::Scale::log},
                              "all m and n: the boundary against κ");
  const std::vector<Colour> colours = {Colour::blue,   Colour::vermilion, Colour::green,
                                       Colour::purple, Colour::orange,    Colour::sky};
  json rows = json::array();
  std::vector<double> all_kappas, all_boundaries, ratios, criteria;
  std::size_t at = 0;
  for (std::size_t i = 0; i < c.samples.size(); ++i) {
    const Index n = c.samples[i];
    std::vector<double> centre, low, high, predicted, kappas;
    for (const Index m : c.neurons) {
      std::vector<double> boundaries, kappa;
      double widest = 1;
      for (Index trial = 0; trial < c.sweep.trials; ++trial, ++at) {
        const double a = report::number_of(results[at]["low"]);
        const double b = report::number_of(results[at]["high"]);
        boundaries.push_back(std::sqrt(a * b));
        kappa.push_back(report::number_of(results[at]["kappa"]));
        widest = std::max(widest, b / a);
        all_kappas.push_back(kappa.back());
        all_boundaries.push_back(boundaries.back());
        ratios.push_back(kappa.back() / boundaries.back());
        criteria.push_back(report::number_of(results[at]["criterion"]) / boundaries.back());
      }
      const Statistics boundary = in_logarithm(boundaries);
      const double kappa_mean = std::exp(in_logarithm(kappa).mean);
      // The trials' spread and half of the bisection's last bracket.
      const double spread = std::hypot(boundary.deviation, std::log(widest) / 2);
      centre.push_back(std::exp(boundary.mean));
      low.push_back(std::exp(boundary.mean - spread));
      high.push_back(std::exp(boundary.mean + spread));
      predicted.push_back(kappa_mean / c.change);
      kappas.push_back(kappa_mean);
      table.add(n, m, centre.back(), std::exp(spread), kappa_mean, kappa_mean / centre.back());
      rows.push_back({{"samples", n},
                      {"neurons", m},
                      {"boundaries", boundaries},
                      {"kappas", kappa},
                      {"factor_of_deviation", std::exp(spread)}});
    }
    const Colour colour = colours[i % colours.size()];
    const std::string name = "n = " + std::to_string(n);
    against_m.band("", c.neurons, low, high, {.colour = colour});
    against_m.line_points(name, c.neurons, centre, {.colour = colour});
    against_m.line("", c.neurons, predicted, {.colour = colour, .dash = report::Dash::dashed, .width = 1.5});
    against_kappa.points(name, kappas, centre, {.colour = colour});
  }
  const Statistics at_boundary = in_logarithm(ratios);
  const double typical = std::exp(at_boundary.mean);
  const Statistics criterion = in_logarithm(criteria);
  const double slope = examples::log_slope(all_kappas, all_boundaries);
  const auto [least, most] = std::minmax_element(all_kappas.begin(), all_kappas.end());
  const std::vector<double> ends = {*least, *most};
  const auto over = [&](double kappa) { return std::vector<double>{ends[0] / kappa, ends[1] / kappa}; };
  against_kappa.line("κ = " + report::format_number(typical, 2) + ", the mean at the boundary", ends,
                     over(typical), {.colour = Colour::black, .width = 1.5});
  against_kappa.line("κ = " + report::format_number(c.change, 2) + ", dashed on the left", ends,
                     over(c.change), {.colour = Colour::grey, .dash = report::Dash::dashed, .width = 1.5});

  report::Figure figure{
      .title = "Where two-layer networks become lazy, " + examples::trials_text(c.sweep.trials),
      .panels = {against_m, against_kappa},
      .width = 1100,
      .height = 560};
  figure.caption =
      "The scale α at which training changes the tangent kernel by " + report::format_number(100 * c.change) +
      " % (Frobenius norm), found by bisection: α (f − f(w0)) of two-layer ReLU networks with factor 1/√m, "
      "weights N(0, 1), on n samples of the sphere of R^" +
      std::to_string(c.inputs) + " labelled by a teacher of " + std::to_string(c.teacher_neurons) +
      " neurons; " + std::to_string(c.iterations) +
      " steps of gradient descent of size 1 / (2 ‖Dh(w0)‖²). Bands: standard deviation over " +
      examples::trials_text(c.sweep.trials) +
      ", with the width of the last bracket. Dashed: κ of αh, which is κ of h over α, is " +
      report::format_number(c.change) + ". At the boundary κ is " + report::format_number(typical, 2) +
      ", within a factor of " + report::format_number(std::exp(at_boundary.deviation), 3) +
      " (deviation over all m, n and trials), and κ / 2c, which counts how the residual lies in the kernel, "
      "is " +
      report::format_number(std::exp(criterion.mean), 2) + ", within a factor of " +
      report::format_number(std::exp(criterion.deviation), 3) + "; the boundary grows like κ to the power " +
      report::format_number(slope, 2) + ".";

  report::write_svg(folder / "phase_diagram.svg", figure);
  report::write_atomically(folder / "phase_diagram.csv", table.to_csv());
  report::write_json(folder / "phase_diagram.json", {{"inputs", c.inputs},
                                                     {"teacher_neurons", c.teacher_neurons},
                                                     {"iterations", c.iterations},
                                                     {"change", c.change},
                                                     {"precision", c.precision},
                                                     {"seed", c.sweep.seed},
                                                     {"trials", c.sweep.trials},
                                                     {"rows", rows},
                                                     {"kappa_at_boundary", typical},
                                                     {"factor_of_deviation", std::exp(at_boundary.deviation)},
                                                     {"criterion_at_boundary", std::exp(criterion.mean)},
                                                     {"criterion_deviation", std::exp(criterion.deviation)},
                                                     {"power_of_kappa", slope},
                                                     {"caption", figure.caption}});
  std::cout << table.to_text() << "kappa at the boundary: " << report::format_number(typical, 2)
            << ", within a factor of " << report::format_number(std::exp(at_boundary.deviation), 3)
            << "; kappa / 2c: " << report::format_number(std::exp(criterion.mean), 2)
            << ", within a factor of " << report::format_number(std::exp(criterion.deviation), 3)
            << "; the boundary grows like kappa to the power " << report::format_number(slope, 2) << "\n"
            << "Written to " << (folder / "phase_diagram").string() << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The scale from which on two-layer networks are lazy, over their neurons and samples");
  Choices choices = examples::asked_for(argc, argv, "--full") ? large() : Choices{};
  examples::declare(app, choices.sweep);
  app.add_option("--inputs", choices.inputs, "dimension d of the inputs")->check(CLI::PositiveNumber);
  app.add_option("--teacher-neurons", choices.teacher_neurons, "neurons of the teacher")
      ->check(CLI::PositiveNumber);
  app.add_option("--neurons", choices.neurons, "numbers of neurons m, ascending")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--samples", choices.samples, "numbers of samples n")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--iterations", choices.iterations, "iterations of gradient descent")
      ->check(CLI::PositiveNumber);
  app.add_option("--change", choices.change, "relative change of the tangent kernel at the boundary")
      ->check(CLI::PositiveNumber);
  app.add_option("--precision", choices.precision, "ratio of the ends of the bracket at which bisection ends")
      ->check(CLI::Range(1.0001, 100.0));
  return examples::run_program(app, argc, argv, [&] { phase_diagram(choices); });
}
