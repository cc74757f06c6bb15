#pragma once

#include <cmath>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/twin_runs.hpp>
#include <limits>
#include <optional>
#include <type_traits>

namespace lazytrain {

/// Runs the gradient flows of F_alpha and of its linearization, Eq. (4) and (5), from w0 on one clock, and
/// measures how far apart they get: the left sides of Theorems 2.2 to 2.5.
///
///     const auto twin = compare_flows(Objective(h, R, alpha), w0, horizon);
///
/// Each run is made twice, with the tolerance and with ten times it, which tells the numerical error of every
/// supremum. `observer(view)` is called at every sampled time of the last run; a bool that it returns says
/// whether to go on. A run that fails (see StopReason) leaves what was computed until then and its message.
/// @throws std::domain_error, std::invalid_argument for options, sizes, a w0 that is not finite or an
/// infinite alpha with h(w0) != 0
template <Model H, Loss R, class P>
[[nodiscard]] TwinFlows<parameters_t<H>, outputs_t<H>> compare_flows(
    const Objective<H, R>& objective, const parameters_t<H>& w0, double horizon, const TwinOptions& options,
    const P& stepper, const std::type_identity_t<TwinObserver<H>>& observer) {
  using Twin = TwinFlows<parameters_t<H>, outputs_t<H>>;
  require_argument(options.samples >= 1, "compare_flows", "options.samples", options.samples, "at least 1");
  require_domain(options.first_sample > 0 && options.first_sample < 1, "compare_flows",
                 "options.first_sample", options.first_sample, "a fraction in (0, 1)");
  require_positive("compare_flows", "horizon", horizon);
  require_domain(std::isfinite(norm(w0)), "compare_flows", "||w0||", norm(w0), "a finite number");
  using Field = decltype(displacement_field(objective.model, objective.loss, w0, objective.alpha));
  constexpr bool smooth = TwiceDifferentiableModel<H> && !HasKinks<Field> && DivisibleVector<parameters_t<H>>;
  bool by_difference = options.method == TwinMethod::difference;
  constexpr bool can_difference = [] {
    if constexpr (smooth) return Stepper<P, DifferenceField<H, R>>;
    return false;
  }();
  if (options.method == TwinMethod::automatic) by_difference = can_difference && objective.alpha >= 30;
  require_argument(
      can_difference || !by_difference, "compare_flows", "options.method", "difference",
      "direct: the model has kinks or no second derivatives, its vectors have no extract and insert, or the "
      "stepper needs a gradient field");

  FlowOptions flow{.horizon = horizon,
                   .relative_tolerance = options.relative_tolerance,
                   .sample_times = detail::twin_times(horizon, options),
                   .sampling = Sampling::land,
                   .max_steps = options.max_steps,
                   .max_seconds = options.max_seconds};
  FlowOptions coarse = flow;
  coarse.relative_tolerance = 10 * options.relative_tolerance;
  coarse.sample_times = detail::every_second(flow.sample_times);
  std::optional<detail::LinearTwin<H, R>> linear;

  bool trusted = true;
  const auto run = [&](const FlowOptions& with, const TwinObserver<H>& watcher) {
    if (!by_difference && (!linear || !linear->exact())) {
      linear.emplace(stepper, objective, w0, with, options.closed_form_up_to);
    }
    if constexpr (can_difference) {
      if (by_difference) {
        return detail::twin_by_difference<Twin>(stepper, objective, w0, with, watcher, trusted);
      }
    }
    return detail::twin_directly<Twin>(stepper, objective, w0, with, *linear, watcher);
  };
  Twin check = run(coarse, {});
  if (!trusted && options.method == TwinMethod::automatic) {
    by_difference = false;
    check = run(coarse, {});
  }
  Twin twin = run(flow, observer);
  const double epsilon = static_cast<double>(detail::inverse_scale("compare_flows", objective.alpha));
  detail::add_changes(twin, check, epsilon, objective.loss.output_space());
  if (linear && twin.method == TwinMethod::direct) {
    twin.distance.error += epsilon * linear->hidden_displacement(horizon);
    twin.output_distance.error += linear->hidden_outputs(horizon);
  }
  if (twin.times.empty()) {
    twin.displacement.value = twin.displacement.error = std::numeric_limits<double>::quiet_NaN();
    twin.distance = twin.output_distance = twin.displacement;
  }
  if (linear && !linear->message().empty()) {
    twin.complete = false;
    twin.message = "the linearized flow: " + linear->message();
  }
  return twin;
}

/// The same without an observer.
template <Model H, Loss R, class P = DormandPrince>
[[nodiscard]] TwinFlows<parameters_t<H>, outputs_t<H>> compare_flows(const Objective<H, R>& objective,
                                                                     const parameters_t<H>& w0,
                                                                     double horizon,
                                                                     const TwinOptions& options = {},
                                                                     const P& stepper = {}) {
  return compare_flows(objective, w0, horizon, options, stepper, TwinObserver<H>());
}

}  // namespace lazytrain
