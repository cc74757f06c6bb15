#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/chebyshev.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/twin_flows.hpp>
#include <lazytrain/loss/metrics.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/sweep.hpp>
#include <lazytrain/report/text.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "options.hpp"
#include "problem.hpp"

namespace lazy_report {

using lazytrain::OutputSpace;
using lazytrain::Vector;

/// The last of numbers, NaN if there are none.
inline double last(const std::vector<double>& numbers) {
  return numbers.empty() ? std::numeric_limits<double>::quiet_NaN() : numbers.back();
}

inline std::string alpha_text(double alpha) {
  return std::isinf(alpha) ? "∞" : lazytrain::report::format_number(alpha, 4);
}

/// One scale: distances between the two flows, and what each of them learns.
struct Run {
  double alpha = 0;
  lazytrain::Measured displacement, distance, output_distance;
  /// Over the sampled times: losses R = mean squared error / 2 on training and test samples, and accuracies
  /// for classes. All are empty if the run ended before the first of them.
  std::vector<double> times, train_loss, test_loss, test_accuracy, train_accuracy;
  std::vector<double> distances, output_distances;
  bool complete = true;
  std::string message;
  Index evaluations = 0;

  [[nodiscard]] double best_test_loss() const {
    return test_loss.empty() ? last(test_loss) : *std::min_element(test_loss.begin(), test_loss.end());
  }
};

inline nlohmann::json json_of(const Run& run) {
  const auto measured = [](const lazytrain::Measured& m) {
    return nlohmann::json{{"value", m.value}, {"numerical_error", m.error}};
  };
  return {{"alpha", run.alpha},
          {"sup_displacement", measured(run.displacement)},
          {"sup_distance", measured(run.distance)},
          {"sup_output_distance", measured(run.output_distance)},
          {"times", run.times},
          {"train_loss", run.train_loss},
          {"test_loss", run.test_loss},
          {"train_accuracy", run.train_accuracy},
          {"test_accuracy", run.test_accuracy},
          {"distances", run.distances},
          {"output_distances", run.output_distances},
          {"complete", run.complete},
          {"message", run.message},
          {"evaluations", run.evaluations}};
}

/// @throws what nlohmann_json throws unless it is what `json_of` made
inline Run run_of(const nlohmann::json& json) {
  const auto measured = [&](const char* name) {
    const nlohmann::json& m = json.at(name);
    return lazytrain::Measured{lazytrain::report::number_of(m.at("value")),
                               lazytrain::report::number_of(m.at("numerical_error"))};
  };
  const auto numbers = [&](const char* name) {
    std::vector<double> out;
    for (const auto& value : json.at(name)) out.push_back(lazytrain::report::number_of(value));
    return out;
  };
  Run run;
  run.alpha = lazytrain::report::number_of(json.at("alpha"));
  run.displacement = measured("sup_displacement");
  run.distance = measured("sup_distance");
  run.output_distance = measured("sup_output_distance");
  run.times = numbers("times");
  run.train_loss = numbers("train_loss");
  run.test_loss = numbers("test_loss");
  run.train_accuracy = numbers("train_accuracy");
  run.test_accuracy = numbers("test_accuracy");
  run.distances = numbers("distances");
  run.output_distances = numbers("output_distances");
  run.complete = json.at("complete");
  run.message = json.at("message");
  run.evaluations = json.at("evaluations");
  return run;
}

/// Trains at one scale beside the linearized model. `h` and `test` are the same network on the two halves of
/// the data, both centred; `horizon` is in the time of the flow.
template <class H>
Run train_at(double alpha, const H& h, const H& test, const Problem& problem, const Vector<double>& w0,
             double horizon, const Options& o) {
  using lazytrain::Objective;
  const OutputSpace train_space = output_space(h);
  const OutputSpace test_space = output_space(test);
  const auto loss = lazytrain::square_loss(problem.train.targets, train_space);
  const auto test_loss = lazytrain::square_loss(problem.test.targets, test_space);
  const double epsilon = std::isinf(alpha) ? 0.0 : 1.0 / alpha;
  auto on_test = linearize(displaced(test, w0, epsilon), Vector<double>(Vector<double>::Zero(w0.size())));

  Run run;
  run.alpha = alpha;
  const auto observe = [&](const auto& view) {
    on_test.move_to(view.displacement);
    run.test_loss.push_back(test_loss.value(on_test.value()));
    if (problem.classes()) {
      run.train_accuracy.push_back(accuracy(view.outputs, problem.train.labels, train_space));
      run.test_accuracy.push_back(accuracy(on_test.value(), problem.test.labels, test_space));
    }
  };
  const lazytrain::TwinOptions options{
      .relative_tolerance = o.tolerance, .samples = o.samples, .method = lazytrain::TwinMethod::direct};
  const Objective objective(h, loss, alpha);
  // The eigenbasis of the tangent kernel where it fits, else the stabilized method, which needs no linear
  // algebra.
  const bool small = h.output_dim() <= 1500;
  const auto twin = small ? compare_flows(objective, w0, horizon, options, lazytrain::Exponential{}, observe)
                          : compare_flows(objective, w0, horizon, options, lazytrain::Chebyshev{}, observe);
  run.displacement = twin.displacement;
  run.distance = twin.distance;
  run.output_distance = twin.output_distance;
  run.times = twin.times;
  run.train_loss = twin.loss;
  run.distances = twin.distances;
  run.output_distances = twin.output_distances;
  run.complete = twin.complete;
  run.message = twin.message;
  run.evaluations = twin.counts.evaluations;
  return run;
}

/// Trains at one scale of a sweep (`run_of` reads the result); everything that it depends on is in the
/// settings.
template <class H>
lazytrain::report::SweepPoint point_at(double alpha, const H& h, const H& test, const Problem& problem,
                                       const Vector<double>& w0, double horizon, const Options& o) {
  nlohmann::json settings = identity(o);
  settings["alpha"] = alpha;
  settings["digest"] = problem.digest;
  return {
      .name = "alpha_" + lazytrain::report::exact_number(alpha),
      .settings = std::move(settings),
      .compute = [&, alpha, horizon] { return json_of(train_at(alpha, h, test, problem, w0, horizon, o)); }};
}

}  // namespace lazy_report
