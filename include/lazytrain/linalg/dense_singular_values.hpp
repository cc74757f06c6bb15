#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/vector.hpp>
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
/// Schmidt
/// (`orthonormalize`) leave R, min x min, and [0 R; R^T 0] has the eigenvalues ±σ_i. Memory: p N numbers.
/// Cost: the products, 4 p N min, and 11 min^3.
/// @throws std::invalid_argument if p < 1, std::runtime_error if a product is not finite
template <class S = double, class Apply, class Adjoint>
[[nodiscard]] DenseSingularValues dense_singular_values(Apply&& apply, Adjoint&& adjoint, Index p,
                                                        const OutputSpace& space) {
  require_argument(p >= 1, "dense_singular_values", "p", p, "at least 1");
  const Index n = space.dim();
  const bool by_rows = n <= p;
  const Index small = std::min(n, p);
  Vector<S> parameters = Vector<S>::Zero(p);
  Vector<S> outputs = Vector<S>::Zero(n);
  std::vector<Vector<double>> basis;
  Matrix<double> pair = Matrix<double>::Zero(2 * small, 2 * small);
  double squares = 0;
  double largest = 0;
  for (Index j = 0; j < small; ++j) {
    Vector<S>& unit = by_rows ? outputs : parameters;
    fill(unit, S(0));
    unit(j) = S(1);
    if (by_rows) {
      space.from_euclidean(outputs);
      adjoint(std::as_const(outputs), parameters);
    } else {
      apply(std::as_const(parameters), outputs);
      space.to_euclidean(outputs);
    }
    Vector<double> column = (by_rows ? parameters : outputs).template cast<double>();
    if (!all_finite(column)) {
      raise<std::runtime_error>("dense_singular_values", "product ", j + 1, " of ", small, " is not finite");
    }
    squares += dot(column, column);
    for (const double x : column) largest = std::max(largest, std::abs(x));
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
  const double error =
      spectrum.error + (8 * (count + 1) * eps + product_eps) * std::sqrt(squares) + underflow;
  Vector<double> values(small);
  for (Index i = 0; i < small; ++i) values(i) = std::max(spectrum.values(i), 0.0);
  return {std::move(values), error, small};
}

}  // namespace lazytrain
