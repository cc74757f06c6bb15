#pragma once

#include <cmath>
#include <lazytrain/loss/pointwise.hpp>
#include <utility>

namespace lazytrain {

/// l(y, t) = 1 - cos(y - t), as 2 sin^2((y - t)/2), which does not cancel.
struct CosineFunction {
  static constexpr std::string_view name = "cosine_loss";
  static constexpr bool is_strongly_convex = false;
  static constexpr bool minimized_by_target = false;

  template <class T>
  [[nodiscard]] static T value(T y, T t) {
    const T s = std::sin(T(0.5) * (y - t));
    return T(2) * s * s;
  }
  template <class T>
  [[nodiscard]] static T derivative(T y, T t) {
    return std::sin(y - t);
  }
  template <class T>
  [[nodiscard]] static T second(T y, T t) {
    return std::cos(y - t);
  }
  [[nodiscard]] static double smoothness() { return 1.0; }
  [[nodiscard]] static double strong_convexity() { return 0.0; }
  [[nodiscard]] static double weak_convexity() { return 1.0; }
};

/// R(y) = sum_i w_i sum_j 1 - cos(y_ij - t_ij): not convex, M = 1, weakly convex with mu = 1. It has many
/// minima, the targets and their translates by 2 pi: there is no `minimizer()`.
template <class S>
using CosineLoss = PointwiseLoss<S, CosineFunction>;

/// Cosine loss, for Theorem 2.2, which asks for no convexity. Targets as for `square_loss`.
/// @throws std::invalid_argument on wrong sizes, std::domain_error on a target that is not finite
template <class Derived>
[[nodiscard]] CosineLoss<typename Derived::Scalar> cosine_loss(const Eigen::MatrixBase<Derived>& targets,
                                                               OutputSpace space) {
  return CosineLoss<typename Derived::Scalar>(targets, std::move(space));
}

}  // namespace lazytrain
