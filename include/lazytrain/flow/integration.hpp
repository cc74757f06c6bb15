#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <lazytrain/flow/initial_step.hpp>
#include <lazytrain/flow/integration_observed.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain::detail {

/// One run of `integrate`: the loop over steps and what is looked at between them.
template <class P, class F>
class Integration : ObservedIntegration<P, F> {
  using Run = ObservedIntegration<P, F>;
  using Run::accepted_, Run::controller_, Run::counted_, Run::crossings_, Run::event_indices_, Run::events_,
      Run::evaluations_before_, Run::finished_, Run::h_, Run::inside_step_, Run::method_, Run::next_sample_,
      Run::options_, Run::previous_error_, Run::rejected_, Run::result_, Run::settled_events_, Run::step_,
      Run::t_, Run::x0_;

 public:
  using typename Run::Observer;
  using typename Run::State;

  Integration(const P& stepper, F& field, const State& x0, const FlowOptions& options,
              const std::vector<Event<F>>& events, Observer observer, const FirstStep<State>& first_step)
      : Run(stepper, field, x0, options, events, std::move(observer)), first_step_(first_step) {}

  FlowResult<State> run() {
    const bool resumes = !options_.checkpoint.empty() && std::filesystem::exists(options_.checkpoint);
    if (resumes) {
      resume();
    } else {
      begin();
    }
    while (!finished_) advance();
    result_.counts = this->counts();
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
    first_speed_ = this->size(method_.f());
    if (!all_finite(method_.f())) {
      return this->stop(StopReason::not_finite,
                        "x' is not finite at the start, where ||x|| = " + text(this->size(method_.x())));
    }
    if (options_.step > 0) {
      h_ = options_.step;
      result_.step_choice = "step " + text(h_) + " given";
    } else {
      const StepChoice choice = first_step_(method_.x(), method_.f());
      h_ = choice.step;
      result_.step_choice = choice.reason;
    }
    h_ = std::min(h_, options_.max_step);
    result_.step = h_;
    enter();
    events_.forget_zeros();
    if (options_.sample_times.empty()) this->observe(this->here());
    while (!finished_ && this->sample_is_due(0)) this->observe_sample(this->here());
  }

  /// Takes the sides of kinks and the signs of events at the method's point.
  void enter() {
    this->mark_kinks();
    events_.begin(this->here());
  }

  void advance() {
    if (this->out_of_budget()) return;
    const double planned = h_ = std::min({h_, options_.max_step, longest_step()});
    const double goal = next_landing();
    const double remaining = goal - t_;
    // Rounding of t must not leave a sliver before the goal.
    double h = remaining <= planned * (1 + 1e-10) ? remaining : planned;
    if (t_ + h <= t_) {
      return this->stop(StopReason::step_size,
                        "the tolerance needs a step below the resolution of time: step " + text(h) + " at " +
                            this->place());
    }
    method_.attempt(h);
    if (this->attempt_is_finite()) h = this->up_to_kink(h);
    const double error = this->relative_error();
    if (!std::isfinite(error) || !this->attempt_is_finite()) {
      if (!P::adaptive || h <= 1e-14 * std::max(t_, options_.horizon * 1e-6)) {
        return this->stop(StopReason::not_finite,
                          "not finite after a step " + text(h) + " from " + this->place());
      }
      return reject(h / 10);
    }
    if (error > 1) return reject(h * controller_.after_rejected(error, order_of_error()));

    step_.open(t_, h, h >= remaining ? goal : t_ + h);
    if (!this->look_into_step()) return;
    accept(h, planned, error);
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

  /// Of the attempt, for methods of variable order.
  [[nodiscard]] int order_of_error() const {
    if constexpr (requires { method_.order_of_error(); }) return method_.order_of_error();
    return P::order_of_error();
  }

  /// By how much the next step may be longer: methods of variable order say it when they choose the order.
  [[nodiscard]] double growth_after(double error) {
    if constexpr (requires { method_.growth(error); }) return method_.growth(error);
    return controller_.after_accepted(error, previous_error_, P::order_of_error());
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
      const double growth = growth_after(error);
      previous_error_ = error;
      h_ = growth * h;
      if constexpr (requires { method_.on_accepted(h, growth, h); }) {
        method_.on_accepted(h, growth, options_.horizon - t_);
      }
    }
    this->after_kink(h);
    if (finished_) return;
    if (!(this->size(method_.x()) <= std::min(options_.divergence_norm, this->largest_norm()))) {
      return this->stop(StopReason::diverged, "diverged with the step " + text(h) + " to " + this->place());
    }
    if (options_.sample_times.empty()) this->observe(this->here());
    if (!options_.checkpoint.empty() && accepted_ % options_.checkpoint_every == 0) save();
  }

  void save() const {
    Checkpoint checkpoint;
    const FlowCounts now = this->counts();
    checkpoint.set("order", Index(P::order));
    checkpoint.set("t", t_);
    checkpoint.set("h", h_);
    checkpoint.set("previous_error", previous_error_);
    checkpoint.set("first_step", result_.step);
    checkpoint.set("next_sample", static_cast<Index>(next_sample_));
    checkpoint.set("x", method_.x());
    checkpoint.set("speed", this->size(method_.f()));
    checkpoint.set("first_speed", first_speed_);
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
    if (finished_ && this->is_final(result_.reason)) {
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
    require_argument(
        t_ <= options_.horizon, "integrate", "options.horizon", options_.horizon,
        "at least " + text(t_) + ", which the checkpoint '" + options_.checkpoint + "' has reached");
    State x = x0_;
    checkpoint.get("x", x);
    method_.start(x);
    first_speed_ = checkpoint.number("first_speed");
    require_same_field(checkpoint.number("speed"));
    method_.load(checkpoint);
    evaluations_before_ = counted_.evaluations() - checkpoint.integer("evaluations");
    if (checkpoint.has("reason")) {
      return this->stop(static_cast<StopReason>(checkpoint.integer("reason")), checkpoint.words("message"));
    }
    enter();
  }

  /// Refuses the checkpoint of another problem: ||x'|| at its state is that of this field, up to what other
  /// machines round.
  void require_same_field(double then) const {
    const double now = this->size(method_.f());
    const double rounding =
        std::sqrt(static_cast<double>(std::numeric_limits<typename Run::Scalar>::epsilon()));
    // Written so that a run that ended in a NaN is taken up as such.
    if (std::isfinite(then) && !(std::abs(now - then) <= rounding * std::max(then, first_speed_))) {
      raise<std::invalid_argument>("integrate", "||x'|| at the state of the checkpoint '",
                                   options_.checkpoint, "' is ", now, ", expected ", then,
                                   ": it is of another problem");
    }
  }

  const FirstStep<State>& first_step_;
  /// ||x'|| at the start.
  double first_speed_ = 0;
};

}  // namespace lazytrain::detail
