#pragma once

#include <concepts>
#include <lazytrain/flow/checkpoint.hpp>
#include <lazytrain/flow/gradient_field.hpp>

namespace lazytrain {

/// A stepper is a value with its options; `Stepper::Method<F>` is its workspace on a field.
///
/// Between calls the method stands at (x, f(x)), the field's last evaluation. `attempt(h)` computes a
/// candidate and ends with the field evaluated there; `accept()` moves to it; an attempt that is not accepted
/// is forgotten by the next one. A method of variable order has `growth(error)`, which after an accepted step
/// chooses the order and says by how much the next step may be longer, `order_of_error()` of its attempt, and
/// `restart()`, which forgets the past at a kink. `interpolate(theta, out)` gives the state at t + theta h of
/// the last attempt, before it is accepted. A stepper with `values_alone = true` asks nothing of F but
/// f(x); runs of it are compiled once for all fields without kinks.
template <class P, class F>
concept Stepper =
    VectorField<F> && std::copy_constructible<P> && std::constructible_from < typename P::template Method<F>,
const P&, F&,
    const typename F::State& >
        &&requires(typename P::template Method<F>& method, const typename P::template Method<F>& constant,
                   const typename F::State& x, typename F::State& out, double h, Checkpoint& checkpoint) {
  { P::adaptive } -> std::convertible_to<bool>;
  { P::order } -> std::convertible_to<int>;
  { P::order_of_error() } -> std::convertible_to<int>;
  method.start(x);
  method.attempt(h);
  method.accept();
  method.interpolate(h, out);
  method.load(checkpoint);
  constant.save(checkpoint);
  { constant.x() } -> std::convertible_to<const typename F::State&>;
  { constant.f() } -> std::convertible_to<const typename F::State&>;
  { constant.candidate() } -> std::convertible_to<const typename F::State&>;
  { constant.candidate_f() } -> std::convertible_to<const typename F::State&>;
  { constant.error() } -> std::convertible_to<double>;
};

namespace detail {

/// What most methods share: the state, the candidate and cubic Hermite interpolation (order 3).
template <class F>
class MethodBase {
 public:
  using State = typename F::State;
  using Scalar = typename State::Scalar;

  MethodBase(F& field, const State& x) : field_(&field), x_(x), f_(x), next_(x), next_f_(x) {}

  void start(const State& x) {
    copy(x, x_);
    (*field_)(x_, f_);
  }
  void accept() {
    std::swap(x_, next_);
    std::swap(f_, next_f_);
  }
  [[nodiscard]] const State& x() const { return x_; }
  [[nodiscard]] const State& f() const { return f_; }
  [[nodiscard]] const State& candidate() const { return next_; }
  [[nodiscard]] const State& candidate_f() const { return next_f_; }
  /// Norm of the local error estimate of the last attempt; 0 for a method without one.
  [[nodiscard]] double error() const { return 0; }

  void interpolate(double theta, State& out) const {
    const double s = 1 - theta;
    copy(x_, out);
    scale(Scalar(s * s * (1 + 2 * theta)), out);
    axpy(Scalar(theta * theta * (1 + 2 * s)), next_, out);
    axpy(Scalar(h_ * theta * s * s), f_, out);
    axpy(Scalar(-h_ * theta * theta * s), next_f_, out);
  }

  void save(Checkpoint&) const {}
  void load(const Checkpoint&) {}

 protected:
  F* field_;
  State x_;
  State f_;
  State next_;
  State next_f_;
  double h_ = 0;
};

}  // namespace detail

}  // namespace lazytrain
