#pragma once

#include <cmath>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/two_layer_curvature.hpp>
#include <memory>
#include <string>
#include <utility>

namespace lazytrain {

/// Certified Lipschitz constants of a two-layer network h with a smooth activation on the balls around w0:
///
///     Lip(Dh; B(w0, r)) <= LD(r) of `TwoLayerCurvature`,   Lip(h; B(w0, r)) <= L(r) = ||Dh(w0)|| + r LD(r),
///
/// rounding included, by convexity of the ball and Dh(w) = Dh(w0) + an integral of D^2h. Both also serve
/// h - h(w0), and, times alpha, alpha h. For an activation with kinks, or without finite bounds, there are no
/// constants: Assumption 2.1 fails. `differential` is ||Dh(w0)||, from `differential_norm`; L(r) is known no
/// better than it.
///
/// Cost of an evaluation: O(n m d) and two eigenvalue problems of size min(d, n) for each of the leading
/// neurons.
/// @throws std::invalid_argument if w0 has a wrong size
template <class S, Activation Sigma>
[[nodiscard]] LipschitzBounds two_layer_lipschitz(const TwoLayerOnData<S, Sigma>& h, view_t<Vector<S>> w0,
                                                  const Estimate& differential,
                                                  const CurvatureOptions& options = {}) {
  if constexpr (!Sigma::is_smooth) {
    require_size("two_layer_lipschitz", "w0", w0.size(), h.parameter_dim(), "m (d + k)");
    return LipschitzBounds::none("the activation " + std::string(Sigma::name) +
                                 " has a kink, so Dh is not continuous and Assumption 2.1 does not hold");
  } else {
    const auto curvature = std::make_shared<const TwoLayerCurvature<S, Sigma>>(h, w0, options);
    const auto of_dh = [curvature](double r) {
      const double bound = curvature->bound(r);
      return std::isfinite(bound) ? Estimate::at_most(bound) : Estimate();
    };
    if (!of_dh(0).available()) {
      return LipschitzBounds::none("the derivatives of the activation " + std::string(Sigma::name) +
                                   " are not known to be bounded on bounded sets");
    }
    const auto of_h = [differential, of_dh](double r) {
      const Estimate bound = of_dh(r);
      if (!bound.available()) return bound;
      const Estimate sum = differential + r * bound;
      return Estimate(std::max(sum.value(), differential.value()), 0, sum.upper(), sum.provenance());
    };
    return {of_h, of_dh, "closed form of a two-layer network"};
  }
}

/// The same, computing ||Dh(w0)||.
template <class S, Activation Sigma>
[[nodiscard]] LipschitzBounds two_layer_lipschitz(const TwoLayerOnData<S, Sigma>& h, view_t<Vector<S>> w0,
                                                  const SingularValueOptions& options,
                                                  RandomEngine auto& rng) {
  const Vector<S> start = w0;
  return two_layer_lipschitz(h, w0, differential_norm(linearize(h, start), options, rng));
}

/// LD by the suprema of |σ'| and |σ''| over the whole line: cruder, but two eigenvalues serve every r,
///
///     LD(r) = s (Q + sqrt(Q^2 + 4 P^2)) / 2,   P = S1 lambda_max(sum_i w_i x_i x_i^T)^(1/2),
///     Q = (max_j |b_j| + r) S2 lambda_max(sum_i w_i ||x_i||^2 x_i x_i^T)^(1/2).
///
/// Unavailable for activations with kinks or with unbounded derivatives (z^2). @throws as above
template <class S, Activation Sigma>
[[nodiscard]] LipschitzBounds two_layer_global_lipschitz(const TwoLayerOnData<S, Sigma>& h,
                                                         view_t<Vector<S>> w0, const Estimate& differential) {
  require_size("two_layer_global_lipschitz", "w0", w0.size(), h.parameter_dim(), "m (d + k)");
  if (!Sigma::is_smooth || !std::isfinite(Sigma::sup_derivative) || !std::isfinite(Sigma::sup_second)) {
    return LipschitzBounds::none("the activation " + std::string(Sigma::name) +
                                 " does not have two bounded derivatives on the whole line");
  }
  const Matrix<S>& X = h.inputs();
  constexpr double eps = std::numeric_limits<double>::epsilon();
  const double up = 1 + static_cast<double>(X.rows() + 8) * eps;
  Vector<double> root(X.cols()), rooted_size(X.cols());
  for (Index i = 0; i < X.cols(); ++i) {
    root(i) = std::sqrt(h.output_space().weight(i));
    rooted_size(i) = root(i) * X.col(i).template cast<double>().norm();
  }
  const double p = up * Sigma::sup_derivative * detail::weighted_norm(X, root).upper();
  const double q = up * Sigma::sup_second * detail::weighted_norm(X, rooted_size).upper();
  const double b = up * h.layout().outer(w0.data()).template cast<double>().colwise().norm().maxCoeff();
  const double factor = std::abs(h.layout().scale()) * (1 + 4 * eps);
  const auto of_dh = [=](double r) {
    return Estimate::at_most(factor * detail::block_norm_bound(p, (b + r) * q));
  };
  const auto of_h = [=](double r) {
    const Estimate sum = differential + r * of_dh(r);
    return Estimate(std::max(sum.value(), differential.value()), 0, sum.upper(), sum.provenance());
  };
  return {of_h, of_dh, "closed form of a two-layer network with global constants of the activation"};
}

}  // namespace lazytrain
