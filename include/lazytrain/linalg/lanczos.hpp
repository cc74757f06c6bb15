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

/// Lanczos process of a self-adjoint operator A, one product a step, with full reorthogonalization:
/// A V_m = V_m T_m + β_m v_{m+1} e_m^T, with V_m orthonormal and v_1 the normalized start.
///
/// `Inner` is the inner product in which A is self-adjoint. Memory: m + 1 vectors. The process draws no
/// random numbers: it is a function of A and the start.
template <HilbertVector V, class Inner = EuclideanInner>
class LanczosProcess {
 public:
  /// @throws std::domain_error if the start is 0 or not finite
  explicit LanczosProcess(const V& start, Inner inner = {}) : inner_(std::move(inner)) {
    V first = start;
    start_norm_ = std::sqrt(inner_(first, first));
    require_positive("LanczosProcess", "the norm of the start vector", start_norm_);
    scale(static_cast<typename V::Scalar>(1 / start_norm_), first);
    basis_.push_back(std::move(first));
  }

  /// One step: computes α_m, β_m and v_{m+1} with a product `apply(v_m, out)`. Returns whether the space can
  /// grow further; false says that K_m is invariant, so that all its Ritz pairs are exact.
  /// @throws std::runtime_error if the product is not finite
  bool step(MapView<V> apply) {
    if (invariant_) return false;
    V w = zeros_like(basis_.back());
    apply(std::as_const(basis_.back()), w);
    if (!all_finite(w)) {
      raise<std::runtime_error>("LanczosProcess::step", "the operator's result is not finite at step ",
                                diagonal_.size() + 1);
    }
    scale_ = std::max(scale_, std::sqrt(inner_(w, w)));
    const Orthogonalized rest = orthonormalize(basis_, w, scale_, inner_);
    diagonal_.push_back(rest.coefficients(rest.coefficients.size() - 1));
    off_diagonal_.push_back(rest.norm);
    invariant_ = rest.norm == 0 || size() == dimension(w);
    if (invariant_) off_diagonal_.back() = 0;
    if (!invariant_) basis_.push_back(std::move(w));
    return !invariant_;
  }

  /// Number of steps, m.
  [[nodiscard]] Index size() const { return static_cast<Index>(diagonal_.size()); }
  [[nodiscard]] bool invariant() const { return invariant_; }
  /// Norm of the start vector.
  [[nodiscard]] double start_norm() const { return start_norm_; }
  /// v_1, ..., v_m, and v_{m+1} unless the space is invariant.
  [[nodiscard]] const std::vector<V>& basis() const { return basis_; }
  /// β_m, what couples the space to the rest: 0 if it is invariant.
  [[nodiscard]] double coupling() const { return off_diagonal_.empty() ? 0.0 : off_diagonal_.back(); }

  /// Decomposition of T_m with its rows `rows` (see `tridiagonal_eigen`).
  [[nodiscard]] TridiagonalEigen eigen(Matrix<double> rows) const {
    const Index m = size();
    return tridiagonal_eigen(
        Eigen::Map<const Vector<double>>(diagonal_.data(), m),
        Eigen::Map<const Vector<double>>(off_diagonal_.data(), std::max<Index>(m - 1, 0)), std::move(rows));
  }

  /// out = V_m coefficients. Cost: m updates.
  void combine(const Vector<double>& coefficients, V& out) const {
    require_size("LanczosProcess::combine", "coefficients", coefficients.size(), size(), "the steps made");
    fill(out, typename V::Scalar(0));
    for (Index j = 0; j < size(); ++j) {
      axpy(static_cast<typename V::Scalar>(coefficients(j)), basis_[static_cast<std::size_t>(j)], out);
    }
  }

 private:
  Inner inner_;
  std::vector<V> basis_;
  std::vector<double> diagonal_;
  std::vector<double> off_diagonal_;
  double start_norm_ = 0;
  double scale_ = 0;
  bool invariant_ = false;
};

/// Which Ritz value has to converge.
enum class SpectrumEnd { largest, smallest, largest_magnitude };

struct LanczosOptions {
  /// Largest number of steps, which is also the number of vectors kept.
  Index max_steps = 200;
  /// Relative to the largest |Ritz value|: stop when the residual of the wanted Ritz pair is below.
  double tolerance = 1e-10;
  SpectrumEnd wanted = SpectrumEnd::largest;
};

/// Ritz pairs of a Krylov space.
template <HilbertVector V, class Inner = EuclideanInner>
struct LanczosResult {
  /// Ritz values, descending.
  Vector<double> values;
  /// Residual norms ||A y_i - values(i) y_i|| = |β_m s_mi| of the unit Ritz vectors: an eigenvalue of A lies
  /// within that distance of values(i).
  Vector<double> residuals;
  /// Products with the operator.
  Index products = 0;
  /// The Krylov space is invariant: the Ritz values are eigenvalues up to rounding.
  bool invariant = false;
  /// The wanted Ritz pair met the tolerance.
  bool converged = false;
  LanczosProcess<V, Inner> process;

  /// Unit Ritz vector of values(i). Cost: O(m^3) for the small problem and m updates.
  [[nodiscard]] V vector(Index i) const {
    require_argument(i >= 0 && i < values.size(), "LanczosResult::vector", "i", i,
                     "an index of a Ritz value");
    V out = zeros_like(process.basis().front());
    process.combine(process.eigen(Matrix<double>::Identity(values.size(), values.size())).rows.col(i), out);
    return out;
  }
};

namespace detail {

inline Index wanted_index(const Vector<double>& descending, SpectrumEnd wanted) {
  const Index last = descending.size() - 1;
  if (wanted == SpectrumEnd::largest) return 0;
  if (wanted == SpectrumEnd::smallest) return last;
  return std::abs(descending(0)) >= std::abs(descending(last)) ? 0 : last;
}

}  // namespace detail

/// Ritz pairs of the self-adjoint operator `apply(x, out)` from a start vector.
///
/// A single vector sees one eigenvector of every eigenspace: multiplicities are found by `top_eigenpairs`.
/// Cost: m products and 2 m^2 dot products and updates each, with m <= min(max_steps, dimension).
/// @throws std::invalid_argument on options, std::domain_error if the start is 0 or not finite,
/// std::runtime_error if a product is not finite
template <HilbertVector V, class Inner = EuclideanInner>
[[nodiscard]] LanczosResult<V, Inner> lanczos(MapView<V> apply, const V& start,
                                              const LanczosOptions& options = {}, Inner inner = {}) {
  require_argument(options.max_steps >= 1, "lanczos", "max_steps", options.max_steps, "at least 1");
  require_nonnegative("lanczos", "tolerance", options.tolerance);
  LanczosResult<V, Inner> result{{}, {}, 0, false, false, LanczosProcess<V, Inner>(start, inner)};
  auto& process = result.process;
  // Looking at every tenth of the steps keeps the small problems cheaper than the orthogonalization.
  for (Index check = 1; !result.converged && process.size() < options.max_steps;) {
    const bool grows = process.step(apply);
    const Index m = process.size();
    if (grows && m < check && m < options.max_steps) continue;
    check = m + 1 + m / 10;
    Matrix<double> last_row = Matrix<double>::Zero(1, m);
    last_row(0, m - 1) = 1;
    const TridiagonalEigen ritz = process.eigen(std::move(last_row));
    result.values = ritz.values;
    result.residuals = (process.coupling() * ritz.rows.row(0).transpose()).cwiseAbs();
    const double size = std::max(std::abs(result.values(0)), std::abs(result.values(m - 1)));
    const Index wanted = detail::wanted_index(result.values, options.wanted);
    result.converged = !grows || result.residuals(wanted) <= options.tolerance * size;
  }
  result.products = process.size();
  result.invariant = process.invariant();
  return result;
}

}  // namespace lazytrain
