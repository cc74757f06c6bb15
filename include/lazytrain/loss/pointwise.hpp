#pragma once

#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/error.hpp>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

/// Losses that are sums over coordinates: what square, logistic, Huber, log-cosh and cosine loss share.
namespace lazytrain {

namespace detail {

template <class Ell>
concept HasPointwiseDerivatives = requires(const Ell& ell) {
  { ell.value(0.0, 0.0) } -> std::same_as<double>;
  { ell.derivative(0.0, 0.0) } -> std::same_as<double>;
  { ell.second(0.0, 0.0) } -> std::same_as<double>;
};

template <class Ell>
concept HasPointwiseConstants = requires(const Ell& ell) {
  { ell.smoothness() } -> std::same_as<double>;
  { ell.strong_convexity() } -> std::same_as<double>;
  { ell.weak_convexity() } -> std::same_as<double>;
};

template <class Ell>
concept HasPointwiseTraits = requires {
  { Ell::name } -> std::convertible_to<std::string_view>;
  { Ell::is_strongly_convex } -> std::convertible_to<bool>;
  { Ell::minimized_by_target } -> std::convertible_to<bool>;
};

template <class Ell>
concept PointwiseDerivatives = expect < HasPointwiseDerivatives<Ell>,
"a pointwise function has value(y, t), derivative(y, t) and second(y, t) const" > ;

template <class Ell>
concept PointwiseConstants = expect < HasPointwiseConstants<Ell>,
"a pointwise function has smoothness(), strong_convexity() and weak_convexity() const" > ;

template <class Ell>
concept PointwiseTraits = expect < HasPointwiseTraits<Ell>,
"a pointwise function has static name, is_strongly_convex and minimized_by_target" > ;

}  // namespace detail

/// A function l(y, t) >= 0 of an output and its target, inf_y l(y, t) = 0, with its derivatives in y and
/// constants m <= l'' <= M, -mu <= l''. `minimized_by_target`: l(y, t) = 0 only for y = t. Evaluated in
/// float, double or long double.
template <class Ell>
concept PointwiseFunction = std::copy_constructible<Ell> && detail::PointwiseDerivatives<Ell> &&
    detail::PointwiseConstants<Ell> && detail::PointwiseTraits<Ell>;

namespace detail {

/// Sums of numbers of type S are carried in this type: single-precision losses neither overflow nor drift.
template <class S>
using Wide = std::common_type_t<S, double>;

/// The targets as an element of F: a vector of N numbers, or a k x n matrix, one column a sample.
/// @throws std::invalid_argument on other sizes, std::domain_error on a number that is not finite
template <class Derived>
[[nodiscard]] Vector<typename Derived::Scalar> targets_in(const OutputSpace& space, std::string_view function,
                                                          const Eigen::MatrixBase<Derived>& targets) {
  using S = typename Derived::Scalar;
  if constexpr (Derived::ColsAtCompileTime == 1) {
    require_size(function, "targets", targets.size(), space.dim(), "n k, the space's dimension");
  } else {
    require_size(function, "targets.rows()", targets.rows(), space.outputs(), "k, the space's outputs");
    require_size(function, "targets.cols()", targets.cols(), space.samples(), "n, the space's samples");
  }
  require_finite(function, "targets", targets);
  Vector<S> flat(space.dim());
  Eigen::Map<Matrix<S>>(flat.data(), targets.rows(), targets.cols()) = targets;
  return flat;
}

}  // namespace detail

namespace detail {

/// g = l'(y, t) for a sample's outputs.
template <class S, class Ell>
struct PointwiseGradientOfSample {
  Index outputs;
  const S* y;
  const S* targets;
  S* g;
  constexpr void operator()(Index sample) const {
    for (Index j = sample * outputs; j < (sample + 1) * outputs; ++j)
      g[j] = Ell::derivative(y[j], targets[j]);
  }
};

/// out = l''(y, t) v for a sample's outputs. out may be y or v.
template <class S, class Ell>
struct PointwiseHessianOfSample {
  Index outputs;
  const S* y;
  const S* targets;
  const S* v;
  S* out;
  constexpr void operator()(Index sample) const {
    for (Index j = sample * outputs; j < (sample + 1) * outputs; ++j)
      out[j] = Ell::second(y[j], targets[j]) * v[j];
  }
};

/// The sum of l(y, t) over a sample's outputs.
template <class S, class Ell>
struct PointwiseValueOfSample {
  Index outputs;
  const S* y;
  const S* targets;
  [[nodiscard]] constexpr S operator()(Index sample) const {
    using W = Wide<S>;
    W sum(0);
    for (Index j = sample * outputs; j < (sample + 1) * outputs; ++j)
      sum += Ell::value(W(y[j]), W(targets[j]));
    return static_cast<S>(sum);
  }
};

/// Whether devices can call l and l'.
template <class Ell>
concept HasConstantDerivative = requires {
  typename std::bool_constant<Ell::derivative(1.0, 0.0) == 0.0>;
  typename std::bool_constant<Ell::value(1.0, 0.0) == 0.0>;
};

/// Whether devices can call l''.
template <class Ell>
concept HasConstantSecond = requires {
  typename std::bool_constant<Ell::second(1.0, 0.0) == 0.0>;
};

}  // namespace detail

/// R(y) = sum_i w_i sum_j l(y_ij, t_ij) on F. The gradient in F is l'(y_ij, t_ij): it carries no weight.
///
/// Evaluations cost O(N) and allocate nothing; `value` sums in double precision at least. Outputs may alias
/// inputs. Vectors whose size is not N throw std::invalid_argument. Copies share the targets.
template <class S, PointwiseFunction Ell>
class PointwiseLoss {
  static_assert(std::floating_point<S>,
                "the targets of a loss are floating-point numbers: cast integers to double or float");

 public:
  using Scalar = S;
  static constexpr bool is_strongly_convex = Ell::is_strongly_convex;

  /// @param targets vector of N numbers, or k x n matrix
  /// @throws std::invalid_argument on other sizes, std::domain_error on a target that is not finite
  template <class Derived>
  requires std::same_as<typename Derived::Scalar, S> PointwiseLoss(const Eigen::MatrixBase<Derived>& targets,
                                                                   OutputSpace space, Ell ell = {})
      : ell_(std::move(ell)),
        space_(std::move(space)),
        targets_(std::make_shared<const Vector<S>>(detail::targets_in(space_, Ell::name, targets))) {}

  /// R(y).
  [[nodiscard]] S value(view_t<Vector<S>> y) const {
    using W = detail::Wide<S>;
    check("y", y.size());
    const Vector<S>& t = *targets_;
    const Index k = space_.outputs();
    W total(0);
    for (Index i = 0; i < space_.samples(); ++i) {
      W sample(0);
      for (Index j = i * k; j < (i + 1) * k; ++j) sample += ell_.value(W(y(j)), W(t(j)));
      total += W(space_.weight(i)) * sample;
    }
    return static_cast<S>(total);
  }

  /// g = gradient of R at y in F.
  void gradient(view_t<Vector<S>> y, out_t<Vector<S>> g) const {
    check("y", y.size());
    check("g", g.size());
    const Vector<S>& t = *targets_;
    for (Index j = 0; j < t.size(); ++j) g(j) = ell_.derivative(y(j), t(j));
  }

  /// `gradient` as a function of the sample, which a device can call; y, the targets and g are there.
  [[nodiscard]] auto gradient_of_samples(const S* y, const S* targets,
                                         S* g) const requires detail::HasConstantDerivative<Ell> {
    return detail::PointwiseGradientOfSample<S, Ell>{space_.outputs(), y, targets, g};
  }

  /// The loss of a sample, without its weight, as such a function.
  [[nodiscard]] auto value_of_samples(const S* y,
                                      const S* targets) const requires detail::HasConstantDerivative<Ell> {
    return detail::PointwiseValueOfSample<S, Ell>{space_.outputs(), y, targets};
  }

  /// The gradient of R at y in F, as a new vector.
  [[nodiscard]] Vector<S> gradient(view_t<Vector<S>> y) const {
    Vector<S> g(y.size());
    gradient(y, g);
    return g;
  }

  /// out = Hessian of R at y in F, times v.
  void hessian_apply(view_t<Vector<S>> y, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    check("y", y.size());
    check("v", v.size());
    check("out", out.size());
    const Vector<S>& t = *targets_;
    for (Index j = 0; j < t.size(); ++j) out(j) = ell_.second(y(j), t(j)) * v(j);
  }

  /// `hessian_apply` as a function of the sample, which a device can call; y, the targets, v and out are
  /// there.
  [[nodiscard]] auto hessian_of_samples(const S* y, const S* targets, const S* v,
                                        S* out) const requires detail::HasConstantSecond<Ell> {
    return detail::PointwiseHessianOfSample<S, Ell>{space_.outputs(), y, targets, v, out};
  }

  /// M: Lipschitz constant of the gradient in F, sup |l''|.
  [[nodiscard]] S smoothness() const { return static_cast<S>(ell_.smoothness()); }
  /// m: largest number >= 0 such that R - m/2 |.|^2 is convex.
  [[nodiscard]] S strong_convexity() const { return static_cast<S>(ell_.strong_convexity()); }
  /// mu: smallest number >= 0 such that R + mu/2 |.|^2 is convex; 0 for convex losses.
  [[nodiscard]] S weak_convexity() const { return static_cast<S>(ell_.weak_convexity()); }
  /// inf R = 0, exact.
  [[nodiscard]] S infimum() const { return S(0); }
  /// R(y) - inf R: a sum of numbers >= 0, without cancellation.
  [[nodiscard]] S excess(view_t<Vector<S>> y) const { return value(y); }
  /// y*, the unique minimum of R: the targets.
  [[nodiscard]] const Vector<S>& minimizer() const requires(Ell::minimized_by_target) { return *targets_; }

  [[nodiscard]] const OutputSpace& output_space() const { return space_; }
  /// The targets as an element of F.
  [[nodiscard]] const Vector<S>& targets() const { return *targets_; }
  /// The function l with its parameters.
  [[nodiscard]] const Ell& function() const { return ell_; }
  /// The name of the function that makes this loss, "square_loss" for example.
  [[nodiscard]] static constexpr std::string_view name() { return Ell::name; }

 private:
  void check(std::string_view argument, Index size) const {
    require_size(Ell::name, argument, size, targets_->size(), "n k, the space's dimension");
  }

  Ell ell_;
  OutputSpace space_;
  std::shared_ptr<const Vector<S>> targets_;
};

}  // namespace lazytrain
