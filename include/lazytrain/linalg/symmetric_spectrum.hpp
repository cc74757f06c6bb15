#pragma once

#include <algorithm>
#include <cmath>
#include <Eigen/Eigenvalues>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <stdexcept>

/// Spectra of dense symmetric matrices, by Eigen's tridiagonalization and its QR iteration.
namespace lazytrain {

/// Spectral decomposition of a symmetric matrix, eigenvalues in descending order.
template <class S>
struct SymmetricEigen {
  /// λ_1 >= ... >= λ_n.
  Vector<S> values;
  /// Column i is a unit eigenvector of λ_i; 0 x 0 when only eigenvalues were asked for.
  Matrix<S> vectors;
  /// Bound on |computed λ_i - λ_i|: 4 n eps ||A||_F for rounding in the Householder reduction and the QR
  /// iteration (what is observed is nearer sqrt(n) eps ||A||_2; the worst case of the theory, never seen,
  /// grows with n^2), plus ||A - A^T||_F / 2 for the asymmetry that was ignored.
  S error{};
};

namespace detail {

/// X becomes Q X, for A = Q T Q^T by Eigen's tridiagonalization, which keeps Q as n - 1 reflectors. They are
/// applied column by column, in groups that stay in the cache: nothing else is made of Eigen's products,
/// whose blocked form would take a compiler three times as long as all the rest of a decomposition.
template <class S>
void apply_reflectors(const Matrix<S>& packed, const Vector<S>& factors, Matrix<S>& x) {
  constexpr Index group = 32;
  const Index n = packed.rows();
  for (Index end = n - 1; end > 0; end -= std::min(group, end)) {
    for (Index c = 0; c < x.cols(); ++c) {
      for (Index i = end - 1; i >= std::max<Index>(0, end - group); --i) {
        const Index tail = n - i - 2;
        const Eigen::Map<const Vector<S>> v(packed.data() + i * n + i + 2, tail);
        Eigen::Map<Vector<S>> y(x.data() + c * n + i + 2, tail);
        const S s = factors(i) * (x(i + 1, c) + v.dot(y));
        x(i + 1, c) -= s;
        y -= s * v;
      }
    }
  }
}

template <class Derived>
SymmetricEigen<typename Derived::Scalar> decompose_symmetric(const char* function,
                                                             const Eigen::MatrixBase<Derived>& matrix,
                                                             int wanted) {
  using S = typename Derived::Scalar;
  Matrix<S> a = matrix;
  const Index n = a.rows();
  require_size(function, "a row of the matrix", a.cols(), n, "a square matrix");
  require_finite(function, "the matrix", a);
  SymmetricEigen<S> result;
  if (n == 0) return result;
  constexpr S eps = std::numeric_limits<S>::epsilon();
  // In units of the largest entry squares neither overflow nor underflow.
  S unit = 0;
  for (Index i = 0; i < a.size(); ++i) unit = std::max(unit, std::abs(a.data()[i]));
  if (unit > 0) a /= unit;
  S asymmetry = 0;
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < j; ++i) asymmetry += (a(i, j) - a(j, i)) * (a(i, j) - a(j, i));
  }
  const S size = unit * a.norm();
  asymmetry = unit * std::sqrt(asymmetry / 2);
  require_domain(asymmetry <= std::sqrt(eps) * size, function, "||A - A^T||_F / 2", asymmetry,
                 "a symmetric matrix up to rounding");
  const Eigen::Tridiagonalization<Matrix<S>> reduced(a);
  Eigen::SelfAdjointEigenSolver<Matrix<S>> solver;
  const Vector<S> diagonal = reduced.diagonal();
  const Vector<S> off_diagonal = reduced.subDiagonal();
  solver.computeFromTridiagonal(diagonal, off_diagonal, wanted);
  if (solver.info() != Eigen::Success) {
    raise<std::runtime_error>(function, "the QR iteration on a matrix of size ", n, " did not converge");
  }
  result.values = unit * solver.eigenvalues().reverse();
  if (wanted == Eigen::ComputeEigenvectors) {
    result.vectors = solver.eigenvectors().rowwise().reverse();
    apply_reflectors<S>(reduced.packedMatrix(), reduced.householderCoefficients(), result.vectors);
  }
  result.error = S(4) * static_cast<S>(n) * eps * size + asymmetry;
  return result;
}

}  // namespace detail

/// Eigenvalues of a dense symmetric matrix, of which the lower triangle is used. Cost: (4/3) n^3.
///
/// @throws std::invalid_argument if the matrix is not square, std::domain_error if it has a number that is
/// not finite or is not symmetric, std::runtime_error if the iteration fails
template <class Derived>
[[nodiscard]] SymmetricEigen<typename Derived::Scalar> symmetric_eigenvalues(
    const Eigen::MatrixBase<Derived>& matrix) {
  return detail::decompose_symmetric("symmetric_eigenvalues", matrix, Eigen::EigenvaluesOnly);
}

/// Eigenvalues and eigenvectors of a dense symmetric matrix, of which the lower triangle is used. Cost: about
/// 9 n^3. @throws as `symmetric_eigenvalues`
template <class Derived>
[[nodiscard]] SymmetricEigen<typename Derived::Scalar> symmetric_eigen(
    const Eigen::MatrixBase<Derived>& matrix) {
  return detail::decompose_symmetric("symmetric_eigen", matrix, Eigen::ComputeEigenvectors);
}

}  // namespace lazytrain
