#pragma once

#include <algorithm>
#include <Eigen/QR>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <limits>
#include <stdexcept>
#include <utility>

namespace lazytrain {

/// All singular values of a linear map that was assembled.
struct DenseSingularValues {
  /// min(p, N) values, descending.
  Vector<double> values;
  /// Bound on |computed σ_i - σ_i| by rounding in the decomposition (see `SymmetricEigen::error`) and, in the
  /// scalar type of the products, in their last digits.
  double error = 0;
  /// Products with the map or its adjoint.
  Index products = 0;
};

/// Singular values of A: R^p -> F from min(p, N) products that assemble it in orthonormal coordinates.
///
/// `apply(v, out)` is A v and `adjoint(g, out)` the adjoint in F. The values are not squared: a QR
/// factorization leaves R, min x min, and [0 R; R^T 0] has the eigenvalues ±σ_i. Memory: p N numbers. Cost:
/// the products, 2 p N min, and 11 min^3.
/// @throws std::invalid_argument if p < 1, std::runtime_error if a product is not finite
template <class S = double, class Apply, class Adjoint>
[[nodiscard]] DenseSingularValues dense_singular_values(Apply&& apply, Adjoint&& adjoint, Index p,
                                                        const OutputSpace& space) {
  require_argument(p >= 1, "dense_singular_values", "p", p, "at least 1");
  const Index n = space.dim();
  const bool by_rows = n <= p;
  const Index small = std::min(n, p);
  Matrix<double> columns(std::max(n, p), small);
  Vector<S> parameters = Vector<S>::Zero(p);
  Vector<S> outputs = Vector<S>::Zero(n);
  for (Index j = 0; j < small; ++j) {
    Vector<S>& unit = by_rows ? outputs : parameters;
    unit.setZero();
    unit(j) = S(1);
    if (by_rows) {
      space.from_euclidean(outputs);
      adjoint(std::as_const(outputs), parameters);
      columns.col(j) = parameters.template cast<double>();
    } else {
      apply(std::as_const(parameters), outputs);
      space.to_euclidean(outputs);
      columns.col(j) = outputs.template cast<double>();
    }
    if (!columns.col(j).allFinite()) {
      raise<std::runtime_error>("dense_singular_values", "product ", j + 1, " of ", small, " is not finite");
    }
  }
  const double size = columns.stableNorm();
  const Eigen::HouseholderQR<Matrix<double>> qr(std::move(columns));
  Matrix<double> pair = Matrix<double>::Zero(2 * small, 2 * small);
  pair.bottomLeftCorner(small, small) =
      qr.matrixQR().topRows(small).template triangularView<Eigen::Upper>().toDenseMatrix().transpose();
  pair.topRightCorner(small, small) = pair.bottomLeftCorner(small, small).transpose();
  const auto spectrum = symmetric_eigenvalues(pair);
  constexpr double eps = std::numeric_limits<double>::epsilon();
  constexpr double product_eps = 4.0 * static_cast<double>(std::numeric_limits<S>::epsilon());
  return {spectrum.values.head(small).cwiseMax(0.0),
          spectrum.error + (4 * static_cast<double>(small) * eps + product_eps) * size, small};
}

}  // namespace lazytrain
