#pragma once

#include <cmath>
#include <lazytrain/core/types.hpp>
#include <numbers>

/// A stiff gradient flow: a two-layer tanh network on a curve, whose tangent kernel's eigenvalues spread over
/// nine decades.
namespace stiff {

using lazytrain::Index;
using Vector = lazytrain::Vector<double>;
using Matrix = lazytrain::Matrix<double>;

constexpr Index inputs = 19;
constexpr Index neurons = 50;
constexpr Index samples = 40;
constexpr Index parameters = neurons * (inputs + 1);

/// Column i holds cos(π k t_i) / k, k = 1..18, and 1, at t_i = (i + 1/2) / n.
inline Matrix data() {
  Matrix x(inputs, samples);
  for (Index i = 0; i < samples; ++i) {
    const double t = (double(i) + 0.5) / double(samples);
    for (Index k = 0; k + 1 < inputs; ++k) {
      x(k, i) = std::cos(std::numbers::pi * double(k + 1) * t) / double(k + 1);
    }
    x(inputs - 1, i) = 1;
  }
  return x;
}

/// sin(2 π t_i) + cos(5 π t_i) / 2.
inline Vector targets() {
  Vector y(samples);
  for (Index i = 0; i < samples; ++i) {
    const double t = std::numbers::pi * (double(i) + 0.5) / double(samples);
    y(i) = std::sin(2 * t) + std::cos(5 * t) / 2;
  }
  return y;
}

/// w0, in the layout of `lazytrain::TwoLayer`: neuron after neuron, inner weights and then the outer one.
inline Vector start() {
  Vector w0(parameters);
  for (Index r = 0; r < neurons; ++r) {
    for (Index k = 0; k < inputs; ++k) {
      w0(r * (inputs + 1) + k) = 2 * std::sin(12.9898 * double(r + 1) + 78.233 * double(k + 1));
    }
    w0(r * (inputs + 1) + inputs) = std::cos(3.7 * double(r + 1));
  }
  return w0;
}

/// The gradient flow u' = -J(w0 + u/α)^T (α (h(w0 + u/α) - h(w0)) - y) / n of u = α (w - w0), as one writes
/// it with Eigen for an integrator that knows nothing of networks. tanh z is 1 - 2 / (1 + e^2z), for which
/// Eigen has vector instructions.
class PlainField {
 public:
  explicit PlainField(double alpha)
      : alpha_(alpha), x_(data()), y_(targets()), w0_(start()), w_(w0_), base_(Vector::Zero(samples)) {
    forward();
    base_ = outputs_;
  }

  /// f = u', both of size p.
  void operator()(const double* u, double* f) {
    const Eigen::Map<const Vector> displacement(u, parameters);
    w_ = w0_ + displacement / alpha_;
    forward();
    residual_ = (alpha_ * (outputs_ - base_) - y_) * (-scale / double(samples));
    auto gradient = Eigen::Map<Matrix>(f, inputs + 1, neurons);
    gradient.row(inputs).noalias() = (h_ * residual_).transpose();
    delta_ = (1 - h_.array().square()) * (outer_ * residual_.transpose()).array();
    gradient.topRows(inputs).noalias() = x_ * delta_.transpose();
    ++evaluations_;
  }

  /// α (h(w) - h(w0)) at a displacement.
  [[nodiscard]] Vector predictions(const Vector& u) {
    w_ = w0_ + u / alpha_;
    forward();
    return alpha_ * (outputs_ - base_);
  }

  [[nodiscard]] Index evaluations() const { return evaluations_; }

 private:
  static inline const double scale = 1 / std::sqrt(double(neurons));

  void forward() {
    const Eigen::Map<const Matrix> weights(w_.data(), inputs + 1, neurons);
    outer_ = weights.row(inputs).transpose();
    h_.noalias() = weights.topRows(inputs).transpose() * x_;
    h_ = 1 - 2 / (1 + (2 * h_.array()).exp());
    outputs_.noalias() = h_.transpose() * outer_;
    outputs_ *= scale;
  }

  double alpha_;
  Matrix x_;
  Vector y_;
  Vector w0_;
  Vector w_;
  Vector outer_;
  Vector base_;
  Vector outputs_;
  Vector residual_;
  Matrix h_;
  Matrix delta_;
  Index evaluations_ = 0;
};

}  // namespace stiff
