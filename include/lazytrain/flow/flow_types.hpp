#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace lazytrain {

namespace detail {

/// A number as it stands in messages.
inline std::string text(double value) {
  std::ostringstream out = detail::plain_text();
  out.precision(12);
  out << value;
  return out.str();
}

}  // namespace detail

/// What observers and events see of a run: a time, the state there, and the field evaluated at that state.
template <class F>
struct FlowView {
  double t;
  const typename F::State& x;
  /// x'.
  const typename F::State& velocity;
  /// outputs(), loss_value(), loss_gradient(), tangent() at x.
  const F& field;
};

/// Why a run ended.
enum class StopReason {
  horizon,      ///< the final time was reached
  event,        ///< a stopping event was located
  observer,     ///< the observer returned false
  steps,        ///< the budget of steps was used up
  evaluations,  ///< the budget of evaluations was used up
  seconds,      ///< the budget of wall time was used up
  not_finite,   ///< a NaN or an infinity; the result holds the last finite state
  diverged,     ///< the state grew beyond the limit; the result holds it
  step_size,    ///< the tolerance needs steps below the resolution of time
  sliding       ///< the flow of a model with kinks slides along one: it is no differential equation there
};

/// What a run cost.
struct FlowCounts {
  /// Evaluations of the field: a forward pass and a vjp each.
  Index evaluations = 0;
  Index accepted = 0;
  Index rejected = 0;
  /// Reference points of an exponential method: a Gram matrix and its spectral decomposition each.
  Index refreshes = 0;
  /// Kinks crossed.
  Index kinks = 0;
};

/// A located event.
struct EventRecord {
  std::string name;
  double t;
};

/// How states at the sample times are found.
enum class Sampling {
  interpolate,  ///< from the dense output, of lower order than the steps
  land          ///< steps end there: their error is controlled, at the cost of shorter steps
};

/// How `integrate` runs. Times are those of the flow.
struct FlowOptions {
  /// Final time; finite and positive.
  double horizon = 0;
  /// Local error allowed in a step, relative to the distance travelled from the start.
  double relative_tolerance = 1e-6;
  /// Added to the above, in the units of x.
  double absolute_tolerance = 0;
  /// Fixed step, or first step of an adaptive method. 0: chosen, and said in the result.
  double step = 0;
  double max_step = std::numeric_limits<double>::infinity();
  /// Ascending times in [0, horizon] at which the observer is called instead of after every step.
  std::vector<double> sample_times = {};
  Sampling sampling = Sampling::interpolate;
  Index max_steps = std::numeric_limits<Index>::max();
  Index max_evaluations = std::numeric_limits<Index>::max();
  double max_seconds = std::numeric_limits<double>::infinity();
  /// A state whose norm exceeds this has diverged.
  double divergence_norm = 1e100;
  /// Events and kinks are located to this fraction of the step.
  double event_tolerance = 1e-12;
  /// Up to this many kinks (pre-activations of relu units) each crossing is located and integrated up to,
  /// also by methods with a fixed step; beyond it crossings are only counted.
  Index locate_kinks_up_to = 20000;
  /// File to which the run's state is written, atomically, every `checkpoint_every` accepted steps and when
  /// the run ends; where it exists the run goes on from it, with the same bits as if it had not been
  /// interrupted. A run that ended by an event or a failure is given back as it ended. That of another
  /// problem, told by ||x'|| at its state, or of a longer run is refused.
  std::string checkpoint = {};
  Index checkpoint_every = 100;
};

/// Where a run ended, why, and what it cost. Whatever the reason, the state is the last good one.
template <class State>
struct FlowResult {
  State x;
  double t = 0;
  StopReason reason = StopReason::horizon;
  /// The reason in words, with the time, the step and the norms where the run failed.
  std::string message;
  FlowCounts counts;
  /// The step size that was chosen, or given, at the start.
  double step = 0;
  std::string step_choice;
  std::vector<EventRecord> events;

  /// Whether the final time or a stopping event was reached.
  [[nodiscard]] bool succeeded() const {
    return reason == StopReason::horizon || reason == StopReason::event;
  }

  friend std::ostream& operator<<(std::ostream& out, const FlowResult& result) {
    out << result.message << "; " << result.counts.accepted << " steps accepted, " << result.counts.rejected
        << " rejected, " << result.counts.evaluations << " evaluations";
    if (result.counts.refreshes > 0) out << ", " << result.counts.refreshes << " kernel refreshes";
    if (result.counts.kinks > 0) out << ", " << result.counts.kinks << " kinks crossed";
    return out << "; " << result.step_choice;
  }
};

}  // namespace lazytrain
