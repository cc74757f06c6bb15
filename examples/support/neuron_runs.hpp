#pragma once

#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <lazytrain/data/teacher.hpp>
#include <lazytrain/flow/descent.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/report/sweep.hpp>
#include <string>
#include <utility>
#include <vector>

/// Training runs of a two-layer ReLU network in the plane that learns a small network, with the paths of its
/// neurons, each kept in a file.
namespace examples {

using lazytrain::Index;
using lazytrain::Matrix;
using lazytrain::Vector;

/// What a user can choose.
struct PathOptions {
  Index neurons = 20;
  Index samples = 15;
  Index teacher_neurons = 3;
  std::vector<double> taus = {0.1, 2};
  double largest_step = 0.05;
  Index iterations = 100000;
  double loss_level = 1e-10;
  std::uint64_t seed = 1;
  Index threads = 0;
  std::string out = {};
};

inline void declare(CLI::App& app, PathOptions& o) {
  app.option_defaults()->always_capture_default();
  app.add_option("--neurons", o.neurons, "neurons m of the network, an even number");
  app.add_option("--samples", o.samples, "training samples n")->check(CLI::PositiveNumber);
  app.add_option("--teacher-neurons", o.teacher_neurons, "neurons of the teacher")
      ->check(CLI::PositiveNumber);
  app.add_option("--tau", o.taus, "standard deviations of the initial weights, a panel each")->delimiter(',');
  app.add_option("--largest-step", o.largest_step,
                 "the step size is the smaller of this and 1 / (2 ||Dh(w0)||^2)")
      ->check(CLI::PositiveNumber);
  app.add_option("--iterations", o.iterations, "most iterations")->check(CLI::PositiveNumber);
  app.add_option("--loss-level", o.loss_level, "training ends at this loss")->check(CLI::NonNegativeNumber);
  app.add_option("--seed", o.seed, "seed of the teacher, the data and the weights");
  app.add_option("--threads", o.threads, "threads, 0 for one a processor; the results do not depend on it")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--out,--output", o.out,
                 "folder for the figure, its data and the finished runs, which are not computed twice");
}

/// The neurons at an iteration: |b_j| a_j as columns, and b_j.
struct Frame {
  Index iteration;
  Matrix<double> positions;
  Vector<double> outer;
};

/// A training run.
struct Paths {
  double tau = 0;
  std::vector<Frame> frames = {};
  double step = 0;
  Index iterations = 0;
  double first_loss = 0;
  double last_loss = 0;
  /// ||w - w0|| / ||w0|| at the end.
  double relative_displacement = 0;
  std::string message = {};
};

/// Trains with weights N(0, tau^2), symmetrized, by gradient descent on R = mean square error / 2. The
/// random numbers are the same for every tau, so that the networks begin as multiples of each other.
inline Paths train(double tau, const lazytrain::data::RegressionData<double>& data, const PathOptions& o) {
  using namespace lazytrain;
  const TwoLayer<double, Relu> net({.inputs = 2, .neurons = o.neurons, .scaling = 1.0});
  Philox rng(o.seed, 2);
  const Vector<double> w0 = symmetrized(net, tau, rng);
  const auto h = net.on(data.inputs);
  auto field = parameter_field(h, square_loss(data.targets, h.output_space()), w0, 1.0);

  Paths paths{.tau = tau};
  Index next = 0;
  const auto observe = [&](const auto& view) {
    if (view.iteration == 0) paths.first_loss = view.field.loss_value();
    if (view.iteration < next) return;
    const auto a = net.layout().inner(view.x.data());
    const auto b = net.layout().outer(view.x.data());
    paths.frames.push_back({view.iteration, a * b.cwiseAbs().row(0).asDiagonal(), b.row(0).transpose()});
    // Evenly in the logarithm: motion slows down.
    next = std::max(view.iteration + 1, static_cast<Index>(1.06 * static_cast<double>(view.iteration)));
  };
  const auto end = gradient_descent(field, w0,
                                    {.step = std::min(o.largest_step, gradient_step(field, w0).step / 2),
                                     .max_iterations = o.iterations,
                                     .loss_level = o.loss_level},
                                    observe);
  paths.step = end.step;
  paths.iterations = end.iterations;
  paths.last_loss = end.loss;
  paths.relative_displacement = (end.x - w0).norm() / w0.norm();
  paths.message = end.message;
  return paths;
}

/// A run as its file keeps it.
inline nlohmann::json json_of(const Paths& paths) {
  nlohmann::json frames = nlohmann::json::array();
  for (const Frame& frame : paths.frames) {
    frames.push_back({{"iteration", frame.iteration},
                      {"x", lazytrain::report::json_of(frame.positions.row(0))},
                      {"y", lazytrain::report::json_of(frame.positions.row(1))},
                      {"b", lazytrain::report::json_of(frame.outer)}});
  }
  return {{"tau", paths.tau},
          {"frames", std::move(frames)},
          {"step", paths.step},
          {"iterations", paths.iterations},
          {"initial_loss", paths.first_loss},
          {"final_loss", paths.last_loss},
          {"relative_displacement", paths.relative_displacement},
          {"end", paths.message}};
}

/// The run of `json_of`.
inline Paths paths_of(const nlohmann::json& kept) {
  const auto number = [&kept](const char* key) { return lazytrain::report::number_of(kept[key]); };
  Paths paths{.tau = number("tau"),
              .step = number("step"),
              .iterations = kept["iterations"].get<Index>(),
              .first_loss = number("initial_loss"),
              .last_loss = number("final_loss"),
              .relative_displacement = number("relative_displacement"),
              .message = kept["end"].get<std::string>()};
  for (const auto& frame : kept["frames"]) {
    const auto row = [&frame](const char* key) {
      std::vector<double> values;
      for (const auto& value : frame[key]) values.push_back(lazytrain::report::number_of(value));
      return Vector<double>(Eigen::Map<const Vector<double>>(values.data(), std::ssize(values)));
    };
    const Vector<double> x = row("x"), y = row("y");
    Matrix<double> positions(2, x.size());
    positions << x.transpose(), y.transpose();
    paths.frames.push_back({frame["iteration"].get<Index>(), std::move(positions), row("b")});
  }
  return paths;
}

/// The runs of all tau, finished ones from their files.
inline std::vector<nlohmann::json> kept_paths(const lazytrain::data::RegressionData<double>& data,
                                              const PathOptions& o) {
  namespace report = lazytrain::report;
  std::vector<report::SweepPoint> points;
  for (const double tau : o.taus) {
    points.push_back({"tau-" + report::format_number(tau),
                      {{"tau", tau},
                       {"neurons", o.neurons},
                       {"samples", o.samples},
                       {"teacher_neurons", o.teacher_neurons},
                       {"largest_step", o.largest_step},
                       {"iterations", o.iterations},
                       {"loss_level", o.loss_level},
                       {"seed", o.seed}},
                      [&data, &o, tau] { return json_of(train(tau, data, o)); }});
  }
  return report::run_sweep(std::filesystem::path(o.out) / "points", points,
                           {.threads = o.threads, .label = "training runs"});
}

}  // namespace examples
