#pragma once

#include <filesystem>
#include <lazytrain/nn/random_patches.hpp>
#include <lazytrain/nn/scattering.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "linear_classifier.hpp"
#include "network_runs.hpp"

/// The rows of the table of Figure 3(b).
namespace examples {

using namespace lazytrain;

/// A row of the paper's table, with its test accuracy there.
struct TableRow {
  std::string name;
  std::string title;
  double paper;
};

inline const std::vector<TableRow> table_rows = {{"resnet18_linearized", "ResNet wide, linearized", 0.567},
                                                 {"vgg11_linearized", "VGG-11 wide, linearized", 0.617},
                                                 {"prior_features", "Prior features", 0.823},
                                                 {"random_features", "Random features", 0.842},
                                                 {"vgg11", "VGG-11 wide, standard", 0.897},
                                                 {"resnet18", "ResNet wide, standard", 0.91}};

/// What a user can choose.
struct TableChoices {
  std::vector<std::string> rows;
  std::string data;
  double vgg_width = 0.25;
  double resnet_width = 0.125;
  Index train = 3000;
  Index test = 1000;
  /// In units of 1 / (M ||Dh(w0)||^2).
  std::vector<double> linearized_steps = {3};
  std::vector<double> vgg_steps = {5};
  std::vector<double> resnet_steps = {3};
  /// Residual blocks add up: with a gain of sqrt(2) a deep ResNet's outputs explode.
  double vgg_gain = 1.4142135623730951;
  double resnet_gain = 1;
  CnnProtocol protocol{.epochs = 10, .metrics_every = 5};
  Index solve = 0;
  Index filters = 512;
  std::string device = "cpu";
  Index threads = 0;
  std::string out = "table_3b";
  bool full = false;
};

/// The paper's size.
inline TableChoices paper_table() {
  TableChoices o;
  o.full = true;
  o.vgg_width = 8;
  o.resnet_width = 7;
  o.train = o.test = std::numeric_limits<Index>::max();
  o.protocol.epochs = 70;
  o.filters = 2048;
  o.out = "table_3b_full";
  return o;
}

/// A network row: trained as it is, trained linearized, or linearized and solved.
class NetworkRow {
 public:
  NetworkRow(const TableChoices& o, const TableRow& row)
      : options_(o),
        vgg_(row.name.starts_with("vgg11")),
        linearized_(row.name.ends_with("_linearized")),
        name_(row.name) {}

  [[nodiscard]] nlohmann::json settings() const {
    const auto& o = options_;
    nlohmann::json all = {{"width", width()}, {"gain", gain()}, {"seed", o.protocol.seed}};
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

  [[nodiscard]] nlohmann::json compute(const ImageData<float>& data,
                                       const std::filesystem::path& folder) const {
    const auto net = network_runs({.network = vgg_ ? "vgg11" : "resnet18",
                                   .width = width(),
                                   .gain = gain(),
                                   .seed = options_.protocol.seed,
                                   .device = options_.device,
                                   .threads = options_.threads});
    nlohmann::json result = solved() ? solve(*net, data, folder) : train(*net, data, folder);
    result["size"] = net->parameter_dim();
    return result;
  }

 private:
  [[nodiscard]] double width() const { return vgg_ ? options_.vgg_width : options_.resnet_width; }
  [[nodiscard]] double gain() const { return vgg_ ? options_.vgg_gain : options_.resnet_gain; }
  [[nodiscard]] bool solved() const { return linearized_ && options_.solve > 0; }
  [[nodiscard]] const std::vector<double>& steps() const {
    if (linearized_) return options_.linearized_steps;
    return vgg_ ? options_.vgg_steps : options_.resnet_steps;
  }

  [[nodiscard]] nlohmann::json solve(const NetworkRuns& net, const ImageData<float>& data,
                                     const std::filesystem::path& folder) const {
    report::Progress progress(2, name_, options_.solve);
    return net.solve(data, options_.solve, folder, progress).back();
  }

  [[nodiscard]] nlohmann::json train(const NetworkRuns& net, const ImageData<float>& data,
                                     const std::filesystem::path& folder) const {
    // Cross-entropy is 1/2-smooth.
    const double unit = net.unit_step(data, 0.5);
    const auto runs = static_cast<Index>(steps().size());
    report::Progress progress(2, name_, runs * options_.protocol.epochs);
    nlohmann::json best;
    for (const double step : steps()) {
      const std::string name = "step_" + report::format_number(step);
      const auto epochs =
          linearized_ ? net.train(CnnLoss::cross_entropy, data, std::numeric_limits<double>::infinity(),
                                  step * unit, options_.protocol, folder, name, progress)
                      : net.train_as_is(data, step * unit, options_.protocol, folder, name, progress);
      if (epochs.empty() || epochs.back().contains("failure")) continue;
      nlohmann::json end = epochs.back();
      for (const char* other : {"layers", "stability", "pooling_stability"}) end.erase(other);
      end["initial_step"] = step * unit;
      if (best.is_null() || end["train_loss"] < best["train_loss"]) best = std::move(end);
    }
    if (best.is_null()) {
      raise<std::runtime_error>("table_3b", "training of ", name_,
                                " failed with every step, expected smaller ones");
    }
    return best;
  }

  const TableChoices& options_;
  bool vgg_;
  bool linearized_;
  std::string name_;
};

/// A linear classifier on features of either kind.
class FeatureRow {
 public:
  FeatureRow(const TableChoices& o, const TableRow& row)
      : options_(o), random_(row.name == "random_features") {}

  [[nodiscard]] nlohmann::json settings() const {
    nlohmann::json all = {{"ridges", ridge_.ridges}, {"iterations", ridge_.iterations}};
    if (random_) all.update({{"filters", options_.filters}, {"seed", options_.protocol.seed}});
    return all;
  }

  [[nodiscard]] nlohmann::json compute(const ImageData<float>& data,
                                       const std::filesystem::path& folder) const {
    const nn::ImageShape shape{3, 32, 32};
    const cpu::Backend<float> backend({.threads = options_.threads});
    if (!random_) return classify(nn::Scattering<float>(shape, {}, backend), data, folder);
    Philox rng(options_.protocol.seed, 1);
    return classify(
        nn::RandomPatches<float>(shape, data.train.inputs, {.filters = options_.filters}, rng, backend), data,
        folder);
  }

 private:
  [[nodiscard]] nlohmann::json classify(const auto& transform, const ImageData<float>& data,
                                        const std::filesystem::path& folder) const {
    Matrix<float> features = transform(data.train.inputs);
    const auto normalization = data::fit_features(features);
    const auto train = standardized(normalization, std::move(features), data.train);
    const auto test = standardized(normalization, transform(data.test.inputs), data.test);
    nlohmann::json result = train_linear(train, test, ridge_, settings(), folder, options_.threads);
    result["size"] = transform.output_shape().dim();
    return result;
  }

  const TableChoices& options_;
  bool random_;
  RidgeChoices ridge_;
};

}  // namespace examples
