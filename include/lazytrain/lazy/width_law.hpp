#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>

namespace lazytrain {

/// One neuron φ(θ) in F, θ random, of the wide models h = alpha(m) * sum over i <= m of φ(θ_i) with
/// independent θ_i and E φ = 0 (Section 1.2).
struct NeuronMoments {
  /// E ||φ||^2.
  double value = 0;
  /// Ess sup ||D^2φ||. Infinite for output weights without bound, such as normal ones: then no law holds.
  double second_derivative = 0;
  /// ||E[Dφ Dφ^T]||, at most E ||Dφ||^2.
  double differential = 0;
  /// E X and E X^2 of X = ||Dφ^T e||^2, for one unit vector e of F.
  double directional = 0;
  double directional_square = 0;
};

/// An upper bound, and the probability with which the event that it speaks of happens, at least.
struct ProbableBound {
  double bound = 0;
  double probability = 0;
};

namespace detail {

/// sqrt(E ||φ||^2 / m) + ||y*|| / (m alpha).
inline double width_rate(const char* function, const NeuronMoments& moments, double target, Index width,
                         double factor) {
  require_argument(width >= 1, function, "width", width, "at least 1");
  require_positive(function, "factor", factor);
  require_nonnegative(function, "target", target);
  require_nonnegative(function, "moments.value", moments.value);
  require_nonnegative(function, "moments.second_derivative", moments.second_derivative);
  const auto m = static_cast<double>(width);
  return std::sqrt(moments.value / m) + target / (m * factor);
}

}  // namespace detail

/// The ratio of moments behind κ, for every width m and factor alpha(m), with ||y*|| = `target`:
///
///     (E ||h - y*||^2)^(1/2) sup ||D^2h|| / E ||Dh||^2
///         <= (sup ||D^2φ|| / ||E Dφ Dφ^T||) (sqrt(E ||φ||^2 / m) + ||y*|| / (m alpha)).
///
/// It is O(m^-1/2 + (m alpha)^-1). It is no bound of E κ, which may be infinite: see
/// `kappa_with_high_probability`.
/// @throws std::domain_error if a moment is not finite, or 0 where it divides; std::invalid_argument if width
/// < 1
[[nodiscard]] inline double kappa_ratio_of_moments(const NeuronMoments& moments, double target, Index width,
                                                   double factor) {
  require_positive("kappa_ratio_of_moments", "moments.differential", moments.differential);
  const double rate = detail::width_rate("kappa_ratio_of_moments", moments, target, width, factor);
  return moments.second_derivative / moments.differential * rate;
}

/// On an event A of probability at least 1 - exp(-m μ^2 / (8 v)), μ = E X, v = E X^2 (`NeuronMoments`),
///
///     E[κ_h(w0) 1_A] <= (2 sup ||D^2φ|| / μ) (sqrt(E ||φ||^2 / m) + ||y*|| / (m alpha)).
///
/// A is the event that X_1 + ... + X_m >= m μ / 2: there ||Dh||^2 >= m alpha^2 μ / 2. Its probability is that
/// of a sum of independent numbers >= 0 to reach half its mean, by Chernoff's bound with
/// e^-x <= 1 - x + x^2 / 2.
/// @throws as `kappa_ratio_of_moments`
[[nodiscard]] inline ProbableBound kappa_with_high_probability(const NeuronMoments& moments, double target,
                                                               Index width, double factor) {
  constexpr const char* here = "kappa_with_high_probability";
  const double mu = moments.directional;
  const double v = moments.directional_square;
  require_positive(here, "moments.directional", mu);
  require_domain(v >= mu * mu && std::isfinite(v), here, "moments.directional_square", v,
                 "at least the square of moments.directional");
  const double rate = detail::width_rate(here, moments, target, width, factor);
  return {2 * moments.second_derivative / mu * rate,
          -std::expm1(-static_cast<double>(width) * mu * mu / (8 * v))};
}

}  // namespace lazytrain
