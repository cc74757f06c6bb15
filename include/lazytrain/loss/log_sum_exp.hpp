#pragma once

#include <cmath>
#include <lazytrain/core/types.hpp>
#include <limits>

namespace lazytrain::detail {

/// The `count` outputs z of a sample seen from the largest, z_top: sum_j exp(z_j - z_top) = 1 + tail.
/// Keeping the tail apart from 1 is what makes small losses and gradients accurate relative to themselves.
/// W is the type of the arithmetic. On the host or on a device. Cost: count exponentials.
template <class W>
struct LogSumExp {
  Index top = 0;
  W largest{};
  W tail{};

  template <class S>
  constexpr LogSumExp(const S* z, Index count) : LogSumExp(z, count, [](Index, W) {}) {}
  /// Calls visit(j, exp(z_j - z_top)) for every j but top, in order, when z_j is not needed any more.
  template <class S, class Visit>
  constexpr LogSumExp(const S* z, Index count, const Visit& visit) {
    for (Index j = 1; j < count; ++j) top = z[j] > z[top] ? j : top;
    largest = static_cast<W>(z[top]);
    for (Index j = 0; j < count; ++j) {
      if (j == top) continue;
      const W e = exponential(z[j]);
      tail += e;
      visit(j, e);
    }
  }

  /// exp(z_j - z_top), at most 1.
  template <class S>
  [[nodiscard]] constexpr W exponential(S z) const {
    return std::exp(static_cast<W>(z) - largest);
  }
  /// log sum_l exp(z_l) - z_j >= 0.
  template <class S>
  [[nodiscard]] constexpr W surprise(S z) const {
    return (largest - static_cast<W>(z)) + std::log1p(tail);
  }
};

/// exp(-r) - 1 + r >= 0 without cancellation: its series near 0.
template <class W>
[[nodiscard]] W exp_remainder(W r) {
  if (!(std::abs(r) <= W(0.5))) return std::expm1(-r) + r;
  W term = W(0.5) * r * r;
  W sum(0);
  for (int k = 3; std::abs(term) > std::numeric_limits<W>::epsilon() * W(0.25) * sum; ++k) {
    sum += term;
    term *= -r / static_cast<W>(k);
  }
  return sum;
}

}  // namespace lazytrain::detail
