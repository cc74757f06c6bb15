#pragma once

#include <concepts>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace lazytrain {

namespace detail {

/// No Eigen expression, which would read what the locals of the function that returned it were.
// clang-format off
template <class Y>
concept PlainValue = !std::derived_from<Y, Eigen::EigenBase<Y>> || std::same_as<Y, typename Y::PlainObject>;

/// Whether f(w, x) is a T or a column vector of T.
template <class F, class S, class T>
concept MapsSamplesTo = requires(const F& f, const Vector<T>& w, const Vector<S>& x) {
  requires PlainValue<std::decay_t<decltype(f(w, x))>>;
  requires std::convertible_to<decltype(f(w, x)), T> || std::convertible_to<decltype(f(w, x)), Vector<T>>;
};
// clang-format on

}  // namespace detail

/// A functor of one input that automatic differentiation can read: see `on_data`.
// clang-format off
template <class F, class S>
concept SampleFunctor =
    std::copy_constructible<F> &&
    expect<detail::MapsSamplesTo<F, S, S>,
           "the functor has template <class T> operator()(const Vector<T>& w, const Vector<S>& x) const that returns a T "
           "or a Vector<T>, not an expression: write its return type"> &&
    expect<detail::MapsSamplesTo<F, S, Dual<S>> && detail::MapsSamplesTo<F, S, Reverse<S>> &&
               detail::MapsSamplesTo<F, S, ScaledDifference<S>>,
           "the functor takes Vector<T> and returns a T or a Vector<T>, not an expression, for every scalar type T, also "
           "those of automatic differentiation">;
// clang-format on

/// The functor w -> (f(w, x_1), ..., f(w, x_n)) of a functor f(w, x) on one input. See `on_data`.
template <class F, class S>
class PerSample {
 public:
  PerSample(F f, Matrix<S> inputs, Index outputs)
      : f_(std::move(f)), inputs_(std::make_shared<const Matrix<S>>(std::move(inputs))), outputs_(outputs) {}

  template <class T>
  [[nodiscard]] Vector<T> operator()(const Vector<T>& w) const {
    Vector<T> h(inputs_->cols() * outputs_);
    for (Index i = 0; i < inputs_->cols(); ++i) {
      const Vector<S> x = inputs_->col(i);
      const auto y = f_(w, x);
      if constexpr (std::is_convertible_v<decltype(y), T>) {
        require_size("on_data", "f(w, x)", 1, outputs_, "outputs");
        h(i) = y;
      } else {
        require_size("on_data", "f(w, x)", y.size(), outputs_, "outputs");
        h.segment(i * outputs_, outputs_) = y;
      }
    }
    return h;
  }

 private:
  F f_;
  std::shared_ptr<const Matrix<S>> inputs_;
  Index outputs_;
};

/// Sizes of a functor f(w, x).
struct FunctorDimensions {
  /// Size of w.
  Index parameters = 0;
  /// Outputs per input, k.
  Index outputs = 1;
};

/// Restricts f(w, x), any functor templated on the type of w's coordinates that returns a number or k
/// numbers, to the columns of `inputs` (d x n): the model h(w) = (f(w, x_i))_i in L2 of the empirical measure
/// (weights 1/n).
///
///     const auto f = []<class T>(const Vector<T>& w, const Vector<double>& x) -> T { return w.dot(x); };
///     const auto h = on_data<double>(f, X, {.parameters = X.rows()});
///
/// Networks of the library, whose derivatives are batched, have `net.on(X)` instead.
/// @throws std::invalid_argument if a size is not positive or f returns another number of outputs
template <std::floating_point S, SampleFunctor<S> F>
[[nodiscard]] auto on_data(F f, Matrix<S> inputs, FunctorDimensions dimensions) {
  require_argument(inputs.cols() >= 1, "on_data", "the number of inputs", inputs.cols(), "at least 1");
  const OutputSpace space = OutputSpace::empirical(inputs.cols(), dimensions.outputs);
  return differentiable<S>(PerSample<F, S>(std::move(f), std::move(inputs), dimensions.outputs),
                           dimensions.parameters, space);
}

/// The same on another measure: `space` holds the weights of the inputs.
template <std::floating_point S, SampleFunctor<S> F>
[[nodiscard]] auto on_data(F f, Matrix<S> inputs, Index parameters, OutputSpace space) {
  require_size("on_data", "inputs.cols()", inputs.cols(), space.samples(), "the space's samples");
  const Index outputs = space.outputs();
  return differentiable<S>(PerSample<F, S>(std::move(f), std::move(inputs), outputs), parameters,
                           std::move(space));
}

}  // namespace lazytrain
