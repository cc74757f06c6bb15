#pragma once

#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/autodiff/reverse.hpp>
#include <lazytrain/core/output_space.hpp>
#include <memory>
#include <string_view>
#include <utility>

namespace lazytrain {

namespace detail {

/// A functor with its dimensions, shared by the models made of it.
template <class S, class F>
struct SizedFunctor {
  F function;
  Index parameter_dim;
  OutputSpace space;

  /// f(w), of checked size.
  template <class T>
  Vector<T> operator()(const Vector<T>& w) const {
    require_size("differentiable", "w", w.size(), parameter_dim, "the number of parameters p");
    Vector<T> y = function(w);
    require_size("differentiable", "the functor's result", y.size(), space.dim(), "the dimension N of F");
    return y;
  }
};

/// A functor recorded on a tape at one point. Copies share nothing: outputs are known by number.
template <class T>
class Recording {
 public:
  template <class F>
  void record(const F& f, const Vector<T>& w) {
    tape_.clear();
    inputs_.resize(w.size());
    for (Index i = 0; i < w.size(); ++i) inputs_(i) = Reverse<T>::input(w(i), tape_);
    const Vector<Reverse<T>> y = f(inputs_);
    value_ = y.unaryExpr([](const Reverse<T>& entry) { return entry.value; });
    outputs_ = y.unaryExpr([](const Reverse<T>& entry) { return entry.variable; });
  }

  [[nodiscard]] const Vector<T>& value() const { return value_; }
  [[nodiscard]] const Tape<T>& tape() const { return tape_; }

  /// J v. @return a view of scratch memory
  template <class V>
  auto forward(const V& v) {
    work_.resize(tape_.size());
    work_.segment(1, inputs_.size()) = v.template cast<T>();
    tape_.forward(work_);
    return work_(outputs_);
  }

  /// J'u. @return a view of scratch memory
  template <class U>
  auto reverse(const U& u) {
    work_.setZero(tape_.size());
    // An output may occur twice, so that seeds add up.
    for (Index i = 0; i < outputs_.size(); ++i) work_(outputs_(i)) += u(i);
    tape_.reverse(work_);
    return work_.segment(1, inputs_.size());
  }

 private:
  Tape<T> tape_;
  Vector<Reverse<T>> inputs_;
  Vector<typename Tape<T>::Variable> outputs_;
  Vector<T> value_;
  Vector<T> work_;
};

}  // namespace detail

/// The linearization of a functor at w, a workspace: one recording of f, and sweeps of it.
///
/// Its const methods use scratch memory of the object, so that one object serves one thread; copies are
/// independent. jvp and vjp evaluate no function; second evaluates f on nested dual numbers and second_vjp
/// records it on dual numbers.
template <class S, class F>
class FunctorTangent {
 public:
  using Scalar = S;

  FunctorTangent(std::shared_ptr<const detail::SizedFunctor<S, F>> f, view_t<Vector<S>> w)
      : functor_(std::move(f)) {
    move_to(w);
  }

  /// Linearizes at another point, reusing the memory. @throws std::invalid_argument on a wrong size
  void move_to(view_t<Vector<S>> w) {
    w_ = w;
    recording_.record(*functor_, w_);
  }

  /// h(w), size N.
  [[nodiscard]] const Vector<S>& value() const { return recording_.value(); }

  /// out = Dh(w) v, size N. Cost: one forward sweep.
  void jvp(view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    require_parameters("FunctorTangent::jvp", "v", v.size());
    require_outputs("FunctorTangent::jvp", "out", out.size());
    out = recording_.forward(v);
  }

  /// out = Dh(w)' u for a cotangent u, size p. Cost: one reverse sweep.
  void vjp(view_t<Vector<S>> u, out_t<Vector<S>> out) const {
    require_outputs("FunctorTangent::vjp", "u", u.size());
    require_parameters("FunctorTangent::vjp", "out", out.size());
    out = recording_.reverse(u);
  }

  /// out = D^2h(w)[u, v], size N. Cost: one evaluation on nested dual numbers.
  void second(view_t<Vector<S>> u, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    require_parameters("FunctorTangent::second", "u", u.size());
    require_parameters("FunctorTangent::second", "v", v.size());
    require_outputs("FunctorTangent::second", "out", out.size());
    nested_.resize(w_.size());
    for (Index i = 0; i < w_.size(); ++i) nested_(i) = {Dual<S>(w_(i), u(i)), Dual<S>(v(i), S(0))};
    const Vector<Dual<Dual<S>>> y = (*functor_)(nested_);
    out = y.unaryExpr([](const Dual<Dual<S>>& entry) { return entry.tangent.tangent; });
  }

  /// out = sum_i c_i D^2h_i(w) u for a cotangent c, size p. Cost: one recording and one reverse sweep on dual
  /// numbers.
  void second_vjp(view_t<Vector<S>> u, view_t<Vector<S>> c, out_t<Vector<S>> out) const {
    require_parameters("FunctorTangent::second_vjp", "u", u.size());
    require_outputs("FunctorTangent::second_vjp", "c", c.size());
    require_parameters("FunctorTangent::second_vjp", "out", out.size());
    dual_.resize(w_.size());
    for (Index i = 0; i < w_.size(); ++i) dual_(i) = Dual<S>(w_(i), u(i));
    second_recording_.record(*functor_, dual_);
    out = second_recording_.reverse(c).unaryExpr([](const Dual<S>& entry) { return entry.tangent; });
  }

  /// The tape of the first derivatives.
  [[nodiscard]] const Tape<S>& tape() const { return recording_.tape(); }

 private:
  void require_parameters(std::string_view function, std::string_view argument, Index size) const {
    require_size(function, argument, size, functor_->parameter_dim, "the number of parameters p");
  }
  void require_outputs(std::string_view function, std::string_view argument, Index size) const {
    require_size(function, argument, size, functor_->space.dim(), "the dimension N of F");
  }

  std::shared_ptr<const detail::SizedFunctor<S, F>> functor_;
  Vector<S> w_;
  mutable detail::Recording<S> recording_;
  mutable detail::Recording<Dual<S>> second_recording_;
  mutable Vector<Dual<S>> dual_;
  mutable Vector<Dual<Dual<S>>> nested_;
};

}  // namespace lazytrain
