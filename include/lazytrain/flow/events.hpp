#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/flow/attempted_step.hpp>
#include <lazytrain/flow/flow_types.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

/// A quantity whose changes of sign along the run are located, and recorded or made the end of the run. What
/// has its final sign from the start on is no event.
template <class F>
struct Event {
  /// Shown in records and in the reason for stopping.
  std::string name;
  /// Continuous along the flow.
  std::function<double(const FlowView<F>&)> value;
  enum class Action { stop, record } action = Action::stop;
};

/// R(alpha h(w)) falls to `level`.
template <class F>
[[nodiscard]] Event<F> loss_below(double level) {
  return {"the loss fell to " + detail::text(level),
          [level](const FlowView<F>& view) { return static_cast<double>(view.field.loss_value()) - level; }};
}

/// The distance from the start, ||x - x0||, grows to `radius` (displacements start at 0, so that x0 = 0
/// there).
template <class F>
[[nodiscard]] Event<F> distance_above(typename F::State x0, double radius) {
  auto difference = x0;
  return {"the distance from the start grew to " + detail::text(radius),
          [x0 = std::move(x0), difference, radius](const FlowView<F>& view) mutable {
            copy(view.x, difference);
            axpy(typename F::State::Scalar(-1), x0, difference);
            return static_cast<double>(norm(difference)) - radius;
          }};
}

/// The velocity's norm (the gradient's, on a gradient field) falls to `level`.
template <class F>
[[nodiscard]] Event<F> velocity_below(double level) {
  return {"the velocity's norm fell to " + detail::text(level),
          [level](const FlowView<F>& view) { return static_cast<double>(norm(view.velocity)) - level; }};
}

namespace detail {

/// A change of sign of events[index], just after the fraction theta of the step.
struct FoundEvent {
  std::size_t index;
  double theta;
};

/// Finds the changes of sign of events within steps.
template <class F>
class EventLocator {
 public:
  EventLocator(const std::vector<Event<F>>& events, double tolerance)
      : events_(events), tolerance_(tolerance) {}

  /// Takes the values at the point from which a run goes on.
  void begin(const FlowView<F>& view) { evaluate(view, values_); }
  /// At the start of a run a value of 0 has no sign to change from.
  void forget_zeros() {
    for (double& value : values_) {
      if (value == 0) value = std::numeric_limits<double>::quiet_NaN();
    }
  }

  /// The events within the attempted step in the order of time, up to the first that stops the run. Cost: the
  /// value of each event at the end of the step, and about ten evaluations of the field for each one found.
  template <class Step>
  const std::vector<FoundEvent>& find(Step& step) {
    found_.clear();
    if (events_.empty()) return found_;
    evaluate(step.at_end(), next_values_);
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (std::isnan(values_[i]) || std::isnan(next_values_[i])) continue;
      if ((values_[i] > 0) != (next_values_[i] > 0)) found_.push_back({i, locate(i, step)});
    }
    std::ranges::sort(found_, {},
                      [](const FoundEvent& found) { return std::pair(found.theta, found.index); });
    const auto last =
        std::find_if(found_.begin(), found_.end(), [&](const FoundEvent& f) { return stops(f); });
    if (last != found_.end()) found_.erase(last + 1, found_.end());
    return found_;
  }

  /// The last step that was searched is accepted.
  void accept() { std::swap(values_, next_values_); }

  [[nodiscard]] bool stops(const FoundEvent& found) const {
    return events_[found.index].action == Event<F>::Action::stop;
  }
  [[nodiscard]] const std::string& name(std::size_t index) const { return events_[index].name; }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

 private:
  void evaluate(const FlowView<F>& view, std::vector<double>& out) const {
    out.resize(events_.size());
    for (std::size_t i = 0; i < events_.size(); ++i) out[i] = events_[i].value(view);
  }

  /// Illinois' variant of regula falsi; the end of the last bracket, where the sign is the new one.
  template <class Step>
  double locate(std::size_t i, Step& step) {
    double low = 0;
    double high = 1;
    double low_value = values_[i];
    double high_value = next_values_[i];
    int side = 0;
    for (int iteration = 0; iteration < 100 && high - low > tolerance_; ++iteration) {
      // Not so near an end that the bracket stops shrinking.
      const double margin = std::min(tolerance_ / 4, (high - low) / 4);
      const double secant = low + (high - low) * (low_value / (low_value - high_value));
      const double theta =
          std::isfinite(secant) ? std::clamp(secant, low + margin, high - margin) : 0.5 * (low + high);
      const double value = events_[i].value(step.at_fraction(theta));
      if ((value > 0) == (values_[i] > 0)) {
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

  const std::vector<Event<F>>& events_;
  double tolerance_;
  std::vector<double> values_;
  std::vector<double> next_values_;
  std::vector<FoundEvent> found_;
};

}  // namespace detail

}  // namespace lazytrain
