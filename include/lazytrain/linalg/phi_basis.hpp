#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/lanczos.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/phi.hpp>
#include <limits>
#include <stdexcept>
#include <utility>

namespace lazytrain {

/// How φ-functions are computed from Krylov bases.
struct KrylovPhiOptions {
  /// Of the error, relative to t^k / k! ||b||, the largest that t^k φ_k(-t L) b can be.
  double tolerance = 1e-10;
  /// Lanczos steps of one basis, and vectors kept. Where they do not reach the tolerance, time is divided.
  Index max_basis = 100;
  Index max_products = 100000;
};

namespace detail {

/// A Krylov basis of L from b with the spectral decomposition of T.
template <HilbertVector V>
class PhiBasis {
 public:
  explicit PhiBasis(const V& b) : process_(b) {}

  void extend(MapView<V> apply, Index max_basis, Index& products, const KrylovPhiOptions& options) {
    const Index target = std::min(max_basis, process_.size() + 1 + process_.size() / 8);
    while (process_.size() < target && !process_.invariant()) {
      if (products == options.max_products) {
        raise<std::runtime_error>("krylov_phi", "max_products = ", options.max_products, " were not enough");
      }
      process_.step(apply);
      ++products;
    }
    const Index m = process_.size();
    Matrix<double> ends = Matrix<double>::Zero(2, m);
    ends(0, 0) = ends(1, m - 1) = 1;
    eigen_ = process_.eigen(std::move(ends));
    const double size = std::max(std::abs(eigen_.values(0)), std::abs(eigen_.values(m - 1)));
    const double rounding = 64 * static_cast<double>(m) * unit();
    require_domain(eigen_.values(m - 1) >= -rounding * size, "krylov_phi", "a Ritz value of the operator",
                   eigen_.values(m - 1), "a positive semidefinite operator");
    for (double& value : eigen_.values) value = std::max(value, 0.0);
  }

  [[nodiscard]] Index size() const { return process_.size(); }
  [[nodiscard]] bool finished(Index max_basis) const { return process_.invariant() || size() >= max_basis; }
  [[nodiscard]] double start_norm() const { return process_.start_norm(); }
  [[nodiscard]] double largest() const { return eigen_.values.maxCoeff(); }

  /// Bound on ||φ_k(-t L) b - V φ_k(-t T) V^T b||: t β_m ||b|| |e_m^T φ_{k+1}(-t T) e_1|.
  ///
  /// The error of e^{-sT} obeys e' = -L e - β_m (e_m^T e^{-sT} e_1) ||b|| v_{m+1}. Since e^{-sL} contracts
  /// and
  /// (-1)^{m-1} e_m^T e^{-sT} e_1 > 0 for all s > 0, the integral of its modulus is that of φ_1, and φ_k
  /// integrates once more.
  [[nodiscard]] double error(int k, double t) const {
    const Vector<double> w = weights(k + 1, t);
    double sum = 0;
    for (Index i = 0; i < w.size(); ++i) sum += w(i) * eigen_.rows(1, i);
    return t * process_.coupling() * start_norm() * std::abs(sum);
  }

  /// What rounding leaves of `error`, a sum with cancellation: it cannot be asked for less.
  [[nodiscard]] double floor(int k, double t) const {
    const Vector<double> z = values(k + 1, t);
    double sum = 0;
    for (Index i = 0; i < z.size(); ++i) {
      sum += z(i) * (std::abs(eigen_.rows(0, i)) + std::abs(eigen_.rows(1, i)));
    }
    return 16 * unit() * t * process_.coupling() * start_norm() * sum;
  }

  /// Makes `add` possible. Cost: O(m^3).
  void close() { vectors_ = process_.eigen(Matrix<double>::Identity(size(), size())).rows; }

  /// out += factor φ_k(-t L) b.
  void add(int k, double t, double factor, V& out) const {
    const Vector<double> y = vectors_ * weights(k, t);
    for (Index j = 0; j < size(); ++j) {
      axpy(static_cast<typename V::Scalar>(factor * start_norm() * y(j)),
           process_.basis()[static_cast<std::size_t>(j)], out);
    }
  }

 private:
  static constexpr double unit() { return std::numeric_limits<typename V::Scalar>::epsilon(); }

  /// φ_k(-t θ_i).
  [[nodiscard]] Vector<double> values(int k, double t) const {
    Vector<double> z = eigen_.values;
    for (double& value : z) value *= -t;
    phi_in_place(k, z);
    return z;
  }

  /// φ_k(-t θ_i) times the first entry of eigenvector i.
  [[nodiscard]] Vector<double> weights(int k, double t) const {
    Vector<double> w = values(k, t);
    for (Index i = 0; i < w.size(); ++i) w(i) *= eigen_.rows(0, i);
    return w;
  }

  LanczosProcess<V> process_;
  TridiagonalEigen eigen_;
  Matrix<double> vectors_;
};

inline void check_options(const KrylovPhiOptions& options) {
  require_positive("krylov_phi", "tolerance", options.tolerance);
  require_argument(options.max_basis >= 2, "krylov_phi", "max_basis", options.max_basis, "at least 2");
  require_argument(options.max_products >= 1, "krylov_phi", "max_products", options.max_products,
                   "at least 1");
}

}  // namespace detail

}  // namespace lazytrain
