#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>

/// The exponential function for loops over arrays, on the host and on devices.
namespace lazytrain::detail {

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

}  // namespace lazytrain::detail
