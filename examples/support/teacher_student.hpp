#pragma once

#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstdint>
#include <lazytrain/data/teacher.hpp>
#include <lazytrain/flow/descent.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/report/json.hpp>
#include <limits>
#include <string>

/// The experiment of Section 3.1 of the paper: a two-layer ReLU network learns a small one from samples on
/// the sphere.
namespace examples {

using lazytrain::Index;
using lazytrain::Matrix;
using lazytrain::Vector;

/// Sizes, and how gradient descent runs.
struct TeacherStudentChoices {
  Index inputs = 100;
  Index samples = 1000;
  Index test_samples = 2000;
  Index teacher_neurons = 3;
  Index iterations = 25000;
  /// Of the network without a factor; see `train`.
  double largest_step = 10;
  /// Training ends where the loss has fallen by this factor.
  double loss_level = 1e-8;
};

inline void declare(CLI::App& app, TeacherStudentChoices& c) {
  app.add_option("--inputs", c.inputs, "dimension d of the inputs")->check(CLI::PositiveNumber);
  app.add_option("--samples", c.samples, "training samples n")->check(CLI::PositiveNumber);
  app.add_option("--test-samples", c.test_samples, "test samples")->check(CLI::PositiveNumber);
  app.add_option("--teacher-neurons", c.teacher_neurons, "neurons m0 of the teacher")
      ->check(CLI::PositiveNumber);
  app.add_option("--iterations", c.iterations, "most iterations of gradient descent")
      ->check(CLI::PositiveNumber);
  app.add_option("--largest-step", c.largest_step,
                 "the step size is the smaller of 1 / ||Dh(w0)||^2 and this over the network's factor")
      ->check(CLI::PositiveNumber);
  app.add_option("--loss-level", c.loss_level, "training ends where the loss has fallen by this factor")
      ->check(CLI::NonNegativeNumber);
}

inline nlohmann::json settings_of(const TeacherStudentChoices& c) {
  return {{"inputs", c.inputs},
          {"samples", c.samples},
          {"test_samples", c.test_samples},
          {"teacher_neurons", c.teacher_neurons},
          {"iterations", c.iterations},
          {"largest_step", c.largest_step},
          {"loss_level", c.loss_level}};
}

/// The teacher of a trial, its training and its test samples.
struct TrialProblem {
  lazytrain::data::TeacherStudent<double> train;
  lazytrain::data::RegressionData<double> test;
  /// Loss of the function 0 on the test samples.
  double zero_loss = 0;
};

inline TrialProblem trial_problem(const TeacherStudentChoices& c, std::uint64_t seed, Index trial) {
  lazytrain::Philox rng(seed, 16 * static_cast<std::uint64_t>(trial) + 1);
  auto train = lazytrain::data::teacher_student<double>(
      {.inputs = c.inputs, .samples = c.samples, .neurons = c.teacher_neurons}, rng);
  auto test = train.teacher.sample(c.test_samples, rng);
  const double zero_loss = test.targets.squaredNorm() / (2 * static_cast<double>(c.test_samples));
  return {std::move(train), std::move(test), zero_loss};
}

/// The engine of a trial's weights.
inline lazytrain::Philox weights_engine(std::uint64_t seed, Index trial) {
  return lazytrain::Philox(seed, 16 * static_cast<std::uint64_t>(trial) + 2);
}

/// Mean square error / 2 on the test samples, relative to that of the function 0.
inline double relative_test_loss(const TrialProblem& problem, const Matrix<double>& outputs) {
  const auto n = static_cast<double>(problem.test.targets.size());
  return (outputs - problem.test.targets).squaredNorm() / (2 * n) / problem.zero_loss;
}

/// Trains by gradient descent from w0 on R = mean square error / 2, and gives the test loss at the end and
/// its least value at iterations 0, 1, 2, ..., evenly in the logarithm.
///
/// The step size is 1 / ||Dh(w0)||^2, which is stable while training is lazy. Small initial weights have
/// nearly no slope and leave their place: there the step is bounded, by the same number for networks that are
/// the same function after a change of units, f = s sum b_j max(a_j.x, 0) with weights w and without the
/// factor s with weights s^(1/2) w.
inline nlohmann::json train(const lazytrain::TwoLayer<double>& net, const Vector<double>& w0,
                            const TrialProblem& problem, const TeacherStudentChoices& c) {
  const auto h = net.on(problem.train.data.inputs);
  auto field =
      parameter_field(h, lazytrain::square_loss(problem.train.data.targets, h.output_space()), w0, 1.0);
  double best = std::numeric_limits<double>::infinity();
  double first_loss = 0;
  Index best_iteration = 0;
  Index next = 0;
  const auto look = [&](Index iteration, const Vector<double>& w) {
    const double loss = relative_test_loss(problem, net(w, problem.test.inputs));
    if (loss < best) {
      best = loss;
      best_iteration = iteration;
    }
    return loss;
  };
  const auto observe = [&](const auto& view) {
    if (view.iteration == 0) first_loss = view.field.loss_value();
    if (view.iteration >= next) {
      look(view.iteration, view.x);
      next = std::max(view.iteration + 1, static_cast<Index>(1.05 * static_cast<double>(view.iteration)));
    }
    return view.field.loss_value() > c.loss_level * first_loss;
  };
  const double step = std::min(gradient_step(field, w0).step, c.largest_step / net.scale());
  const auto end = gradient_descent(field, w0, {.step = step, .max_iterations = c.iterations}, observe);
  const double last = look(end.iterations, end.x);
  return {{"end", last},
          {"best", best},
          {"best_iteration", best_iteration},
          {"train", end.loss / first_loss},
          {"displacement", (end.x - w0).norm() / w0.norm()},
          {"step", end.step},
          {"iterations", end.iterations},
          {"succeeded", end.succeeded()},
          {"message", end.message}};
}

}  // namespace examples
