#pragma once

#include <cmath>
#include <lazytrain/core/concepts.hpp>

namespace lazytrain::testing {

/// h(w) = (sin(w0 w1), exp(w1) + w2^3, w0 w2) by value, products and second products; F is weighted.
template <class S>
struct Products {
  using Scalar = S;
  using V = Vector<S>;

  [[nodiscard]] Index parameter_dim() const { return 3; }
  [[nodiscard]] Index output_dim() const { return 3; }
  [[nodiscard]] OutputSpace output_space() const {
    return OutputSpace::weighted(Eigen::Vector3d(0.2, 0.5, 1.7));
  }
  [[nodiscard]] V operator()(const V& w) const {
    V h(3);
    h << std::sin(w(0) * w(1)), std::exp(w(1)) + w(2) * w(2) * w(2), w(0) * w(2);
    return h;
  }
  [[nodiscard]] Matrix<S> jacobian_matrix(const V& w) const {
    const S c = std::cos(w(0) * w(1));
    Matrix<S> j(3, 3);
    j << c * w(1), c * w(0), 0, 0, std::exp(w(1)), 3 * w(2) * w(2), w(2), 0, w(0);
    return j;
  }
  [[nodiscard]] V jvp(const V& w, const V& v) const { return jacobian_matrix(w) * v; }
  [[nodiscard]] V vjp(const V& w, const V& u) const { return jacobian_matrix(w).transpose() * u; }
  [[nodiscard]] Matrix<S> hessian(const V& w, Index i) const {
    const S a = w(0), b = w(1), s = std::sin(a * b), c = std::cos(a * b);
    Matrix<S> q = Matrix<S>::Zero(3, 3);
    if (i == 0) {
      q << -b * b * s, c - a * b * s, 0, c - a * b * s, -a * a * s, 0, 0, 0, 0;
    } else if (i == 1) {
      q(1, 1) = std::exp(b);
      q(2, 2) = 6 * w(2);
    } else {
      q(0, 2) = q(2, 0) = 1;
    }
    return q;
  }
  [[nodiscard]] V second(const V& w, const V& u, const V& v) const {
    V out(3);
    for (Index i = 0; i < 3; ++i) out(i) = u.dot(hessian(w, i) * v);
    return out;
  }
  [[nodiscard]] V second_vjp(const V& w, const V& u, const V& c) const {
    V out = V::Zero(3);
    for (Index i = 0; i < 3; ++i) out += c(i) * (hessian(w, i) * u);
    return out;
  }
};

/// The same by value and Jacobian alone.
template <class S>
struct ByJacobian {
  using Scalar = S;
  [[nodiscard]] Index parameter_dim() const { return 3; }
  [[nodiscard]] Index output_dim() const { return 3; }
  [[nodiscard]] OutputSpace output_space() const { return Products<S>{}.output_space(); }
  [[nodiscard]] Vector<S> operator()(const Vector<S>& w) const { return Products<S>{}(w); }
  [[nodiscard]] Matrix<S> jacobian(const Vector<S>& w) const { return Products<S>{}.jacobian_matrix(w); }
};

template <class S>
Vector<S> point() {
  return Eigen::Matrix<S, 3, 1>(S(0.7), S(-0.4), S(1.1));
}

}  // namespace lazytrain::testing
