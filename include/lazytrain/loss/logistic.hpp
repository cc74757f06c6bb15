#pragma once

#include <cmath>
#include <lazytrain/core/labels.hpp>
#include <lazytrain/loss/pointwise.hpp>
#include <utility>

namespace lazytrain {

/// l(y, t) = log(1 + exp(-t y)) for t = -1 or +1. Every number is accurate relative to itself, and finite for
/// finite y: only exp(-|y|) is formed.
struct LogisticFunction {
  static constexpr std::string_view name = "logistic_loss";
  static constexpr bool is_strongly_convex = false;
  static constexpr bool minimized_by_target = false;

  template <class T>
  [[nodiscard]] static T value(T y, T t) {
    const T margin = t * y;
    const T rest = std::log1p(std::exp(-std::abs(margin)));
    return margin < T(0) ? rest - margin : rest;
  }
  template <class T>
  [[nodiscard]] static T derivative(T y, T t) {
    const T margin = t * y;
    const T e = std::exp(-std::abs(margin));
    return margin < T(0) ? -t / (T(1) + e) : -t * e / (T(1) + e);
  }
  template <class T>
  [[nodiscard]] static T second(T y, T) {
    const T e = std::exp(-std::abs(y));
    return e / ((T(1) + e) * (T(1) + e));
  }
  [[nodiscard]] static double smoothness() { return 0.25; }
  [[nodiscard]] static double strong_convexity() { return 0.0; }
  [[nodiscard]] static double weak_convexity() { return 0.0; }
};

/// R(y) = sum_i w_i log(1 + exp(-t_i y_i)); m = 0, M = 1/4, inf R = 0 is not attained: there is no minimizer.
template <class S>
using LogisticLoss = PointwiseLoss<S, LogisticFunction>;

/// Logistic loss for labels -1 and +1: a vector of N signs, or k x n (k independent two-class problems).
/// @throws std::invalid_argument on other sizes, std::domain_error on a number that is not a sign
template <class Derived>
[[nodiscard]] LogisticLoss<typename Derived::Scalar> logistic_loss(const Eigen::MatrixBase<Derived>& signs,
                                                                   OutputSpace space) {
  detail::require_signs(LogisticFunction::name, signs);
  return LogisticLoss<typename Derived::Scalar>(signs, std::move(space));
}

/// Logistic loss for classes 0 and 1, which become the signs -1 and +1.
/// @throws std::invalid_argument unless k = 1 and there is a label a sample, std::domain_error on another
/// label
template <class S = double>
[[nodiscard]] LogisticLoss<S> logistic_loss_of_classes(const Labels& labels, OutputSpace space) {
  require_argument(space.outputs() == 1, "logistic_loss_of_classes", "space.outputs()", space.outputs(), "1");
  require_size("logistic_loss_of_classes", "labels", static_cast<Index>(labels.size()), space.samples(),
               "n, the space's samples");
  return logistic_loss(signs_of_classes<S>(labels), std::move(space));
}

}  // namespace lazytrain
