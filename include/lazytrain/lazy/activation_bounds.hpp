#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/nn/activation.hpp>
#include <limits>
#include <numbers>

namespace lazytrain {

/// Upper bounds of |σ|, |σ'| and |σ''| over an interval [z - radius, z + radius], increasing in the radius.
///
/// Here, for any activation, those of σ' and σ'' are the suprema over the whole line, and that of σ follows
/// from σ(z); specialized for the smooth activations of the library, where all are exact up to rounding,
/// which is added. Infinite where there is no bound.
template <Activation Sigma>
struct ActivationBounds {
  [[nodiscard]] static double value(double z, double radius) {
    constexpr double eps = std::numeric_limits<double>::epsilon();
    const double growth = radius == 0 ? 0.0 : Sigma::sup_derivative * radius;
    return (std::abs(Sigma::value(z)) + growth) * (1 + 32 * eps);
  }
  [[nodiscard]] static double derivative(double, double) { return Sigma::sup_derivative; }
  [[nodiscard]] static double second(double, double) { return Sigma::sup_second; }
};

namespace detail {

inline double nearest_zero(double z, double radius) { return std::max(std::abs(z) - radius, 0.0); }
inline double farthest_from_zero(double z, double radius) { return std::abs(z) + radius; }
/// Where a function of |z| that rises up to `peak` and falls beyond is largest on the interval.
inline double nearest_to_peak(double peak, double z, double radius) {
  return std::clamp(peak, nearest_zero(z, radius), farthest_from_zero(z, radius));
}
/// |f(z)| as an upper bound, where f is σ, σ' or σ'' and z and f(z) are rounded: e^(-z^2) and slower
/// exponentials turn a rounding of z into one of 2 z^2 eps, until they underflow.
template <class F>
[[nodiscard]] double rounded_up(F&& f, double z) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  return std::abs(f(z)) * (1 + (32 + 4 * std::min(z * z, 1e4)) * eps);
}

}  // namespace detail

template <>
struct ActivationBounds<Tanh> {
  [[nodiscard]] static double value(double z, double radius) {
    return detail::rounded_up(Tanh::value<double>, detail::farthest_from_zero(z, radius));
  }
  [[nodiscard]] static double derivative(double z, double radius) {
    return detail::rounded_up(Tanh::derivative<double>, detail::nearest_zero(z, radius));
  }
  /// |σ''| peaks at artanh(1 / sqrt(3)).
  [[nodiscard]] static double second(double z, double radius) {
    return detail::rounded_up(Tanh::second<double>, detail::nearest_to_peak(0.65847894846240835, z, radius));
  }
};

template <>
struct ActivationBounds<Sigmoid> {
  [[nodiscard]] static double value(double z, double radius) {
    return detail::rounded_up(Sigmoid::value<double>, z + radius);
  }
  [[nodiscard]] static double derivative(double z, double radius) {
    return detail::rounded_up(Sigmoid::derivative<double>, detail::nearest_zero(z, radius));
  }
  /// |σ''| peaks at 2 artanh(1 / sqrt(3)).
  [[nodiscard]] static double second(double z, double radius) {
    return detail::rounded_up(Sigmoid::second<double>,
                              detail::nearest_to_peak(1.3169578969248167, z, radius));
  }
};

template <>
struct ActivationBounds<Softplus> {
  [[nodiscard]] static double value(double z, double radius) {
    return detail::rounded_up(Softplus::value<double>, z + radius);
  }
  [[nodiscard]] static double derivative(double z, double radius) {
    return detail::rounded_up(Softplus::derivative<double>, z + radius);
  }
  [[nodiscard]] static double second(double z, double radius) {
    return detail::rounded_up(Softplus::second<double>, detail::nearest_zero(z, radius));
  }
};

template <>
struct ActivationBounds<Erf> {
  [[nodiscard]] static double value(double z, double radius) {
    return detail::rounded_up(Erf::value<double>, detail::farthest_from_zero(z, radius));
  }
  [[nodiscard]] static double derivative(double z, double radius) {
    return detail::rounded_up(Erf::derivative<double>, detail::nearest_zero(z, radius));
  }
  [[nodiscard]] static double second(double z, double radius) {
    return detail::rounded_up(Erf::second<double>,
                              detail::nearest_to_peak(std::numbers::sqrt2 / 2, z, radius));
  }
};

template <>
struct ActivationBounds<Quadratic> {
  [[nodiscard]] static double value(double z, double radius) {
    return detail::rounded_up(Quadratic::value<double>, detail::farthest_from_zero(z, radius));
  }
  [[nodiscard]] static double derivative(double z, double radius) {
    return detail::rounded_up(Quadratic::derivative<double>, detail::farthest_from_zero(z, radius));
  }
  [[nodiscard]] static double second(double, double) { return 2; }
};

template <>
struct ActivationBounds<Identity> {
  [[nodiscard]] static double value(double z, double radius) {
    return detail::rounded_up(Identity::value<double>, detail::farthest_from_zero(z, radius));
  }
  [[nodiscard]] static double derivative(double, double) { return 1; }
  [[nodiscard]] static double second(double, double) { return 0; }
};

}  // namespace lazytrain
