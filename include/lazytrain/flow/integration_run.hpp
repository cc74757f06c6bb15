#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <lazytrain/flow/attempted_step.hpp>
#include <lazytrain/flow/controller.hpp>
#include <lazytrain/flow/flow_types.hpp>
#include <lazytrain/flow/stepper.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace lazytrain::detail {

/// The stepper's own controller, or the usual one.
template <class P>
[[nodiscard]] constexpr StepController controller_of() {
  if constexpr (requires { P::controller(); }) {
    return P::controller();
  } else {
    return {};
  }
}

/// Where a run of `integrate` stands, what it has cost and why it ends: what its parts share.
template <class P, class F>
class IntegrationRun {
 public:
  using State = typename F::State;
  using Scalar = typename State::Scalar;
  using Counted = std::conditional_t<CountsEvaluations<F>, F, CountedField<F>>;
  using Method = typename P::template Method<Counted>;

  IntegrationRun(const P& stepper, F& field, const State& x0, const FlowOptions& options)
      : field_(field),
        counted_(field),
        x0_(x0),
        options_(options),
        method_(stepper, counted_, x0),
        step_(field_, counted_, method_),
        scratch_(x0),
        evaluations_before_(counted_.evaluations()),
        started_(std::chrono::steady_clock::now()) {}

 protected:
  [[nodiscard]] FlowView<F> here() const { return {t_, method_.x(), method_.f(), field_}; }

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

  /// Beyond it the squares in a norm overflow.
  [[nodiscard]] static double largest_norm() {
    return 1e-3 * std::sqrt(static_cast<double>(std::numeric_limits<Scalar>::max()));
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

  F& field_;
  std::conditional_t<CountsEvaluations<F>, F&, CountedField<F>> counted_;
  const State& x0_;
  const FlowOptions& options_;
  Method method_;
  AttemptedStep<F, Counted, Method> step_;
  StepController controller_ = controller_of<P>();
  State scratch_;
  FlowResult<State> result_;
  Index evaluations_before_;
  std::chrono::steady_clock::time_point started_;
  double t_ = 0;
  double h_ = 0;
  double previous_error_ = 1;
  Index accepted_ = 0;
  Index rejected_ = 0;
  Index crossings_ = 0;
  bool finished_ = false;
};

}  // namespace lazytrain::detail
