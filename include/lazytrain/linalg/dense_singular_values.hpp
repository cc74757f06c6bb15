#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/orthogonalize.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

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
/// `apply(v, out)` is A v and `adjoint(g, out)` the adjoint in F. The values are not squared: Gram and
/// Schmidt (`orthonormalize`) leave R, min x min, and [0 R; R^T 0] has the eigenvalues ±σ_i. Memory: p N
/// numbers of the host. Cost: the products, 4 p N min, and 11 min^3.
///
/// The products are handed vectors like `parameters`, of R^p, and `outputs`, of F, which may live elsewhere.
/// @throws std::invalid_argument if p < 1, std::runtime_error if a product is not finite
template <HilbertVector P, HilbertVector O>
[[nodiscard]] DenseSingularValues dense_singular_values(MapView<P, O> apply, MapView<O, P> adjoint,
                                                        const P& parameters, const O& outputs,
                                                        const OutputSpace& space) {
  using S = typename P::Scalar;
  const Index p = dimension(parameters);
  require_argument(p >= 1, "dense_singular_values", "p", p, "at least 1");
  const Index n = space.dim();
  const bool by_rows = n <= p;
  const Index small = std::min(n, p);
  P v = zeros_like(parameters);
  O g = zeros_like(outputs);
  Vector<S> unit = Vector<S>::Zero(small);
  std::vector<Vector<double>> columns;
  double largest = 0;
  for (Index j = 0; j < small; ++j) {
    fill(unit, S(0));
    unit(j) = S(1);
    if (by_rows) {
      space.from_euclidean(unit);
      place(unit, g);
      adjoint(std::as_const(g), v);
      columns.push_back(host_numbers(v).template cast<double>());
    } else {
      place(unit, v);
      apply(std::as_const(v), g);
      space.to_euclidean(g);
      columns.push_back(host_numbers(g).template cast<double>());
    }
    if (!all_finite(columns.back())) {
      raise<std::runtime_error>("dense_singular_values", "product ", j + 1, " of ", small, " is not finite");
    }
    for (const double x : columns.back()) largest = std::max(largest, std::abs(x));
  }
  // In units of a power of 2 near the largest entry squares do not overflow, and underflow harmlessly.
  const int exponent = largest > 0 ? std::ilogb(largest) : 0;
  Matrix<double> pair = Matrix<double>::Zero(2 * small, 2 * small);
  std::vector<Vector<double>> basis;
  double squares = 0;
  for (Index j = 0; j < small; ++j) {
    Vector<double> column = std::move(columns[static_cast<std::size_t>(j)]);
    for (double& x : column) x = std::scalbn(x, -exponent);
    squares += dot(column, column);
    const Orthogonalized rest = orthonormalize(basis, column);
    for (Index i = 0; i <= j; ++i) {
      pair(small + j, i) = i < j ? rest.coefficients(i) : rest.norm;
      pair(i, small + j) = pair(small + j, i);
    }
    basis.push_back(std::move(column));
  }
  const auto spectrum = symmetric_eigenvalues(pair);
  constexpr double eps = std::numeric_limits<double>::epsilon();
  constexpr double product_eps = 4.0 * static_cast<double>(std::numeric_limits<S>::epsilon());
  // Gram and Schmidt: two passes of subtractions, as much for what they leave of the basis, 8 eps where a
  // column counts as dependent; and squares that underflow.
  const double count = static_cast<double>(small);
  const double underflow = largest > 0 ? count * std::sqrt(std::numeric_limits<double>::min()) : 0;
  const double error = std::scalbn(
      spectrum.error + (8 * (count + 1) * eps + product_eps) * std::sqrt(squares) + underflow, exponent);
  Vector<double> values(small);
  for (Index i = 0; i < small; ++i) values(i) = std::scalbn(std::max(spectrum.values(i), 0.0), exponent);
  return {std::move(values), error, small};
}

/// The same for products of vectors of the host, Vector<S>.
template <class S = double>
[[nodiscard]] DenseSingularValues dense_singular_values(MapView<Vector<S>> apply, MapView<Vector<S>> adjoint,
                                                        Index p, const OutputSpace& space) {
  require_argument(p >= 1, "dense_singular_values", "p", p, "at least 1");
  return dense_singular_values(apply, adjoint, Vector<S>(Vector<S>::Zero(p)),
                               Vector<S>(Vector<S>::Zero(space.dim())), space);
}

}  // namespace lazytrain
