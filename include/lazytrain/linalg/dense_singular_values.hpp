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
/// factorization leaves R, min x min, and [0 R; R^T 0] has the eigenvalues ±σ_i. Memory: p N numbers of the
/// host. Cost: the products, 2 p N min, and 11 min^3.
///
/// The products are handed vectors like `parameters`, of R^p, and `outputs`, of F, which may live elsewhere.
/// @throws std::invalid_argument if p < 1, std::runtime_error if a product is not finite
template <HilbertVector P, HilbertVector O, class Apply, class Adjoint>
[[nodiscard]] DenseSingularValues dense_singular_values(Apply&& apply, Adjoint&& adjoint, const P& parameters,
                                                        const O& outputs, const OutputSpace& space) {
  using S = typename P::Scalar;
  const Index p = dimension(parameters);
  require_argument(p >= 1, "dense_singular_values", "p", p, "at least 1");
  const Index n = space.dim();
  const bool by_rows = n <= p;
  const Index small = std::min(n, p);
  Matrix<double> columns(std::max(n, p), small);
  P v = zeros_like(parameters);
  O g = zeros_like(outputs);
  Vector<S> unit(small);
  for (Index j = 0; j < small; ++j) {
    unit.setZero();
    unit(j) = S(1);
    if (by_rows) {
      space.from_euclidean(unit);
      place(unit, g);
      adjoint(std::as_const(g), v);
      columns.col(j) = host_numbers(v).template cast<double>();
    } else {
      place(unit, v);
      apply(std::as_const(v), g);
      space.to_euclidean(g);
      columns.col(j) = host_numbers(g).template cast<double>();
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

/// The same for products of vectors of the host, Vector<S>.
template <class S = double, class Apply, class Adjoint>
[[nodiscard]] DenseSingularValues dense_singular_values(Apply&& apply, Adjoint&& adjoint, Index p,
                                                        const OutputSpace& space) {
  require_argument(p >= 1, "dense_singular_values", "p", p, "at least 1");
  return dense_singular_values(apply, adjoint, Vector<S>(Vector<S>::Zero(p)),
                               Vector<S>(Vector<S>::Zero(space.dim())), space);
}

}  // namespace lazytrain
