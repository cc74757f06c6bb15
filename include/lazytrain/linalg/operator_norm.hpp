#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/dense_singular_values.hpp>
#include <lazytrain/linalg/golub_kahan.hpp>
#include <lazytrain/linalg/lanczos.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/rounding.hpp>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <utility>

/// Norms of linear maps A: R^p -> F that are known by their products.
namespace lazytrain {

/// A singular value and what is known about it.
struct SingularValueEstimate {
  double value = 0;
  /// Proved: σ >= lower, up to the rounding inside the products (the rounding of the norms is subtracted).
  double lower = 0;
  /// Dense problems: proved like `lower`. Otherwise value + residual: some singular value lies within the
  /// residual of `value`; that it is the wanted one is probable, not proved.
  double upper = 0;
  /// Norm bound that holds with probability at least 1 - failure_probability over the random start, whatever
  /// A is; infinity where no such statement is made. See `operator_norm`.
  double probable_upper = std::numeric_limits<double>::infinity();
  double failure_probability = 0;
  /// Residual bound of the Ritz pair, or the rounding error of the dense decomposition.
  double residual = 0;
  /// Products with A and with its adjoint, together.
  Index products = 0;
  /// The residual met the tolerance.
  bool converged = false;
  /// `upper` and `lower` are both proved: the problem was solved densely.
  bool proved = false;
};

struct SingularValueOptions {
  /// Largest number of Krylov steps, of two products each. A norm keeps one vector a step, of the smaller
  /// space; other singular values one of each space.
  Index max_steps = 200;
  /// Of the residual, relative to the largest singular value.
  double tolerance = 1e-8;
  /// Maps with min(p, N) up to this are assembled, if they also have at most `dense_entries` entries.
  Index dense_limit = 128;
  Index dense_entries = Index{1} << 24;
  /// Of the probable upper bound.
  double failure_probability = 1e-9;
};

namespace detail {

inline void check_options(const char* function, const SingularValueOptions& options) {
  require_argument(options.max_steps >= 1, function, "max_steps", options.max_steps, "at least 1");
  require_nonnegative(function, "tolerance", options.tolerance);
  require_domain(options.failure_probability > 0 && options.failure_probability < 1, function,
                 "failure_probability", options.failure_probability, "a number in (0, 1)");
}

inline bool solved_densely(Index p, Index n, const SingularValueOptions& options) {
  return std::min(p, n) <= options.dense_limit && p <= options.dense_entries / n;
}

/// ε such that a Ritz value θ of K_m(M^*M, b), with b uniform on the sphere of R^n, satisfies θ >= (1 - ε)
/// σ_1^2 with probability at least 1 - δ, for all m at once. See `operator_norm`.
inline double random_start_gap(Index dim, Index steps, double failure_probability) {
  const double inverse = std::sqrt(2 * static_cast<double>(dim) / std::numbers::pi) / failure_probability;
  const double root = std::tanh(std::acosh(std::max(inverse, 1.0)) / static_cast<double>(2 * steps - 1));
  return root * root;
}

/// Golub-Kahan steps until the largest (`index_of` returns 0) or another Ritz value converges.
template <class X, class Y, class InnerX, class InnerY>
BidiagonalSpectrum iterate(GolubKahanProcess<X, Y, InnerX, InnerY>& process, MapView<X, Y> apply,
                           MapView<Y, X> adjoint, const Y& like, const SingularValueOptions& options,
                           SingularValueEstimate& estimate, Index (*wanted)(const Vector<double>&)) {
  BidiagonalSpectrum spectrum;
  for (Index check = 1; !estimate.converged && process.size() < options.max_steps;) {
    const bool grows = process.step(apply, adjoint, like);
    const Index m = process.size();
    if (grows && m < check && m < options.max_steps) continue;
    check = m + 1 + m / 10;
    spectrum = process.spectrum();
    const Index i = wanted(spectrum.values);
    estimate.value = spectrum.values(i);
    estimate.residual = spectrum.residuals(i);
    estimate.converged = !grows || estimate.residual <= options.tolerance * spectrum.values(0);
  }
  estimate.products = 2 * process.size();
  return spectrum;
}

/// The norm of M from products with M*M / unit, where `unit` may be written by the first of them, and one
/// with M; `image` is scratch.
template <class X, class Y, class InnerX, class InnerY>
SingularValueEstimate norm_of_square(MapView<X> square, const double& unit, MapView<X, Y> apply,
                                     const X& start, Y& image, const SingularValueOptions& options,
                                     InnerX inner_x, InnerY inner_y) {
  const auto ritz = lanczos(square, start, {options.max_steps, options.tolerance}, inner_x);
  SingularValueEstimate estimate;
  const double root = std::sqrt(std::max(0.0, ritz.values(0)));
  estimate.value = root * std::sqrt(unit);
  estimate.residual = root > 0 ? ritz.residuals(0) / root * std::sqrt(unit) : 0;
  estimate.converged = ritz.converged;
  const X top = ritz.vector(0);
  apply(top, image);
  estimate.products = 2 * ritz.products + 1;
  const double norm = std::sqrt(inner_y(image, image) / std::max(inner_x(top, top), 0.5));
  const double rounding =
      quotient_rounding<typename X::Scalar>(std::max(dimension(start), dimension(image)), false);
  estimate.lower = norm * std::max(0.0, 1 - rounding);
  estimate.upper = estimate.value * (1 + rounding) + estimate.residual;
  return estimate;
}

/// The statement of `operator_norm` on its random start.
template <class S>
void add_probable_upper(Index p, const OutputSpace& space, const SingularValueOptions& options,
                        SingularValueEstimate& estimate) {
  const Index n = space.dim();
  const Index steps = (estimate.products - 1) / 2;
  const double gap = random_start_gap(std::min(n, p), steps, options.failure_probability);
  const double rounding = quotient_rounding<S>(std::max(n, p), space.uniform());
  estimate.failure_probability = options.failure_probability;
  estimate.probable_upper = estimate.value * (1 + rounding) / std::sqrt(1 - gap);
}

/// The start of `operator_norm` in F.
template <HilbertVector O>
O random_output(const OutputSpace& space, RandomEngine auto& rng) {
  Vector<typename O::Scalar> start = normal_vector<typename O::Scalar>(space.dim(), rng);
  space.from_euclidean(start);
  return placed<O>(std::move(start));
}

}  // namespace detail

/// Norm of M: X -> Y, `apply(x, y)`, by Lanczos on M*M from a start in X (matrix-free, for any vectors): the
/// space of Golub and Kahan's process, which finds no larger singular value more precisely, without keeping a
/// vector of Y a step. `like` is a vector of Y; the inner products are those for which `adjoint(y, x)` is the
/// adjoint.
///
/// With a Ritz pair M*M y = θ y + r of unit size, `value` = sqrt(θ) and `residual` = |r| / sqrt(θ), which is
/// |M*x - σ y| for σ = sqrt(θ) and x = M y / σ. `lower` = ||M y|| / ||y||, less rounding, computed with one
/// more product. Memory: m + 2 vectors of X and one of Y after m steps.
/// @throws std::invalid_argument on options, std::domain_error if the start is 0, std::runtime_error if a
/// product is not finite
template <HilbertVector X, HilbertVector Y, class InnerX = EuclideanInner, class InnerY = EuclideanInner>
[[nodiscard]] SingularValueEstimate operator_norm_from(MapView<X, Y> apply, MapView<Y, X> adjoint,
                                                       const X& start, const Y& like,
                                                       const SingularValueOptions& options = {},
                                                       InnerX inner_x = {}, InnerY inner_y = {}) {
  detail::check_options("operator_norm_from", options);
  Y image = zeros_like(like);
  Index steps = 0;
  // M*M / unit is about as large as M: its numbers stay in the range of theirs.
  double unit = 0;
  const auto square = [&](const X& x, X& out) {
    ++steps;
    apply(x, image);
    if (!all_finite(image)) {
      raise<std::runtime_error>("operator_norm_from", "the operator's result is not finite at step ", steps);
    }
    if (steps == 1) unit = std::sqrt(inner_y(image, image));
    if (!(unit > 0)) unit = 1;
    scale(static_cast<typename Y::Scalar>(1 / unit), image);
    adjoint(std::as_const(image), out);
  };
  return detail::norm_of_square(square, unit, apply, start, image, options, inner_x, inner_y);
}

/// Norm σ_1 of A: R^p -> F with `apply(v, out)`, out = A v in F, and `adjoint(g, out)`, out = A* g in R^p,
/// the adjoint in F's inner product; R^p is Euclidean.
///
/// Small maps are assembled (`dense_singular_values`): then lower and upper are both proved. Others go
/// through `operator_norm_from` with a start that is uniform on the unit sphere of the smaller of the two
/// spaces, of dimension n = min(p, N). After m steps, with the Ritz value θ = σ̃^2 of M*M,
///
///   P( σ_1^2 <= θ / (1 - ε_m) for all m ) >= 1 - δ,   cosh((2m - 1) artanh sqrt(ε_m)) = sqrt(2n/π) / δ,
///
/// which gives `probable_upper`. Proof, after Kuczyński and Woźniakowski (SIAM J. Matrix Anal. Appl. 13,
/// 1992): θ < (1 - ε) σ_1^2 forces ε q(σ_1^2)^2 b_1^2 < Σ_{i>1} (1 - ε - σ_i^2/σ_1^2)_+ q(σ_i^2)^2 b_i^2 for
/// every polynomial q of degree m - 1; q(x) = T_{2m-1}(y) / y at y^2 = 1 - x / ((1 - ε) σ_1^2) turns it into
/// |b_1| < 1 / cosh((2m - 1) artanh sqrt(ε)), and P(|b_1| < t) <= t sqrt(2n/π) on the sphere. The event
/// |b_1| >= δ / sqrt(2n/π) serves every m.
///
/// `parameters` and `outputs` are any vectors of the two spaces: the products are handed vectors like them,
/// which may live elsewhere, where a small map alone is brought to the host.
/// @throws std::invalid_argument on p and options, std::runtime_error if a product is not finite
template <HilbertVector P, HilbertVector O>
[[nodiscard]] SingularValueEstimate operator_norm(MapView<P, O> apply, MapView<O, P> adjoint,
                                                  const P& parameters, const O& outputs,
                                                  const OutputSpace& space,
                                                  const SingularValueOptions& options,
                                                  RandomEngine auto& rng) {
  using S = typename P::Scalar;
  const Index p = dimension(parameters);
  detail::check_options("operator_norm", options);
  require_argument(p >= 1, "operator_norm", "p", p, "at least 1");
  const Index n = space.dim();
  if (detail::solved_densely(p, n, options)) {
    const DenseSingularValues dense = dense_singular_values(apply, adjoint, parameters, outputs, space);
    SingularValueEstimate estimate;
    estimate.value = dense.values(0);
    estimate.residual = dense.error;
    estimate.lower = std::max(0.0, estimate.value - dense.error);
    estimate.upper = estimate.probable_upper = estimate.value + dense.error;
    estimate.products = dense.products;
    estimate.converged = estimate.proved = true;
    return estimate;
  }
  const OutputInner inner{space};
  SingularValueEstimate estimate;
  if (n <= p) {
    const O start = detail::random_output<O>(space, rng);
    estimate = operator_norm_from(adjoint, apply, start, parameters, options, inner, EuclideanInner{});
  } else {
    const P start = placed<P>(normal_vector<S>(p, rng));
    estimate = operator_norm_from(apply, adjoint, start, outputs, options, EuclideanInner{}, inner);
  }
  detail::add_probable_upper<S>(p, space, options, estimate);
  return estimate;
}

/// The same for products of vectors of the host, Vector<S>, of R^p and of F.
template <class S = double>
[[nodiscard]] SingularValueEstimate operator_norm(MapView<Vector<S>> apply, MapView<Vector<S>> adjoint,
                                                  Index p, const OutputSpace& space,
                                                  const SingularValueOptions& options,
                                                  RandomEngine auto& rng) {
  require_argument(p >= 1, "operator_norm", "p", p, "at least 1");
  return operator_norm(apply, adjoint, Vector<S>(Vector<S>::Zero(p)), Vector<S>(Vector<S>::Zero(space.dim())),
                       space, options, rng);
}

}  // namespace lazytrain
