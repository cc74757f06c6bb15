#pragma once

#include <cmath>
#include <lazytrain/nn/exponential.hpp>
#include <numbers>
#include <optional>
#include <string_view>

/// The activations made of the sigmoid: itself, tanh z = 2 sigmoid(2z) - 1 and its integral, softplus. See
/// `Activation`.
namespace lazytrain {

namespace detail {

/// (1 / ε) times the difference of x -> 1 / (1 + e^-x) between z and z + εd:
/// σ(b) - σ(z) = e^min(b, z) (1 - e^-|b - z|) / ((1 + e^b) (1 + e^z)), written with negative exponents only.
template <class S>
[[nodiscard, gnu::always_inline]] constexpr S sigmoid_difference(S z, S d, S epsilon) {
  const S e = epsilon * d;
  const S b = z + e;
  const S size_b = std::abs(b);
  const S size_z = std::abs(z);
  const S smaller = size_b < size_z ? size_b : size_z;
  const S common = (b < S(0)) == (z < S(0)) ? exponential(-smaller).exp() : S(1);
  return d * relative_expm1(-std::abs(e)) * common /
         ((S(1) + exponential(-size_b).exp()) * (S(1) + exponential(-size_z).exp()));
}

}  // namespace detail

/// 1 / (1 + e^-z).
struct Sigmoid {
  static constexpr std::string_view name = "sigmoid";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 0.25;
  static constexpr double sup_second = 0.09622504486493763;  // 1 / (6 sqrt(3)), rounded up
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = false;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    const S q = detail::exponential(-std::abs(z)).exp();
    return (z < S(0) ? q : S(1)) / (S(1) + q);
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    const S q = detail::exponential(-std::abs(z)).exp();
    return q / ((S(1) + q) * (S(1) + q));
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S z) {
    const auto e = detail::exponential(-std::abs(z));
    const S q = e.exp();
    return std::copysign(q * e.expm1() / ((S(1) + q) * (S(1) + q) * (S(1) + q)), -z);
  }
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    return detail::sigmoid_difference(z, d, epsilon);
  }
};

/// tanh z.
struct Tanh {
  static constexpr std::string_view name = "tanh";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 1;
  static constexpr double sup_second = 0.769800358919501;  // 4 / (3 sqrt(3)), rounded up
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = false;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    const S m = detail::exponential(S(-2) * std::abs(z)).expm1();
    return std::copysign(m / (S(2) + m), z);
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    const S q = detail::exponential(S(-2) * std::abs(z)).exp();
    return S(4) * q / ((S(1) + q) * (S(1) + q));
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S z) {
    return S(-2) * value(z) * derivative(z);
  }
  /// tanh z = 2 sigmoid(2z) - 1.
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    return S(2) * detail::sigmoid_difference(S(2) * z, S(2) * d, epsilon);
  }
};

/// log(1 + e^z).
struct Softplus {
  static constexpr std::string_view name = "softplus";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 1;
  static constexpr double sup_second = 0.25;
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = false;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return (z < S(0) ? S(0) : z) + correction(z);
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    return Sigmoid::value(z);
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S z) {
    return Sigmoid::derivative(z);
  }
  /// With c the smaller of z and b = z + εd: σ(b) - σ(z) = ± log(1 + sigmoid(c) (e^|εd| - 1)); for |εd| >= 1
  /// the plain difference is as good, its linear part taken apart.
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    const S e = epsilon * d;
    const S b = z + e;
    const S size = std::abs(e);
    if (size < S(1)) {
      const S slope = Sigmoid::value(e < S(0) ? b : z) * detail::relative_expm1(size);
      const S x = slope * size;
      return d * slope * (x == S(0) ? S(1) : std::log1p(x) / x);
    }
    const S linear = z > S(0) ? (b > S(0) ? e : -z) : (b > S(0) ? b : S(0));
    return d * ((linear + (correction(b) - correction(z))) / e);
  }

 private:
  template <class S>
  static constexpr S correction(S z) {
    return std::log1p(detail::exponential(-std::abs(z)).exp());
  }
};

}  // namespace lazytrain
