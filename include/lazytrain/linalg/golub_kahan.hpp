#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/orthogonalize.hpp>
#include <lazytrain/linalg/tridiagonal.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace lazytrain {

/// Singular values of the bidiagonal matrix of a Golub-Kahan process.
struct BidiagonalSpectrum {
  /// σ̃_1 >= ... >= σ̃_m >= 0.
  Vector<double> values;
  /// ||M^* M y_i - σ̃_i^2 y_i|| / σ̃_i = ||M^* x_i - σ̃_i y_i|| for the unit Ritz vectors x_i = M y_i / σ̃_i:
  /// a singular value of M (with multiplicities an eigenvalue of [0 M^*; M 0]) lies within it of σ̃_i.
  Vector<double> residuals;
};

/// Golub-Kahan-Lanczos bidiagonalization of a linear map M: X -> Y between two Hilbert spaces, with full
/// reorthogonalization: M V_m = U_m B_m, M^* U_m = V_m B_m^T + β_m v_{m+1} e_m^T, with B_m upper bidiagonal.
///
/// It finds the singular values without squaring them. One step costs a product with M and one with M^*, and
/// keeps a vector of X and one of Y.
template <HilbertVector X, HilbertVector Y, class InnerX = EuclideanInner, class InnerY = EuclideanInner>
class GolubKahanProcess {
 public:
  /// From a start in X. @throws std::domain_error if the start is 0 or not finite
  explicit GolubKahanProcess(const X& start, InnerX inner_x = {}, InnerY inner_y = {})
      : inner_x_(std::move(inner_x)), inner_y_(std::move(inner_y)) {
    X first = start;
    const double size = std::sqrt(inner_x_(first, first));
    require_positive("GolubKahanProcess", "the norm of the start vector", size);
    scale(static_cast<typename X::Scalar>(1 / size), first);
    right_.push_back(std::move(first));
  }

  /// One step with `apply(x, y)`, y = M x, and `adjoint(y, x)`, x = M^* y; `y` is any vector of Y.
  /// Returns whether the space can grow further; false says that the spaces are invariant, so that the
  /// singular values of B_m are singular values of M.
  /// @throws std::runtime_error if a product is not finite
  bool step(MapView<X, Y> apply, MapView<Y, X> adjoint, const Y& like) {
    if (invariant_) return false;
    Y u = zeros_like(like);
    apply(std::as_const(right_.back()), u);
    require_finite_product(u, "operator");
    scale_ = std::max(scale_, std::sqrt(inner_y_(u, u)));
    const Orthogonalized left = orthonormalize(left_, u, scale_, inner_y_);
    alpha_.push_back(left.norm);
    X v = zeros_like(right_.front());
    left_.push_back(std::move(u));
    // With α_m = 0 the direction v_m is mapped into the span of the earlier u: M^* has nothing to add.
    if (left.norm > 0) {
      adjoint(std::as_const(left_.back()), v);
      require_finite_product(v, "adjoint");
      scale_ = std::max(scale_, std::sqrt(inner_x_(v, v)));
    }
    const Orthogonalized right = orthonormalize(right_, v, scale_, inner_x_);
    invariant_ = right.norm == 0 || size() == dimension(v);
    beta_.push_back(invariant_ ? 0.0 : right.norm);
    if (!invariant_) right_.push_back(std::move(v));
    return !invariant_;
  }

  /// Number of steps, m.
  [[nodiscard]] Index size() const { return static_cast<Index>(alpha_.size()); }
  [[nodiscard]] bool invariant() const { return invariant_; }

  /// Singular values of B_m with their residual bounds. Cost: O(m^2).
  [[nodiscard]] BidiagonalSpectrum spectrum() const {
    const Index m = size();
    Matrix<double> last_row = Matrix<double>::Zero(1, 2 * m);
    last_row(0, 2 * m - 1) = 1;
    const TridiagonalEigen eigen = interleaved(std::move(last_row));
    // The eigenvector of +σ is (right_1, left_1, right_2, left_2, ...) / sqrt(2).
    BidiagonalSpectrum result{Vector<double>(m), Vector<double>(m)};
    for (Index i = 0; i < m; ++i) {
      result.values(i) = std::max(eigen.values(i), 0.0);
      result.residuals(i) = beta_.back() * std::sqrt(2.0) * std::abs(eigen.rows(0, i));
    }
    return result;
  }

  /// Unit Ritz vector y_i in X of the i-th singular value. Cost: O(m^3) and m updates.
  [[nodiscard]] X right_vector(Index i) const {
    const Index m = size();
    require_argument(i >= 0 && i < m, "GolubKahanProcess::right_vector", "i", i, "an index of a Ritz value");
    const TridiagonalEigen eigen = interleaved(Matrix<double>::Identity(2 * m, 2 * m));
    const auto right_part = [&](Index column) {
      Vector<double> part(m);
      for (Index j = 0; j < m; ++j) part(j) = eigen.rows(2 * j, column);
      return part;
    };
    Vector<double> y = right_part(i);
    // Eigenvectors of +0 and -0 mix left and right parts at will: look for one with a right part.
    const double noise = 1e-14 * eigen.values(0);
    for (Index j = m; j < 2 * m && y.norm() < 0.5; ++j) {
      if (std::abs(eigen.values(j)) > eigen.values(i) + noise) break;
      if (right_part(j).norm() > y.norm()) y = right_part(j);
    }
    X out = zeros_like(right_.front());
    for (Index j = 0; j < m; ++j) {
      axpy(static_cast<typename X::Scalar>(y(j)), right_[static_cast<std::size_t>(j)], out);
    }
    const double size = std::sqrt(inner_x_(out, out));
    if (size > 0) scale(static_cast<typename X::Scalar>(1 / size), out);
    return out;
  }

 private:
  template <class V>
  void require_finite_product(const V& x, const char* what) const {
    if (all_finite(x)) return;
    raise<std::runtime_error>("GolubKahanProcess::step", "the ", what, "'s result is not finite at step ",
                              right_.size());
  }

  /// [0 B; B^T 0] in the order (v_1, u_1, v_2, u_2, ...): tridiagonal with diagonal 0 and off-diagonal
  /// α_1, β_1, α_2, ..., α_m, with eigenvalues ±σ̃_i.
  [[nodiscard]] TridiagonalEigen interleaved(Matrix<double> rows) const {
    const Index m = size();
    Vector<double> off_diagonal(2 * m - 1);
    for (Index j = 0; j < m; ++j) {
      off_diagonal(2 * j) = alpha_[static_cast<std::size_t>(j)];
      if (j + 1 < m) off_diagonal(2 * j + 1) = beta_[static_cast<std::size_t>(j)];
    }
    return tridiagonal_eigen(Vector<double>::Zero(2 * m), std::move(off_diagonal), std::move(rows));
  }

  InnerX inner_x_;
  InnerY inner_y_;
  std::vector<X> right_;
  std::vector<Y> left_;
  std::vector<double> alpha_;
  std::vector<double> beta_;
  double scale_ = 0;
  bool invariant_ = false;
};

}  // namespace lazytrain
