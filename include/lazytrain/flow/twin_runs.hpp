#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <lazytrain/flow/difference_defect.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/flow/twin_types.hpp>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace lazytrain {

/// What `compare_flows` calls at every sampled time, with its type erased; may be empty. A function that
/// returns a bool stops the runs by false.
template <Model H>
class TwinObserver {
 public:
  using View = TwinView<parameters_t<H>, outputs_t<H>>;

  TwinObserver() = default;
  // NOLINTBEGIN(google-explicit-constructor): a function is an observer
  template <std::invocable<const View&> Function>
  requires(!std::same_as<std::remove_cvref_t<Function>, TwinObserver>) TwinObserver(Function&& function)
      : goes_on_([call = std::forward<Function>(function)](const View& view) mutable {
          if constexpr (std::is_void_v<std::invoke_result_t<decltype(call)&, const View&>>) {
            call(view);
            return true;
          } else {
            return static_cast<bool>(call(view));
          }
        }) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool operator()(const View& view) const { return !goes_on_ || goes_on_(view); }

 private:
  std::function<bool(const View&)> goes_on_;
};

namespace detail {

inline std::vector<double> twin_times(double horizon, const TwinOptions& options) {
  std::vector<double> times;
  for (Index i = 0; i < options.samples; ++i) {
    const double fraction = static_cast<double>(i) / static_cast<double>(options.samples);
    times.push_back(horizon * std::pow(options.first_sample, 1 - fraction));
  }
  times.push_back(horizon);
  return times;
}

/// The last of an odd number of times and every second before it.
inline std::vector<double> every_second(const std::vector<double>& times) {
  std::vector<double> out;
  for (std::size_t i = (times.size() - 1) % 2; i < times.size(); i += 2) out.push_back(times[i]);
  return out;
}

/// Largest difference between a sampled quantity and the same on every second time.
inline double largest_change(const std::vector<double>& fine, const std::vector<double>& coarse) {
  double change = 0;
  const std::size_t first = fine.empty() ? 0 : (fine.size() - 1) % 2;
  for (std::size_t i = 0; i < coarse.size() && first + 2 * i < fine.size(); ++i) {
    change = std::max(change, std::abs(fine[first + 2 * i] - coarse[i]));
  }
  return change;
}

/// Adds what a tenfold tolerance changes to the errors. Changes of distances may be small by chance: twice
/// the largest of them, and, where the flows are subtracted, that of the vectors at the end.
template <class Twin, HilbertVector P, HilbertVector O>
void add_changes(Twin& twin, const TwinFlows<P, O>& check, double epsilon, const OutputSpace& space) {
  twin.displacement.error += 2 * largest_change(twin.displacements, check.displacements);
  twin.distance.error += 2 * largest_change(twin.distances, check.distances);
  twin.output_distance.error += 2 * largest_change(twin.output_distances, check.output_distances);
  if (twin.method != TwinMethod::direct || !twin.complete || !check.complete) return;
  P change = twin.end;
  axpy(-1, check.end, change);
  twin.displacement.error += epsilon * static_cast<double>(norm(change));
  axpy(-1, twin.linear_end, change);
  axpy(1, check.linear_end, change);
  twin.distance.error += epsilon * static_cast<double>(norm(change));
  O output_change = twin.outputs;
  axpy(-1, check.outputs, output_change);
  axpy(-1, twin.linear_outputs, output_change);
  axpy(1, check.linear_outputs, output_change);
  twin.output_distance.error += static_cast<double>(space.norm(output_change));
}

template <class Twin>
void add_sample(Twin& twin, double t, double loss, double linear_loss, double displacement, double distance,
                double output_distance) {
  twin.times.push_back(t);
  twin.loss.push_back(loss);
  twin.linear_loss.push_back(linear_loss);
  twin.displacements.push_back(displacement);
  twin.distances.push_back(distance);
  twin.output_distances.push_back(output_distance);
  twin.displacement.value = std::max(twin.displacement.value, displacement);
  twin.distance.value = std::max(twin.distance.value, distance);
  twin.output_distance.value = std::max(twin.output_distance.value, output_distance);
}

/// One run by the scaled difference, and what it misses, to be added to its errors; `trusted` becomes whether
/// that is less than what subtraction would lose, the tolerance in d.
template <class Twin, class P, TwiceDifferentiableModel H, Loss R>
Twin twin_by_difference(const P& stepper, const Objective<H, R>& objective, const parameters_t<H>& w0,
                        const FlowOptions& flow, const TwinObserver<H>& observer, bool& trusted) {
  using S = scalar_t<H>;
  DifferenceField<H, R> field(objective, w0);
  const OutputSpace space = field.tangent_at_start().output_space();
  const double epsilon = static_cast<double>(inverse_scale("compare_flows", objective.alpha));
  const Index p = dimension(w0);
  Twin twin;
  twin.method = TwinMethod::difference;
  DifferenceDefect<H, R> defect(objective, w0);
  const auto zero = zeros<parameters_t<H>>(2 * p);
  twin.linear_end = zeros_like(w0);
  const auto result = integrate(stepper, field, zero, flow, {}, [&](const auto& view) {
    const auto& now = view.field;
    add_sample(twin, view.t, static_cast<double>(objective.loss.value(now.outputs())),
               static_cast<double>(objective.loss.value(now.linear_outputs())),
               epsilon * static_cast<double>(norm(now.displacement())),
               epsilon * epsilon * static_cast<double>(norm(now.difference())),
               epsilon * static_cast<double>(space.norm(now.output_difference())));
    defect.measure(view.t, now, view.velocity);
    extract(view.x, 0, twin.linear_end);
    return observer({view.t, now.displacement(), twin.linear_end, now.outputs(), now.linear_outputs()});
  });
  trusted = !defect.exceeds(flow.relative_tolerance);
  twin.displacement.error = twin.distance.error = epsilon * defect.drift();
  twin.output_distance.error = defect.outputs();
  extract(result.x, 0, twin.linear_end);
  parameters_t<H> difference = zeros_like(w0);
  extract(result.x, p, difference);
  twin.end = twin.linear_end;
  axpy(static_cast<S>(epsilon), difference, twin.end);
  twin.outputs = field.outputs();
  twin.linear_outputs = field.linear_outputs();
  twin.complete = result.succeeded();
  twin.message = result.message;
  twin.counts = result.counts;
  return twin;
}

/// Samples of the linearized flow: in closed form for the square loss, else integrated and kept.
template <Model H, Loss R>
class LinearTwin {
 public:
  template <class P>
  LinearTwin(const P& stepper, const Objective<H, R>& objective, const parameters_t<H>& w0,
             const FlowOptions& flow, Index closed_form_up_to) {
    if constexpr (StronglyConvexLoss<R>) {
      if (objective.loss.strong_convexity() == objective.loss.smoothness() &&
          objective.model.output_dim() <= closed_form_up_to) {
        exact_ = std::make_shared<const LinearFlow<H>>(objective.model, objective.loss, w0, objective.alpha);
        return;
      }
    }
    auto field = linearized_field(objective.model, objective.loss, w0, objective.alpha);
    parameters_t<H> zero = w0;
    fill(zero, scalar_t<H>(0));
    const auto result = integrate(stepper, field, zero, flow, {}, [&](const auto& view) {
      displacements_.push_back(view.x);
      outputs_.push_back(view.field.outputs());
    });
    if (!result.succeeded()) message_ = result.message;
  }

  /// Whether the flow is known in closed form.
  [[nodiscard]] bool exact() const { return exact_ != nullptr; }
  /// Bounds of what the closed form hides by time t (see `LinearFlow`); 0 for an integrated flow.
  [[nodiscard]] double hidden_displacement(double t) const {
    return exact_ ? exact_->hidden_displacement(t) : 0.0;
  }
  [[nodiscard]] double hidden_outputs(double t) const { return exact_ ? exact_->hidden_outputs(t) : 0.0; }
  /// Whether sample i was reached.
  [[nodiscard]] bool covers(std::size_t i) const { return exact_ || i < outputs_.size(); }
  [[nodiscard]] parameters_t<H> displacement(std::size_t i, double t) const {
    return exact_ ? exact_->displacement(t) : displacements_.at(i);
  }
  [[nodiscard]] outputs_t<H> outputs(std::size_t i, double t) const {
    return exact_ ? exact_->outputs(t) : outputs_.at(i);
  }
  /// Why the run failed; empty if it did not.
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  std::shared_ptr<const LinearFlow<H>> exact_;
  std::vector<parameters_t<H>> displacements_;
  std::vector<outputs_t<H>> outputs_;
  std::string message_;
};

/// One run of the non-linear flow beside the linear one.
template <class Twin, class P, Model H, Loss R>
Twin twin_directly(const P& stepper, const Objective<H, R>& objective, const parameters_t<H>& w0,
                   const FlowOptions& flow, const LinearTwin<H, R>& linear, const TwinObserver<H>& observer) {
  using S = scalar_t<H>;
  const double epsilon = static_cast<double>(inverse_scale("compare_flows", objective.alpha));
  auto field = displacement_field(objective.model, objective.loss, w0, objective.alpha);
  const OutputSpace space = field.tangent().output_space();
  parameters_t<H> zero = w0;
  fill(zero, S(0));
  Twin twin;
  std::size_t i = 0;
  const auto result = integrate(stepper, field, zero, flow, {}, [&](const auto& view) {
    if (!linear.covers(i)) return false;
    twin.linear_end = linear.displacement(i, view.t);
    twin.linear_outputs = linear.outputs(i, view.t);
    twin.outputs = view.field.outputs();
    parameters_t<H> difference = view.x;
    axpy(S(-1), twin.linear_end, difference);
    outputs_t<H> output_difference = twin.outputs;
    axpy(S(-1), twin.linear_outputs, output_difference);
    add_sample(twin, view.t, static_cast<double>(view.field.loss_value()),
               static_cast<double>(objective.loss.value(twin.linear_outputs)),
               epsilon * static_cast<double>(norm(view.x)), epsilon * static_cast<double>(norm(difference)),
               static_cast<double>(space.norm(output_difference)));
    ++i;
    return observer({view.t, view.x, twin.linear_end, twin.outputs, twin.linear_outputs});
  });
  twin.end = result.x;
  twin.complete = result.succeeded();
  twin.message = result.message;
  twin.counts = result.counts;
  return twin;
}

}  // namespace detail

}  // namespace lazytrain
