#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/difference_field.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/flow/objective.hpp>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

namespace lazytrain {

/// A number with an estimate of its numerical error.
struct Measured {
  double value = 0;
  double error = 0;
};

/// How `compare_flows` resolves the distance between two flows that draw together as alpha grows.
enum class TwinMethod {
  automatic,   ///< `difference` for smooth models at alpha >= 30, else `direct`
  difference,  ///< integrates the scaled difference (`DifferenceField`): resolves any alpha at any precision
  direct       ///< integrates both and subtracts: for models with kinks, and for large ones
};

struct TwinOptions {
  double relative_tolerance = 1e-9;
  /// Times at which distances are taken, evenly in log t below the horizon, besides the horizon.
  Index samples = 100;
  /// The earliest is this fraction of the horizon.
  double first_sample = 1e-4;
  TwinMethod method = TwinMethod::automatic;
  Index max_steps = std::numeric_limits<Index>::max();
};

/// The flows of F_alpha and of its linearization from w0, on one clock. Distances of parameters are in units
/// of w, outputs are alpha h and distances of theirs in the norm of F. The suprema are over the sampled
/// times, hence lower bounds of the true ones; their errors are the changes when the tolerance is ten times
/// larger.
template <class P, class O>
struct TwinFlows {
  /// sup over t of ||w_alpha - w0||.
  Measured displacement;
  /// sup over t of ||w_alpha - w-bar_alpha||.
  Measured distance;
  /// sup over t of ||alpha h(w_alpha) - alpha h-bar(w-bar_alpha)||.
  Measured output_distance;

  /// The sampled times, and along them: both losses R, and the three distances.
  std::vector<double> times, loss, linear_loss, displacements, distances, output_distances;
  /// alpha (w_alpha - w0) and alpha (w-bar_alpha - w0) at the end.
  P end, linear_end;
  /// Outputs at the end.
  O outputs, linear_outputs;
  /// Whether both runs reached the horizon; else why not.
  bool complete = true;
  std::string message;
  FlowCounts counts;

  friend std::ostream& operator<<(std::ostream& out, const TwinFlows& twin) {
    const auto line = [&](const char* name, const Measured& m) {
      out << "  sup " << name << " = " << m.value << " (numerical error " << m.error << ")\n";
    };
    line("||w - w0||         ", twin.displacement);
    line("||w - wbar||       ", twin.distance);
    line("||alpha h - alpha hbar||", twin.output_distance);
    return out << "  " << twin.message << '\n';
  }
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

/// One run by the scaled difference.
template <class Twin, class P, TwiceDifferentiableModel H, Loss R>
Twin twin_by_difference(const P& stepper, const Objective<H, R>& objective, const parameters_t<H>& w0,
                        const FlowOptions& flow) {
  using S = scalar_t<H>;
  DifferenceField<H, R> field(objective, w0);
  const OutputSpace space = field.tangent_at_start().output_space();
  const double epsilon = static_cast<double>(inverse_scale("compare_flows", objective.alpha));
  const Index p = w0.size();
  Twin twin;
  const Vector<S> zero = Vector<S>::Zero(2 * p);
  const auto result = integrate(stepper, field, zero, flow, {}, [&](const auto& view) {
    const auto& now = view.field;
    add_sample(twin, view.t, static_cast<double>(objective.loss.value(now.outputs())),
               static_cast<double>(objective.loss.value(now.linear_outputs())),
               epsilon * static_cast<double>(now.displacement().norm()),
               epsilon * epsilon * static_cast<double>(now.difference().norm()),
               epsilon * static_cast<double>(space.norm(now.output_difference())));
  });
  twin.linear_end = result.x.head(p);
  twin.end = twin.linear_end + static_cast<S>(epsilon) * result.x.tail(p);
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
             const FlowOptions& flow) {
    if constexpr (StronglyConvexLoss<R>) {
      if (objective.loss.strong_convexity() == objective.loss.smoothness()) {
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
                   const FlowOptions& flow, const LinearTwin<H, R>& linear) {
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
    return true;
  });
  twin.end = result.x;
  twin.complete = result.succeeded();
  twin.message = result.message;
  twin.counts = result.counts;
  return twin;
}

}  // namespace detail

/// Runs the gradient flows of F_alpha and of its linearization, Eq. (2) and (4), from w0 on one clock, and
/// measures how far apart they get: the left sides of Theorems 2.2 to 2.5.
///
///     const auto twin = compare_flows(Objective(h, R, alpha), w0, horizon);
///
/// Each run is made twice, with the tolerance and with ten times it, which tells the numerical error of every
/// supremum. A run that fails (see StopReason) leaves what was computed until then and its message.
/// @throws std::domain_error, std::invalid_argument for options, sizes or an infinite alpha with h(w0) != 0
template <Model H, Loss R, class P = DormandPrince>
[[nodiscard]] TwinFlows<parameters_t<H>, outputs_t<H>> compare_flows(const Objective<H, R>& objective,
                                                                     const parameters_t<H>& w0,
                                                                     double horizon,
                                                                     const TwinOptions& options = {},
                                                                     const P& stepper = {}) {
  using Twin = TwinFlows<parameters_t<H>, outputs_t<H>>;
  require_argument(options.samples >= 1, "compare_flows", "options.samples", options.samples, "at least 1");
  require_domain(options.first_sample > 0 && options.first_sample < 1, "compare_flows",
                 "options.first_sample", options.first_sample, "a fraction in (0, 1)");
  require_positive("compare_flows", "horizon", horizon);
  using Field = decltype(displacement_field(objective.model, objective.loss, w0, objective.alpha));
  constexpr bool smooth = TwiceDifferentiableModel<H> && !HasKinks<Field>;
  bool by_difference = options.method == TwinMethod::difference;
  constexpr bool can_difference = smooth && Stepper<P, DifferenceField<H, R>>;
  if (options.method == TwinMethod::automatic) by_difference = can_difference && objective.alpha >= 30;
  require_argument(
      can_difference || !by_difference, "compare_flows", "options.method", "difference",
      "direct: the model has kinks or no second derivatives, or the stepper needs a gradient field");

  FlowOptions flow{.horizon = horizon,
                   .relative_tolerance = options.relative_tolerance,
                   .sample_times = detail::twin_times(horizon, options),
                   .max_steps = options.max_steps};
  FlowOptions coarse = flow;
  coarse.relative_tolerance = 10 * options.relative_tolerance;
  std::optional<detail::LinearTwin<H, R>> linear;
  if (!by_difference) linear.emplace(stepper, objective, w0, flow);

  const auto run = [&](const FlowOptions& with) {
    if constexpr (can_difference) {
      if (by_difference) return detail::twin_by_difference<Twin>(stepper, objective, w0, with);
    }
    return detail::twin_directly<Twin>(stepper, objective, w0, with, *linear);
  };
  Twin twin = run(flow);
  const Twin check = run(coarse);
  twin.displacement.error = std::abs(twin.displacement.value - check.displacement.value);
  twin.distance.error = std::abs(twin.distance.value - check.distance.value);
  twin.output_distance.error = std::abs(twin.output_distance.value - check.output_distance.value);
  if (linear && !linear->message().empty()) {
    twin.complete = false;
    twin.message = "the linearized flow: " + linear->message();
  }
  return twin;
}

}  // namespace lazytrain
