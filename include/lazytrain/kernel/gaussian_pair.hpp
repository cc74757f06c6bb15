#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/nn/activation.hpp>
#include <numbers>
#include <type_traits>

namespace lazytrain {

/// Two centred Gaussian numbers (u, v): the pre-activations a.x and a.x' of a Gaussian a.
struct GaussianPair {
  /// Standard deviations of u and v.
  double first = 0;
  double second = 0;
  /// The angle φ in [0, π] with correlation cos φ; π/2 where a deviation is 0.
  double angle = std::numbers::pi / 2;
  /// π - φ, exact also where it is small.
  double supplement = std::numbers::pi / 2;
};

namespace detail {

/// |x| without overflow or underflow on the way.
inline double safe_norm(view_t<Vector<double>> x) {
  double largest = 0;
  for (Index i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x(i)));
  if (largest == 0) return 0;
  double sum = 0;
  for (Index i = 0; i < x.size(); ++i) sum += (x(i) / largest) * (x(i) / largest);
  return largest * std::sqrt(sum);
}

}  // namespace detail

/// The pair of a.x and a.x' for a ~ N(0, deviation^2) in every coordinate. The angle is exact to rounding,
/// from 1e-150 to π, and norms neither overflow nor underflow (Kahan's formula on unit vectors). Cost: O(d).
/// @throws std::invalid_argument if the sizes differ, std::domain_error if a number is not finite or the
/// deviation is negative
[[nodiscard]] inline GaussianPair gaussian_pair(view_t<Vector<double>> x, view_t<Vector<double>> y,
                                                double deviation = 1) {
  require_size("gaussian_pair", "y", y.size(), x.size(), "the size of x");
  require_finite("gaussian_pair", "x", x);
  require_finite("gaussian_pair", "y", y);
  require_nonnegative("gaussian_pair", "deviation", deviation);
  const double x_norm = detail::safe_norm(x);
  const double y_norm = detail::safe_norm(y);
  GaussianPair pair{.first = deviation * x_norm, .second = deviation * y_norm};
  if (x_norm == 0 || y_norm == 0) return pair;
  double difference = 0;
  double sum = 0;
  for (Index i = 0; i < x.size(); ++i) {
    // The quotients, and what their rounding leaves: near 0 and π nothing else is left of the angle.
    const double u = x(i) / x_norm, u_rest = std::fma(-u, x_norm, x(i)) / x_norm;
    const double v = y(i) / y_norm, v_rest = std::fma(-v, y_norm, y(i)) / y_norm;
    const double apart = (u - v) + (u_rest - v_rest), along = (u + v) + (u_rest + v_rest);
    difference += apart * apart;
    sum += along * along;
  }
  difference = std::sqrt(difference);
  sum = std::sqrt(sum);
  pair.angle = 2 * std::atan2(difference, sum);
  pair.supplement = 2 * std::atan2(sum, difference);
  return pair;
}

namespace detail {

/// sin ψ - ψ cos ψ for ψ in [0, π], without cancellation.
inline double sine_minus_chord(double psi) {
  if (psi > 1) return std::sin(psi) - psi * std::cos(psi);
  // Sum over j >= 1 of (-1)^(j+1) 2j ψ^(2j+1) / (2j+1)!; at ψ = 1 the tenth term is below 1e-18.
  const double square = psi * psi;
  double power = psi;
  double sum = 0;
  for (int j = 1; j <= 10; ++j) {
    power *= -square / (2.0 * j * (2.0 * j + 1));
    sum -= 2.0 * j * power;
  }
  return sum;
}

/// E f(u, v) for f analytic in strips |Im u| < π/2, |Im v| < π/2, as of the activations, and growing at most
/// like a polynomial, by the trapezoidal rule in two independent normal numbers: its error falls
/// exponentially in 1/step. Steps follow the distance of the singularities.
template <class F>
double gaussian_mean(const GaussianPair& pair, F&& f) {
  constexpr double strip = 0.2;    // step times slope: an error of exp(-2π (π/2) / strip) = 4e-22
  constexpr double widest = 0.5;   // for the normal density: exp(-2π^2 / widest^2) = 5e-35
  constexpr double reach = 8.75;   // exp(-reach^2 / 2) = 2e-17
  constexpr double largest = 100;  // 7.6e7 nodes
  require_domain(pair.first <= largest && pair.second <= largest, "limit_kernel",
                 "the deviation of a pre-activation", std::max(pair.first, pair.second),
                 "at most 100, for a quadrature of reasonable cost");
  const double along = pair.second * std::cos(pair.angle);
  const double across = pair.second * std::sin(pair.angle);
  const auto step = [&](double slope) { return slope > strip / widest ? strip / slope : widest; };
  const double h1 = step(std::max(pair.first, std::abs(along)));
  const double h2 = step(across);
  const auto n1 = static_cast<Index>(std::ceil(reach / h1));
  const auto n2 = static_cast<Index>(std::ceil(reach / h2));
  Vector<double> offsets(2 * n2 + 1);
  Vector<double> weights(2 * n2 + 1);
  for (Index j = -n2; j <= n2; ++j) {
    const double g = h2 * static_cast<double>(j);
    offsets(j + n2) = across * g;
    weights(j + n2) = std::exp(-g * g / 2);
  }
  double total = 0;
  for (Index i = -n1; i <= n1; ++i) {
    const double g = h1 * static_cast<double>(i);
    const double u = pair.first * g;
    double sum = 0;
    for (Index j = 0; j < offsets.size(); ++j) sum += weights(j) * f(u, along * g + offsets(j));
    total += std::exp(-g * g / 2) * sum;
  }
  return total * h1 * h2 / (2 * std::numbers::pi);
}

/// 2 s t and |(1, sqrt(2) s, sqrt(2) t, 2 s t sin φ)| for deviations s and t, both in units of max(1, s)
/// max(1, t), so that nothing overflows.
struct ErfPair {
  explicit ErfPair(const GaussianPair& pair)
      : unit_1(std::max(1.0, pair.first)), unit_2(std::max(1.0, pair.second)) {
    const double s = pair.first / unit_1, t = pair.second / unit_2;
    product = 2 * s * t;
    const double side =
        std::hypot(1 / unit_1 / unit_2, std::numbers::sqrt2 * s / unit_2, std::numbers::sqrt2 * t / unit_1);
    length = std::hypot(side, product * std::sin(pair.angle));
  }
  double unit_1, unit_2, product = 0, length = 0;
};

}  // namespace detail

/// E σ(u) σ(v): in closed form for ReLU, erf (Williams), identity and z^2, to a few roundings of
/// (E σ(u)^2 E σ(v)^2)^(1/2), for ReLU relative at every angle. Other activations, of which σ must be
/// analytic in |Im z| < π/2, by quadrature with an error of about 1e-14 of that: about (86 r)^2 evaluations
/// for deviations r > 1/2. @throws std::domain_error if a deviation exceeds 100 in the quadrature
template <Activation Sigma>
[[nodiscard]] double gaussian_product(const GaussianPair& pair) {
  using std::numbers::pi;
  const double scale = pair.first * pair.second;
  const double cosine = std::cos(pair.angle);
  if constexpr (std::is_same_v<Sigma, Relu>) {
    return scale * detail::sine_minus_chord(pair.supplement) / (2 * pi);
  } else if constexpr (std::is_same_v<Sigma, Erf>) {
    const detail::ErfPair erf(pair);
    return 2 / pi * std::atan2(erf.product * cosine, erf.length);
  } else if constexpr (std::is_same_v<Sigma, Identity>) {
    return scale * cosine;
  } else if constexpr (std::is_same_v<Sigma, Quadratic>) {
    return scale * scale * (1 + 2 * cosine * cosine);
  } else {
    static_assert(Sigma::is_smooth, "limit kernels of activations with kinks other than Relu are not known");
    const bool swap = pair.first < pair.second;
    const GaussianPair sorted{swap ? pair.second : pair.first, swap ? pair.first : pair.second, pair.angle,
                              pair.supplement};
    return detail::gaussian_mean(sorted,
                                 [](double u, double v) { return Sigma::value(u) * Sigma::value(v); });
  }
}

/// E σ'(u) σ'(v). As `gaussian_product`.
template <Activation Sigma>
[[nodiscard]] double gaussian_slope_product(const GaussianPair& pair) {
  using std::numbers::pi;
  const double scale = pair.first * pair.second;
  if constexpr (std::is_same_v<Sigma, Relu>) {
    return pair.first > 0 && pair.second > 0 ? pair.supplement / (2 * pi) : 0.0;
  } else if constexpr (std::is_same_v<Sigma, Erf>) {
    const detail::ErfPair erf(pair);
    return 4 / pi / erf.unit_1 / erf.unit_2 / erf.length;
  } else if constexpr (std::is_same_v<Sigma, Identity>) {
    return 1;
  } else if constexpr (std::is_same_v<Sigma, Quadratic>) {
    return 4 * scale * std::cos(pair.angle);
  } else {
    static_assert(Sigma::is_smooth, "limit kernels of activations with kinks other than Relu are not known");
    const bool swap = pair.first < pair.second;
    const GaussianPair sorted{swap ? pair.second : pair.first, swap ? pair.first : pair.second, pair.angle,
                              pair.supplement};
    return detail::gaussian_mean(
        sorted, [](double u, double v) { return Sigma::derivative(u) * Sigma::derivative(v); });
  }
}

}  // namespace lazytrain
