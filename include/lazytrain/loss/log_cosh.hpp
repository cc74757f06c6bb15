#pragma once

#include <cmath>
#include <lazytrain/loss/pointwise.hpp>
#include <numbers>
#include <utility>

namespace lazytrain {

/// l(y, t) = (m/2) e^2 + (M - m) log cosh e, e = y - t: l'' takes all values in (m, M].
struct LogCoshFunction {
  static constexpr std::string_view name = "log_cosh_loss";
  static constexpr bool is_strongly_convex = true;
  static constexpr bool minimized_by_target = true;

  double m = 1.0;
  double M = 1.0;

  template <class T>
  [[nodiscard]] T value(T y, T t) const {
    const T e = y - t;
    return static_cast<T>(0.5 * m) * e * e + static_cast<T>(M - m) * log_cosh(std::abs(e));
  }
  template <class T>
  [[nodiscard]] T derivative(T y, T t) const {
    return static_cast<T>(m) * (y - t) + static_cast<T>(M - m) * std::tanh(y - t);
  }
  /// With sech^2 e = 4 c / (1 + c)^2, c = exp(-2 |e|), in which nothing overflows.
  template <class T>
  [[nodiscard]] T second(T y, T t) const {
    const T c = std::exp(T(-2) * std::abs(y - t));
    return static_cast<T>(m) + static_cast<T>(M - m) * T(4) * c / ((T(1) + c) * (T(1) + c));
  }
  [[nodiscard]] double smoothness() const { return M; }
  [[nodiscard]] double strong_convexity() const { return m; }
  [[nodiscard]] static double weak_convexity() { return 0.0; }

 private:
  /// log cosh e = log(1 + sinh^2 e) / 2 where it is small, e + log(1 + exp(-2e)) - log 2 where cosh would
  /// overflow.
  template <class T>
  [[nodiscard]] static T log_cosh(T e) {
    if (e < T(1)) {
      const T s = std::sinh(e);
      return T(0.5) * std::log1p(s * s);
    }
    return e - std::numbers::ln2_v<T> + std::log1p(std::exp(T(-2) * e));
  }
};

/// Sum of (m/2) e^2 + (M - m) log cosh e: a loss of any condition number M/m, minimal at the targets.
template <class S>
using LogCoshLoss = PointwiseLoss<S, LogCoshFunction>;

/// Strong convexity m and smoothness M of `log_cosh_loss`.
struct LogCoshOptions {
  double strong_convexity = 0.5;
  double smoothness = 2.0;
};

/// R(y) = sum_i w_i sum_j (m/2) e_ij^2 + (M - m) log cosh e_ij, e = y - targets. Targets as for
/// `square_loss`.
/// @throws std::invalid_argument on wrong sizes, std::domain_error unless 0 < m <= M < inf and the targets
/// are finite
template <class Derived>
[[nodiscard]] LogCoshLoss<typename Derived::Scalar> log_cosh_loss(const Eigen::MatrixBase<Derived>& targets,
                                                                  OutputSpace space,
                                                                  LogCoshOptions options = {}) {
  require_positive("log_cosh_loss", "strong_convexity", options.strong_convexity);
  require_positive("log_cosh_loss", "smoothness", options.smoothness);
  require_domain(options.smoothness >= options.strong_convexity, "log_cosh_loss", "smoothness",
                 options.smoothness, "at least strong_convexity");
  LogCoshFunction ell;
  ell.m = options.strong_convexity;
  ell.M = options.smoothness;
  return {targets, std::move(space), ell};
}

}  // namespace lazytrain
