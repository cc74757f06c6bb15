#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <lazytrain/flow/attempted_step.hpp>
#include <lazytrain/flow/controller.hpp>
#include <lazytrain/flow/events.hpp>
#include <lazytrain/flow/flow_types.hpp>
#include <lazytrain/flow/initial_step.hpp>
#include <lazytrain/flow/kinks.hpp>
#include <lazytrain/flow/stepper.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace lazytrain::detail {

/// One run of `integrate`: the loop over steps and what is looked at between them. The type of the observer
/// is erased, so that one program compiles it once for a stepper and a field.
template <class P, class F>
class Integration {
 public:
  /// Returns whether the run goes on.
  using Observer = std::function<bool(const FlowView<F>&)>;
  using State = typename F::State;
  using Scalar = typename State::Scalar;
  using Counted = std::conditional_t<CountsEvaluations<F>, F, CountedField<F>>;
  using Method = typename P::template Method<Counted>;

  Integration(const P& stepper, F& field, const State& x0, const FlowOptions& options,
              const std::vector<Event<F>>& events, Observer observer)
      : field_(field),
        counted_(field),
        x0_(x0),
        options_(options),
        observer_(std::move(observer)),
        method_(stepper, counted_, x0),
        step_(field_, counted_, method_),
        events_(events, options.event_tolerance),
        scratch_(x0),
        evaluations_before_(counted_.evaluations()),
        started_(std::chrono::steady_clock::now()) {}

  FlowResult<State> run() {
    const bool resumes = !options_.checkpoint.empty() && std::filesystem::exists(options_.checkpoint);
    if (resumes) {
      resume();
    } else {
      begin();
    }
    while (!finished_) advance();
    result_.counts = counts();
    if (!options_.checkpoint.empty()) save();
    if (!inside_step_) {
      result_.x = method_.x();
      result_.t = t_;
    }
    return std::move(result_);
  }

 private:
  void begin() {
    method_.start(x0_);
    if (!all_finite(method_.f())) {
      return stop(StopReason::not_finite,
                  "x' is not finite at the start, where ||x|| = " + text(size(method_.x())));
    }
    if (options_.step > 0) {
      h_ = options_.step;
      result_.step_choice = "step " + text(h_) + " given";
    } else {
      const StepChoice choice = initial_step<P>(field_, method_.x(), method_.f(), options_);
      h_ = choice.step;
      result_.step_choice = choice.reason;
    }
    h_ = std::min(h_, options_.max_step);
    result_.step = h_;
    enter();
    events_.forget_zeros();
    if (options_.sample_times.empty()) observe(here());
    while (!finished_ && sample_is_due(0)) observe_sample(here());
  }

  /// Takes the sides of kinks and the signs of events at the method's point.
  void enter() {
    if constexpr (HasKinks<F>) kinks_.mark(field_);
    events_.begin(here());
  }

  void advance() {
    if (out_of_budget()) return;
    const double planned = h_ = std::min({h_, options_.max_step, longest_step()});
    const double goal = next_landing();
    const double remaining = goal - t_;
    // Rounding of t must not leave a sliver before the goal.
    double h = remaining <= planned * (1 + 1e-10) ? remaining : planned;
    if (t_ + h <= t_) {
      return stop(StopReason::step_size, "the tolerance needs a step below the resolution of time: step " +
                                             text(h) + " at " + place());
    }
    method_.attempt(h);
    if (attempt_is_finite()) h = up_to_kink(h);
    const double error = relative_error();
    if (!std::isfinite(error) || !attempt_is_finite()) {
      if (!P::adaptive || h <= 1e-14 * std::max(t_, options_.horizon * 1e-6)) {
        return stop(StopReason::not_finite, "not finite after a step " + text(h) + " from " + place());
      }
      return reject(h / 10);
    }
    if (error > 1) return reject(h * controller_.after_rejected(error, P::order_of_error()));

    step_.open(t_, h, h >= remaining ? goal : t_ + h);
    if (!look_into_step()) return;
    accept(h, planned, error);
  }

  [[nodiscard]] bool out_of_budget() {
    if (t_ >= options_.horizon) {
      stop(StopReason::horizon, "reached t = " + text(t_));
    } else if (accepted_ >= options_.max_steps) {
      stop(StopReason::steps, "the budget of steps ended at t = " + text(t_));
    } else if (evaluations() >= options_.max_evaluations) {
      stop(StopReason::evaluations, "the budget of evaluations ended at t = " + text(t_));
    } else if (seconds() >= options_.max_seconds) {
      stop(StopReason::seconds, "the budget of time ended at t = " + text(t_));
    }
    return finished_;
  }

  /// The time that the next step must not go beyond.
  [[nodiscard]] double next_landing() const {
    if (options_.sampling == Sampling::interpolate) return options_.horizon;
    const auto& times = options_.sample_times;
    const auto next = std::upper_bound(times.begin(), times.end(), t_);
    return next == times.end() ? options_.horizon : *next;
  }

  /// The method's own bound on steps.
  [[nodiscard]] double longest_step() {
    if constexpr (requires { method_.max_step(); }) return method_.max_step();
    return std::numeric_limits<double>::infinity();
  }

  [[nodiscard]] bool attempt_is_finite() const {
    return all_finite(method_.candidate()) && all_finite(method_.candidate_f());
  }

  /// The estimated local error in units of the tolerance.
  [[nodiscard]] double relative_error() {
    if constexpr (!P::adaptive) return 0;
    const double error = method_.error();
    if (error == 0) return 0;
    const double travelled = std::max(distance(method_.x()), distance(method_.candidate()));
    return error / (options_.absolute_tolerance + options_.relative_tolerance * travelled);
  }

  void reject(double h) {
    ++rejected_;
    h_ = h;
    if constexpr (requires { method_.reject(); }) method_.reject();
  }

  void accept(double h, double planned, double error) {
    method_.accept();
    events_.accept();
    t_ = step_.end();
    ++accepted_;
    settled_events_ = result_.events.size();
    if (P::adaptive && h >= planned) {
      const double growth = controller_.after_accepted(error, previous_error_, P::order_of_error());
      previous_error_ = error;
      h_ = growth * h;
      if constexpr (requires { method_.on_accepted(h, growth, h); }) {
        method_.on_accepted(h, growth, options_.horizon - t_);
      }
    }
    after_kink(h);
    if (finished_) return;
    if (!(size(method_.x()) <= std::min(options_.divergence_norm, largest_norm()))) {
      return stop(StopReason::diverged, "diverged with the step " + text(h) + " to " + place());
    }
    if (options_.sample_times.empty()) observe(here());
    if (!options_.checkpoint.empty() && accepted_ % options_.checkpoint_every == 0) save();
  }

  /// Beyond it the squares in a norm overflow.
  [[nodiscard]] static double largest_norm() {
    return 1e-3 * std::sqrt(static_cast<double>(std::numeric_limits<Scalar>::max()));
  }

  // ---- kinks

  /// If the attempt at h crosses kinks, attempts the step to just beyond the first of them.
  [[nodiscard]] double up_to_kink(double h) {
    crossed_ = 0;
    if constexpr (HasKinks<F>) {
      located_ = false;
      crossed_ = kinks_.crossings(field_);
      // A step that is too long even so will cross other kinks, or none, once it is shortened.
      if (crossed_ > 0 && relative_error() <= 1 &&
          field_.tangent().native().kinks().size() <= options_.locate_kinks_up_to) {
        located_ = true;
        h = kinks_.locate(field_, h, options_.event_tolerance, [&](double s) { method_.attempt(s); });
        crossed_ = kinks_.crossings(field_);
      }
    }
    return h;
  }

  /// After a step that ended just beyond a kink: whether the flow comes back at once, that is, slides.
  void after_kink([[maybe_unused]] double h) {
    if constexpr (HasKinks<F>) {
      crossings_ += crossed_;
      if (crossed_ > 0 && located_) {
        const Index i = kinks_.sliding(field_, [&] {
          State ahead = method_.x();
          axpy(Scalar(1e-3 * std::max(h, h_)), method_.f(), ahead);
          counted_(ahead, scratch_);
        });
        counted_(method_.x(), scratch_);
        if (i >= 0) {
          stop(StopReason::sliding,
               "the flow slides along a kink (" + std::string(field_.tangent().native().describe_kink(i)) +
                   ") from t = " + text(t_) +
                   ": beyond it x' points back, so that the flow is a differential inclusion and no error "
                   "estimate holds");
        }
      }
      kinks_.mark(field_);
    }
  }

  // ---- events, samples, observers

  [[nodiscard]] FlowView<F> here() const { return {t_, method_.x(), method_.f(), field_}; }

  /// Locates events and serves samples in the attempted step. Returns whether the run goes on to its end.
  bool look_into_step() {
    const auto& found = events_.find(step_);
    const bool event_stops = !found.empty() && events_.stops(found.back());
    const double until = event_stops ? step_.time(found.back().theta) : step_.end();
    double reached = until;
    while (sample_is_due(until)) {
      const FlowView<F> view = step_.at_time(options_.sample_times[next_sample_]);
      observe_sample(view);
      if (finished_ && view.t < until) {
        result_.x = view.x;
        result_.t = reached = view.t;
        inside_step_ = true;
      }
      if (finished_) break;
    }
    for (const auto& event : found) {
      if (step_.time(event.theta) > reached) break;
      event_indices_.push_back(event.index);
      result_.events.push_back({events_.name(event.index), step_.time(event.theta)});
    }
    if (inside_step_) return false;
    if (event_stops && !finished_) return end_at(found.back());
    step_.at_end();
    return true;
  }

  bool end_at(const typename EventLocator<F>::Found& event) {
    const State end = step_.at_fraction(event.theta).x;
    t_ = step_.time(event.theta);
    ++accepted_;
    settled_events_ = result_.events.size();
    method_.start(end);
    if (options_.sample_times.empty()) observe(here());
    stop(StopReason::event, events_.name(event.index) + " at t = " + text(t_));
    return false;
  }

  [[nodiscard]] bool sample_is_due(double t) const {
    return next_sample_ < options_.sample_times.size() && options_.sample_times[next_sample_] <= t;
  }
  void observe_sample(const FlowView<F>& view) {
    ++next_sample_;
    observe(view);
  }

  void observe(const FlowView<F>& view) {
    if (!observer_(view)) stop(StopReason::observer, "the observer stopped the run at t = " + text(view.t));
  }

  // ---- the end, checkpoints

  void stop(StopReason reason, std::string message) {
    result_.reason = reason;
    result_.message = std::move(message);
    finished_ = true;
  }

  /// Whether a run that ended so cannot go on.
  [[nodiscard]] static bool is_final(StopReason reason) {
    return reason == StopReason::event || reason == StopReason::not_finite ||
           reason == StopReason::diverged || reason == StopReason::step_size || reason == StopReason::sliding;
  }

  void save() const {
    Checkpoint checkpoint;
    const FlowCounts now = counts();
    checkpoint.set("order", Index(P::order));
    checkpoint.set("t", t_);
    checkpoint.set("h", h_);
    checkpoint.set("previous_error", previous_error_);
    checkpoint.set("first_step", result_.step);
    checkpoint.set("next_sample", static_cast<Index>(next_sample_));
    checkpoint.set("x", method_.x());
    checkpoint.set("evaluations", now.evaluations);
    checkpoint.set("accepted", now.accepted);
    checkpoint.set("rejected", now.rejected);
    checkpoint.set("kinks", now.kinks);
    Vector<double> events(2 * static_cast<Index>(settled_events_));
    for (std::size_t i = 0; i < settled_events_; ++i) {
      events(2 * static_cast<Index>(i)) = static_cast<double>(event_indices_[i]);
      events(2 * static_cast<Index>(i) + 1) = result_.events[i].t;
    }
    checkpoint.set("events", events);
    if (finished_ && is_final(result_.reason)) {
      checkpoint.set("reason", static_cast<Index>(result_.reason));
      checkpoint.set("message", result_.message);
    }
    method_.save(checkpoint);
    checkpoint.write(options_.checkpoint);
  }

  void resume() {
    const Checkpoint checkpoint = Checkpoint::read(options_.checkpoint);
    require_argument(checkpoint.integer("order") == P::order, "integrate", "the method's order", P::order,
                     "that of the checkpoint '" + options_.checkpoint + "'");
    t_ = checkpoint.number("t");
    h_ = checkpoint.number("h");
    previous_error_ = checkpoint.number("previous_error");
    result_.step = checkpoint.number("first_step");
    result_.step_choice = "continued from '" + options_.checkpoint + "'";
    next_sample_ = static_cast<std::size_t>(checkpoint.integer("next_sample"));
    accepted_ = checkpoint.integer("accepted");
    rejected_ = checkpoint.integer("rejected");
    crossings_ = checkpoint.integer("kinks");
    const std::vector<double>& events = checkpoint.values("events");
    for (std::size_t i = 0; i + 1 < events.size(); i += 2) {
      const auto index = static_cast<std::size_t>(events[i]);
      require_argument(index < events_.size(), "integrate", "the number of events", events_.size(),
                       "that of the checkpoint '" + options_.checkpoint + "'");
      event_indices_.push_back(index);
      result_.events.push_back({events_.name(index), events[i + 1]});
    }
    settled_events_ = result_.events.size();
    State x = x0_;
    checkpoint.get("x", x);
    method_.start(x);
    method_.load(checkpoint);
    evaluations_before_ = counted_.evaluations() - checkpoint.integer("evaluations");
    if (checkpoint.has("reason")) {
      return stop(static_cast<StopReason>(checkpoint.integer("reason")), checkpoint.words("message"));
    }
    enter();
  }

  [[nodiscard]] FlowCounts counts() const {
    FlowCounts counts;
    counts.evaluations = evaluations();
    counts.accepted = accepted_;
    counts.rejected = rejected_;
    counts.kinks = crossings_;
    if constexpr (requires { method_.refreshes(); }) counts.refreshes = method_.refreshes();
    return counts;
  }
  [[nodiscard]] Index evaluations() const { return counted_.evaluations() - evaluations_before_; }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

  [[nodiscard]] double distance(const State& x) {
    copy(x, scratch_);
    axpy(Scalar(-1), x0_, scratch_);
    return size(scratch_);
  }
  [[nodiscard]] static double size(const State& x) { return static_cast<double>(norm(x)); }
  [[nodiscard]] std::string place() const {
    return "t = " + text(t_) + ", where ||x|| = " + text(size(method_.x())) +
           " and ||x'|| = " + text(size(method_.f()));
  }

  struct NoKinks {};
  template <class G>
  struct TrackerOf {
    using type = NoKinks;
  };
  template <HasKinks G>
  struct TrackerOf<G> {
    using type = KinkTracker<G>;
  };

  F& field_;
  std::conditional_t<CountsEvaluations<F>, F&, CountedField<F>> counted_;
  const State& x0_;
  const FlowOptions& options_;
  Observer observer_;
  Method method_;
  AttemptedStep<F, Counted, Method> step_;
  EventLocator<F> events_;
  typename TrackerOf<F>::type kinks_;
  StepController controller_;
  State scratch_;
  FlowResult<State> result_;
  Index evaluations_before_;
  std::chrono::steady_clock::time_point started_;
  double t_ = 0;
  double h_ = 0;
  double previous_error_ = 1;
  std::size_t next_sample_ = 0;
  Index accepted_ = 0;
  Index rejected_ = 0;
  Index crossings_ = 0;
  /// Kinks crossed by the last attempt, and whether it ends at the first of them.
  Index crossed_ = 0;
  bool located_ = false;
  /// The events of `result_`, and how many lie before t: those of a step that was not accepted come again.
  std::vector<std::size_t> event_indices_;
  std::size_t settled_events_ = 0;
  /// Whether the observer ended the run within a step, at result_.t.
  bool inside_step_ = false;
  bool finished_ = false;
};

}  // namespace lazytrain::detail
