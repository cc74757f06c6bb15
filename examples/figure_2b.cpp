// Figure 2(b): the population loss of a two-layer network with few neurons against the scale of its initial
// weights, trained on fresh samples: lazy training ends in a local minimum. The region that has not converged
// is found by a criterion; and the initialization is both the paper's symmetrized one, at which the
// hypothesis of Theorem 2.5 fails (the rank of Dh drops there), and h - h(w0), at which it does not.
#include <lazytrain/flow/stochastic_descent.hpp>
#include <lazytrain/kernel/relu_sum.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/sweep.hpp>
#include <lazytrain/report/table.hpp>

#include "support/program.hpp"
#include "support/sweep_choices.hpp"
#include "support/teacher_student.hpp"

namespace {

using namespace lazytrain;
using examples::Statistics;
using nlohmann::json;

struct Choices {
  examples::SweepChoices sweep{.trials = 2, .out = "figure_2b"};
  Index inputs = 100;
  Index neurons = 50;
  Index teacher_neurons = 3;
  Index batch = 200;
  Index steps = 10000;
  double largest_step = 10;
  /// Relative to the loss of the function 0.
  double drop = 0.01;
  bool published = false;
  std::vector<double> taus = {0.01, 0.03, 0.1, 0.3, 0.5, 1, 3, 10};
};

Choices paper() {
  Choices c;
  c.sweep = {.full = true, .trials = 5, .out = "figure_2b_full"};
  c.steps = 100000;
  c.taus = examples::geometric(0.01, 10, 13);
  return c;
}

struct Beginning {
  const char* name;
  const char* label;
  Start start;
};

const std::vector<Beginning>& beginnings() {
  static const std::vector<Beginning> all = {{"symmetrized", "symmetrized", Start::as_is},
                                             {"centred", "h − h(w0)", Start::centred}};
  return all;
}

/// Fresh samples of a teacher, with the inputs on a sphere of another radius.
struct Source {
  data::Teacher<double> teacher;
  double radius;

  [[nodiscard]] data::RegressionData<double> sample(Index samples, Philox& rng) const {
    auto data = teacher.sample(samples, rng);
    data.inputs *= radius;
    return data;
  }
};

/// The published code multiplies the gradient of the inner weights by d, which is what longer inputs do, and
/// learns a quarter of the teacher.
Source source_of(const Choices& c, Index trial) {
  Philox rng(c.sweep.seed, 16 * static_cast<std::uint64_t>(trial) + 1);
  const auto teacher = data::random_teacher<double>(c.inputs, c.teacher_neurons, rng);
  if (!c.published) return {teacher, 1.0};
  return {data::Teacher<double>(teacher.inner(), 0.25 * teacher.outer()),
          std::sqrt(static_cast<double>(c.inputs))};
}

/// Trains from one beginning and follows the population loss, exact, relative to that of the function 0.
json run(const Choices& c, const Beginning& beginning, double tau, Index trial) {
  constexpr Index looks = 100;
  const Source source = source_of(c, trial);
  const TwoLayer<double> net({.inputs = c.inputs, .neurons = c.neurons, .scaling = 1.0});
  Philox rng = examples::weights_engine(c.sweep.seed, trial);
  const NeuronDeviations deviations{.inner = tau / source.radius, .outer = tau};
  const bool is_centred = beginning.start == Start::centred;
  const Vector<double> w0 = is_centred ? gaussian(net, deviations, rng) : symmetrized(net, deviations, rng);

  const ReluSum target = relu_sum(source.teacher);
  const double zero_loss = sphere_mean_square(target);
  const ReluSum start = relu_sum(net, w0);
  const auto population_loss = [&](const Vector<double>& w) {
    ReluSum f = relu_sum(net, w);
    if (is_centred) f = f - start;
    f.directions *= source.radius;
    return sphere_mean_square(f - target) / zero_loss;
  };

  const auto sample = source.sample(2000, rng);
  const auto h = net.on(sample.inputs);
  const auto field = parameter_field(h, square_loss(sample.targets, h.output_space()), w0, 1.0);
  const double step = std::min(gradient_step(field, w0).step, c.largest_step);
  const std::uint64_t seed = c.sweep.seed * 1000 + static_cast<std::uint64_t>(trial);
  auto batches = fresh_batches(
      net, source, {.size = c.batch, .steps_per_epoch = std::max<Index>(1, c.steps / looks), .seed = seed});
  auto descent = batch_parameter_field(std::move(batches), w0, 1.0, beginning.start);
  std::vector<Index> steps = {0};
  std::vector<double> losses = {population_loss(w0)};
  const auto end = stochastic_descent(descent, w0, {.step = step, .epochs = looks, .max_steps = c.steps},
                                      [&](const auto& view) {
                                        steps.push_back(view.steps);
                                        losses.push_back(population_loss(view.x));
                                      });
  // Means over a tenth of the run, for SGD leaves noise.
  const auto mean_over = [&](double first, double last) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const double t = static_cast<double>(steps[i]) / static_cast<double>(end.iterations);
      if (t < first || t > last) continue;
      sum += losses[i];
      count += 1;
    }
    return sum / count;
  };
  return {{"end", mean_over(0.9, 1)},
          {"half", mean_over(0.45, 0.55)},
          {"steps", steps},
          {"losses", losses},
          {"displacement", (end.x - w0).norm() / w0.norm()},
          {"step", end.step},
          {"succeeded", end.succeeded()},
          {"message", end.message}};
}

std::vector<report::SweepPoint> points_of(const Choices& c) {
  std::vector<report::SweepPoint> points;
  json settings = {{"inputs", c.inputs},       {"neurons", c.neurons}, {"teacher_neurons", c.teacher_neurons},
                   {"batch", c.batch},         {"steps", c.steps},     {"largest_step", c.largest_step},
                   {"published", c.published}, {"seed", c.sweep.seed}};
  for (const Beginning& beginning : beginnings()) {
    for (const double tau : c.taus) {
      for (Index trial = 0; trial < c.sweep.trials; ++trial) {
        settings["beginning"] = beginning.name;
        settings["tau"] = tau;
        settings["trial"] = trial;
        points.push_back({std::string(beginning.name) + "-tau-" + report::format_number(tau) + "-trial-" +
                              std::to_string(trial),
                          settings, [&c, &beginning, tau, trial] { return run(c, beginning, tau, trial); }});
      }
    }
  }
  return points;
}

/// What a beginning's runs give at one tau.
struct Row {
  double tau;
  Statistics end;
  /// Loss half-way minus loss at the end.
  Statistics drop;
  double displacement;
  /// Of the first trial.
  std::vector<double> steps, losses;
  bool converged = false;
};

std::vector<Row> rows_of(const Choices& c, const std::vector<json>& results, std::size_t beginning) {
  std::vector<Row> rows;
  const auto trials = static_cast<std::size_t>(c.sweep.trials);
  for (std::size_t i = 0; i < c.taus.size(); ++i) {
    const std::size_t first = (beginning * c.taus.size() + i) * trials;
    std::vector<double> end, drop, displacement;
    for (std::size_t t = first; t < first + trials; ++t) {
      end.push_back(report::number_of(results[t]["end"]));
      drop.push_back(report::number_of(results[t]["half"]) - end.back());
      displacement.push_back(report::number_of(results[t]["displacement"]));
    }
    Row row{.tau = c.taus[i],
            .end = examples::statistics(end),
            .drop = examples::statistics(drop),
            .displacement = examples::statistics(displacement).mean,
            .steps = results[first]["steps"].get<std::vector<double>>(),
            .losses = results[first]["losses"].get<std::vector<double>>()};
    row.converged = row.drop.mean <= c.drop;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The ends of the tau, half-way to the neighbours, at which the runs have not converged; a pair a region.
std::vector<std::pair<double, double>> regions(const std::vector<Row>& rows) {
  std::vector<std::pair<double, double>> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].converged) continue;
    const double low = i > 0 ? std::sqrt(rows[i - 1].tau * rows[i].tau) : rows[i].tau;
    const double high = i + 1 < rows.size() ? std::sqrt(rows[i + 1].tau * rows[i].tau) : rows[i].tau;
    if (!found.empty() && found.back().second == low) {
      found.back().second = high;
    } else {
      found.emplace_back(low, high);
    }
  }
  return found;
}

void figure_2b(const Choices& c) {
  using report::Colour;
  const std::filesystem::path folder = c.sweep.out;
  const auto results = report::run_sweep(folder / "points", points_of(c),
                                         {.threads = c.sweep.threads, .label = "training runs"});
  report::Table table({report::text_column("beginning"), report::number_column("tau"),
                       report::number_column("population loss, end"), report::number_column("deviation"),
                       report::number_column("drop in the second half", 2), report::text_column("converged"),
                       report::number_column("||w - w0|| / ||w0||")});
  const std::string trials = examples::trials_text(c.sweep.trials);
  report::Figure figure{.title = "Population loss against the scale of the initial weights, " + trials +
                                 (c.sweep.full ? "" : " (the paper: 5)"),
                        .width = 1350,
                        .height = 560};
  json curves = json::array();
  double top = 0;
  for (std::size_t b = 0; b < beginnings().size(); ++b) {
    for (const Row& row : rows_of(c, results, b)) top = std::max(top, row.end.mean + row.end.deviation);
  }
  top = std::max(1.15 * top, 0.01);
  report::Panel history({.label = "steps of SGD", .scale = report::Scale::log},
                        {.label = "population loss / loss of 0", .low = 0.0, .high = top},
                        "one trial in time, dashed: h − h(w0)");
  for (std::size_t b = 0; b < beginnings().size(); ++b) {
    const Beginning& beginning = beginnings()[b];
    const auto rows = rows_of(c, results, b);
    examples::Curve curve;
    json stored = json::array();
    for (const Row& row : rows) {
      curve.add(row.end);
      table.add(beginning.name, row.tau, row.end.mean, row.end.deviation, row.drop.mean,
                row.converged ? "yes" : "no", row.displacement);
      stored.push_back({{"tau", row.tau},
                        {"end", row.end.values},
                        {"drop", row.drop.values},
                        {"converged", row.converged},
                        {"displacement", row.displacement}});
    }
    report::Panel panel({.label = "scale τ of the initial weights", .scale = report::Scale::log},
                        {.label = "population loss / loss of 0", .low = 0.0, .high = top}, beginning.label);
    json still = json::array();
    bool named = false;
    for (const auto& [low, high] : regions(rows)) {
      const std::vector<double> ends = {low, high};
      panel.band(named ? "" : "still decreasing", ends, std::vector<double>{0, 0},
                 std::vector<double>{top, top}, {.colour = Colour::grey});
      named = true;
      still.push_back({low, high});
    }
    const report::Style style{.colour = b == 0 ? Colour::blue : Colour::vermilion};
    panel.band("", c.taus, curve.low, curve.high, style);
    panel.line_points("end of training", c.taus, curve.mean, style);
    figure.panels.push_back(panel);
    const std::vector<Colour> colours = {Colour::green, Colour::blue, Colour::purple, Colour::vermilion,
                                         Colour::black};
    const std::size_t shown = std::min(rows.size(), colours.size());
    for (std::size_t k = 0; k < shown; ++k) {
      const Row& row = rows[rows.size() - shown + k];
      history.line(b == 0 ? "τ = " + report::format_number(row.tau) : "", row.steps, row.losses,
                   {.colour = colours[k], .dash = b == 0 ? report::Dash::solid : report::Dash::dashed});
    }
    curves.push_back({{"beginning", beginning.name}, {"rows", stored}, {"still_decreasing", still}});
  }
  figure.panels.push_back(history);
  figure.caption =
      "Population loss, exact, of a two-layer ReLU network (m = " + std::to_string(c.neurons) +
      ", weights N(0, τ²), no factor) that learns a teacher of " + std::to_string(c.teacher_neurons) +
      " neurons on the sphere of R^" + std::to_string(c.inputs) + " by " + std::to_string(c.steps) +
      " steps of SGD, each on " + std::to_string(c.batch) +
      " fresh samples; mean and standard deviation over " + trials +
      ", relative to the loss of the function 0. Left: symmetrized weights; the rank of Dh drops "
      "there to half "
      "of what it is nearby, so that the hypothesis of Theorem 2.5 fails. Middle: the model h − h(w0) with "
      "as many "
      "independent neurons, where the rank does not drop. Grey: from the middle of the run to its end the "
      "loss falls "
      "by more than " +
      report::format_number(c.drop) + " of the loss of 0. Right: the " +
      std::to_string(std::min<std::size_t>(5, c.taus.size())) + " largest τ of one trial in time." +
      (c.published ? " As the published code: the inner weights' gradient times d, a quarter of the teacher."
                   : "");

  report::write_svg(folder / "figure_2b.svg", figure);
  report::write_atomically(folder / "figure_2b.csv", table.to_csv());
  report::write_json(folder / "figure_2b.json", {{"inputs", c.inputs},
                                                 {"neurons", c.neurons},
                                                 {"teacher_neurons", c.teacher_neurons},
                                                 {"batch", c.batch},
                                                 {"steps", c.steps},
                                                 {"largest_step", c.largest_step},
                                                 {"drop", c.drop},
                                                 {"published", c.published},
                                                 {"seed", c.sweep.seed},
                                                 {"trials", c.sweep.trials},
                                                 {"curves", curves},
                                                 {"caption", figure.caption}});
  std::cout << table.to_text() << "Written to " << (folder / "figure_2b").string()
            << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Figure 2(b): population loss against the scale of the initial weights, few neurons, SGD");
  Choices choices = examples::asked_for(argc, argv, "--full") ? paper() : Choices{};
  examples::declare(app, choices.sweep);
  app.add_option("--inputs", choices.inputs, "dimension d of the inputs")->check(CLI::PositiveNumber);
  app.add_option("--neurons", choices.neurons, "neurons m of the network, an even number");
  app.add_option("--teacher-neurons", choices.teacher_neurons, "neurons of the teacher")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", choices.batch, "fresh samples a step")->check(CLI::PositiveNumber);
  app.add_option("--steps", choices.steps, "steps of SGD")->check(CLI::PositiveNumber);
  app.add_option("--largest-step", choices.largest_step,
                 "the step size is the smaller of 1 / ||Dh(w0)||^2 and this")
      ->check(CLI::PositiveNumber);
  app.add_option("--drop", choices.drop,
                 "not converged: the loss falls by more in the second half, relative to the loss of 0")
      ->check(CLI::PositiveNumber);
  app.add_flag(
      "--published", choices.published,
      "as the paper's published code: the gradient of the inner weights times d, a quarter of the teacher");
  app.add_option("--tau", choices.taus, "standard deviations of the initial weights, ascending")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  return examples::run_program(app, argc, argv, [&] { figure_2b(choices); });
}
