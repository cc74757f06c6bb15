// Figure 2(a): the test loss of a two-layer network against its number of neurons, for the factors 1/m and
// 1/sqrt(m): wide networks become lazy with the second, and do not with the first.
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
  examples::SweepChoices sweep{.trials = 2, .out = "figure_2a"};
  examples::TeacherStudentChoices problem{.iterations = 6000};
  std::vector<Index> neurons = {5, 10, 20, 50, 100, 200, 500};
  double tau = 0.1;
};

Choices paper() {
  Choices c;
  c.sweep = {.full = true, .trials = 5, .out = "figure_2a_full"};
  c.problem.iterations = 25000;
  c.neurons = {5, 10, 20, 50, 100, 200, 500, 1000};
  return c;
}

struct Family {
  const char* name;
  const char* label;
  Scaling scaling;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all = {{"mean", "factor 1/m", Scaling::mean},
                                          {"sqrt", "factor 1/√m", Scaling::sqrt}};
  return all;
}

std::vector<report::SweepPoint> points_of(const Choices& c) {
  std::vector<report::SweepPoint> points;
  json settings = examples::settings_of(c.problem);
  settings["seed"] = c.sweep.seed;
  settings["tau"] = c.tau;
  // Long runs first: the last ones end together.
  for (auto m = c.neurons.rbegin(); m != c.neurons.rend(); ++m) {
    for (const Family& family : families()) {
      for (Index trial = 0; trial < c.sweep.trials; ++trial) {
        settings["neurons"] = *m;
        settings["factor"] = family.name;
        settings["trial"] = trial;
        const TwoLayerOptions options{.inputs = c.problem.inputs, .neurons = *m, .scaling = family.scaling};
        points.push_back(
            {std::string(family.name) + "-m-" + std::to_string(*m) + "-trial-" + std::to_string(trial),
             settings, [&c, options, trial] {
               const TwoLayer<double> net(options);
               Philox rng = examples::weights_engine(c.sweep.seed, trial);
               const Vector<double> w0 = gaussian(net, c.tau, rng);
               return examples::train(net, w0, examples::trial_problem(c.problem, c.sweep.seed, trial),
                                      c.problem);
             }});
      }
    }
  }
  return points;
}

void figure_2a(const Choices& c) {
  const std::filesystem::path folder = c.sweep.out;
  const auto points = points_of(c);
  const auto results =
      report::run_sweep(folder / "points", points, {.threads = c.sweep.threads, .label = "training runs"});
  const auto collect = [&](const Family& family, Index m, const char* key) {
    std::vector<double> values;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (points[i].settings["neurons"] == m && points[i].settings["factor"] == family.name) {
        values.push_back(report::number_of(results[i][key]));
      }
    }
    return examples::statistics(std::move(values));
  };

  report::Table table({report::text_column("factor"), report::integer_column("m"),
                       report::number_column("test loss, end"), report::number_column("deviation"),
                       report::number_column("test loss, best"), report::number_column("training loss, end"),
                       report::number_column("||w - w0|| / ||w0||")});
  report::Panel panel({.label = "neurons m", .scale = report::Scale::log},
                      {.label = "test loss / test loss of 0", .low = 0.0});
  json curves = json::array();
  for (const Family& family : families()) {
    examples::Curve curve;
    json rows = json::array();
    for (const Index m : c.neurons) {
      const Statistics end = collect(family, m, "end");
      const double best = collect(family, m, "best").mean;
      const double train = collect(family, m, "train").mean;
      const double displacement = collect(family, m, "displacement").mean;
      curve.add(end);
      table.add(family.name, m, end.mean, end.deviation, best, train, displacement);
      rows.push_back({{"neurons", m},
                      {"end", end.values},
                      {"best", best},
                      {"train", train},
                      {"displacement", displacement}});
    }
    const bool is_mean = &family == families().data();
    const report::Style style{.colour = is_mean ? report::Colour::blue : report::Colour::vermilion};
    panel.band("", c.neurons, curve.low, curve.high, style);
    panel.line_points(family.label, c.neurons, curve.mean, style);
    curves.push_back({{"factor", family.name}, {"rows", rows}});
  }
  const std::string trials = examples::trials_text(c.sweep.trials);
  report::Figure figure{
      .title = "Test loss against the number of neurons, " + trials + (c.sweep.full ? "" : " (the paper: 5)"),
      .panels = {panel},
      .width = 760,
      .height = 480};
  figure.caption =
      "Test loss at the end of training of f(x) = s(m) Σ b_j max(a_j·x, 0), weights N(0, τ²) with τ = " +
      report::format_number(c.tau) + ", not symmetrized, that learns a teacher of " +
      std::to_string(c.problem.teacher_neurons) +
      " neurons with |b| ‖a‖ = 1 from n = " + std::to_string(c.problem.samples) +
      " samples on the sphere of R^" + std::to_string(c.problem.inputs) + ", square loss, at most " +
      std::to_string(c.problem.iterations) +
      " iterations of gradient descent; mean and standard deviation over " + trials +
      ". Losses are relative to that of the function 0.";

  report::write_svg(folder / "figure_2a.svg", figure);
  report::write_atomically(folder / "figure_2a.csv", table.to_csv());
  json summary = examples::settings_of(c.problem);
  summary.update({{"tau", c.tau},
                  {"seed", c.sweep.seed},
                  {"trials", c.sweep.trials},
                  {"curves", curves},
                  {"caption", figure.caption}});
  report::write_json(folder / "figure_2a.json", summary);
  std::cout << table.to_text() << "Written to " << (folder / "figure_2a").string()
            << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Figure 2(a): test loss against the number of neurons for the factors 1/m and 1/sqrt(m)");
  Choices choices = examples::asked_for(argc, argv, "--full") ? paper() : Choices{};
  examples::declare(app, choices.sweep);
  examples::declare(app, choices.problem);
  app.add_option("--neurons", choices.neurons, "numbers of neurons m, ascending")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option(
         "--tau", choices.tau,
         "standard deviation of the initial weights. The paper's text gives none; its published code has 1 "
         "and a teacher 100 times as large, which is the problem of 0.1 in other units")
      ->check(CLI::PositiveNumber);
  return examples::run_program(app, argc, argv, [&] { figure_2a(choices); });
}
