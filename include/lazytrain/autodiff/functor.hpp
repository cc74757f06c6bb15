#pragma once

#include <lazytrain/autodiff/functor_tangent.hpp>
#include <lazytrain/autodiff/scaled_difference.hpp>
#include <lazytrain/core/concepts.hpp>
#include <memory>
#include <utility>

namespace lazytrain {

namespace detail {

/// Whether f(Vector<T>) is a column vector of T, returned as a value and not as an expression.
template <class F, class T>
concept MapsVectorsOf = requires(const F& f, const Vector<T>& w) {
  requires std::is_same_v<typename std::decay_t<decltype(f(w))>::Scalar, T>;
  requires std::is_same_v<typename std::decay_t<decltype(f(w))>::PlainObject, std::decay_t<decltype(f(w))>>;
  requires std::is_convertible_v<decltype(f(w)), Vector<T>>;
};

/// Whether f(Vector<T>) can be called, on a const functor with a const vector.
template <class F, class T>
concept CallableWithVectorsOf = requires(const F& f, const Vector<T>& w) {
  f(w);
};

}  // namespace detail

/// A functor that automatic differentiation can read: `template <class T> Vector<T> operator()(const
/// Vector<T>& w) const`, or a generic lambda `[]<class T>(const Vector<T>& w) -> Vector<T> {...}`. It is
/// called with T = S, Dual<S>, Dual<Dual<S>>, Reverse<S>, Reverse<Dual<S>> and ScaledDifference<S>.
// clang-format off
template <class F, class S>
concept DifferentiableFunctor =
    std::copy_constructible<F> &&
    expect<detail::CallableWithVectorsOf<F, S>,
           "the functor can be called when it is const, and takes const Vector<T>& w: template <class T> Vector<T> "
           "operator()(const Vector<T>& w) const"> &&
    expect<detail::MapsVectorsOf<F, S>,
           "the functor has template <class T> Vector<T> operator()(const Vector<T>& w) const that returns a vector, not "
           "an expression"> &&
    expect<detail::MapsVectorsOf<F, Dual<S>>,
           "the functor takes and returns vectors of Dual<S>: write it for every scalar type T"> &&
    expect<detail::MapsVectorsOf<F, Dual<Dual<S>>>,
           "the functor takes and returns vectors of Dual<Dual<S>>: write it for every scalar type T"> &&
    expect<detail::MapsVectorsOf<F, Reverse<S>>,
           "the functor takes and returns vectors of Reverse<S>: write it for every scalar type T"> &&
    expect<detail::MapsVectorsOf<F, Reverse<Dual<S>>>,
           "the functor takes and returns vectors of Reverse<Dual<S>>: write it for every scalar type T"> &&
    expect<detail::MapsVectorsOf<F, ScaledDifference<S>>,
           "the functor takes and returns vectors of ScaledDifference<S>: write it for every scalar type T">;
// clang-format on

namespace detail {

template <class S, class F>
Vector<S> displaced_value(const SizedFunctor<S, F>& f, const Vector<S>& w0, view_t<Vector<S>> delta,
                          S epsilon) {
  const Vector<ScaledDifference<S>> y = f(scaled_difference_vector<S>(w0, delta, epsilon));
  Vector<S> differences(y.size());
  for (Index i = 0; i < y.size(); ++i) differences(i) = y(i).difference;
  return differences;
}

}  // namespace detail

/// The linearization of a displaced functor at delta, a workspace as FunctorTangent.
template <class S, class F>
class DisplacedFunctorTangent {
 public:
  using Scalar = S;

  DisplacedFunctorTangent(std::shared_ptr<const detail::SizedFunctor<S, F>> f, Vector<S> w0, S epsilon,
                          view_t<Vector<S>> delta)
      : functor_(std::move(f)), w0_(std::move(w0)), epsilon_(epsilon), end_(functor_, w0_) {
    move_to(delta);
  }

  /// Linearizes at another displacement. Cost: one evaluation on scaled differences and one recording, which
  /// epsilon = 0 does not need.
  void move_to(view_t<Vector<S>> delta) {
    require_size("DisplacedFunctorTangent::move_to", "delta", delta.size(), w0_.size(),
                 "the number of parameters p");
    if (epsilon_ != 0) end_.move_to(w0_ + epsilon_ * delta);
    value_ = detail::displaced_value(*functor_, w0_, delta, epsilon_);
  }

  /// h_epsilon(delta), size N.
  [[nodiscard]] const Vector<S>& value() const { return value_; }

  /// out = Dh(w0 + epsilon delta) v.
  void jvp(view_t<Vector<S>> v, out_t<Vector<S>> out) const { end_.jvp(v, out); }

  /// out = Dh(w0 + epsilon delta)' u for a cotangent u.
  void vjp(view_t<Vector<S>> u, out_t<Vector<S>> out) const { end_.vjp(u, out); }

  /// out = epsilon D^2h(w0 + epsilon delta)[u, v].
  void second(view_t<Vector<S>> u, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    end_.second(u, v, out);
    out *= epsilon_;
  }

  /// out = epsilon sum_i c_i D^2h_i(w0 + epsilon delta) u for a cotangent c.
  void second_vjp(view_t<Vector<S>> u, view_t<Vector<S>> c, out_t<Vector<S>> out) const {
    end_.second_vjp(u, c, out);
    out *= epsilon_;
  }

 private:
  std::shared_ptr<const detail::SizedFunctor<S, F>> functor_;
  Vector<S> w0_;
  S epsilon_;
  FunctorTangent<S, F> end_;
  Vector<S> value_;
};

/// The model h_epsilon(delta) = (h(w0 + epsilon delta) - h(w0)) / epsilon of a functor, without cancellation
/// at any epsilon >= 0; at epsilon = 0 it is Dh(w0) delta.
template <class S, class F>
class DisplacedFunctor {
 public:
  using Scalar = S;

  DisplacedFunctor(std::shared_ptr<const detail::SizedFunctor<S, F>> f, view_t<Vector<S>> w0, S epsilon)
      : functor_(std::move(f)), w0_(w0), epsilon_(epsilon) {}

  [[nodiscard]] Index parameter_dim() const { return functor_->parameter_dim; }
  [[nodiscard]] Index output_dim() const { return functor_->space.dim(); }
  [[nodiscard]] const OutputSpace& output_space() const { return functor_->space; }

  /// h_epsilon(delta). @throws std::invalid_argument on a wrong size, std::domain_error if the functor
  /// branches differently at w0 and at w0 + epsilon delta
  [[nodiscard]] Vector<S> operator()(view_t<Vector<S>> delta) const {
    require_size("DisplacedFunctor", "delta", delta.size(), parameter_dim(), "the number of parameters p");
    return detail::displaced_value(*functor_, w0_, delta, epsilon_);
  }

  /// The linearization at delta: the derivatives of h_epsilon there. Throws as operator().
  [[nodiscard]] DisplacedFunctorTangent<S, F> linearize(view_t<Vector<S>> delta) const {
    return {functor_, w0_, epsilon_, delta};
  }

 private:
  std::shared_ptr<const detail::SizedFunctor<S, F>> functor_;
  Vector<S> w0_;
  S epsilon_;
};

/// A functor as a twice differentiable model, by automatic differentiation. Copies share the functor.
template <class S, class F>
class FunctorModel {
 public:
  using Scalar = S;

  FunctorModel(F f, Index parameter_dim, OutputSpace space)
      : functor_(std::make_shared<const detail::SizedFunctor<S, F>>(
            detail::SizedFunctor<S, F>{std::move(f), parameter_dim, std::move(space)})) {
    require_argument(parameter_dim >= 1, "differentiable", "p", parameter_dim, "at least 1");
  }

  [[nodiscard]] Index parameter_dim() const { return functor_->parameter_dim; }
  [[nodiscard]] Index output_dim() const { return functor_->space.dim(); }
  [[nodiscard]] const OutputSpace& output_space() const { return functor_->space; }

  /// h(w), size N. @throws std::invalid_argument if w or the functor's result has another size than said
  [[nodiscard]] Vector<S> operator()(view_t<Vector<S>> w) const { return (*functor_)(Vector<S>(w)); }

  /// The linearization at w. Throws as operator(). Cost: one recording of the functor.
  [[nodiscard]] FunctorTangent<S, F> linearize(view_t<Vector<S>> w) const { return {functor_, w}; }

  /// The model delta -> (h(w0 + epsilon delta) - h(w0)) / epsilon.
  /// @throws std::invalid_argument on a wrong size, std::domain_error unless 0 <= epsilon < infinity
  [[nodiscard]] DisplacedFunctor<S, F> displace(view_t<Vector<S>> w0, S epsilon) const {
    require_size("FunctorModel::displace", "w0", w0.size(), parameter_dim(), "the number of parameters p");
    require_nonnegative("FunctorModel::displace", "epsilon", epsilon);
    return {functor_, w0, epsilon};
  }

 private:
  std::shared_ptr<const detail::SizedFunctor<S, F>> functor_;
};

/// The model of a functor f: R^p -> F (see DifferentiableFunctor). What f captures should be cheap to copy or
/// is copied once. @throws std::invalid_argument if p < 1
template <std::floating_point S, class F>
requires DifferentiableFunctor<F, S>
[[nodiscard]] FunctorModel<S, F> differentiable(F f, Index p, OutputSpace space) {
  return {std::move(f), p, std::move(space)};
}

/// The model of a functor f: R^p -> R^N with the Euclidean inner product.
/// @throws std::invalid_argument if p < 1 or N < 1
template <std::floating_point S, class F>
requires DifferentiableFunctor<F, S>
[[nodiscard]] FunctorModel<S, F> differentiable(F f, Index p, Index N) {
  return {std::move(f), p, OutputSpace::euclidean(N)};
}

}  // namespace lazytrain
