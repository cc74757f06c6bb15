#pragma once

#include <functional>
#include <lazytrain/flow/events.hpp>
#include <lazytrain/flow/integration_kinks.hpp>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain::detail {

/// A run that is looked at: events, samples and observers, within the attempted step and at its end. The type
/// of the observer is erased, so that one program compiles a run once for a stepper and a field.
template <class P, class F>
class ObservedIntegration : public IntegrationWithKinks<P, F> {
  using Run = IntegrationWithKinks<P, F>;

 public:
  using typename Run::State;
  /// Returns whether the run goes on.
  using Observer = std::function<bool(const FlowView<F>&)>;

  ObservedIntegration(const P& stepper, F& field, const State& x0, const FlowOptions& options,
                      const std::vector<Event<F>>& events, Observer observer)
      : Run(stepper, field, x0, options),
        events_(events, options.event_tolerance),
        observer_(std::move(observer)) {}

 protected:
  using Run::accepted_, Run::finished_, Run::method_, Run::options_, Run::result_, Run::step_, Run::t_;

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

  bool end_at(const FoundEvent& event) {
    const State end = step_.at_fraction(event.theta).x;
    t_ = step_.time(event.theta);
    ++accepted_;
    settled_events_ = result_.events.size();
    method_.start(end);
    if (options_.sample_times.empty()) observe(this->here());
    this->stop(StopReason::event, events_.name(event.index) + " at t = " + text(t_));
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
    if (!observer_(view))
      this->stop(StopReason::observer, "the observer stopped the run at t = " + text(view.t));
  }

  EventLocator<F> events_;
  std::size_t next_sample_ = 0;
  /// The events of `result_`, and how many lie before t: those of a step that was not accepted come again.
  std::vector<std::size_t> event_indices_;
  std::size_t settled_events_ = 0;
  /// Whether the observer ended the run within a step, at result_.t.
  bool inside_step_ = false;

 private:
  Observer observer_;
};

}  // namespace lazytrain::detail
