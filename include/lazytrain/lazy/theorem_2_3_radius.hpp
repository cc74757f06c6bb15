#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <limits>
#include <string>
#include <utility>

namespace lazytrain {

/// The ball on which Theorem 2.3 takes its Lipschitz constants, and whether the flow stays in it: `left` >=
/// `right` is what `condition` says.
struct Theorem23Ball {
  double radius = std::numeric_limits<double>::quiet_NaN();
  Estimate of_h, of_dh;
  std::string condition;
  double left = std::numeric_limits<double>::quiet_NaN();
  double right = std::numeric_limits<double>::quiet_NaN();
  /// Why there are no constants: ", but ..."; empty if there are.
  std::string reason;
};

namespace detail {

template <class R>
concept HasTarget = requires(const R& loss) {
  loss.minimizer();
};

inline Theorem23Ball ball(double radius, std::string condition, const LipschitzBounds& bounds) {
  Theorem23Ball b;
  b.condition = std::move(condition);
  b.radius = radius;
  if (!bounds.available()) b.reason = ", but " + bounds.reason();
  if (std::isfinite(radius)) {
    b.of_h = bounds.of_h(radius);
    b.of_dh = bounds.of_dh(radius);
  }
  return b;
}

/// Least r, up to rounding and from above, with f(r) >= goal for an increasing f with f(0) = 0 that is NaN
/// from some r on, where nothing is known; NaN where f does not get there before, or not in [1e-100, 1e100].
/// Doubling and bisection.
template <class F>
double least_radius(F&& f, double goal) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (goal <= 0) return f(0.0) >= goal ? 0.0 : nan;
  double low = 0, high = 1;
  while (f(high) < goal) {
    if (high > 1e100) return nan;
    low = high;
    high *= 2;
  }
  while (high > 1e-100 && high - low > 4 * std::numeric_limits<double>::epsilon() * high) {
    const double middle = low + (high - low) / 2;
    (f(middle) < goal ? low : high) = middle;
  }
  return f(high) >= goal ? high : nan;
}

/// alpha r L(r) >= K N.
inline Theorem23Ball ball_for_iterations(const ProblemConstants& c, double K, const LipschitzBounds& bounds) {
  const double goal = K * upper_bound(c.residual);
  const auto left = [&](double r) {
    const Estimate L = bounds.of_h(r);
    return L.available() ? c.alpha * r * upper_bound(L) : std::numeric_limits<double>::quiet_NaN();
  };
  auto b = ball(least_radius(left, goal), "alpha r L >= K N", bounds);
  b.right = goal;
  b.left = std::isfinite(b.radius) ? left(b.radius) : b.radius;
  return b;
}

/// alpha r >= min(T L(r), cap) N, from r = 0 upwards: L increases, so that no iterate passes the least
/// solution by more than the rounding that is added.
inline Theorem23Ball ball_for_horizon(const ProblemConstants& c, double horizon, double cap,
                                      const LipschitzBounds& bounds) {
  const double N = upper_bound(c.residual);
  const auto needed = [&](double r) {
    const Estimate L = bounds.of_h(r);
    if (!L.available()) return std::numeric_limits<double>::quiet_NaN();
    return std::min(horizon * upper_bound(L), cap) * N / c.alpha;
  };
  double radius = 0;
  double next = needed(radius);
  for (int i = 0; i < 200 && next > radius && next < 1e100; ++i) {
    radius = next * (1 + 1e-12);
    next = needed(radius);
  }
  const char* condition = std::isfinite(cap) ? "alpha r >= min(T L, sqrt(T/2)) N" : "alpha r >= T L N";
  auto b = ball(std::isnan(next) ? next : radius, condition, bounds);
  b.left = c.alpha * radius;
  b.right = c.alpha * next;
  return b;
}

}  // namespace detail

}  // namespace lazytrain
