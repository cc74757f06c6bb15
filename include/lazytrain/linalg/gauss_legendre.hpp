#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <numbers>

namespace lazytrain {

/// ∫_0^1 f ≈ Σ_i weights(i) f(nodes(i)).
struct QuadratureRule {
  Vector<double> nodes;
  Vector<double> weights;
};

/// Gauss-Legendre rule with n nodes on [0, 1], ascending: exact for polynomials of degree 2n - 1.
///
/// Newton's method on the Legendre polynomial P_n from the asymptotic zeros. Cost: O(n^2).
/// @throws std::invalid_argument unless 1 <= n <= 64
[[nodiscard]] inline QuadratureRule gauss_legendre(Index n) {
  require_argument(n >= 1 && n <= 64, "gauss_legendre", "n", n, "a number of nodes from 1 to 64");
  QuadratureRule rule{Vector<double>(n), Vector<double>(n)};
  for (Index i = 0; i < (n + 1) / 2; ++i) {
    long double x = std::cos(std::numbers::pi_v<long double> * (static_cast<long double>(i) + 0.75L) /
                             (static_cast<long double>(n) + 0.5L));
    long double slope = 0;
    // Convergence is quadratic from 1e-3: eight steps are more than enough.
    for (int step = 0; step < 8; ++step) {
      long double previous = 1;
      long double value = x;
      for (Index k = 2; k <= n; ++k) {
        const auto degree = static_cast<long double>(k);
        const long double next = ((2 * degree - 1) * x * value - (degree - 1) * previous) / degree;
        previous = value;
        value = next;
      }
      slope = static_cast<long double>(n) * (x * value - previous) / (x * x - 1);
      x -= value / slope;
    }
    const long double weight = 1 / ((1 - x * x) * slope * slope);
    rule.nodes(i) = static_cast<double>((1 - x) / 2);
    rule.nodes(n - 1 - i) = static_cast<double>((1 + x) / 2);
    rule.weights(i) = rule.weights(n - 1 - i) = static_cast<double>(weight);
  }
  return rule;
}

}  // namespace lazytrain
