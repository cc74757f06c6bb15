#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/relative_changes.hpp>
#include <lazytrain/linalg/rounding.hpp>
#include <limits>
#include <ostream>
#include <string>
#include <utility>

namespace lazytrain {

struct LazyScaleOptions {
  /// Largest sup_t ||y(t) - ybar(t)|| relative to the first error N of the loss; infinity asks for
  /// convergence alone.
  double tolerance = 0.1;
  /// Time T until which training is compared, in the time of the flow; infinity for the whole flow.
  double horizon = std::numeric_limits<double>::infinity();
  SingularValueOptions differential{};
  /// Of the random starts.
  std::uint64_t seed = 1;
};

/// A scale from which on training is lazy: see `lazy_scale`.
struct LazyScale {
  /// For every alpha' >= alpha.upper() the tolerance is kept. Unavailable if no scale was found.
  Estimate alpha;
  /// The bound of the relative distance at that scale.
  double distance = 0;
  /// Why there is no scale; empty if there is one.
  std::string reason;

  friend std::ostream& operator<<(std::ostream& out, const LazyScale& s) {
    if (!s.alpha.available()) return out << "no lazy scale: " << s.reason;
    return out << "lazy from alpha = " << s.alpha.upper() << " on (" << name(s.alpha.provenance())
               << "), where the relative distance is at most " << s.distance;
  }
};

namespace detail {

/// The best upper bound that an estimate has, proved or not.
inline double upper_or_value(const Estimate& e) { return std::isfinite(e.upper()) ? e.upper() : e.value(); }

/// Theorem 2.3, local form, relative to N, as a function of nu >= N / alpha:
/// LD nu (T/4 + (sqrt(2)/3) D0 T^(3/2) + D0^2 T^2 / 8) with LD on the ball of radius sqrt(T/2) nu.
inline double distance_on_horizon(double nu, double T, double D0, double LD) {
  return LD * nu * (T / 4 + std::sqrt(2.0) / 3 * D0 * T * std::sqrt(T) + D0 * D0 * T * T / 8);
}

/// Theorem 2.4, sharp form, relative to N0, as a function of nu >= N0 / alpha; infinite unless
/// q = 2 LD nu / s^2 < 1. With l = 2 nu / (s (1 + sqrt(1 - q))) and lambda = s^2 (1 - q) it is
/// (LD l^2 / (2 nu)) (1 + D0 / sqrt(lambda) + kappa D0^2 / s^2).
inline double distance_forever(double nu, double s, double D0, double condition, double LD) {
  const double q = 2 * LD * nu / (s * s);
  if (!(q < 1)) return std::numeric_limits<double>::infinity();
  const double root = std::sqrt(1 - q);
  const double length = 2 / (s * (1 + root));
  return LD * length * length * nu / 2 * (1 + D0 / (s * root) + condition * D0 * D0 / (s * s));
}

}  // namespace detail

/// The scale alpha from which on the flow of alpha h stays within `tolerance` of its linearization, in
/// outputs and relative to the first error.
///
/// Finite horizon T: the square loss, by Theorem 2.3 in its local form: N = ||alpha h(w0) - y*||. Infinite
/// horizon: strongly convex losses and σ_min > 0, by Theorem 2.4 with its sharp threshold q < 1:
/// N = sqrt(2 (R(alpha h(w0)) - R*) / m). Both bounds decrease in alpha, with N / alpha replaced by
/// sqrt(M/m) (||h(w0)|| + ||y*|| / alpha), and are inverted by bisection to 1e-3; the answer is the upper
/// end. The answer is as certified as the Lipschitz constants and the singular values. If h(w0) != 0 there
/// may be no such scale: then centre or symmetrize the model.
/// @throws std::domain_error on options, if Dh(w0) = 0, or if a finite horizon is asked of another loss than
/// the square loss; std::invalid_argument if a size is wrong
template <Model H, Loss R>
[[nodiscard]] LazyScale lazy_scale(const H& h, const R& loss, const parameters_t<H>& w0,
                                   const LipschitzBounds& bounds, const LazyScaleOptions& options = {}) {
  constexpr const char* here = "lazy_scale";
  constexpr double infinity = std::numeric_limits<double>::infinity();
  require_domain(options.tolerance > 0, here, "tolerance", options.tolerance, "a number > 0");
  require_domain(options.horizon > 0, here, "horizon", options.horizon, "a number > 0");
  const auto m = static_cast<double>(loss.strong_convexity());
  const auto M = static_cast<double>(loss.smoothness());
  const bool forever = std::isinf(options.horizon);
  const auto none = [](std::string reason) { return LazyScale{Estimate(), 0, std::move(reason)}; };
  if (!bounds.available()) return none(bounds.reason());
  if (!(m > 0)) return none("the loss is not strongly convex");
  require_domain(forever || (m == 1 && M == 1), here, "smoothness", M,
                 "1, as strong convexity: a finite horizon needs the square loss");

  Philox rng(options.seed);
  const Tangent<H> tangent = linearize(h, w0);
  const OutputSpace& space = tangent.output_space();
  const Estimate D0 = differential_norm(tangent, options.differential, rng);
  require_domain(D0.lower() > 0, here, "||Dh(w0)||", D0.value(), "a number > 0: w0 is not a critical point");
  Estimate smallest = Estimate::exactly(0);
  if (forever) {
    smallest = differential_spectrum(tangent, options.differential, rng).smallest;
    if (!(smallest.lower() > 0)) return none("the smallest singular value of Dh(w0) is not known to be > 0");
  }
  const double start = static_cast<double>(space.norm(tangent.value()));
  const double at_zero = std::sqrt(2 * detail::excess(loss, zeros_like(tangent.value())) / m);
  const double target = [&] {
    if constexpr (requires { loss.minimizer(); }) {
      return static_cast<double>(space.norm(loss.minimizer()));
    } else {
      return at_zero;  // ||y*|| is no larger
    }
  }();

  Provenance provenance = weaker(D0.provenance(), smallest.provenance());
  const double rounding = 1 + 64 * std::numeric_limits<double>::epsilon() +
                          4 * quotient_rounding<scalar_t<H>>(space.dim(), space.uniform());
  const auto distance = [&](double alpha) {
    double nu = std::sqrt(M / m) * (start + (std::isinf(alpha) ? 0 : target / alpha));
    if (start == 0) nu = std::min(nu, std::isinf(alpha) ? 0 : at_zero / alpha);
    const double T = options.horizon;
    const double radius = forever ? 2 * nu / smallest.lower() : std::sqrt(T / 2) * nu;
    if (!std::isfinite(radius)) return infinity;
    const Estimate LD = bounds.of_dh(radius * rounding);
    if (!LD.available()) return infinity;
    provenance = weaker(provenance, LD.provenance());
    const double upper = detail::upper_or_value(LD);
    return rounding * (forever ? detail::distance_forever(nu, smallest.lower(), D0.upper(), M / m, upper)
                               : detail::distance_on_horizon(nu, T, D0.upper(), upper));
  };
  const auto kept = [&](double alpha) {
    const double d = distance(alpha);
    return std::isfinite(d) && d <= options.tolerance;
  };
  if (!kept(infinity)) {
    return none("h(w0) is too large: the relative distance does not fall below the tolerance at any scale");
  }
  constexpr double largest = 1e100, least = 1e-100;
  double high = 1;
  while (!kept(high) && high < largest) high *= 4;
  if (!kept(high)) return none("the tolerance is not kept at any scale up to 1e100");
  double low = high;
  while (kept(low) && low > least) low /= 4;
  high = low * 4;
  while (high > low * 1.001) {
    const double middle = std::sqrt(low * high);
    (kept(middle) ? high : low) = middle;
  }
  const double reached = distance(high);
  return {Estimate::at_most(high, provenance), reached, ""};
}

}  // namespace lazytrain
