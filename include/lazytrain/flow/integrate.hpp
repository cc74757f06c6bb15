#pragma once

#include <concepts>
#include <lazytrain/flow/any_field.hpp>
#include <lazytrain/flow/integration.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace lazytrain {

namespace detail {

/// Refuses options that make no sense.
inline void check(const FlowOptions& options) {
  const char* function = "integrate";
  require_positive(function, "options.horizon", options.horizon);
  require_nonnegative(function, "options.relative_tolerance", options.relative_tolerance);
  require_nonnegative(function, "options.absolute_tolerance", options.absolute_tolerance);
  require_domain(options.absolute_tolerance + options.relative_tolerance > 0, function,
                 "options.absolute_tolerance + options.relative_tolerance", 0, "a number > 0");
  require_nonnegative(function, "options.step", options.step);
  require_domain(options.max_step > 0, function, "options.max_step", options.max_step, "a number > 0");
  for (std::size_t i = 0; i < options.sample_times.size(); ++i) {
    const double t = options.sample_times[i];
    require_domain(t >= 0 && t <= options.horizon && (i == 0 || t >= options.sample_times[i - 1]), function,
                   "options.sample_times[" + std::to_string(i) + "]", t, "ascending times in [0, horizon]");
  }
  require_argument(options.max_steps >= 0, function, "options.max_steps", options.max_steps, "at least 0");
  require_argument(options.max_evaluations >= 0, function, "options.max_evaluations", options.max_evaluations,
                   "at least 0");
  require_domain(options.max_seconds >= 0, function, "options.max_seconds", options.max_seconds,
                 "a number >= 0");
  require_domain(options.divergence_norm > 0, function, "options.divergence_norm", options.divergence_norm,
                 "a number > 0");
  require_domain(options.event_tolerance > 0 && options.event_tolerance < 1, function,
                 "options.event_tolerance", options.event_tolerance, "a fraction in (0, 1)");
  require_argument(options.locate_kinks_up_to >= 0, function, "options.locate_kinks_up_to",
                   options.locate_kinks_up_to, "at least 0");
  require_argument(options.checkpoint_every >= 1, function, "options.checkpoint_every",
                   options.checkpoint_every, "at least 1");
}

/// The run of a stepper that sees the field's values alone; events and the observer see the field.
template <class P, class F, class Observer>
FlowResult<typename F::State> integrate_values(const P& stepper, F& field, const typename F::State& x0,
                                               const FlowOptions& options,
                                               const std::vector<Event<F>>& events, const Observer& observer,
                                               const FirstStep<typename F::State>& first_step) {
  using Any = AnyField<typename F::State>;
  const auto with_field = [&field](const FlowView<Any>& view) -> FlowView<F> {
    return {view.t, view.x, view.velocity, field};
  };
  std::vector<Event<Any>> events_of_values;
  for (const Event<F>& event : events) {
    const bool stops = event.action == Event<F>::Action::stop;
    events_of_values.push_back({event.name,
                                [&](const FlowView<Any>& view) { return event.value(with_field(view)); },
                                stops ? Event<Any>::Action::stop : Event<Any>::Action::record});
  }
  const auto observer_of_values = [&](const FlowView<Any>& view) { return observer(with_field(view)); };
  Any any = Any::of(field);
  return Integration<P, Any>(stepper, any, x0, options, events_of_values, observer_of_values, first_step)
      .run();
}

}  // namespace detail

/// Integrates x' = f(x) from x0 over [0, options.horizon] with a stepper.
///
///     auto field = displacement_field(h, R, w0, alpha);
///     auto end = integrate(Exponential{}, field, Vector<double>::Zero(p), {.horizon = 100});
///
/// `observer(view)` is called at the sample times or, when there are none, at t = 0 and after every accepted
/// step; it shares the step's evaluation, and may return false to stop the run. Failures (numbers that are
/// not finite, divergence, budgets, sliding along a kink) do not throw: the result holds the last good state
/// and the reason. Kinks are known of two-layer networks, centred and scaled ones too; another model (a
/// functor with relu, say) that slides along one is integrated by ever smaller steps: give such runs a
/// budget.
/// @throws std::invalid_argument, std::domain_error for options that make no sense, std::runtime_error for a
/// checkpoint that cannot be read or written, std::invalid_argument for one of another problem, and what the
/// field throws
template <class P, class F, class Observer>
requires Stepper<P, F> FlowResult<typename F::State> integrate(const P& stepper, F& field,
                                                               const typename F::State& x0,
                                                               const FlowOptions& options,
                                                               const std::vector<Event<F>>& events,
                                                               Observer&& observer) {
  detail::check(options);
  // Small enough for std::function to keep without allocating.
  const auto goes_on = [&observer](const FlowView<F>& view) {
    if constexpr (std::is_same_v<std::invoke_result_t<Observer&, const FlowView<F>&>, bool>) {
      return observer(view);
    } else {
      observer(view);
      return true;
    }
  };
  const detail::FirstStep<typename F::State> first_step = [&](const auto& x, const auto& f) {
    return detail::initial_step<P>(field, x, f, options);
  };
  if constexpr (detail::NeedsValuesAlone<P, F>) {
    return detail::integrate_values(stepper, field, x0, options, events, goes_on, first_step);
  } else {
    return detail::Integration<P, F>(stepper, field, x0, options, events, goes_on, first_step).run();
  }
}

/// The same without events.
template <class P, class F, std::invocable<const FlowView<F>&> Observer>
requires Stepper<P, F> FlowResult<typename F::State> integrate(const P& stepper, F& field,
                                                               const typename F::State& x0,
                                                               const FlowOptions& options,
                                                               Observer&& observer) {
  return integrate(stepper, field, x0, options, std::vector<Event<F>>(), observer);
}

/// The same without an observer.
template <class P, class F>
requires Stepper<P, F> FlowResult<typename F::State> integrate(const P& stepper, F& field,
                                                               const typename F::State& x0,
                                                               const FlowOptions& options,
                                                               const std::vector<Event<F>>& events = {}) {
  const auto silent = [](const FlowView<F>&) {};
  return integrate(stepper, field, x0, options, events, silent);
}

}  // namespace lazytrain
