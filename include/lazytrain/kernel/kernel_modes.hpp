#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/linalg/phi.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <limits>
#include <utility>

/// The regression problem 1/2 ||y - y*||_F^2 in the eigenvectors of Sigma = Dh(w0) Dh(w0)^T: what kernel
/// regression, the linear flow and its curve of early stopping have in common, rounding above all.
namespace lazytrain::detail {

/// Sigma in its eigenvectors, with a residual of F in them.
///
/// Eigenvalues are computed up to an error of `cutoff`: what is no larger may be 0, and nothing may be
/// divided by it. Such modes are left alone where the difference shows. The norm of Dh(w0)^T on the
/// eigenvector of a true 0 is eps ||Dh(w0)||, not 0, so that any large multiple of it is noise.
template <class S>
struct KernelModes {
  /// Orthonormal eigenvectors in Euclidean coordinates.
  Matrix<S> vectors;
  /// Descending, and at least 0.
  Vector<double> values;
  Vector<double> residual;
  /// 0 for the empty problem.
  double cutoff = 0;

  /// @throws as `symmetric_eigen`. Cost: 9 N^3 operations.
  KernelModes(Matrix<S> sigma, const Vector<S>& euclidean_residual) {
    auto eigen = symmetric_eigen(sigma);
    vectors = std::move(eigen.vectors);
    values.resize(eigen.values.size());
    for (Index i = 0; i < values.size(); ++i) values(i) = std::max(static_cast<double>(eigen.values(i)), 0.0);
    cutoff = static_cast<double>(eigen.error);
    const Vector<S> coordinates = vectors.transpose() * euclidean_residual;
    residual = coordinates.template cast<double>();
  }

  /// σ_i + λ is told from 0.
  [[nodiscard]] bool resolved(Index i, double ridge = 0) const { return values(i) + ridge > cutoff; }
  /// Modes with a resolved σ_i + λ, the first ones.
  [[nodiscard]] Index rank(double ridge = 0) const {
    Index count = 0;
    while (count < values.size() && resolved(count, ridge)) ++count;
    return count;
  }
  /// 1 / (σ_i + λ), or 0 where rounding does not tell that from 0.
  [[nodiscard]] double inverse(Index i, double ridge = 0) const {
    return resolved(i, ridge) ? 1 / (values(i) + ridge) : 0.0;
  }

  /// The mode moves at time t (that is m t, for R = m/2 ||y - y*||^2). One that is not resolved does so
  /// while t cutoff <= sqrt(eps), where it makes less than this difference to the outputs whether its
  /// eigenvalue is the computed one or 0; it is at rest from then on, to t = infinity.
  [[nodiscard]] bool moves(Index i, double t) const {
    return resolved(i) || t * cutoff <= std::sqrt(static_cast<double>(std::numeric_limits<S>::epsilon()));
  }
  /// exp(-t σ_i), what is left of the residual at time t in [0, infinity]; 1 for a mode at rest.
  [[nodiscard]] double decay(Index i, double t) const {
    return moves(i, t) && t > 0 ? std::exp(-t * values(i)) : 1.0;
  }
  /// Bounds of what modes whose eigenvalues rounding does not tell from 0 hide of the residual, and of the
  /// displacement where they are at rest, at time t.
  struct Hidden {
    double residual = 0;
    double displacement = 0;
  };
  /// Of a Sigma of rank `most` at most. Where that many eigenvalues are resolved the others are 0 in truth.
  /// Otherwise an eigenvalue may be as large as what was computed and its error, together 2 cutoff, and its
  /// eigenvector any of the unresolved ones.
  [[nodiscard]] Hidden hidden(Index most, double t) const {
    const Index first = rank();
    if (first >= most) return {};
    const double size = residual.tail(values.size() - first).norm(), largest = 2 * cutoff;
    // sqrt(σ) t phi_1(-t σ) is at most sqrt(σ) t and 0.6382 sqrt(t).
    const double way = moves(first, t) ? 0.0 : std::min(t * std::sqrt(largest), 0.6382 * std::sqrt(t));
    return {size * std::min(1.0, t * largest), size > 0 ? size * way : 0.0};
  }
  /// t phi_1(-t σ_i), which tends to 1 / σ_i; 0 for a mode at rest.
  [[nodiscard]] double length(Index i, double t) const {
    if (!moves(i, t)) return 0;
    return std::isinf(t) ? 1 / values(i) : t * phi(1, -t * values(i));
  }
};

}  // namespace lazytrain::detail
