#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <lazytrain/autodiff/functions.hpp>
#include <limits>

/// Scaled differences (f(x + epsilon d) - f(x)) / epsilon of elementary functions without cancellation.
///
/// `difference(f, x, y, d, epsilon)` is that number for y = f(x), with a relative error of a few roundings
/// (times the condition number of f at both ends where libm must be asked there). Nothing is divided by
/// epsilon, and at epsilon = 0 the result is f'(x) d: the building blocks are smooth functions of the step
/// e = epsilon d that have the value 1 at 0.
namespace lazytrain::detail {

/// (exp(x) - 1) / x.
template <std::floating_point S>
S expm1_ratio(S x) {
  return x == 0 ? S(1) : std::expm1(x) / x;
}

/// log(1 + x) / x.
template <std::floating_point S>
S log1p_ratio(S x) {
  return x == 0 ? S(1) : std::log1p(x) / x;
}

/// sin(x) / x.
template <std::floating_point S>
S sinc(S x) {
  return x == 0 ? S(1) : std::sin(x) / x;
}

/// sinh(x) / x.
template <std::floating_point S>
S sinhc(S x) {
  return x == 0 ? S(1) : std::sinh(x) / x;
}

/// log(end / x) x / (end - x) where end = x + e was rounded once; NaN unless both are positive.
template <std::floating_point S>
S log_ratio(S x, S end, S e) {
  const S t = e / x;
  // Far from 1, end / x has a small relative error while 1 + t has not.
  return t < S(-0.5) ? std::log(end / x) / t : log1p_ratio(t);
}

template <std::floating_point S>
S difference(Exp, S x, S y, S d, S epsilon) {
  const S e = epsilon * d;
  return e <= 1 ? y * (d * expm1_ratio(e)) : std::exp(x + e) * (d * expm1_ratio(-e));
}

template <std::floating_point S>
S difference(Expm1, S x, S, S d, S epsilon) {
  return difference(Exp{}, x, std::exp(x), d, epsilon);
}

template <std::floating_point S>
S difference(Log, S x, S y, S d, S epsilon) {
  const S end = std::fma(epsilon, d, x);
  if (x < 0 || end < 0) return std::numeric_limits<S>::quiet_NaN() * y;
  const S e = epsilon * d;
  // So long a step that e / x might overflow: nothing cancels.
  if (e / x > S(1e10)) return d / e * (std::log(end) - y);
  return d / x * log_ratio(x, end, e);
}

template <std::floating_point S>
S difference(Log1p, S x, S y, S d, S epsilon) {
  return difference(Log{}, 1 + x, y, d, epsilon);
}

template <std::floating_point S>
S difference(Sqrt, S x, S y, S d, S epsilon) {
  return d / (y + std::sqrt(std::fma(epsilon, d, x)));
}

// sin(x + 2h) - sin(x) = 2 sin(h) cos(x + h), and cos(x + h) is expanded because x + h would round h away.

template <std::floating_point S>
S difference(Sin, S x, S y, S d, S epsilon) {
  const S h = epsilon * d / 2;
  return d * sinc(h) * (std::cos(x) * std::cos(h) - y * std::sin(h));
}

template <std::floating_point S>
S difference(Cos, S x, S y, S d, S epsilon) {
  const S h = epsilon * d / 2;
  return -d * sinc(h) * (std::sin(x) * std::cos(h) + y * std::sin(h));
}

template <std::floating_point S>
S difference(Tan, S x, S, S d, S epsilon) {
  return d * sinc(epsilon * d) / (std::cos(x) * std::cos(std::fma(epsilon, d, x)));
}

template <std::floating_point S>
S difference(Atan, S x, S y, S d, S epsilon) {
  const S e = epsilon * d;
  const S end = std::fma(epsilon, d, x);
  // Ends far apart on both sides of 0: the difference is a sum.
  if (x * end < S(-0.5)) return d / e * (std::atan(end) - y);
  // The angle between (1, x) and (1, end), whose tangent is e / (1 + x end); far out x end might overflow.
  const bool far = std::abs(x) > 1 && std::abs(end) > 1;
  const S product = far ? 1 + 1 / x / end : 1 + x * end;
  const S t = (far ? e / x / end : e) / product;
  return (far ? d / x / end : d) / product * (t == 0 ? S(1) : std::atan(t) / t);
}

// sinh(x + 2h) - sinh(x) = 2 sinh(h) cosh(x + h), and likewise cosh.

template <std::floating_point S>
S difference(Sinh, S x, S, S d, S epsilon) {
  return d * sinhc(epsilon * d / 2) * std::cosh(std::fma(epsilon / 2, d, x));
}

template <std::floating_point S>
S difference(Cosh, S x, S, S d, S epsilon) {
  return d * sinhc(epsilon * d / 2) * std::sinh(std::fma(epsilon / 2, d, x));
}

/// sinh(e) / (e cosh(x) cosh(x + e)): with it tanh(x + e) - tanh(x) = e times this. Never overflows.
template <std::floating_point S>
S tanh_chord(S x, S d, S epsilon) {
  const S end = std::fma(epsilon, d, x);
  const S a = std::abs(x);
  const S b = std::abs(end);
  // exp(|e| - a - b), whose exponent is exact: 0 if x and x + e lie on both sides of 0.
  const S decay = x * end > 0 || epsilon * d == 0 ? std::exp(-2 * std::min(a, b)) : S(1);
  return 4 * expm1_ratio(-2 * std::abs(epsilon * d)) * decay /
         ((1 + std::exp(-2 * a)) * (1 + std::exp(-2 * b)));
}

template <std::floating_point S>
S difference(Tanh, S x, S, S d, S epsilon) {
  return d * tanh_chord(x, d, epsilon);
}

// sigmoid(x) = (1 + tanh(x / 2)) / 2; halving is exact.
template <std::floating_point S>
S difference(Sigmoid, S x, S, S d, S epsilon) {
  return d / 4 * tanh_chord(x / 2, d / 2, epsilon);
}

template <std::floating_point S>
S difference(Softplus, S x, S, S d, S epsilon) {
  const S e = epsilon * d;
  if (std::abs(e) <= 1) {
    const S slope = sigmoid(x);
    return d * expm1_ratio(e) * slope * log1p_ratio(slope * std::expm1(e));
  }
  // The parts do not cancel to less than a third: max(., 0) grows by e > 1 while the other changes by <
  // log 2.
  const S end = std::fma(epsilon, d, x);
  const S linear = x > 0 && end > 0 ? e : std::max(end, S(0)) - std::max(x, S(0));
  return d / e * (linear + (std::log1p(std::exp(-std::abs(end))) - std::log1p(std::exp(-std::abs(x)))));
}

template <std::floating_point S>
S difference(Erf, S x, S y, S d, S epsilon) {
  const S e = epsilon * d;
  if (std::abs(e) * (1 + std::abs(x)) <= S(0.5)) {
    // The mean of erf' over the step by Gauss-Legendre quadrature; its error is below 1e-19 for such steps.
    constexpr std::array<std::array<long double, 3>, 4> rule = {
        {{0.408282678752175097530261L, 0.591717321247824902469738L, 0.181341891689180991482575L},
         {0.237233795041835507091130L, 0.762766204958164492908869L, 0.156853322938943643668981L},
         {0.101666761293186630204223L, 0.898333238706813369795776L, 0.111190517226687235272177L},
         {0.019855071751231884158219L, 0.980144928248768115841780L, 0.050614268145188129576265L}}};
    S mean(0);
    // exp(-(x + s)^2) = exp(-x^2) exp(-s (2x + s)): the second factor keeps what x + s rounds away.
    for (const auto& [left, right, weight] : rule) {
      const S s = static_cast<S>(left) * e;
      const S r = static_cast<S>(right) * e;
      mean += static_cast<S>(weight) * (std::exp(-s * (2 * x + s)) + std::exp(-r * (2 * x + r)));
    }
    return d * Erf::slope(x, y) * mean;
  }
  const S end = std::fma(epsilon, d, x);
  if (x * end <= 0) return d / e * (std::erf(end) - y);
  const S outer = std::erfc(std::abs(end));
  const S inner = std::erfc(std::abs(x));
  return d / e * (x > 0 ? inner - outer : outer - inner);
}

/// Repeated squaring on (value, value at the end of the step, difference): for x that keeps its sign all sums
/// are of one sign, and small integers are exact.
template <std::floating_point S>
S integer_power_difference(S x, S d, S epsilon, long exponent) {
  S power(1), power_end(1), power_difference(0);
  S base = x, base_end = std::fma(epsilon, d, x), base_difference = d;
  for (long n = std::abs(exponent); n > 0; n /= 2) {
    if (n % 2 == 1) {
      power_difference = power * base_difference + power_difference * base_end;
      power *= base;
      power_end *= base_end;
    }
    base_difference *= base + base_end;
    base *= base;
    base_end *= base_end;
  }
  return exponent >= 0 ? power_difference : -power_difference / power / power_end;
}

template <class C, std::floating_point S>
S difference(Power<C> f, S x, S y, S d, S epsilon) {
  const S e = epsilon * d;
  const S end = std::fma(epsilon, d, x);
  const S c = static_cast<S>(f.exponent);
  const bool integer = c == std::trunc(c);
  if (integer && std::abs(c) <= 1024) return integer_power_difference(x, d, epsilon, static_cast<long>(c));
  if ((x > 0 && end > 0) || (integer && x < 0 && end < 0)) {
    const S ratio = log_ratio(x, end, e);
    const S growth = c * (ratio * (e / x));
    // From the larger end, which the result is of the order of.
    return growth > 1 ? f.value(end) * (d / x * c * ratio * expm1_ratio(-growth))
                      : y * (d / x * c * ratio * expm1_ratio(growth));
  }
  return e == 0 ? f.slope(x, y) * d : d / e * (f.value(end) - y);
}

}  // namespace lazytrain::detail
