#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/loss/pointwise.hpp>
#include <utility>

namespace lazytrain {

/// l(y, t) = e^2/2 for |e| <= delta, delta (|e| - delta/2) beyond, e = y - t. l'' is that of almost every e:
/// 1 for |e| <= delta, else 0.
struct HuberFunction {
  static constexpr std::string_view name = "huber_loss";
  static constexpr bool is_strongly_convex = false;
  static constexpr bool minimized_by_target = true;

  double delta = 1.0;

  template <class T>
  [[nodiscard]] T value(T y, T t) const {
    const T e = std::abs(y - t);
    const T d = static_cast<T>(delta);
    return e <= d ? T(0.5) * e * e : d * (e - T(0.5) * d);
  }
  template <class T>
  [[nodiscard]] T derivative(T y, T t) const {
    return std::clamp(y - t, static_cast<T>(-delta), static_cast<T>(delta));
  }
  template <class T>
  [[nodiscard]] T second(T y, T t) const {
    return std::abs(y - t) <= static_cast<T>(delta) ? T(1) : T(0);
  }
  [[nodiscard]] static double smoothness() { return 1.0; }
  [[nodiscard]] static double strong_convexity() { return 0.0; }
  [[nodiscard]] static double weak_convexity() { return 0.0; }
};

/// l(y, t) = delta^2 (sqrt(1 + (e / delta)^2) - 1), e = y - t: Huber's function made smooth.
struct PseudoHuberFunction {
  static constexpr std::string_view name = "pseudo_huber_loss";
  static constexpr bool is_strongly_convex = false;
  static constexpr bool minimized_by_target = true;

  double delta = 1.0;

  /// As delta e^2 / (delta + sqrt(delta^2 + e^2)): no difference, and no square that could overflow.
  template <class T>
  [[nodiscard]] T value(T y, T t) const {
    const T e = y - t;
    const T d = static_cast<T>(delta);
    return d * (e / (d + std::hypot(d, e))) * e;
  }
  template <class T>
  [[nodiscard]] T derivative(T y, T t) const {
    const T d = static_cast<T>(delta);
    return d * ((y - t) / std::hypot(d, y - t));
  }
  template <class T>
  [[nodiscard]] T second(T y, T t) const {
    const T d = static_cast<T>(delta);
    const T cosine = d / std::hypot(d, y - t);
    return cosine * cosine * cosine;
  }
  [[nodiscard]] static double smoothness() { return 1.0; }
  [[nodiscard]] static double strong_convexity() { return 0.0; }
  [[nodiscard]] static double weak_convexity() { return 0.0; }
};

/// Sum of Huber's functions; m = 0, M = 1, minimal at the targets only.
template <class S>
using HuberLoss = PointwiseLoss<S, HuberFunction>;

/// Sum of smooth Huber functions; m = 0, M = 1, minimal at the targets only.
template <class S>
using PseudoHuberLoss = PointwiseLoss<S, PseudoHuberFunction>;

/// Huber loss: square for residuals up to delta, linear beyond. Targets as for `square_loss`.
/// @throws std::invalid_argument on wrong sizes, std::domain_error unless delta is in (0, inf) and the
/// targets are finite
template <class Derived>
[[nodiscard]] HuberLoss<typename Derived::Scalar> huber_loss(const Eigen::MatrixBase<Derived>& targets,
                                                             OutputSpace space, double delta) {
  require_positive("huber_loss", "delta", static_cast<typename Derived::Scalar>(delta));
  return {targets, std::move(space), HuberFunction{delta}};
}

/// Smooth Huber loss of scale delta. Targets as for `square_loss`.
/// @throws std::invalid_argument on wrong sizes, std::domain_error unless delta is in (0, inf) and the
/// targets are finite
template <class Derived>
[[nodiscard]] PseudoHuberLoss<typename Derived::Scalar> pseudo_huber_loss(
    const Eigen::MatrixBase<Derived>& targets, OutputSpace space, double delta) {
  require_positive("pseudo_huber_loss", "delta", static_cast<typename Derived::Scalar>(delta));
  return {targets, std::move(space), PseudoHuberFunction{delta}};
}

}  // namespace lazytrain
