// Figure 7(b): the spectrum of the tangent kernel of VGG-11 at initialization, on images and on random
// pixels.
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/table.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/network_runs.hpp"
#include "support/program.hpp"

namespace {

using namespace lazytrain;
using S = float;

struct Options {
  std::string data;
  examples::NetworkChoice choice;
  Index images = 100;
  double memory = 2e8;
  std::string out = "figure_7b";
  bool full = false;
};

/// Pixels uniform in [0, 1], normalized as the images are: by mean and deviation of the distribution.
Matrix<S> random_pixels(Index dim, Index count, Philox rng) {
  Matrix<S> X(dim, count);
  const double deviation = std::sqrt(1.0 / 12);
  for (Index j = 0; j < count; ++j) {
    for (Index i = 0; i < dim; ++i) X(i, j) = static_cast<S>((uniform(rng) - 0.5) / deviation);
  }
  return X;
}

/// Eigenvalues of K/n, descending: those of the operator that drives training.
Vector<double> spectrum_of(const Matrix<S>& kernel, Index images) {
  const Matrix<double> K = kernel.cast<double>() / static_cast<double>(images);
  return Eigen::SelfAdjointEigenSolver<Matrix<double>>(K, Eigen::EigenvaluesOnly).eigenvalues().reverse();
}

/// Number of leading eigenvalues that hold `share` of the trace.
Index modes_of_share(const Vector<double>& values, double share) {
  double sum = 0;
  Index count = 0;
  while (count < values.size() && sum < share * values.sum()) sum += values(count++);
  return count;
}

void run(Options o) {
  if (o.full) o.images = 500;
  const auto data = examples::load_images<S>(o.data, o.images, 1);
  const auto net = examples::network_runs(o.choice);
  const std::filesystem::path folder = o.out;
  std::filesystem::create_directories(folder);
  const std::vector<std::pair<std::string, Matrix<S>>> sets = {
      {data.name, data.train.inputs},
      {"random pixels", random_pixels(data.train.inputs.rows(), o.images, Philox(o.choice.seed, 99))}};

  report::Table table({report::text_column("inputs"), report::number_column("largest eigenvalue"),
                       report::number_column("trace"), report::integer_column("modes of 90 % of the trace"),
                       report::number_column("smallest / largest")});
  report::Table values_table(
      {report::text_column("inputs"), report::integer_column("index"), report::number_column("eigenvalue")});
  report::Panel panel({.label = "index of the eigenvalue", .scale = report::Scale::log},
                      {.label = "eigenvalue / largest", .scale = report::Scale::log});
  nlohmann::json summary = nlohmann::json::array();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto& [label, images] = sets[i];
    const Matrix<S> K =
        net->kernel(images, o.memory, label, folder / ("kernel_" + std::to_string(i) + ".checkpoint"));
    const Vector<double> values = spectrum_of(K, o.images);
    std::vector<double> index, ratio;
    for (Index q = 0; q < values.size(); ++q) {
      values_table.add(label, q + 1, values(q));
      index.push_back(static_cast<double>(q + 1));
      ratio.push_back(values(q) / values(0));
    }
    panel.line(label, index, ratio);
    const Index modes = modes_of_share(values, 0.9);
    const double condition = values(values.size() - 1) / values(0);
    table.add(label, values(0), values.sum(), modes, condition);
    summary.push_back({{"inputs", label},
                       {"largest", values(0)},
                       {"trace", values.sum()},
                       {"modes_90", modes},
                       {"smallest_over_largest", condition}});
  }
  report::Figure figure{.title = "Spectrum of the tangent kernel: " + o.choice.network, .panels = {panel}};
  figure.caption =
      "Eigenvalues of Σ = K/n at initialization, K the tangent kernel of " + std::to_string(o.images) +
      " images x 10 outputs, " + o.choice.network + " of " + report::format_number(o.choice.width) +
      " times the paper's width (" + std::to_string(net->parameter_dim()) + " parameters, Xavier gain " +
      report::format_number(o.choice.gain) + "), in single precision, whose rounding is 6e-8 of the largest.";
  report::write_svg(folder / "figure_7b.svg", figure);
  report::write_atomically(folder / "figure_7b.csv", values_table.to_csv());
  report::write_json(folder / "figure_7b.json", {{"spectra", summary}, {"caption", figure.caption}});
  std::cout << table.to_text() << figure.caption << "\nWritten to " << (folder / "figure_7b").string()
            << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Figure 7(b): the spectrum of the tangent kernel of a convolutional network");
  Options o;
  app.option_defaults()->always_capture_default();
  app.add_option("--data", o.data,
                 "folder of CIFAR-10's binary files, DIR or cifar10:DIR; without it, generated images");
  app.add_option("--network", o.choice.network, "which network")->check(CLI::IsMember({"vgg11", "resnet18"}));
  app.add_option("--width", o.choice.width, "factor of the number of filters")->check(CLI::PositiveNumber);
  app.add_option("--images", o.images, "images, 10 rows of the kernel each")->check(CLI::PositiveNumber);
  app.add_option("--gain", o.choice.gain,
                 "gain of Xavier's initialization (the paper's code for this figure: 2)")
      ->check(CLI::PositiveNumber);
  app.add_option("--memory", o.memory,
                 "bytes for activations and deltas; the kernel is kept on disk after each part")
      ->check(CLI::PositiveNumber);
  examples::declare_device(app, o.choice.device, o.choice.threads);
  app.add_option("--seed", o.choice.seed, "seed of initialization and random pixels");
  app.add_flag("--full", o.full, "the paper's size: 500 images");
  app.add_option("--out,--output", o.out,
                 "folder for the figure, its data and the kernels, which go on where they stopped");
  return examples::run_program(app, argc, argv, [&] { run(o); });
}
