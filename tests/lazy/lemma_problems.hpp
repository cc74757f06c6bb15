#pragma once

#include <cmath>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/types.hpp>
#include <memory>

namespace lazytrain::testing {

/// Σ(t) = Q(t) diag(1, 3) Q(t)^T, Q the rotation by 0.7 t.
inline Matrix<double> rotating_kernel(double t) {
  const double c = std::cos(0.7 * t), s = std::sin(0.7 * t);
  Matrix<double> Q(2, 2), D(2, 2);
  Q << c, -s, s, c;
  D << 1, 0, 0, 3;
  return Q * D * Q.transpose();
}

/// Sum of (a_i / 2) e_i^2 + b_i log cosh e_i, e = y - y*, in Euclidean R^2.
struct SeparableLoss {
  using Scalar = double;
  static constexpr bool is_strongly_convex = true;
  Vector<double> target, a, b;
  [[nodiscard]] OutputSpace output_space() const { return euclidean(2); }
  [[nodiscard]] double value(const Vector<double>& y) const {
    const Vector<double> e = y - target;
    double sum = 0;
    for (Index i = 0; i < 2; ++i) sum += a(i) * e(i) * e(i) / 2 + b(i) * std::log(std::cosh(e(i)));
    return sum;
  }
  [[nodiscard]] double excess(const Vector<double>& y) const { return value(y); }
  void gradient(const Vector<double>& y, Vector<double>& g) const {
    const Vector<double> e = y - target;
    g = a.cwiseProduct(e) + b.cwiseProduct(e.array().tanh().matrix());
  }
  void hessian_apply(const Vector<double>& y, const Vector<double>& v, Vector<double>& out) const {
    const Vector<double> e = y - target;
    out = a.cwiseProduct(v) + b.cwiseProduct((1 / e.array().cosh().square()).matrix()).cwiseProduct(v);
  }
  [[nodiscard]] double smoothness() const { return (a + b).maxCoeff(); }
  [[nodiscard]] double strong_convexity() const { return a.minCoeff(); }
  [[nodiscard]] Vector<double> minimizer() const { return target; }
};

/// The two losses of the oracle's lemmas, m = 1/2 and M = 4.
inline SeparableLoss lemma_loss(bool quadratic) {
  const auto pair = [](double x, double y) { return Vector<double>{{x, y}}; };
  return quadratic ? SeparableLoss{pair(0.3, -0.8), pair(0.5, 4), pair(0, 0)}
                   : SeparableLoss{pair(0.3, -0.8), pair(0.5, 0.5), pair(3.5, 3.5)};
}

}  // namespace lazytrain::testing
