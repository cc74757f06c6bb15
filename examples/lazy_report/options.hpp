#pragma once

#include <algorithm>
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdint>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lazy_report {

using lazytrain::Index;

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// Everything that a user can choose, with the defaults that --help shows.
struct Options {
  std::string data = "teacher";
  std::string target = "-1";
  std::string task = "auto";
  std::string normalize = "unit";
  Index train = 0;
  Index test = 0;
  Index dimension = 15;
  Index teacher_neurons = 3;

  Index neurons = 0;
  std::string activation = "tanh";
  std::string scaling = "sqrt";
  std::string initialization = "gaussian";
  double tau = 1;

  std::vector<double> alphas = {};
  double time = 0;
  double tolerance = 0;
  Index samples = 30;
  double lazy_below = 0.1;
  std::uint64_t seed = 1;
  std::string out = "lazy_report";

  /// Whether the data are the generated ones.
  [[nodiscard]] bool generated() const { return data == "teacher"; }
};

/// What the results depend on, beside the data themselves: a run that finds results made with the same values
/// and data does not make them again.
inline nlohmann::json identity(const Options& o) {
  return {{"data", o.data},
          {"target", o.target},
          {"task", o.task},
          {"normalize", o.normalize},
          {"train", o.train},
          {"test", o.test},
          {"dimension", o.dimension},
          {"teacher_neurons", o.teacher_neurons},
          {"neurons", o.neurons},
          {"activation", o.activation},
          {"scaling", o.scaling},
          {"initialization", o.initialization},
          {"tau", o.tau},
          {"time", o.time},
          {"tolerance", o.tolerance},
          {"samples", o.samples},
          {"seed", o.seed}};
}

inline void declare(CLI::App& app, Options& o) {
  app.option_defaults()->always_capture_default();
  app.add_option("--data", o.data,
                 "what to train on:\n"
                 "teacher           generated: inputs on the sphere, targets from a small ReLU network\n"
                 "mnist:DIR         the four IDX files, plain or gzip\n"
                 "cifar10:DIR       the binary version\n"
                 "idx:IMAGES,LABELS two IDX files\n"
                 "csv:FILE          numbers, with --target the column to predict\n"
                 "npy:INPUTS,TARGETS two NPY files, a row a sample");
  app.add_option("--target", o.target,
                 "csv: number (from 0, or -1 for the last) or name of the column to predict");
  app.add_option("--task", o.task,
                 "idx, csv, npy: classes or regression; auto: classes for idx, regression for csv and npy")
      ->check(CLI::IsMember({"auto", "classes", "regression"}));
  app.add_option("--normalize", o.normalize,
                 "inputs: unit (every sample to norm 1), features (mean 0, deviation 1), none")
      ->check(CLI::IsMember({"unit", "features", "none"}));
  app.add_option("--train", o.train, "training samples; 0: 300 generated, 5000 of a file");
  app.add_option("--test", o.test, "test samples; 0: 1000 generated, 2000 of a file");
  app.add_option("--dimension", o.dimension, "teacher: dimension of the inputs");
  app.add_option("--teacher-neurons", o.teacher_neurons, "teacher: neurons");
  app.add_option("--neurons", o.neurons, "neurons m of the network; 0: 100 for generated data, 64 for files");
  app.add_option("--activation", o.activation, "relu, tanh, erf, softplus, sigmoid, quadratic or identity");
  app.add_option("--scaling", o.scaling, "output scale s(m): sqrt (1/sqrt m) or mean (1/m)")
      ->check(CLI::IsMember({"sqrt", "mean"}));
  app.add_option("--initialization", o.initialization,
                 "gaussian (the model is centred: h - h(w0)) or symmetrized (doubling trick, m even)")
      ->check(CLI::IsMember({"gaussian", "symmetrized"}));
  app.add_option("--tau", o.tau, "standard deviation of the initial weights");
  app.add_option("--alpha", o.alphas,
                 "scales to compare, inf for the linearized model; default: 0.1,1,10,100,1000,inf and for "
                 "generated data "
                 "0.01 too")
      ->delimiter(',');
  app.add_option("--time", o.time,
                 "length of training in units of 1/||Dh(w0)||^2; 0: 3000 generated, 300 of a file");
  app.add_option("--tolerance", o.tolerance,
                 "relative tolerance of the integrator; 0: 1e-6 generated, 1e-5 of a file, 1e-3 for relu, "
                 "whose kinks "
                 "smaller errors would have to resolve");
  app.add_option("--samples", o.samples, "times at which losses and distances are taken");
  app.add_option(
      "--lazy-below", o.lazy_below,
      "training is called lazy when the outputs stay this close to the linearized ones, relative to the "
      "distance to the targets");
  app.add_option("--seed", o.seed, "seed of data and weights");
  app.add_option("--out", o.out,
                 "folder for the report; results found there for the same options and data are kept");
}

/// @throws std::invalid_argument that names an option without a meaning
inline void check(const Options& o) {
  const auto require = [](bool valid, const char* option, double value, const char* expected) {
    if (valid) return;
    lazytrain::raise<std::invalid_argument>("lazy_report", option, " is ", value, ", expected ", expected);
  };
  constexpr Index most = 1'000'000'000;
  const std::pair<const char*, Index> counts[] = {{"--train", o.train},
                                                  {"--test", o.test},
                                                  {"--neurons", o.neurons},
                                                  {"--dimension", o.dimension},
                                                  {"--teacher-neurons", o.teacher_neurons},
                                                  {"--samples", o.samples}};
  for (const auto& [option, count] : counts) {
    require(count >= 1 && count <= most, option, static_cast<double>(count), "1 to 1000000000");
  }
  for (const double alpha : o.alphas) require(alpha > 0, "--alpha", alpha, "positive numbers or inf");
  const std::pair<const char*, double> numbers[] = {
      {"--time", o.time}, {"--tolerance", o.tolerance}, {"--lazy-below", o.lazy_below}, {"--tau", o.tau}};
  for (const auto& [option, number] : numbers) {
    require(std::isfinite(number) && number > 0, option, number, "a positive number");
  }
}

/// Fills in the choices that depend on others, and sorts the scales. @throws as `check`
inline void settle(Options& o) {
  const bool generated = o.generated();
  if (o.train == 0) o.train = generated ? 300 : 5000;
  if (o.test == 0) o.test = generated ? 1000 : 2000;
  if (o.neurons == 0) o.neurons = generated ? 100 : 64;
  if (o.time == 0) o.time = generated ? 3000 : 300;
  if (o.alphas.empty()) {
    o.alphas = {0.1, 1, 10, 100, 1e3, infinity};
    if (generated) o.alphas.insert(o.alphas.begin(), 0.01);
  }
  if (o.tolerance == 0) o.tolerance = o.activation == "relu" ? 1e-3 : generated ? 1e-6 : 1e-5;
  check(o);
  std::sort(o.alphas.begin(), o.alphas.end());
  o.alphas.erase(std::unique(o.alphas.begin(), o.alphas.end()), o.alphas.end());
}

}  // namespace lazy_report
