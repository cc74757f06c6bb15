#pragma once

#include <concepts>
#include <cstddef>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/core/vector.hpp>

/// What a type must offer to be a model, a loss, ... . A failed requirement prints the sentence beside it.
namespace lazytrain {

/// A string literal as a template argument.
template <std::size_t N>
struct Sentence {
  char text[N]{};
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is a sentence
  consteval Sentence(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
};

/// `condition`, with a sentence for the compiler to quote when it is false.
template <bool condition, Sentence otherwise>
inline constexpr bool expect = condition;

/// The floating-point type of a model, loss, vector or backend.
template <class H>
using scalar_t = typename H::Scalar;

namespace detail {

template <class H>
struct ParametersOf {
  using type = Vector<typename H::Scalar>;
};
template <class H>
requires requires { typename H::Parameters; }
struct ParametersOf<H> {
  using type = typename H::Parameters;
};

template <class H>
struct OutputsOf {
  using type = Vector<typename H::Scalar>;
};
template <class H>
requires requires { typename H::Outputs; }
struct OutputsOf<H> {
  using type = typename H::Outputs;
};

}  // namespace detail

/// Type of w: H::Parameters if the model names it, else Vector<H::Scalar>.
template <class H>
using parameters_t = typename detail::ParametersOf<H>::type;

/// Type of h(w): H::Outputs if the model names it, else Vector<H::Scalar>.
template <class H>
using outputs_t = typename detail::OutputsOf<H>::type;

// Version 14 does not lay out conjunctions of concepts.
// clang-format off

/// `H::Scalar`, a floating-point type.
template <class H>
concept HasScalar = requires { typename H::Scalar; } && std::floating_point<typename H::Scalar>;

/// `h.parameter_dim()`, p, and `h.output_dim()`, N.
template <class H>
concept HasDimensions = requires(const H& h) {
  { h.parameter_dim() } -> std::convertible_to<Index>;
  { h.output_dim() } -> std::convertible_to<Index>;
};

/// T is, or converts to, the vector or matrix V, without a change of scalar type.
template <class T, class V>
concept Gives = std::convertible_to<T, V> && std::same_as<typename std::remove_cvref_t<T>::Scalar, typename V::Scalar>;

/// `h(w)`, size N.
template <class H>
concept HasValue = requires(const H& h, const parameters_t<H>& w) {
  { h(w) } -> Gives<outputs_t<H>>;
};

/// `h.jacobian(w)`, N x p.
template <class H>
concept HasJacobian = requires(const H& h, const parameters_t<H>& w) {
  { h.jacobian(w) } -> Gives<Matrix<typename H::Scalar>>;
};

/// `h.jvp(w, v)`: the Jacobian times v, size N.
template <class H>
concept HasJvp = requires(const H& h, const parameters_t<H>& w) {
  { h.jvp(w, w) } -> Gives<outputs_t<H>>;
};

/// `h.vjp(w, u)`: the transposed Jacobian times the cotangent u (no weights of F), size p.
template <class H>
concept HasVjp = requires(const H& h, const parameters_t<H>& w, const outputs_t<H>& u) {
  { h.vjp(w, u) } -> Gives<parameters_t<H>>;
};

/// `h.second(w, u, v)`: D^2h(w)[u, v], size N.
template <class H>
concept HasSecond = requires(const H& h, const parameters_t<H>& w) {
  { h.second(w, w, w) } -> Gives<outputs_t<H>>;
};

/// `h.second_vjp(w, u, c)`: sum_i c_i D^2h_i(w) u for a cotangent c, size p.
template <class H>
concept HasSecondVjp = requires(const H& h, const parameters_t<H>& w, const outputs_t<H>& c) {
  { h.second_vjp(w, w, c) } -> Gives<parameters_t<H>>;
};

/// `h.linearize(w)`: an object that keeps the forward pass at w.
template <class H>
concept HasLinearize = requires(const H& h, const parameters_t<H>& w) { h.linearize(w); };

/// `h.output_space()`: the inner product of F; without it F is Euclidean.
template <class H>
concept HasOutputSpace = requires(const H& h) {
  { h.output_space() } -> std::convertible_to<OutputSpace>;
};

/// `h.displace(w0, epsilon)`: the model d -> (h(w0 + epsilon d) - h(w0)) / epsilon without cancellation.
template <class H>
concept HasDisplace =
    requires(const H& h, const parameters_t<H>& w, typename H::Scalar epsilon) { h.displace(w, epsilon); };

namespace detail {

template <class T, class P, class O>
concept TangentJvp = requires(const T& t, const P& v, O& out) { t.jvp(v, out); } ||
                     requires(const T& t, const P& v) { { t.jvp(v) } -> Gives<O>; };

template <class T, class P, class O>
concept TangentVjp = requires(const T& t, const O& u, P& out) { t.vjp(u, out); } ||
                     requires(const T& t, const O& u) { { t.vjp(u) } -> Gives<P>; };

template <class T, class P, class O>
concept TangentSecond = requires(const T& t, const P& u, O& out) { t.second(u, u, out); } ||
                        requires(const T& t, const P& u) { { t.second(u, u) } -> Gives<O>; };

template <class T, class P, class O>
concept TangentSecondVjp =
    requires(const T& t, const P& u, const O& c, P& out) { t.second_vjp(u, c, out); } ||
    requires(const T& t, const P& u, const O& c) { { t.second_vjp(u, c) } -> Gives<P>; };

template <class H>
using linearization_t = decltype(std::declval<const H&>().linearize(std::declval<const parameters_t<H>&>()));

template <class H>
concept LinearizesItself =
    HasLinearize<H> &&
    requires(const linearization_t<H>& t) { { t.value() } -> std::convertible_to<const outputs_t<H>&>; } &&
    TangentJvp<linearization_t<H>, parameters_t<H>, outputs_t<H>> &&
    TangentVjp<linearization_t<H>, parameters_t<H>, outputs_t<H>>;

template <class H>
concept LinearizesItselfTwice =
    LinearizesItself<H> && TangentSecond<linearization_t<H>, parameters_t<H>, outputs_t<H>> &&
    TangentSecondVjp<linearization_t<H>, parameters_t<H>, outputs_t<H>>;

}  // namespace detail

namespace detail {

/// A vector that a model of this library can make: also by its size, and empty.
template <class V>
concept ModelVector = HilbertVector<V> && std::default_initializable<V> && std::constructible_from<V, Index>;

}  // namespace detail

/// A differentiable model h: R^p -> F. It holds no parameters and does not change; copies are cheap (large data are
/// behind a shared pointer). It offers one of
///  * `linearize(w)`, whose result has value(), jvp(v) and vjp(u) const, or jvp(v, out) and vjp(u, out) const that write
///    without allocation, and perhaps move_to(w), second and second_vjp; it may outlive the model and does not refer to it;
///  * `operator()(w)` and `jacobian(w)`;
///  * `operator()(w)`, `jvp(w, v)` and `vjp(w, u)`.
template <class H>
concept Model =
    std::copy_constructible<H> &&
    expect<HasScalar<H>, "a model names its floating-point type: using Scalar = double;"> &&
    expect<HasDimensions<H>, "a model has parameter_dim() const and output_dim() const that return lazytrain::Index"> &&
    expect<detail::ModelVector<parameters_t<H>> && detail::ModelVector<outputs_t<H>>,
           "a model's Parameters and Outputs, if it names them, are Vector<Scalar> or vectors of a device"> &&
    expect<!HasLinearize<H> || detail::LinearizesItself<H>,
           "linearize(w) const returns an object with value(), jvp(v) and vjp(u) const that give vectors of Scalar"> &&
    expect<HasLinearize<H> || HasValue<H>,
           "a model has operator()(w) const that returns its outputs, a vector of Scalar"> &&
    expect<HasLinearize<H> || HasJacobian<H> || !HasJvp<H> || HasVjp<H>,
           "a model with jvp(w, v) const also has vjp(w, u) const, the transposed product, that returns a vector of Scalar"> &&
    expect<HasLinearize<H> || HasJacobian<H> || !HasVjp<H> || HasJvp<H>,
           "a model with vjp(w, u) const also has jvp(w, v) const, the product, that returns a vector of Scalar"> &&
    expect<HasLinearize<H> || HasJacobian<H> || HasJvp<H>,
           "a model has jacobian(w) const, or jvp(w, v) and vjp(w, u) const, or linearize(w) const">;

/// A model with second derivatives: `second(w, u, v)` and `second_vjp(w, u, c)`, on the model or on what `linearize`
/// returns.
template <class H>
concept TwiceDifferentiableModel =
    Model<H> &&
    expect<detail::LinearizesItselfTwice<H> || (!HasLinearize<H> && HasSecond<H> && HasSecondVjp<H>),
           "a twice differentiable model has second(w, u, v) const and second_vjp(w, u, c) const">;

namespace detail {

template <class R>
concept HasLossValue = requires(const R& loss, const outputs_t<R>& y) {
  { loss.value(y) } -> std::convertible_to<typename R::Scalar>;
};
template <class R>
concept HasLossGradient = requires(const R& loss, const outputs_t<R>& y, outputs_t<R>& g) { loss.gradient(y, g); };
template <class R>
concept HasLossHessian = requires(const R& loss, const outputs_t<R>& y, outputs_t<R>& g) { loss.hessian_apply(y, y, g); };
template <class R>
concept HasSmoothness = requires(const R& loss) { { loss.smoothness() } -> std::convertible_to<typename R::Scalar>; };
template <class R>
concept HasStrongConvexity = requires(const R& loss) {
  { loss.strong_convexity() } -> std::convertible_to<typename R::Scalar>;
};
template <class R>
concept HasUniqueMinimizer = requires(const R& loss) { { loss.minimizer() } -> std::convertible_to<outputs_t<R>>; };
template <class R>
concept SaysStronglyConvex = requires { requires R::is_strongly_convex; };

}  // namespace detail

/// A smooth loss R: F -> R. `gradient` is the Riesz representer in F: it carries no weight.
template <class R>
concept Loss =
    std::copy_constructible<R> &&
    expect<HasScalar<R>, "a loss names its floating-point type: using Scalar = double;"> &&
    expect<HasOutputSpace<R>, "a loss has output_space() const, the space F with its inner product"> &&
    expect<detail::HasLossValue<R>, "a loss has value(y) const that returns a number"> &&
    expect<detail::HasLossGradient<R>, "a loss has gradient(y, g) const that writes its gradient in F to g"> &&
    expect<detail::HasLossHessian<R>,
           "a loss has hessian_apply(y, v, out) const that writes the Hessian in F times v to out"> &&
    expect<detail::HasSmoothness<R>,
           "a loss has smoothness() const, the Lipschitz constant M of its gradient in F"> &&
    expect<detail::HasStrongConvexity<R>, "a loss has strong_convexity() const, its constant m >= 0">;

/// A loss with a unique minimizer y* and m > 0.
template <class R>
concept StronglyConvexLoss =
    Loss<R> &&
    expect<detail::HasUniqueMinimizer<R>,
           "a strongly convex loss has minimizer() const, the unique minimum y* of R"> &&
    expect<detail::SaysStronglyConvex<R>,
           "a strongly convex loss says so: static constexpr bool is_strongly_convex = true;">;

// clang-format on

}  // namespace lazytrain
