#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace lazytrain {

/// Spectral decomposition of a small symmetric tridiagonal matrix T = Q diag(values) Q^T.
struct TridiagonalEigen {
  /// Descending.
  Vector<double> values;
  /// `rows` Q for the rows that were asked for: column i belongs to values(i).
  Matrix<double> rows;
};

/// Eigenvalues of the symmetric tridiagonal matrix with the given diagonal (n) and off-diagonal (n - 1), and
/// the product `rows` Q of a given matrix (r x n) with its eigenvectors: the identity gives the eigenvectors,
/// the last unit row their last entries, at a cost that r governs.
///
/// Implicit QL with Wilkinson's shift: absolute error a few n eps ||T||. Cost: about 3 n^2 (r + 3).
/// @throws std::invalid_argument on sizes, std::domain_error on numbers that are not finite,
/// std::runtime_error if an eigenvalue needs more than 60 iterations
[[nodiscard]] inline TridiagonalEigen tridiagonal_eigen(Vector<double> diagonal, Vector<double> off_diagonal,
                                                        Matrix<double> rows) {
  const Index n = diagonal.size();
  require_size("tridiagonal_eigen", "off_diagonal", off_diagonal.size(), std::max<Index>(n - 1, 0),
               "one less than the diagonal");
  require_size("tridiagonal_eigen", "a row", rows.cols(), n, "the size of the diagonal");
  require_finite("tridiagonal_eigen", "diagonal", diagonal);
  require_finite("tridiagonal_eigen", "off_diagonal", off_diagonal);
  Vector<double>& d = diagonal;
  Vector<double> e = Vector<double>::Zero(n);
  for (Index i = 0; i + 1 < n; ++i) e(i) = off_diagonal(i);
  constexpr double eps = std::numeric_limits<double>::epsilon();
  // The second term lets pairs of zero eigenvalues decouple, which have no size of their own.
  double largest = 0;
  for (Index i = 0; i < n; ++i) largest = std::max({largest, std::abs(d(i)), std::abs(e(i))});
  const double negligible = 2 * eps * eps * largest;
  for (Index l = 0; l < n; ++l) {
    for (int iteration = 0;; ++iteration) {
      Index m = l;
      while (m < n - 1 && std::abs(e(m)) > eps * (std::abs(d(m)) + std::abs(d(m + 1))) + negligible) ++m;
      if (m == l) break;
      if (iteration == 60) {
        raise<std::runtime_error>("tridiagonal_eigen", "eigenvalue ", l, " of ", n, " did not converge");
      }
      double g = (d(l + 1) - d(l)) / (2 * e(l));
      double r = std::hypot(g, 1.0);
      g = d(m) - d(l) + e(l) / (g + std::copysign(r, g));
      double s = 1;
      double c = 1;
      double p = 0;
      Index i = m - 1;
      for (; i >= l; --i) {
        const double f = s * e(i);
        const double b = c * e(i);
        r = std::hypot(f, g);
        e(i + 1) = r;
        if (r == 0) {
          d(i + 1) -= p;
          e(m) = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d(i + 1) - p;
        r = (d(i) - g) * s + 2 * c * b;
        p = s * r;
        d(i + 1) = g + p;
        g = c * r - b;
        for (Index k = 0; k < rows.rows(); ++k) {
          const double x = rows(k, i + 1);
          rows(k, i + 1) = s * rows(k, i) + c * x;
          rows(k, i) = c * rows(k, i) - s * x;
        }
      }
      if (r == 0 && i >= l) continue;
      d(l) -= p;
      e(l) = g;
      e(m) = 0;
    }
  }
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(),
            [&](Index a, Index b) { return d(a) > d(b) || (d(a) == d(b) && a < b); });
  TridiagonalEigen result{Vector<double>(n), Matrix<double>(rows.rows(), n)};
  for (Index i = 0; i < n; ++i) {
    result.values(i) = d(order[static_cast<std::size_t>(i)]);
    result.rows.col(i) = rows.col(order[static_cast<std::size_t>(i)]);
  }
  return result;
}

/// Eigenvalues and eigenvectors (n x n, in `rows`) of a symmetric tridiagonal matrix. Cost: about 3 n^3.
[[nodiscard]] inline TridiagonalEigen tridiagonal_eigen(const Vector<double>& diagonal,
                                                        const Vector<double>& off_diagonal) {
  return tridiagonal_eigen(diagonal, off_diagonal,
                           Matrix<double>::Identity(diagonal.size(), diagonal.size()));
}

}  // namespace lazytrain
