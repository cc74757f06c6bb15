// The table of Figure 3(b): what linearized networks reach on CIFAR-10, beside features that no label has
// seen (wavelet scattering, random patches) under a linear classifier, and beside the networks themselves.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <lazytrain/nn/random_patches.hpp>
#include <lazytrain/nn/scattering.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/table.hpp>
#include <limits>
#include <string>
#include <vector>

#include "support/cnn_training.hpp"
#include "support/kept_row.hpp"
#include "support/linear_classifier.hpp"
#include "support/linearized_solve.hpp"
#include "support/program.hpp"

namespace {

using namespace lazytrain;
using nlohmann::json;
using S = float;

/// A row of the paper's table, with its test accuracy there in per cent.
struct Row {
  std::string name;
  std::string title;
  double paper;
};

const std::vector<Row> rows = {{"resnet18_linearized", "ResNet wide, linearized", 55.0},
                               {"vgg11_linearized", "VGG-11 wide, linearized", 61.0},
                               {"prior_features", "Prior features", 82.3},
                               {"random_features", "Random features", 84.2},
                               {"vgg11", "VGG-11 wide, standard", 89.7},
                               {"resnet18", "ResNet wide, standard", 91.0}};

struct Options {
  std::vector<std::string> rows;
  std::string data;
  double vgg_width = 0.25;
  double resnet_width = 0.125;
  Index train = 3000;
  Index test = 1000;
  /// In units of 1 / (M ||Dh(w0)||^2).
  std::vector<double> linearized_steps = {4};
  std::vector<double> standard_steps = {10};
  /// Residual blocks add up: with a gain of sqrt(2) a deep ResNet's outputs explode.
  double vgg_gain = 1.4142135623730951;
  double resnet_gain = 1;
  examples::CnnProtocol protocol{.epochs = 10, .metrics_every = 5};
  Index solve = 0;
  Index filters = 512;
  Index threads = 0;
  std::string out = "table_3b";
  bool full = false;
};

/// The paper's size.
Options paper() {
  Options o;
  o.full = true;
  o.vgg_width = 8;
  o.resnet_width = 7;
  o.train = o.test = std::numeric_limits<Index>::max();
  o.protocol.epochs = 70;
  o.filters = 2048;
  o.out = "table_3b_full";
  return o;
}

void declare(CLI::App& app, Options& o) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  app.option_defaults()->always_capture_default();
  app.add_option("--row", o.rows, "rows to compute, by default all; the table shows finished ones too")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_option("--data", o.data, "folder of CIFAR-10's binary files; without it, generated images");
  app.add_option("--vgg-width", o.vgg_width, "factor of VGG-11's number of filters (the paper: 8)")
      ->check(CLI::PositiveNumber);
  app.add_option("--resnet-width", o.resnet_width, "factor of ResNet-18's number of filters (the paper: 7)")
      ->check(CLI::PositiveNumber);
  app.add_option("--train", o.train, "training images")->check(CLI::PositiveNumber);
  app.add_option("--test", o.test, "test images")->check(CLI::PositiveNumber);
  app.add_option("--linearized-steps", o.linearized_steps,
                 "initial step sizes of linearized networks in units of 1 / (M ||Dh(w0)||^2); the best final "
                 "training loss counts")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--standard-steps", o.standard_steps, "the same of networks as they are")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--vgg-gain", o.vgg_gain, "gain of VGG-11's Xavier initialization (the paper's code: 1)")
      ->check(CLI::PositiveNumber);
  app.add_option("--resnet-gain", o.resnet_gain, "the same of ResNet-18")->check(CLI::PositiveNumber);
  app.add_option("--epochs", o.protocol.epochs, "passes over the data")->check(CLI::PositiveNumber);
  app.add_option("--batch", o.protocol.batch, "images in a batch")->check(CLI::PositiveNumber);
  app.add_option("--momentum", o.protocol.momentum, "momentum");
  app.add_option("--beta", o.protocol.beta, "decay: step / (1 + beta epoch)");
  app.add_option("--seed", o.protocol.seed, "seed of initialization, batches, augmentation and patches");
  app.add_option("--solve", o.solve,
                 "solve the linearized networks, by so many iterations of conjugate gradients on least "
                 "squares, rather than train them; 0: train")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--filters", o.filters, "random patches")->check(CLI::PositiveNumber);
  app.add_option("--threads", o.threads, "threads; 0: all. The results do not depend on it")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("!--no-augment", o.protocol.augment, "do not crop and flip the images networks train on");
  app.add_flag("--full", o.full,
               "the paper's size: networks 8 and 7 times as wide, all images, 70 epochs; it takes weeks on a "
               "CPU for the networks and about an hour for the features. Other options then change that");
  app.add_option("--out,--output", o.out,
                 "folder for the table and for the rows, which go on where they stopped");
}

/// A network row: trained as it is, trained linearized, or linearized and solved.
class NetworkRow {
 public:
  NetworkRow(const Options& o, const Row& row)
      : options_(o),
        vgg_(row.name.starts_with("vgg11")),
        linearized_(row.name.ends_with("_linearized")),
        name_(row.name) {}

  [[nodiscard]] json settings() const {
    const auto& o = options_;
    json all = {{"width", width()}, {"gain", gain()}, {"seed", o.protocol.seed}};
    if (solved()) {
      all["solve"] = o.solve;
      return all;
    }
    all.update({{"loss", "cross_entropy"},
                {"steps", steps()},
                {"epochs", o.protocol.epochs},
                {"batch", o.protocol.batch},
                {"momentum", o.protocol.momentum},
                {"beta", o.protocol.beta},
                {"augment", o.protocol.augment}});
    return all;
  }

  [[nodiscard]] json compute(const examples::ImageData<S>& data, const std::filesystem::path& folder) const {
    const cpu::Backend<S> backend({.threads = options_.threads});
    const auto net =
        vgg_ ? nn::vgg11<S>({.width = width()}, backend) : nn::resnet18<S>({.width = width()}, backend);
    Philox rng(options_.protocol.seed);
    const auto w0 = nn::xavier_normal(net, rng, gain());
    json result = solved() ? solve(net, w0, data, folder) : train(net, w0, data, folder);
    result["size"] = net.parameter_dim();
    return result;
  }

 private:
  [[nodiscard]] double width() const { return vgg_ ? options_.vgg_width : options_.resnet_width; }
  [[nodiscard]] double gain() const { return vgg_ ? options_.vgg_gain : options_.resnet_gain; }
  [[nodiscard]] bool solved() const { return linearized_ && options_.solve > 0; }
  [[nodiscard]] const std::vector<double>& steps() const {
    return linearized_ ? options_.linearized_steps : options_.standard_steps;
  }

  [[nodiscard]] json solve(const auto& net, const Vector<S>& w0, const examples::ImageData<S>& data,
                           const std::filesystem::path& folder) const {
    report::Progress progress(2, name_, options_.solve);
    return examples::solve_linearized<S>(net, w0, data, options_.solve, folder, progress).back();
  }

  [[nodiscard]] json train(const auto& net, const Vector<S>& w0, const examples::ImageData<S>& data,
                           const std::filesystem::path& folder) const {
    constexpr auto kind = examples::CnnLoss::cross_entropy;
    // Cross-entropy is 1/2-smooth.
    const double unit = examples::cnn_unit_step(net, w0, data, 0.5);
    const auto runs = static_cast<Index>(steps().size());
    report::Progress progress(2, name_, runs * options_.protocol.epochs);
    json best;
    for (const double step : steps()) {
      const std::string name = "step_" + report::format_number(step);
      const auto epochs =
          linearized_ ? examples::train_cnn<S, kind>(net, w0, data, std::numeric_limits<double>::infinity(),
                                                     step * unit, options_.protocol, folder, name, progress)
                      : examples::train_cnn<S, kind, Start::as_is>(net, w0, data, 1.0, step * unit,
                                                                   options_.protocol, folder, name, progress);
      if (epochs.empty() || epochs.back().contains("failure")) continue;
      json end = epochs.back();
      end.erase("layers");
      end["initial_step"] = step * unit;
      if (best.is_null() || end["train_loss"] < best["train_loss"]) best = std::move(end);
    }
    if (best.is_null()) {
      raise<std::runtime_error>("table_3b", "training of ", name_,
                                " failed with every step, expected smaller ones");
    }
    return best;
  }

  const Options& options_;
  bool vgg_;
  bool linearized_;
  std::string name_;
};

/// A linear classifier on features of either kind.
class FeatureRow {
 public:
  FeatureRow(const Options& o, const Row& row) : options_(o), random_(row.name == "random_features") {}

  [[nodiscard]] json settings() const {
    json all = {{"ridges", ridge_.ridges}, {"iterations", ridge_.iterations}};
    if (random_) all.update({{"filters", options_.filters}, {"seed", options_.protocol.seed}});
    return all;
  }

  [[nodiscard]] json compute(const examples::ImageData<S>& data, const std::filesystem::path& folder) const {
    const nn::ImageShape shape{3, 32, 32};
    const cpu::Backend<S> backend({.threads = options_.threads});
    if (!random_) return classify(nn::Scattering<S>(shape, {}, backend), data, folder);
    Philox rng(options_.protocol.seed, 1);
    return classify(
        nn::RandomPatches<S>(shape, data.train.inputs, {.filters = options_.filters}, rng, backend), data,
        folder);
  }

 private:
  [[nodiscard]] json classify(const auto& transform, const examples::ImageData<S>& data,
                              const std::filesystem::path& folder) const {
    Matrix<S> features = transform(data.train.inputs);
    const auto normalization = data::fit_features(features);
    const auto train = examples::standardized(normalization, std::move(features), data.train);
    const auto test = examples::standardized(normalization, transform(data.test.inputs), data.test);
    json result = examples::train_linear(train, test, ridge_, settings(), folder, options_.threads);
    result["size"] = transform.output_shape().dim();
    return result;
  }

  const Options& options_;
  bool random_;
  examples::RidgeChoices ridge_;
};

std::string caption(const Options& o, const examples::ImageData<S>& data) {
  const auto number = [](double value) { return report::format_number(value); };
  std::string text = "Test accuracy on " + std::to_string(data.test.samples()) + " images (" + data.name +
                     ")" + " after training on " + std::to_string(data.train.samples()) + ". VGG-11 of " +
                     number(o.vgg_width) + " and ResNet-18 of " + number(o.resnet_width) +
                     " times the usual width (the paper: 8 and 7), cross-entropy, " +
                     std::to_string(o.protocol.epochs) + " epochs of SGD, batch " +
                     std::to_string(o.protocol.batch) + ", momentum " + number(o.protocol.momentum) +
                     (o.protocol.augment ? ", random crops and reflections" : "") +
                     "; linearized: centred, α = ∞. ";
  if (o.solve > 0) {
    text += "Linearized networks are not trained but solved: " + std::to_string(o.solve) +
            " iterations of conjugate gradients on least squares. ";
  }
  return text +
         "Prior features: ridge regression on a two-layer scattering transform (J = 2, L = 8). Random "
         "features: the same on " +
         std::to_string(o.filters) +
         " whitened 6 × 6 patches, two-sided rectification, 2 × 2 average pooling. "
         "The paper's numbers, of 50,000 training images, are quoted from its table. Train accuracy of "
         "networks on the first 1000 "
         "training images, not augmented.";
}

/// Writes the table of the finished rows.
void write_table(const Options& o, const examples::ImageData<S>& data, const std::vector<json>& results,
                 std::ostream* out) {
  report::Table table({report::text_column("row"), report::number_column("test accuracy"),
                       report::number_column("the paper"), report::number_column("train accuracy"),
                       report::integer_column("parameters or features")});
  report::Panel panel(
      {.label = "accuracy", .unit = "%", .low = 0, .high = 100},
      {.label = "row of the table", .low = 0.4, .high = static_cast<double>(rows.size()) + 0.9});
  std::vector<double> ours, ours_at, train, papers, papers_at;
  json summary = json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double place = static_cast<double>(rows.size() - i);
    papers.push_back(rows[i].paper);
    papers_at.push_back(place);
    panel.note(rows[i].title, 1.5, place + 0.27);
    if (results[i].is_null()) continue;
    const double test_accuracy = 100 * results[i]["test_accuracy"].get<double>();
    const double train_accuracy = 100 * results[i]["train_accuracy"].get<double>();
    table.add(rows[i].title, test_accuracy, rows[i].paper, train_accuracy, results[i]["size"].get<Index>());
    ours.push_back(test_accuracy);
    ours_at.push_back(place);
    train.push_back(train_accuracy);
    json row = results[i];
    row["row"] = rows[i].name;
    row["paper"] = rows[i].paper / 100;
    summary.push_back(std::move(row));
  }
  panel.points("ours, train", train, ours_at, {.colour = report::Colour::sky})
      .points("ours, test", ours, ours_at, {.colour = report::Colour::blue})
      .points("the paper, test", papers, papers_at, {.colour = report::Colour::vermilion})
      .vertical("chance", 10);
  report::Figure figure{.title = "Linearized networks, fixed features, networks: " + data.name +
                                 (o.full ? "" : ", reduced size"),
                        .caption = caption(o, data),
                        .panels = {panel},
                        .width = 760,
                        .height = 560};
  const std::filesystem::path folder = o.out;
  report::write_json(folder / "table_3b.json", {{"rows", summary},
                                                {"train_images", data.train.samples()},
                                                {"test_images", data.test.samples()},
                                                {"caption", figure.caption}});
  report::write_atomically(folder / "table_3b.csv", table.to_csv());
  report::write_svg(folder / "table_3b.svg", figure);
  if (out != nullptr) *out << table.to_text() << figure.caption << "\n";
}

void run(const Options& o) {
  const auto data = examples::load_images<S>(o.data, o.train, o.test);
  const std::filesystem::path folder = o.out;
  const json shared = {{"data", data.name}, {"train", data.train.samples()}, {"test", data.test.samples()}};
  std::vector<json> results(rows.size());
  const auto visit = [&](std::size_t i, const auto& row, bool asked) {
    json settings = row.settings();
    settings.update(shared);
    const auto place = folder / rows[i].name;
    if (asked) {
      results[i] =
          examples::kept_or_computed("table_3b", place, settings, [&] { return row.compute(data, place); });
      return;
    }
    if (auto kept = examples::kept_result(place, settings)) results[i] = std::move(*kept);
  };
  for (const bool asked : {false, true}) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool wanted = o.rows.empty() || std::ranges::find(o.rows, rows[i].name) != o.rows.end();
      if (asked != wanted) continue;
      if (rows[i].name.ends_with("_features")) {
        visit(i, FeatureRow(o, rows[i]), asked);
      } else {
        visit(i, NetworkRow(o, rows[i]), asked);
      }
      if (asked) write_table(o, data, results, nullptr);
    }
  }
  write_table(o, data, results, &std::cout);
  std::cout << "Written to " << (folder / "table_3b").string() << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The table of Figure 3(b): linearized networks, fixed features and networks on CIFAR-10");
  Options options = examples::asked_for(argc, argv, "--full") ? paper() : Options{};
  declare(app, options);
  return examples::run_program(app, argc, argv, [&] {
    require_argument(options.train >= 2, "table_3b", "--train", options.train, "at least 2");
    run(options);
  });
}
