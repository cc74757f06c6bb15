#pragma once

#include <lazytrain/core/labels.hpp>
#include <lazytrain/loss/pointwise.hpp>
#include <utility>

namespace lazytrain {

/// l(y, t) = (y - t)^2 / 2.
struct SquareFunction {
  static constexpr std::string_view name = "square_loss";
  static constexpr bool is_strongly_convex = true;
  static constexpr bool minimized_by_target = true;

  /// constexpr, as the derivatives: devices call them.
  template <class T>
  [[nodiscard]] static constexpr T value(T y, T t) {
    return T(0.5) * (y - t) * (y - t);
  }
  template <class T>
  [[nodiscard]] static constexpr T derivative(T y, T t) {
    return y - t;
  }
  template <class T>
  [[nodiscard]] static constexpr T second(T, T) {
    return T(1);
  }
  [[nodiscard]] static double smoothness() { return 1.0; }
  [[nodiscard]] static double strong_convexity() { return 1.0; }
  [[nodiscard]] static double weak_convexity() { return 0.0; }
};

/// R(y) = |y - y*|^2 / 2 with the norm of F; m = M = 1.
template <class S>
using SquareLoss = PointwiseLoss<S, SquareFunction>;

/// R(y) = |y - y*|^2 / 2 for targets y*: a vector of N numbers, or k x n, one column a sample.
/// @throws std::invalid_argument on other sizes, std::domain_error on a target that is not finite
template <class Derived>
[[nodiscard]] SquareLoss<typename Derived::Scalar> square_loss(const Eigen::MatrixBase<Derived>& targets,
                                                               OutputSpace space) {
  return SquareLoss<typename Derived::Scalar>(targets, std::move(space));
}

/// Square loss on classes 0, ..., k - 1 with k = space.outputs() >= 2: the target of class c is the basis
/// vector e_c.
/// @throws std::invalid_argument unless k >= 2 and there is a label a sample, std::domain_error on another
/// label
template <class S = double>
[[nodiscard]] SquareLoss<S> square_loss_one_hot(const Labels& labels, OutputSpace space) {
  require_argument(space.outputs() >= 2, "square_loss_one_hot", "space.outputs()", space.outputs(),
                   "k >= 2 classes");
  require_size("square_loss_one_hot", "labels", static_cast<Index>(labels.size()), space.samples(),
               "n, the space's samples");
  return square_loss(one_hot<S>(labels, space.outputs()), space);
}

/// Square loss on classes 0 and 1 with one output a sample: their targets are -1 and +1.
/// @throws std::invalid_argument unless k = 1 and there is a label a sample, std::domain_error on another
/// label
template <class S = double>
[[nodiscard]] SquareLoss<S> square_loss_signs(const Labels& labels, OutputSpace space) {
  require_argument(space.outputs() == 1, "square_loss_signs", "space.outputs()", space.outputs(), "1");
  require_size("square_loss_signs", "labels", static_cast<Index>(labels.size()), space.samples(),
               "n, the space's samples");
  return square_loss(signs_of_classes<S>(labels), std::move(space));
}

}  // namespace lazytrain
