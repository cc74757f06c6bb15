// Figure 1(c): the test loss of a two-layer network against the scale of its initial weights. Large weights
// train lazily and end where the linearized model ends; small ones find the teacher's neurons.
#include <lazytrain/flow/linear_flow.hpp>
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
  examples::SweepChoices sweep{.trials = 3, .out = "figure_1c"};
  examples::TeacherStudentChoices problem{.iterations = 10000};
  Index neurons = 50;
  std::vector<double> taus = examples::geometric(0.01, 10, 10);
};

Choices paper() {
  Choices c;
  c.sweep = {.full = true, .trials = 10, .out = "figure_1c_full"};
  c.problem.iterations = 25000;
  c.taus = examples::geometric(0.01, 10, 25);
  return c;
}

TwoLayer<double> network(const Choices& c) {
  return TwoLayer<double>({.inputs = c.problem.inputs, .neurons = c.neurons, .scaling = 1.0});
}

/// The symmetrized weights of a trial at tau = 1: those at tau are tau times these.
Vector<double> unit_weights(const Choices& c, Index trial) {
  Philox rng = examples::weights_engine(c.sweep.seed, trial);
  return symmetrized(network(c), 1.0, rng);
}

/// The linearized model of a trial, whose training depends on tau by its clock alone: its test loss at the
/// time at which lazy runs end, at the end of time (least-norm regression by the tangent kernel), and at
/// best.
json linearized_run(const Choices& c, Index trial) {
  const auto problem = examples::trial_problem(c.problem, c.sweep.seed, trial);
  const auto net = network(c);
  const Vector<double> w0 = unit_weights(c, trial);
  const auto h = net.on(problem.train.data.inputs);
  const auto loss = square_loss(problem.train.data.targets, h.output_space());
  const auto flow = linear_flow(h, loss, w0, 1.0);
  const auto test = linearize(net.on(problem.test.inputs), w0);
  const auto test_loss = [&](double t) {
    const Vector<double> outputs = test.jvp(flow.displacement(t));
    return examples::relative_test_loss(problem, outputs.transpose());
  };
  const auto field = parameter_field(h, loss, w0, 1.0);
  const double step = gradient_step(field, w0).step;
  const double horizon = step * static_cast<double>(c.problem.iterations);
  const auto limit = flow.limit();
  double best = test_loss(horizon);
  for (double t = step; t < horizon; t *= 1.05) best = std::min(best, test_loss(t));
  return {{"end", test_loss(horizon)},
          {"limit", test_loss(std::numeric_limits<double>::infinity())},
          {"best", best},
          {"train", flow.loss(horizon) / flow.loss(0)},
          {"rank", limit.rank},
          {"residual", limit.residual},
          {"largest_eigenvalue", flow.eigenvalues()(0)},
          {"smallest_eigenvalue", flow.eigenvalues().tail(1)(0)}};
}

std::vector<report::SweepPoint> points_of(const Choices& c) {
  std::vector<report::SweepPoint> points;
  json settings = examples::settings_of(c.problem);
  settings["neurons"] = c.neurons;
  settings["seed"] = c.sweep.seed;
  const auto add = [&](double tau, Index trial, std::function<json()> compute) {
    settings["trial"] = trial;
    settings["tau"] = tau;
    const std::string name = std::isinf(tau) ? "linearized" : "tau-" + report::format_number(tau);
    points.push_back({name + "-trial-" + std::to_string(trial), settings, std::move(compute)});
  };
  for (Index trial = 0; trial < c.sweep.trials; ++trial) {
    add(std::numeric_limits<double>::infinity(), trial, [&c, trial] { return linearized_run(c, trial); });
    for (const double tau : c.taus) {
      add(tau, trial, [&c, trial, tau] {
        return examples::train(network(c), tau * unit_weights(c, trial),
                               examples::trial_problem(c.problem, c.sweep.seed, trial), c.problem);
      });
    }
  }
  return points;
}

/// The numbers `key` of all trials at a place of the sweep.
Statistics collect(const Choices& c, const std::vector<json>& results, std::size_t place, const char* key) {
  std::vector<double> values;
  for (Index trial = 0; trial < c.sweep.trials; ++trial) {
    const std::size_t i = static_cast<std::size_t>(trial) * (c.taus.size() + 1) + place;
    values.push_back(report::number_of(results[i][key]));
  }
  return examples::statistics(std::move(values));
}

/// The paper: the plateau at large tau is the linearized model's level. It is compared with that of the same
/// trials when both have trained as long, and at the end of time. Teacher and samples of a trial are the
/// same, so that the paired difference is known much better than either level.
json plateau_check(double tau, const Statistics& plateau, const Statistics& end, const Statistics& limit) {
  const auto paired = [&](const Statistics& linearized) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < plateau.values.size(); ++i) {
      differences.push_back(plateau.values[i] - linearized.values[i]);
    }
    const Statistics difference = examples::statistics(differences);
    return json{{"level", linearized.mean},
                {"difference", difference.mean},
                {"error_of_difference", difference.error},
                {"within_standard_error", std::abs(difference.mean) <= plateau.error}};
  };
  return {{"tau", tau},
          {"plateau", plateau.mean},
          {"standard_error", plateau.error},
          {"trained_as_long", paired(end)},
          {"trained_to_the_end", paired(limit)}};
}

/// The check in words.
std::string sentence(const json& check, const char* with, const char* words) {
  const auto number = [](const json& value, int digits) {
    return report::format_number(value.get<double>(), digits);
  };
  const json& c = check[with];
  return "Linearized model " + std::string(words) + ": " + number(c["level"], 4) +
         ", plateau minus it: " + number(c["difference"], 2) + " ± " + number(c["error_of_difference"], 2) +
         (c["within_standard_error"].get<bool>() ? ", equal" : ", not equal") +
         " within the plateau's standard error.";
}

void figure_1c(const Choices& c) {
  const std::filesystem::path folder = c.sweep.out;
  const auto results = report::run_sweep(folder / "points", points_of(c),
                                         {.threads = c.sweep.threads, .label = "training runs"});
  examples::Curve end, best;
  report::Table table({report::number_column("tau"), report::number_column("test loss, end"),
                       report::number_column("deviation"), report::number_column("test loss, best"),
                       report::number_column("deviation"), report::number_column("training loss, end"),
                       report::number_column("||w - w0|| / ||w0||")});
  json rows = json::array();
  Statistics plateau;
  for (std::size_t i = 0; i < c.taus.size(); ++i) {
    plateau = collect(c, results, i + 1, "end");
    const Statistics least = collect(c, results, i + 1, "best");
    const double train = collect(c, results, i + 1, "train").mean;
    const double displacement = collect(c, results, i + 1, "displacement").mean;
    end.add(plateau);
    best.add(least);
    table.add(c.taus[i], plateau.mean, plateau.deviation, least.mean, least.deviation, train, displacement);
    rows.push_back({{"tau", c.taus[i]},
                    {"end", plateau.values},
                    {"best", least.values},
                    {"train", train},
                    {"displacement", displacement}});
  }
  const Statistics limit = collect(c, results, 0, "limit");
  const Statistics linear_end = collect(c, results, 0, "end");
  const Statistics linear_best = collect(c, results, 0, "best");
  const json check = plateau_check(c.taus.back(), plateau, linear_end, limit);

  using report::Colour;
  report::Panel panel({.label = "scale τ of the initial weights", .scale = report::Scale::log},
                      {.label = "test loss / test loss of 0", .low = 0.0});
  panel.band("", c.taus, end.low, end.high, {.colour = Colour::blue});
  panel.band("", c.taus, best.low, best.high, {.colour = Colour::vermilion});
  panel.line_points("end of training", c.taus, end.mean, {.colour = Colour::blue});
  panel.line_points("best throughout training", c.taus, best.mean, {.colour = Colour::vermilion});
  panel.horizontal("linearized model, trained as long", linear_end.mean,
                   {.colour = Colour::black, .dash = report::Dash::dashed, .width = 1.8});
  panel.horizontal("linearized model, best throughout training", linear_best.mean,
                   {.colour = Colour::black, .dash = report::Dash::dotted, .width = 1.8});
  panel.horizontal("linearized model, trained for ever", limit.mean,
                   {.colour = Colour::grey, .dash = report::Dash::dashed, .width = 1.2});
  const std::string trials = examples::trials_text(c.sweep.trials);
  report::Figure figure{.title = "Test loss against the scale of the initial weights, " + trials +
                                 (c.sweep.full ? "" : " (the paper: 10)"),
                        .panels = {panel},
                        .width = 760,
                        .height = 540};
  figure.caption =
      "Test loss of a two-layer ReLU network (m = " + std::to_string(c.neurons) +
      " neurons, symmetrized, weights N(0, τ²), no factor) that learns a teacher of " +
      std::to_string(c.problem.teacher_neurons) + " neurons from n = " + std::to_string(c.problem.samples) +
      " samples on the sphere of R^" + std::to_string(c.problem.inputs) + ", square loss, at most " +
      std::to_string(c.problem.iterations) +
      " iterations of gradient descent; mean and standard deviation over " + trials +
      ". Losses are relative to that of the function 0, from which every run starts. The linearized "
      "model's level is the closed-form flow at the time at which the runs end, and kernel regression by the "
      "tangent kernel, its limit. Plateau, at τ = " +
      report::format_number(c.taus.back()) + ": " + report::format_number(plateau.mean) + " ± " +
      report::format_number(plateau.error, 2) + " (standard error). " +
      sentence(check, "trained_as_long", "trained as long") + " " +
      sentence(check, "trained_to_the_end", "trained for ever");

  report::write_svg(folder / "figure_1c.svg", figure);
  report::write_atomically(folder / "figure_1c.csv", table.to_csv());
  json summary = examples::settings_of(c.problem);
  summary.update({{"neurons", c.neurons},
                  {"seed", c.sweep.seed},
                  {"trials", c.sweep.trials},
                  {"rows", rows},
                  {"linearized_limit", limit.values},
                  {"linearized_end", linear_end.values},
                  {"linearized_best", linear_best.values},
                  {"plateau_check", check},
                  {"caption", figure.caption}});
  report::write_json(folder / "figure_1c.json", summary);
  std::cout << table.to_text() << "Plateau at tau = " << c.taus.back() << ": "
            << report::format_number(plateau.mean) << " ± " << report::format_number(plateau.error, 2)
            << " (standard error)\n"
            << sentence(check, "trained_as_long", "trained as long") << "\n"
            << sentence(check, "trained_to_the_end", "trained for ever") << "\n"
            << "Written to " << (folder / "figure_1c").string() << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Figure 1(c): test loss against the scale of the initial weights");
  Choices choices = examples::asked_for(argc, argv, "--full") ? paper() : Choices{};
  examples::declare(app, choices.sweep);
  examples::declare(app, choices.problem);
  app.add_option("--neurons", choices.neurons, "neurons m of the network, an even number");
  app.add_option("--tau", choices.taus, "standard deviations of the initial weights, ascending")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  return examples::run_program(app, argc, argv, [&] { figure_1c(choices); });
}
