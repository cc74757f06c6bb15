#pragma once

#include <algorithm>
#include <cstddef>
#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/autodiff/reverse.hpp>
#include <lazytrain/core/output_space.hpp>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

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
    value_.resize(y.size());
    outputs_.resize(static_cast<std::size_t>(y.size()));
    for (Index i = 0; i < y.size(); ++i) {
      value_(i) = y(i).value;
      outputs_[static_cast<std::size_t>(i)] = y(i).variable;
    }
  }

  [[nodiscard]] const Vector<T>& value() const { return value_; }
  [[nodiscard]] const Tape<T>& tape() const { return tape_; }

  /// out = J v.
  template <class V, class Out>
  void forward(const V& v, Out& out) {
    work_.resize(tape_.size());
    for (Index i = 0; i < v.size(); ++i) work_(i + 1) = v(i);
    tape_.forward(work_);
    for (Index i = 0; i < out.size(); ++i) out(i) = work_(outputs_[static_cast<std::size_t>(i)]);
  }

  /// J'u, an entry an input, in scratch memory.
  template <class U>
  const T* reverse(const U& u) {
    work_.resize(tape_.size());
    std::fill_n(work_.data(), work_.size(), T(0));
    // An output may occur twice, so that seeds add up.
    for (Index i = 0; i < u.size(); ++i) work_(outputs_[static_cast<std::size_t>(i)]) += u(i);
    tape_.reverse(work_);
    return work_.data() + 1;
  }

 private:
  Tape<T> tape_;
  Vector<Reverse<T>> inputs_;
  std::vector<typename Tape<T>::Variable> outputs_;
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
    recording_.forward(v, out);
  }

  /// out = Dh(w)' u for a cotangent u, size p. Cost: one reverse sweep.
  void vjp(view_t<Vector<S>> u, out_t<Vector<S>> out) const {
    require_outputs("FunctorTangent::vjp", "u", u.size());
    require_parameters("FunctorTangent::vjp", "out", out.size());
    std::copy_n(recording_.reverse(u), out.size(), out.data());
  }

  /// out = D^2h(w)[u, v], size N. Cost: one evaluation on nested dual numbers.
  void second(view_t<Vector<S>> u, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    require_parameters("FunctorTangent::second", "u", u.size());
    require_parameters("FunctorTangent::second", "v", v.size());
    require_outputs("FunctorTangent::second", "out", out.size());
    nested_.resize(w_.size());
    for (Index i = 0; i < w_.size(); ++i) nested_(i) = {Dual<S>(w_(i), u(i)), Dual<S>(v(i), S(0))};
    const Vector<Dual<Dual<S>>> y = (*functor_)(nested_);
    for (Index i = 0; i < out.size(); ++i) out(i) = y(i).tangent.tangent;
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
    const Dual<S>* const derivatives = second_recording_.reverse(c);
    for (Index i = 0; i < out.size(); ++i) out(i) = derivatives[i].tangent;
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
