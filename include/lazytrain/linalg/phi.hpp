#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <span>
#include <type_traits>

/// The φ-functions of exponential integrators, φ_0(z) = e^z and φ_{k+1}(z) = (φ_k(z) - 1/k!) / z, that is
/// φ_k(z) = Σ_j z^j / (j + k)! and, for k >= 1, φ_k(z) = ∫_0^1 e^{(1-θ) z} θ^{k-1} / (k-1)! dθ.
namespace lazytrain {

/// Largest k for which φ_k is offered.
inline constexpr int max_phi_order = 4;

namespace detail {

/// Those of orders above `max_phi_order` are for `phi_sequence`.
inline constexpr std::array<double, 11> factorial = {1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800};

/// Σ_j z^j / (j + k)! by Horner's rule; 36 terms give full long double accuracy for |z| <= 3.
template <std::floating_point S>
S phi_series(int k, S z) {
  constexpr int terms = 36;
  S sum(1);
  for (int j = terms; j >= 1; --j) sum = S(1) + sum * z / static_cast<S>(j + k);
  return sum / static_cast<S>(factorial[static_cast<std::size_t>(k)]);
}

/// φ_k without the check of k.
template <std::floating_point S>
S phi(int k, S z) {
  if (k == 0) return std::exp(z);
  // Below the threshold the recursion cancels, above it the alternating series does.
  if (k >= 2 && std::abs(z) <= S(k) * S(0.75)) return phi_series(k, z);
  if (z == S(0)) return S(1);
  S value = std::expm1(z) / z;
  for (int j = 1; j < k; ++j)
    value = (value - S(1) / static_cast<S>(factorial[static_cast<std::size_t>(j)])) / z;
  return value;
}

/// φ_0(z), φ_1(z), ... to `out`, of at most ten: the recursion upwards as long as it does not cancel, and
/// downwards from the series of the last.
template <std::floating_point S>
void phi_sequence(S z, std::span<S> out) {
  const int last = static_cast<int>(out.size()) - 1;
  const auto at = [&](int k) -> S& { return out[static_cast<std::size_t>(k)]; };
  const auto inverse_factorial = [](int k) {
    return S(1) / static_cast<S>(factorial[static_cast<std::size_t>(k)]);
  };
  int k = 0;
  for (; k <= last && (k < 2 || std::abs(z) > S(k) * S(0.75)); ++k) {
    if (k < 2) {
      at(k) = phi(k, z);
    } else {
      at(k) = (at(k - 1) - inverse_factorial(k - 1)) / z;
    }
  }
  if (k > last) return;
  at(last) = phi_series(last, z);
  for (int j = last - 1; j >= k; --j) at(j) = inverse_factorial(j) + z * at(j + 1);
}

}  // namespace detail

/// φ_k(z) for real z: relative error of a few units of rounding for every z <= 0 (down to -infinity, where
/// φ_k is 0) and for z > 0 until e^z overflows. @throws std::invalid_argument unless 0 <= k <= max_phi_order
template <std::floating_point S>
[[nodiscard]] S phi(int k, S z) {
  require_argument(k >= 0 && k <= max_phi_order, "phi", "k", k, "an order from 0 to 4");
  return detail::phi(k, z);
}

/// Every entry of z, an Eigen vector, matrix, array or block of them, becomes its φ_k. @throws
/// std::invalid_argument unless 0 <= k <= max_phi_order
template <class Z>
requires std::floating_point<typename std::remove_reference_t<Z>::Scalar>
void phi_in_place(int k, Z&& z) {
  require_argument(k >= 0 && k <= max_phi_order, "phi_in_place", "k", k, "an order from 0 to 4");
  for (Index j = 0; j < z.cols(); ++j) {
    for (Index i = 0; i < z.rows(); ++i) z(i, j) = detail::phi(k, z(i, j));
  }
}

}  // namespace lazytrain
