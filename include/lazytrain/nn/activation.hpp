#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/error.hpp>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

/// Activations σ: R -> R of networks with hand-written derivatives. Each is an empty type with static members
///  * `name`, by which a program chooses it at run time (`with_activation`);
///  * `value(z)`, `derivative(z)`, `second(z)`: σ, σ', σ'';
///  * `difference(z, d, epsilon)`: (σ(z + εd) - σ(z)) / ε without cancellation at any ε >= 0, σ'(z) d at ε =
///  0.
///    Nothing is divided by ε;
///  * `homogeneity`: the degree q with σ(λz) = λ^q σ(z) for all λ > 0, if there is one;
///  * `sup_derivative`, `sup_second`: sup |σ'| and sup |σ''|, the Lipschitz constants of σ and σ', perhaps
///    infinite;
///  * `is_smooth`: whether σ is twice differentiable everywhere. Otherwise derivatives hold almost
///  everywhere;
///  * `cheap_derivative`: whether σ' costs less to compute again than to keep.
/// All are exact to a few units in the last place of their largest value nearby, keep NaN, do not overflow,
/// and for float and double, except erf and logarithms, are free of branches: a loop over an array is
/// vectorized. The functions are constexpr so that nvcc compiles them for devices too.
namespace lazytrain {

namespace detail {

/// e^x as scale (1 + fraction), scale a power of two, |log(1 + fraction)| <= log(2) / 2, so that e^x and
/// e^x - 1 are both exact to about one unit in the last place.
template <class S>
struct Exponential {
  S scale;
  S fraction;
  [[nodiscard]] constexpr S exp() const { return scale + scale * fraction; }
  [[nodiscard]] constexpr S expm1() const { return scale * fraction + (scale - S(1)); }
};

/// e^x for x in the range in which it neither overflows nor underflows; x is brought into it. Branch-free for
/// float and double: x = k log 2 + r, with k read from the low bits of x / log 2 + 1.5 * 2^(digits of S).
/// Inlined always: a call would keep a loop over an array from being vectorized.
template <class S>
[[nodiscard, gnu::always_inline]] constexpr Exponential<S> exponential(S x) {
  if constexpr (std::same_as<S, double>) {
    constexpr double limit = 708, shift = 0x1.8p52;
    constexpr double log2_high = 6.93147180369123816490e-01, log2_low = 1.90821492927058770002e-10;
    x = x < -limit ? -limit : x;
    x = x > limit ? limit : x;
    const double shifted = x * std::numbers::log2e + shift;
    const double k = shifted - shift;
    const double r = (x - k * log2_high) - k * log2_low;
    double series = 1.0 / 6227020800;
    series = series * r + 1.0 / 479001600;
    series = series * r + 1.0 / 39916800;
    series = series * r + 1.0 / 3628800;
    series = series * r + 1.0 / 362880;
    series = series * r + 1.0 / 40320;
    series = series * r + 1.0 / 5040;
    series = series * r + 1.0 / 720;
    series = series * r + 1.0 / 120;
    series = series * r + 1.0 / 24;
    series = series * r + 1.0 / 6;
    series = series * r + 0.5;
    const std::uint64_t exponent = (std::bit_cast<std::uint64_t>(shifted) + 1023) << 52;
    return {std::bit_cast<double>(exponent), r + r * r * series};
  } else if constexpr (std::same_as<S, float>) {
    constexpr float limit = 87, shift = 0x1.8p23f;
    constexpr float log2_high = 0x1.62e4p-1f, log2_low = 1.42860677e-6f;
    x = x < -limit ? -limit : x;
    x = x > limit ? limit : x;
    const float shifted = x * std::numbers::log2e_v<float> + shift;
    const float k = shifted - shift;
    const float r = (x - k * log2_high) - k * log2_low;
    float series = 1.0f / 40320;
    series = series * r + 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    const std::uint32_t exponent = (std::bit_cast<std::uint32_t>(shifted) + 127) << 23;
    return {std::bit_cast<float>(exponent), r + r * r * series};
  } else {
    return x < S(-1) ? Exponential<S>{std::exp(x), S(0)} : Exponential<S>{S(1), std::expm1(x)};
  }
}

/// (e^x - 1) / x, and 1 at 0.
template <class S>
[[nodiscard, gnu::always_inline]] constexpr S relative_expm1(S x) {
  const S denominator = x == S(0) ? S(1) : x;
  return x == S(0) ? S(1) : exponential(x).expm1() / denominator;
}

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

inline constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace detail

/// max(z, 0), with σ'(0) = 0 and σ'' = 0 (almost everywhere).
struct Relu {
  static constexpr std::string_view name = "relu";
  static constexpr std::optional<int> homogeneity = 1;
  static constexpr double sup_derivative = 1;
  static constexpr double sup_second = detail::infinity;
  static constexpr bool is_smooth = false;
  static constexpr bool cheap_derivative = true;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return z < S(0) ? S(0) : z;
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    return z > S(0) ? S(1) : S(0);
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S) {
    return S(0);
  }
  /// By sign cases: only a sign change needs a quotient, which is at most 1.
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    const S e = epsilon * d;
    const S b = z + e;
    const bool changes_sign = (z > S(0)) != (b > S(0));
    const S part = (b > S(0) ? b : -z) / (changes_sign ? e : S(1));
    return changes_sign ? d * part : (z > S(0) ? d : S(0) * d);
  }
};

/// tanh z.
struct Tanh {
  static constexpr std::string_view name = "tanh";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 1;
  static constexpr double sup_second = 4 * std::numbers::inv_sqrt3 / 3;
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

/// 1 / (1 + e^-z).
struct Sigmoid {
  static constexpr std::string_view name = "sigmoid";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 0.25;
  static constexpr double sup_second = std::numbers::inv_sqrt3 / 6;
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

/// erf z = (2 / sqrt(pi)) * integral of e^(-t^2) over [0, z].
struct Erf {
  static constexpr std::string_view name = "erf";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 2 * std::numbers::inv_sqrtpi;
  static constexpr double sup_second = 0.96788289807657340;  // 2 sqrt(2 / (e pi)), at 1 / sqrt(2)
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = false;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return std::erf(z);
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    return S(2) * std::numbers::inv_sqrtpi_v<S> * detail::exponential(-z * z).exp();
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S z) {
    return S(-2) * z * derivative(z);
  }
  /// Where σ' changes by no more than a factor of about e, the mean of σ' over [z, z + εd] by Gauss's rule
  /// with 8 nodes (relative error below 1e-17); elsewhere the plain difference, of erfc where both ends have
  /// one sign.
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    const S e = epsilon * d;
    const S b = z + e;
    if (std::abs(e) * (S(1) + S(2) * std::max(std::abs(z), std::abs(b))) < S(1)) {
      // Positive nodes and their weights on [-1, 1], halved. Local: nvcc does not take static arrays to
      // devices.
      constexpr double nodes[] = {0.0917173212478249025, 0.2627662049581644929, 0.3983332387068133696,
                                  0.4801449282487681158};
      constexpr double weights[] = {0.1813418916891809915, 0.1568533229389436437, 0.1111905172266872353,
                                    0.0506142681451881296};
      S mean(0);
      for (int q = 0; q < 4; ++q) {
        const S offset = e * static_cast<S>(nodes[q]);
        const S middle = z + e / S(2);
        mean += static_cast<S>(weights[q]) * (derivative(middle - offset) + derivative(middle + offset));
      }
      return d * mean;
    }
    if (z > S(0) && b > S(0)) return d * ((std::erfc(z) - std::erfc(b)) / e);
    if (z < S(0) && b < S(0)) return d * ((std::erfc(-b) - std::erfc(-z)) / e);
    return d * ((std::erf(b) - std::erf(z)) / e);
  }
};

/// z^2, without the factor 1/2.
struct Quadratic {
  static constexpr std::string_view name = "quadratic";
  static constexpr std::optional<int> homogeneity = 2;
  static constexpr double sup_derivative = detail::infinity;
  static constexpr double sup_second = 2;
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = true;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return z * z;
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    return S(2) * z;
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S) {
    return S(2);
  }
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    return (S(2) * z + epsilon * d) * d;
  }
};

/// z: the deep linear network.
struct Identity {
  static constexpr std::string_view name = "identity";
  static constexpr std::optional<int> homogeneity = 1;
  static constexpr double sup_derivative = 1;
  static constexpr double sup_second = 0;
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = true;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return z;
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S) {
    return S(1);
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S) {
    return S(0);
  }
  template <class S>
  [[nodiscard]] static constexpr S difference(S, S d, S) {
    return d;
  }
};

namespace detail {

template <class A>
concept ActivationFunctions = requires(double z) {
  { A::value(z) } -> std::same_as<double>;
  { A::derivative(z) } -> std::same_as<double>;
  { A::second(z) } -> std::same_as<double>;
};
template <class A>
concept ActivationDifference = requires(double z) {
  { A::difference(z, z, z) } -> std::same_as<double>;
};
template <class A>
concept ActivationConstants = requires {
  { A::name } -> std::convertible_to<std::string_view>;
  { A::homogeneity } -> std::convertible_to<std::optional<int>>;
  { A::sup_derivative } -> std::convertible_to<double>;
  { A::sup_second } -> std::convertible_to<double>;
  { A::is_smooth } -> std::convertible_to<bool>;
  { A::cheap_derivative } -> std::convertible_to<bool>;
};

}  // namespace detail

// clang-format off

/// A type with the static members that the top of this file lists.
template <class A>
concept Activation =
    std::default_initializable<A> &&
    expect<detail::ActivationFunctions<A>,
           "an activation has static functions value(z), derivative(z) and second(z) of the type of z"> &&
    expect<detail::ActivationDifference<A>,
           "an activation has a static difference(z, d, epsilon), (value(z + epsilon d) - value(z)) / epsilon without cancellation"> &&
    expect<detail::ActivationConstants<A>,
           "an activation has static constants name, homogeneity, sup_derivative, sup_second, is_smooth and cheap_derivative">;

// clang-format on

namespace detail {

template <Activation... A>
struct ActivationList {
  template <class Visitor>
  static decltype(auto) visit(std::string_view name, Visitor&& visitor) {
    return visit_next<Visitor, A...>(name, visitor);
  }

  static std::string names() {
    std::string text;
    ((text += (text.empty() ? "" : ", ") + std::string(A::name)), ...);
    return text;
  }

 private:
  template <class Visitor, class First, class... Rest>
  static decltype(auto) visit_next(std::string_view name, Visitor& visitor) {
    if constexpr (sizeof...(Rest) > 0) {
      if (name != First::name) return visit_next<Visitor, Rest...>(name, visitor);
    } else {
      require_argument(name == First::name, "with_activation", "name", name, "one of " + names());
    }
    return visitor(First{});
  }
};

using KnownActivations = ActivationList<lazytrain::Relu, lazytrain::Tanh, lazytrain::Erf, lazytrain::Softplus,
                                        lazytrain::Sigmoid, lazytrain::Quadratic, lazytrain::Identity>;

}  // namespace detail

/// visitor(sigma), where sigma is the activation of that name, known only at run time; every answer of the
/// visitor has one type.
///
///     with_activation("tanh", [&](auto sigma) { train(TwoLayer<double, decltype(sigma)>({...})); });
///
/// @throws std::invalid_argument that lists the names, if there is no such activation
template <class Visitor>
decltype(auto) with_activation(std::string_view name, Visitor&& visitor) {
  return detail::KnownActivations::visit(name, visitor);
}

}  // namespace lazytrain
