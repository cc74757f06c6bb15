#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/orthogonalize.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace lazytrain {

struct TopEigenOptions {
  /// Vectors multiplied together: eigenvalues of multiplicity up to `block` are found with probability 1.
  Index block = 4;
  /// Of the residuals, relative to the largest |Ritz value|.
  double tolerance = 1e-10;
  Index max_products = 10000;
  /// Vectors kept; 0 stands for 2 k + 8 block. At the limit the process restarts from its best Ritz vectors.
  Index max_basis = 0;
};

/// Approximate eigenpairs, eigenvalues in descending order.
template <HilbertVector V>
struct TopEigenpairs {
  Vector<double> values;
  /// ||A y_i - values(i) y_i||: an eigenvalue of A lies within that distance of values(i).
  Vector<double> residuals;
  /// Orthonormal.
  std::vector<V> vectors;
  Index products = 0;
  /// All residuals met the tolerance.
  bool converged = false;
};

namespace detail {

/// Thick-restart block Lanczos with full reorthogonalization, in the form of a Rayleigh-Ritz process: H = V^T
/// A V on the processed vectors, a frontier of vectors not multiplied yet, and R, what couples the two.
template <HilbertVector V, class Draw>
class BlockLanczos {
 public:
  BlockLanczos(Index dim, Index capacity, Index block, Draw draw)
      : dim_(dim), capacity_(capacity), block_(block), draw_(std::move(draw)), h_(capacity, capacity) {
    h_.setZero();
    inject();
  }

  [[nodiscard]] bool exhausted() const { return frontier() == 0; }
  [[nodiscard]] bool full() const { return size() > capacity_; }
  /// No random direction fits in.
  [[nodiscard]] bool packed() const { return size() >= capacity_; }
  [[nodiscard]] bool complete() const { return processed_ == dim_; }
  [[nodiscard]] Index processed() const { return processed_; }

  /// Adds random directions to the frontier, orthogonal to all that is known and not coupled to it.
  void inject() {
    for (Index j = std::min({block_, dim_ - size(), capacity_ - size()}); j > 0; --j) {
      V x = draw_();
      if (orthonormalize(basis_, x).norm > 0) basis_.push_back(std::move(x));
    }
  }

  /// Multiplies the frontier; what the products hold beyond the basis becomes the next frontier.
  template <class Apply>
  Index advance(Apply&& apply) {
    const Index begin = processed_;
    const Index end = size();
    std::vector<V> images;
    for (Index j = begin; j < end; ++j) {
      images.push_back(zeros_like(basis_.front()));
      apply(std::as_const(basis_[static_cast<std::size_t>(j)]), images.back());
      if (!all_finite(images.back())) {
        raise<std::runtime_error>("top_eigenpairs", "the operator's result is not finite at product ",
                                  products_ + 1);
      }
      ++products_;
      scale_ = std::max(scale_, static_cast<double>(norm(images.back())));
    }
    coupling_ = Matrix<double>::Zero(end - begin, end - begin);
    for (Index j = begin; j < end; ++j) {
      V& w = images[static_cast<std::size_t>(j - begin)];
      const Orthogonalized rest = orthonormalize(basis_, w, scale_);
      for (Index i = 0; i < end; ++i) h_(i, j) = rest.coefficients(i);
      for (Index i = 0; i < begin; ++i) h_(j, i) = h_(i, j);
      for (Index i = end; i < size(); ++i) coupling_(i - end, j - begin) = rest.coefficients(i);
      if (rest.norm > 0 && size() < dim_) {
        coupling_(size() - end, j - begin) = rest.norm;
        basis_.push_back(std::move(w));
      }
    }
    processed_ = end;
    return products_;
  }

  /// Ritz values, descending, and their residual norms.
  void solve() {
    Matrix<double> h(processed_, processed_);
    for (Index j = 0; j < processed_; ++j) {
      for (Index i = 0; i < processed_; ++i) h(i, j) = 0.5 * (h_(i, j) + h_(j, i));
    }
    ritz_ = symmetric_eigen(h);
    // R times the last rows of the Ritz vectors, column by column.
    residuals_ = Vector<double>::Zero(processed_);
    const Index last = processed_ - coupling_.cols();
    for (Index j = 0; j < processed_; ++j) {
      double squares = 0;
      for (Index i = 0; i < coupling_.rows(); ++i) {
        double sum = 0;
        for (Index k = 0; k < coupling_.cols(); ++k) sum += coupling_(i, k) * ritz_.vectors(last + k, j);
        squares += sum * sum;
      }
      residuals_(j) = std::sqrt(squares);
    }
  }
  [[nodiscard]] const Vector<double>& values() const { return ritz_.values; }
  [[nodiscard]] const Vector<double>& residuals() const { return residuals_; }

  [[nodiscard]] std::vector<V> vectors(Index count) const {
    std::vector<V> result;
    for (Index i = 0; i < count; ++i) {
      result.push_back(zeros_like(basis_.front()));
      for (Index j = 0; j < processed_; ++j) {
        axpy(static_cast<typename V::Scalar>(ritz_.vectors(j, i)), basis_[static_cast<std::size_t>(j)],
             result.back());
      }
    }
    return result;
  }

  /// Replaces the processed vectors by the first `count` Ritz vectors; the frontier stays, since A maps every
  /// Ritz vector to the span of itself and the frontier.
  void restart(Index count) {
    std::vector<V> kept = vectors(count);
    std::move(basis_.begin() + processed_, basis_.end(), std::back_inserter(kept));
    basis_ = std::move(kept);
    h_.setZero();
    for (Index i = 0; i < count; ++i) h_(i, i) = ritz_.values(i);
    processed_ = count;
  }

 private:
  [[nodiscard]] Index size() const { return static_cast<Index>(basis_.size()); }
  [[nodiscard]] Index frontier() const { return size() - processed_; }

  Index dim_;
  Index capacity_;
  Index block_;
  Draw draw_;
  std::vector<V> basis_;
  Index processed_ = 0;
  Index products_ = 0;
  double scale_ = 0;
  Matrix<double> h_;
  Matrix<double> coupling_;
  SymmetricEigen<double> ritz_;
  Vector<double> residuals_;
};

}  // namespace detail

/// The k largest eigenvalues of a self-adjoint operator on R^n, with eigenvectors; `draw()` gives random
/// vectors (any vectors that live where the operator works). See `top_eigenpairs`.
template <class Apply, class Draw>
[[nodiscard]] auto top_eigenpairs_from(Apply&& apply, Draw&& draw, Index n, Index k,
                                       const TopEigenOptions& options = {}) {
  using V = std::remove_cvref_t<decltype(draw())>;
  require_argument(n >= 1, "top_eigenpairs", "n", n, "at least 1");
  require_argument(k >= 1 && k <= n, "top_eigenpairs", "k", k, "a number of eigenpairs from 1 to n");
  require_argument(options.block >= 1, "top_eigenpairs", "block", options.block, "at least 1");
  require_nonnegative("top_eigenpairs", "tolerance", options.tolerance);
  const Index least = std::min(n, k + 2 * options.block);
  require_argument(options.max_basis == 0 || options.max_basis >= least, "top_eigenpairs", "max_basis",
                   options.max_basis, "0 or at least min(n, k + 2 block)");
  require_argument(options.max_products >= least, "top_eigenpairs", "max_products", options.max_products,
                   "at least min(n, k + 2 block)");
  const Index basis = options.max_basis == 0 ? 2 * k + 8 * options.block : options.max_basis;
  const Index capacity = std::min(n, basis);
  detail::BlockLanczos<V, std::decay_t<Draw>> process(n, capacity, std::min(options.block, n), draw);
  TopEigenpairs<V> result;
  bool exploring = false;
  for (Index round = 1;; ++round) {
    result.products = process.advance(apply);
    const bool spent = result.products + options.block > options.max_products;
    const bool pause = process.full() || process.exhausted() || spent;
    if (!pause && (round % 4 != 0 || process.processed() < k)) continue;
    process.solve();
    const Index found = std::min(k, process.processed());
    const double size = process.values().cwiseAbs().maxCoeff();
    result.converged = found == k && (process.residuals().head(k).array() <= options.tolerance * size).all();
    if (spent || process.complete()) break;
    if (process.exhausted()) {
      // An invariant subspace hides eigenvectors of multiple eigenvalues: look once more outside of it.
      if (exploring && result.converged) break;
      exploring = true;
      if (process.packed()) process.restart(found);
      process.inject();
      continue;
    }
    if (result.converged && (!exploring || process.full())) break;
    if (process.full()) process.restart(std::min(process.processed(), (capacity + k) / 2 - options.block));
  }
  const Index found = std::min(k, process.processed());
  result.values = process.values().head(found);
  result.residuals = process.residuals().head(found);
  result.vectors = process.vectors(found);
  return result;
}

/// The k largest eigenvalues (algebraically, with multiplicities) of the symmetric operator `apply(x, out)`
/// on R^n, with eigenvectors, by thick-restart block Lanczos with full reorthogonalization.
///
/// Convergence is judged by residuals, which prove that eigenvalues lie near, not that none was missed; with
/// the random start an eigenvalue of multiplicity up to `block` is missed with probability 0. Memory:
/// max_basis vectors and k more. An eigenvalue count n <= max_basis gives the full spectrum exactly.
/// @throws std::invalid_argument on sizes and options, std::runtime_error if a product is not finite
template <class S = double, class Apply>
[[nodiscard]] TopEigenpairs<Vector<S>> top_eigenpairs(Apply&& apply, Index n, Index k,
                                                      const TopEigenOptions& options,
                                                      RandomEngine auto& rng) {
  return top_eigenpairs_from(
      apply, [&rng, n] { return normal_vector<S>(n, rng); }, n, k, options);
}

}  // namespace lazytrain
