// Figure 3(a) and 7(a): accuracy, losses and stability of activations of a convolutional network after
// training at scale alpha, alpha = infinity being the linearized model. In single precision at every alpha.
// With --solve the linearized model is also solved by conjugate gradients: what it can do, however trained.
#include <cmath>
#include <filesystem>
#include <iostream>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/table.hpp>
#include <limits>
#include <string>
#include <vector>

#include "support/network_runs.hpp"
#include "support/program.hpp"

namespace {

using namespace lazytrain;

struct Options {
  std::string data;
  examples::NetworkChoice choice{.width = 0.125};
  std::string loss = "square";
  Index train = 2048;
  Index test = 1000;
  std::vector<double> alphas = {1, 10, 100, std::numeric_limits<double>::infinity()};
  std::vector<double> steps = {1};
  Index solve = 0;
  examples::CnnProtocol protocol{.epochs = 20, .beta = 0};
  std::string out = "figure_3a";
  bool full = false;
};

void declare(CLI::App& app, Options& o) {
  app.option_defaults()->always_capture_default();
  app.add_option("--data", o.data,
                 "folder of CIFAR-10's binary files, DIR or cifar10:DIR; without it, generated images");
  app.add_option("--network", o.choice.network, "which network")->check(CLI::IsMember({"vgg11", "resnet18"}));
  app.add_option(
         "--loss", o.loss,
         "loss: square is |y - e|^2 / 2 summed over the outputs (the paper's code: their mean, without 1/2)")
      ->check(CLI::IsMember({"square", "cross_entropy"}));
  app.add_option("--width", o.choice.width, "factor of the number of filters")->check(CLI::PositiveNumber);
  app.add_option("--train", o.train, "training images")->check(CLI::PositiveNumber);
  app.add_option("--test", o.test, "test images")->check(CLI::PositiveNumber);
  app.add_option("--alpha", o.alphas, "scales; inf is the linearized model")->delimiter(',');
  app.add_option("--steps", o.steps,
                 "initial step sizes in units of 1 / (M ||Dh(w0)||^2); the best final training loss counts")
      ->delimiter(',');
  app.add_option("--gain", o.choice.gain, "gain of Xavier's initialization")->check(CLI::PositiveNumber);
  app.add_option("--epochs", o.protocol.epochs, "passes over the data")->check(CLI::PositiveNumber);
  app.add_option("--batch", o.protocol.batch, "images in a batch")->check(CLI::PositiveNumber);
  app.add_option("--momentum", o.protocol.momentum, "momentum");
  app.add_option("--beta", o.protocol.beta,
                 "decay: step / (1 + beta epoch); the paper has 1/3 in its 70 epochs");
  app.add_option("--seed", o.protocol.seed, "seed of initialization, batches and augmentation");
  app.add_option("--solve", o.solve,
                 "iterations of conjugate gradients on the linearized least squares; 0: none")
      ->check(CLI::NonNegativeNumber);
  examples::declare_device(app, o.choice.device, o.choice.threads);
  app.add_flag("!--no-augment", o.protocol.augment, "do not crop and flip the training images");
  app.add_flag("--full", o.full,
               "the paper's size: width 1, all images, 70 epochs, decay 1/3, alpha 10^0 to 10^7 and inf");
  app.add_option("--out,--output", o.out,
                 "folder for the figure, its data and the runs, which go on where they stopped");
}

std::string name_of(double alpha, double step) {
  return "alpha_" + report::format_number(alpha) + "_step_" + report::format_number(step);
}

/// Finished and interrupted runs in the folder are those of these options, or nothing goes on from them.
void require_same_protocol(const std::filesystem::path& folder, const Options& o, const std::string& data) {
  const nlohmann::json protocol = {{"data", data},
                                   {"network", o.choice.network},
                                   {"loss", o.loss},
                                   {"width", o.choice.width},
                                   {"train", o.train},
                                   {"test", o.test},
                                   {"gain", o.choice.gain},
                                   {"epochs", o.protocol.epochs},
                                   {"batch", o.protocol.batch},
                                   {"momentum", o.protocol.momentum},
                                   {"beta", o.protocol.beta},
                                   {"augment", o.protocol.augment},
                                   {"seed", o.protocol.seed}};
  const auto file = folder / "protocol.json";
  if (!std::filesystem::exists(file)) return report::write_json(file, protocol);
  if (const auto kept = report::read_json(file); kept != protocol) {
    raise<std::invalid_argument>("figure_3a", "the runs in '", folder.string(), "' were made with ",
                                 kept.dump(), ", expected these options again or another --out");
  }
}

/// Panels of what conjugate gradients reach along their iterations, beside the trained linearized model.
void draw_solution(report::Figure& figure, const nlohmann::json& rows, const nlohmann::json& trained) {
  std::vector<double> x, train_accuracy, test_accuracy, train_loss, test_loss;
  for (const auto& row : rows) {
    x.push_back(row["iteration"].get<double>());
    train_accuracy.push_back(100 * row["train_accuracy"].get<double>());
    test_accuracy.push_back(100 * row["test_accuracy"].get<double>());
    train_loss.push_back(row["train_loss"].get<double>());
    test_loss.push_back(row["test_loss"].get<double>());
  }
  const report::Axis iterations{.label = "conjugate gradient iteration", .scale = report::Scale::log};
  const std::string title = "Linearized model, solved";
  report::Panel accuracy(iterations, {.label = "accuracy", .unit = "%", .low = 0, .high = 100}, title);
  accuracy.line_points("train accuracy", x, train_accuracy).line_points("test accuracy", x, test_accuracy);
  report::Panel losses(iterations, {.label = "loss", .scale = report::Scale::log}, title);
  losses.line_points("train loss", x, train_loss).line_points("test loss", x, test_loss);
  if (!trained.is_null()) {
    accuracy.horizontal("test accuracy of SGD at α = ∞", 100 * trained["test_accuracy"].get<double>());
    losses.horizontal("test loss of SGD at α = ∞", trained["test_loss"].get<double>());
  }
  figure.panels.push_back(std::move(accuracy));
  figure.panels.push_back(std::move(losses));
}

void run(const Options& o) {
  const auto data = examples::load_images<float>(o.data, o.train, o.test);
  const auto net = examples::network_runs(o.choice);
  const auto loss = o.loss == "square" ? examples::CnnLoss::square : examples::CnnLoss::cross_entropy;
  const double smoothness = loss == examples::CnnLoss::square ? 1.0 : 0.5;
  const double unit = net->unit_step(data, smoothness);
  const std::filesystem::path folder = o.out;
  std::filesystem::create_directories(folder / "runs");
  require_same_protocol(folder, o, data.name);

  report::Table table({report::number_column("alpha"), report::number_column("step"),
                       report::number_column("train loss"), report::number_column("train accuracy"),
                       report::number_column("test loss"), report::number_column("test accuracy"),
                       report::number_column("stability of activations", 6),
                       report::number_column("stability of max-pooling", 6)});
  std::vector<double> x, train_accuracy, test_accuracy, train_loss, test_loss, stability, pooling;
  nlohmann::json summary = nlohmann::json::array();
  const auto units = static_cast<Index>(o.alphas.size() * o.steps.size()) * o.protocol.epochs + o.solve;
  report::Progress progress(2, o.choice.network, units);
  double largest = 1;
  nlohmann::json linearized;
  for (const double alpha : o.alphas) largest = std::isinf(alpha) ? largest : std::max(largest, alpha);
  for (const double alpha : o.alphas) {
    nlohmann::json best;
    for (const double step : o.steps) {
      const auto epochs = net->train(loss, data, alpha, step * unit, o.protocol, folder / "runs",
                                     name_of(alpha, step), progress);
      if (epochs.empty() || epochs.back().contains("failure")) continue;
      nlohmann::json end = epochs.back();
      end["alpha"] = alpha;
      end["initial_step"] = step * unit;
      if (best.is_null() || end["train_loss"] < best["train_loss"]) best = end;
    }
    if (best.is_null()) continue;
    const auto number = [&](const char* key) { return best[key].get<double>(); };
    table.add(alpha, number("initial_step"), number("train_loss"), number("train_accuracy"),
              number("test_loss"), number("test_accuracy"), number("stability"), number("pooling_stability"));
    x.push_back(std::isinf(alpha) ? 100 * largest : alpha);
    train_accuracy.push_back(100 * number("train_accuracy"));
    test_accuracy.push_back(100 * number("test_accuracy"));
    train_loss.push_back(number("train_loss"));
    test_loss.push_back(number("test_loss"));
    stability.push_back(100 * number("stability"));
    pooling.push_back(100 * number("pooling_stability"));
    if (std::isinf(alpha)) linearized = best;
    summary.push_back(std::move(best));
  }
  nlohmann::json solution = nlohmann::json::array();
  if (o.solve > 0) {
    solution = net->solve(data, o.solve, folder / "runs", progress);
  }

  const bool linear = std::any_of(o.alphas.begin(), o.alphas.end(), [](double a) { return std::isinf(a); });
  report::Axis alpha_axis{.label = "scale α", .scale = report::Scale::log};
  if (linear) alpha_axis.infinity = 100 * largest;
  report::Figure figure{.title = "Training at scale α: " + o.choice.network + " on " + data.name};
  report::Panel accuracy(alpha_axis, {.label = "accuracy, stability", .unit = "%", .low = 0, .high = 100});
  accuracy.line_points("train accuracy", x, train_accuracy)
      .line_points("test accuracy", x, test_accuracy)
      .line_points("stability of activations", x, stability)
      .line_points("stability of max-pooling", x, pooling);
  report::Panel losses(alpha_axis, {.label = "loss", .scale = report::Scale::log});
  losses.line_points("train loss", x, train_loss).line_points("test loss", x, test_loss);
  figure.panels = {accuracy, losses};
  if (!solution.empty()) draw_solution(figure, solution, linearized);
  figure.caption = o.choice.network + " of " + report::format_number(o.choice.width) +
                   " times the paper's width, " + std::to_string(net->parameter_dim()) +
                   " parameters, centred, single precision; " + std::to_string(data.train.samples()) +
                   " training and " + std::to_string(data.test.samples()) + " test images of " + data.name +
                   "; " + o.loss + " loss; " + std::to_string(o.protocol.epochs) + " epochs of SGD, batch " +
                   std::to_string(o.protocol.batch) + ", momentum " +
                   report::format_number(o.protocol.momentum) +
                   ". Train metrics on the first 1000 training images, not augmented.";
  if (!solution.empty()) {
    figure.caption +=
        " The linearized model solved: least squares on the training images, not augmented, by " +
        std::to_string(o.solve) + " iterations of conjugate gradients.";
  }
  report::write_json(folder / "figure_3a.json", {{"points", summary},
                                                 {"linearized_solved", solution},
                                                 {"unit_step", unit},
                                                 {"caption", figure.caption}});
  report::write_atomically(folder / "figure_3a.csv", table.to_csv());
  report::write_svg(folder / "figure_3a.svg", figure);
  std::cout << table.to_text() << figure.caption << "\nWritten to " << (folder / "figure_3a").string()
            << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Figure 3(a): a convolutional network trained at several scales alpha, and linearized");
  Options options;
  declare(app, options);
  return examples::run_program(app, argc, argv, [&] {
    if (options.full) {
      options.choice.width = 1;
      options.train = options.test = std::numeric_limits<Index>::max();
      options.protocol.epochs = 70;
      options.protocol.beta = 1.0 / 3;
      options.alphas = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, std::numeric_limits<double>::infinity()};
    }
    require_argument(options.solve == 0 || options.loss == "square", "figure_3a", "--solve", options.solve,
                     "0 with another loss than the square loss: it is least squares");
    options.choice.seed = options.protocol.seed;
    run(options);
  });
}
