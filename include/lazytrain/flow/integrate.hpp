#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <lazytrain/flow/controller.hpp>
#include <lazytrain/flow/flow_types.hpp>
#include <lazytrain/flow/initial_step.hpp>
#include <lazytrain/flow/kinks.hpp>
#include <lazytrain/flow/stepper.hpp>
#include <sstream>
#include <type_traits>
#include <utility>
#include <vector>

namespace lazytrain {

namespace detail {

/// One run of `integrate`: the loop over steps and what is looked at between them.
template <class P, class F, class Observer>
class Integration {
 public:
  using State = typename F::State;
  using Scalar = typename State::Scalar;
  using Method = typename P::template Method<F>;

  Integration(const P& stepper, F& field, const State& x0, const FlowOptions& options,
              const std::vector<Event<F>>& events, Observer& observer)
      : field_(field),
        x0_(x0),
        options_(options),
        events_(events),
        observer_(observer),
        method_(stepper, field, x0),
        scratch_(x0),
        velocity_(x0),
        clock_start_(std::chrono::steady_clock::now()) {}

  FlowResult<State> run() {
    if (!options_.checkpoint.empty() && std::filesystem::exists(options_.checkpoint)) {
      resume();
    } else {
      begin();
    }
    while (!finished_) advance();
    if (!options_.checkpoint.empty()) save();
    result_.x = method_.x();
    result_.t = t_;
    result_.counts = counts();
    return std::move(result_);
  }

 private:
  void begin() {
    method_.start(x0_);
    if (!all_finite(method_.f())) {
      stop(StopReason::not_finite, "x' is not finite at the start");
      return;
    }
    choose_step();
    mark();
    if (options_.sample_times.empty()) {
      observe(t_, method_.x(), method_.f());
    } else {
      sample_between(0, 0);
    }
  }

  void choose_step() {
    if (options_.step > 0) {
      h_ = options_.step;
      result_.step_choice = "step " + text(h_) + " given";
    } else {
      const auto choice = initial_step<P>(field_, method_.x(), method_.f(), options_);
      h_ = choice.step;
      result_.step_choice = choice.reason;
    }
    h_ = std::min(h_, options_.max_step);
    result_.step = h_;
  }

  void advance() {
    if (t_ >= options_.horizon) return stop(StopReason::horizon, "reached t = " + text(t_));
    if (accepted_ >= options_.max_steps)
      return stop(StopReason::steps, "the budget of steps ended at t = " + text(t_));
    if (counts().evaluations >= options_.max_evaluations) {
      return stop(StopReason::evaluations, "the budget of evaluations ended at t = " + text(t_));
    }
    if (seconds() >= options_.max_seconds) {
      return stop(StopReason::seconds, "the budget of time ended at t = " + text(t_));
    }
    if constexpr (requires { method_.max_step(); }) h_ = std::min(h_, method_.max_step());
    h_ = std::min(h_, options_.max_step);
    double h = std::min(h_, options_.horizon - t_);
    const double planned = h_;
    if (t_ + h <= t_ || !(h > 0)) {
      return stop(StopReason::step_size, "the tolerance needs a step below the resolution of time: step " +
                                             text(h) + " at t = " + text(t_) +
                                             ", ||x|| = " + text(size(method_.x())));
    }
    method_.attempt(h);
    if (crosses_kinks()) h = go_to_first_kink(h);

    const double error = relative_error();
    if (!std::isfinite(error) || !all_finite(method_.candidate()) || !all_finite(velocity_now())) {
      if (!P::adaptive || h <= 1e-14 * std::max(t_, options_.horizon * 1e-6)) return stop_not_finite(h);
      return reject(h / 10);
    }
    if (error > 1) return reject(h * controller_.after_rejected(error, P::order_of_error()));
    if (size(method_.candidate()) > options_.divergence_norm) {
      accept(h);
      return stop(StopReason::diverged, "diverged: ||x|| = " + text(size(method_.x())) +
                                            " at t = " + text(t_) + " with step " + text(h) +
                                            ", ||x'|| = " + text(size(method_.f())));
    }
    if (locate_events(h)) return;

    const double before = t_;
    if (!options_.sample_times.empty()) sample_between(before, h);
    if (finished_) return;
    const double growth =
        P::adaptive ? controller_.after_accepted(error, previous_error_, P::order_of_error()) : 1.0;
    previous_error_ = error;
    accept(h);
    // A step cut short by the horizon or a kink says nothing about the next one.
    h_ = h < planned ? std::max(planned, growth * h) : growth * h;
    if (P::adaptive && h < planned) h_ = std::max(h, std::min(h_, planned));
    if constexpr (requires { method_.on_accepted(h, growth, h); }) {
      method_.on_accepted(h, growth, options_.horizon - t_);
    }
    after_kink(h);
    if (finished_) return;
    if (options_.sample_times.empty()) observe(t_, method_.x(), method_.f());
    if (!options_.checkpoint.empty() && accepted_ % options_.checkpoint_every == 0) save();
  }

  void accept(double h) {
    method_.accept();
    // The last step lands on the horizon itself.
    t_ = h >= options_.horizon - t_ ? options_.horizon : t_ + h;
    ++accepted_;
  }

  void reject(double h) {
    ++rejected_;
    h_ = h;
    if constexpr (requires { method_.reject(); }) method_.reject();
  }

  [[nodiscard]] const State& velocity_now() const { return method_.candidate_f(); }

  /// The estimated local error in units of the tolerance.
  [[nodiscard]] double relative_error() {
    if constexpr (!P::adaptive) {
      return 0;
    } else {
      const double travelled = std::max(distance(method_.x()), distance(method_.candidate()));
      const double allowed = options_.absolute_tolerance + options_.relative_tolerance * travelled;
      const double error = method_.error();
      if (error == 0) return 0;
      return error / allowed;
    }
  }

  // ---- kinks

  bool crosses_kinks() {
    if constexpr (HasKinks<F>) {
      crossed_ = tracker_.crossings(field_);
      return crossed_ > 0;
    }
    return false;
  }

  double go_to_first_kink(double h) {
    if constexpr (HasKinks<F>) {
      if (field_.tangent().native().kinks().size() > options_.locate_kinks_up_to) return h;
      located_ = true;
      const double to =
          tracker_.locate(field_, h, options_.event_tolerance, [&](double s) { method_.attempt(s); });
      crossed_ = tracker_.crossings(field_);
      return to;
    }
    return h;
  }

  /// After a step that ended just beyond a kink: whether the flow comes back at once, that is, slides.
  void after_kink(double h) {
    if constexpr (HasKinks<F>) {
      kinks_ += crossed_;
      if (located_ && crossed_ > 0) {
        const Index i = tracker_.last_crossed(field_);
        const double here = static_cast<double>(field_.tangent().native().kinks()(i));
        const std::string which = field_.tangent().native().describe_kink(i);
        const double probe = 1e-3 * std::max(h, h_);
        copy(method_.x(), scratch_);
        axpy(Scalar(probe), method_.f(), scratch_);
        field_(scratch_, velocity_);
        const double there = static_cast<double>(field_.tangent().native().kinks()(i));
        field_(method_.x(), velocity_);
        if ((here > 0) == (there < here)) {
          stop(StopReason::sliding,
               "the flow slides along a kink (" + which + ") from t = " + text(t_) +
                   ": beyond it x' points back, so that the flow is a differential inclusion and no "
                   "error estimate holds");
        }
      }
      located_ = false;
      crossed_ = 0;
    }
    mark();
  }

  void mark() {
    if constexpr (HasKinks<F>) tracker_.mark(field_);
  }

  // ---- events, samples, observers

  [[nodiscard]] FlowView<F> view(double t, const State& x, const State& velocity) const {
    return {t, x, velocity, field_};
  }

  /// Values of all events at the field's last point.
  void evaluate_events(double t, const State& x, const State& velocity, std::vector<double>& out) {
    out.resize(events_.size());
    for (std::size_t i = 0; i < events_.size(); ++i) out[i] = events_[i].value(view(t, x, velocity));
  }

  /// Finds changes of sign in the step just attempted. Returns whether a stopping one ended the run.
  bool locate_events(double h) {
    if (events_.empty()) return false;
    if (event_values_.empty()) {
      field_(method_.x(), velocity_);
      evaluate_events(t_, method_.x(), velocity_, event_values_);
      field_(method_.candidate(), velocity_);
    }
    evaluate_events(t_ + h, method_.candidate(), velocity_now(), next_event_values_);
    double first = 2;
    std::size_t stopping = events_.size();
    bool moved = false;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const bool changed = (event_values_[i] > 0) != (next_event_values_[i] > 0);
      if (!changed || event_values_[i] == 0) continue;
      const double theta = locate_event(i, h);
      moved = true;
      if (events_[i].action == Event<F>::Action::record) {
        result_.events.push_back({events_[i].name, t_ + theta * h});
      } else if (theta < first) {
        first = theta;
        stopping = i;
      }
    }
    if (stopping < events_.size()) {
      if (!options_.sample_times.empty()) sample_between(t_, first * h);
      method_.interpolate(first, scratch_);
      const State end = scratch_;
      t_ += first * h;
      ++accepted_;
      method_.start(end);
      result_.events.push_back({events_[stopping].name, t_});
      if (options_.sample_times.empty()) observe(t_, method_.x(), method_.f());
      stop(StopReason::event, events_[stopping].name + " at t = " + text(t_));
      return true;
    }
    if (moved) field_(method_.candidate(), velocity_);
    std::swap(event_values_, next_event_values_);
    return false;
  }

  double locate_event(std::size_t i, double h) {
    double low = 0;
    double high = 1;
    double low_value = event_values_[i];
    double high_value = next_event_values_[i];
    int side = 0;
    for (int iteration = 0; iteration < 100 && high - low > options_.event_tolerance; ++iteration) {
      double theta = low + (high - low) * low_value / (low_value - high_value);
      theta = std::clamp(theta, low + options_.event_tolerance / 4, high - options_.event_tolerance / 4);
      method_.interpolate(theta, scratch_);
      field_(scratch_, velocity_);
      const double value = events_[i].value(view(t_ + theta * h, scratch_, velocity_));
      if ((value > 0) == (low_value > 0)) {
        low = theta;
        low_value = value;
        if (side == 1) high_value /= 2;
        side = 1;
      } else {
        high = theta;
        high_value = value;
        if (side == -1) low_value /= 2;
        side = -1;
      }
    }
    return high;
  }

  /// Calls the observer at the sample times in (t, t + h], and at 0 when h is 0.
  void sample_between(double t, double h) {
    bool moved = false;
    while (next_sample_ < options_.sample_times.size() && options_.sample_times[next_sample_] <= t + h) {
      const double at = options_.sample_times[next_sample_];
      if (at < t && at > 0) {
        ++next_sample_;
        continue;
      }
      if (h == 0) {
        observe(at, method_.x(), method_.f());
      } else if (at == t + h) {
        if (moved) field_(method_.candidate(), velocity_);
        moved = false;
        observe(at, method_.candidate(), velocity_now());
      } else {
        method_.interpolate((at - t) / h, scratch_);
        field_(scratch_, velocity_);
        moved = true;
        observe(at, scratch_, velocity_);
      }
      ++next_sample_;
      if (finished_) break;
    }
    if (moved) field_(method_.candidate(), velocity_);
  }

  void observe(double t, const State& x, const State& velocity) {
    const FlowView<F> now = view(t, x, velocity);
    if constexpr (std::is_invocable_r_v<bool, Observer&, const FlowView<F>&> &&
                  !std::is_void_v<std::invoke_result_t<Observer&, const FlowView<F>&>>) {
      if (!observer_(now)) stop(StopReason::observer, "the observer stopped the run at t = " + text(t));
    } else {
      observer_(now);
    }
  }

  // ---- ends, checkpoints, small things

  void stop(StopReason reason, std::string message) {
    result_.reason = reason;
    result_.message = std::move(message);
    finished_ = true;
  }

  void stop_not_finite(double h) {
    stop(StopReason::not_finite, "not finite after the step " + text(h) + " from t = " + text(t_) +
                                     ", where ||x|| = " + text(size(method_.x())) +
                                     " and ||x'|| = " + text(size(method_.f())));
  }

  [[nodiscard]] FlowCounts counts() const {
    FlowCounts counts = resumed_;
    counts.accepted = accepted_;
    counts.rejected = rejected_;
    counts.kinks = kinks_;
    if constexpr (requires { field_.evaluations(); })
      counts.evaluations += field_.evaluations() - evaluations_at_start_;
    if constexpr (requires { method_.refreshes(); }) counts.refreshes = method_.refreshes();
    return counts;
  }

  void save() const {
    Checkpoint checkpoint;
    checkpoint.set("t", t_);
    checkpoint.set("h", h_);
    checkpoint.set("previous_error", previous_error_);
    checkpoint.set("first_step", result_.step);
    checkpoint.set("next_sample", static_cast<Index>(next_sample_));
    checkpoint.set("x", method_.x());
    const FlowCounts now = counts();
    checkpoint.set("evaluations", now.evaluations);
    checkpoint.set("accepted", now.accepted);
    checkpoint.set("rejected", now.rejected);
    checkpoint.set("kinks", now.kinks);
    method_.save(checkpoint);
    checkpoint.write(options_.checkpoint);
  }

  void resume() {
    const Checkpoint checkpoint = Checkpoint::read(options_.checkpoint);
    t_ = checkpoint.number("t");
    h_ = checkpoint.number("h");
    previous_error_ = checkpoint.number("previous_error");
    result_.step = checkpoint.number("first_step");
    result_.step_choice = "continued from '" + options_.checkpoint + "'";
    next_sample_ = static_cast<std::size_t>(checkpoint.integer("next_sample"));
    State x = x0_;
    checkpoint.get("x", x);
    accepted_ = checkpoint.integer("accepted");
    rejected_ = checkpoint.integer("rejected");
    kinks_ = checkpoint.integer("kinks");
    method_.start(x);
    method_.load(checkpoint);
    mark();
    resumed_.evaluations = checkpoint.integer("evaluations");
    if constexpr (requires { field_.evaluations(); }) evaluations_at_start_ = field_.evaluations();
  }

  [[nodiscard]] double distance(const State& x) {
    copy(x, scratch_);
    axpy(Scalar(-1), x0_, scratch_);
    return size(scratch_);
  }
  [[nodiscard]] static double size(const State& x) { return static_cast<double>(norm(x)); }
  [[nodiscard]] static std::string text(double value) {
    std::ostringstream out;
    out.precision(12);
    out << value;
    return out.str();
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - clock_start_).count();
  }

  struct NoTracker {};
  template <class G>
  struct TrackerOf {
    using type = NoTracker;
  };
  template <HasKinks G>
  struct TrackerOf<G> {
    using type = KinkTracker<G>;
  };

  F& field_;
  const State& x0_;
  const FlowOptions& options_;
  const std::vector<Event<F>>& events_;
  Observer& observer_;
  Method method_;
  StepController controller_;
  typename TrackerOf<F>::type tracker_;
  State scratch_;
  State velocity_;
  std::chrono::steady_clock::time_point clock_start_;
  FlowResult<State> result_;
  FlowCounts resumed_;
  std::vector<double> event_values_;
  std::vector<double> next_event_values_;
  double t_ = 0;
  double h_ = 0;
  double previous_error_ = 1;
  std::size_t next_sample_ = 0;
  Index accepted_ = 0;
  Index rejected_ = 0;
  Index kinks_ = 0;
  Index crossed_ = 0;
  Index evaluations_at_start_ = 0;
  bool located_ = false;
  bool finished_ = false;
};

inline void check(const FlowOptions& options) {
  const char* function = "integrate";
  require_positive(function, "options.horizon", options.horizon);
  require_nonnegative(function, "options.step", options.step);
  require_nonnegative(function, "options.absolute_tolerance", options.absolute_tolerance);
  require_nonnegative(function, "options.relative_tolerance", options.relative_tolerance);
  require_domain(options.absolute_tolerance + options.relative_tolerance > 0, function, "the tolerance", 0,
                 "a number > 0");
  require_domain(options.max_step > 0, function, "options.max_step", options.max_step, "a number > 0");
  require_argument(options.checkpoint_every >= 1, function, "options.checkpoint_every",
                   options.checkpoint_every, "at least 1");
  for (std::size_t i = 0; i < options.sample_times.size(); ++i) {
    const double t = options.sample_times[i];
    require_domain(t >= 0 && t <= options.horizon && (i == 0 || t >= options.sample_times[i - 1]), function,
                   "a sample time", t, "ascending times in [0, horizon]");
  }
}

}  // namespace detail

/// Integrates x' = f(x) from x0 over [0, options.horizon] with a stepper.
///
///     auto field = displacement_field(h, R, w0, alpha);
///     auto end = integrate(Exponential{}, field, Vector<double>(Vector<double>::Zero(p)), {.horizon = 100});
///
/// `observer(view)` is called at the sample times or, when there are none, at t = 0 and after every accepted
/// step; it shares the step's evaluation, and may return false to stop the run. Failures (numbers that are
/// not finite, divergence, budgets, sliding along a kink) do not throw: the result holds the last good state
/// and the reason.
/// @throws std::invalid_argument, std::domain_error for options that make no sense, std::runtime_error for a
/// checkpoint that cannot be read or written
template <class P, class F, class Observer>
requires Stepper<P, F> FlowResult<typename F::State> integrate(const P& stepper, F& field,
                                                               const typename F::State& x0,
                                                               const FlowOptions& options,
                                                               const std::vector<Event<F>>& events,
                                                               Observer&& observer) {
  detail::check(options);
  detail::Integration<P, F, std::remove_reference_t<Observer>> run(stepper, field, x0, options, events,
                                                                   observer);
  return run.run();
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
