#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/lazy/estimate.hpp>
#include <lazytrain/linalg/rounding.hpp>
#include <lazytrain/loss/weak_convexity.hpp>
#include <limits>

namespace lazytrain {

/// The constants of F_alpha at w0 from which the right sides of Section 2 are made, except for the Lipschitz
/// constants on balls (`LipschitzBounds`).
struct ProblemConstants {
  double alpha = 0;
  /// M, m, and μ, the least number for which R + μ/2 |.|^2 is convex: facts about the loss.
  double smoothness = 0, strong_convexity = 0, weak_convexity = 0;
  /// ||h(w0)||.
  Estimate output;
  /// R0 = R(alpha h(w0)) - inf R.
  Estimate excess;
  /// N = ||alpha h(w0) - y*||, and ||y*||; unavailable if the loss has no minimizer.
  Estimate residual, target;
  /// g0 = ||Dh(w0)^T grad R(alpha h(w0))||.
  Estimate gradient;
  /// D0 = ||Dh(w0)||, σ_min and the rest of the spectrum of Dh(w0).
  DifferentialSpectrum differential;
  Index parameters = 0, outputs = 0;
  /// ||h(w0)|| up to this is rounding of 0.
  double zero = 0;
};

namespace detail {

/// R(y) - inf R, or R(y), which is larger since R >= 0, for a loss that does not know its infimum.
template <class R, class Y>
double excess(const R& loss, const Y& y) {
  if constexpr (requires { loss.excess(y); }) {
    return static_cast<double>(loss.excess(y));
  } else if constexpr (requires { loss.infimum(); }) {
    return static_cast<double>(loss.value(y)) - static_cast<double>(loss.infimum());
  } else {
    return static_cast<double>(loss.value(y));
  }
}

}  // namespace detail

/// Of the spectrum of Dh(w0): its norm alone, or σ_min and the rank too.
enum class SpectrumPart { norm, whole };

/// The constants at w0. Those of the loss are taken from the loss; a loss without weak_convexity() counts as
/// convex if m > 0 and otherwise as weakly convex with μ = M.
///
/// Certified means proved up to the rounding inside h, R and the products. Cost: `differential_norm` or
/// `differential_spectrum`.
/// @throws std::domain_error unless alpha is finite, std::invalid_argument if w0 has a wrong size
template <Model H, Loss R>
[[nodiscard]] ProblemConstants problem_constants(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                                 SpectrumPart part, const SingularValueOptions& options = {},
                                                 std::uint64_t seed = 1) {
  using S = scalar_t<H>;
  constexpr const char* here = "problem_constants";
  ProblemConstants c;
  c.alpha = static_cast<double>(objective.alpha);
  require_positive(here, "alpha", c.alpha);
  c.smoothness = static_cast<double>(objective.loss.smoothness());
  c.strong_convexity = static_cast<double>(objective.loss.strong_convexity());
  c.weak_convexity = weak_convexity(objective.loss);

  const Tangent<H> tangent = linearize(objective.model, w0);
  const OutputSpace& space = tangent.output_space();
  require_domain(all_finite(tangent.value()), here, "h(w0)", norm(tangent.value()), "finite outputs");
  c.parameters = tangent.parameter_dim();
  c.outputs = tangent.output_dim();
  const double rounding = quotient_rounding<S>(c.outputs, space.uniform());
  outputs_t<H> y = tangent.value();
  c.output = Estimate::rounded(static_cast<double>(space.norm(y)), rounding);
  scale(objective.alpha, y);
  // alpha h(w0) and what is subtracted from it are rounded by this much, however near it they are.
  constexpr double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const double moved = eps * static_cast<double>(space.norm(y));
  outputs_t<H> g = y;
  double gradient_moved = 0;
  if (moved > 0 && std::isfinite(c.smoothness)) {
    gradient_moved = c.smoothness * moved;
  } else if (moved > 0) {
    objective.loss.hessian_apply(y, y, g);
    gradient_moved = eps * static_cast<double>(space.norm(g));
  }
  objective.loss.gradient(y, g);
  c.excess = Estimate::rounded(std::max(0.0, detail::excess(objective.loss, y)), 4 * rounding,
                               (static_cast<double>(space.norm(g)) + gradient_moved / 2) * moved);
  const double gradient = static_cast<double>(norm(tangent.adjoint(g)));
  if constexpr (requires { objective.loss.minimizer(); }) {
    outputs_t<H> target = objective.loss.minimizer();
    c.target = Estimate::rounded(static_cast<double>(space.norm(target)), rounding);
    axpy(S(-1), target, y);
    c.residual = Estimate::rounded(static_cast<double>(space.norm(y)), rounding, moved);
  }
  Philox rng(seed);
  if (part == SpectrumPart::whole) {
    c.differential = differential_spectrum(tangent, options, rng);
  } else {
    c.differential.norm = differential_norm(tangent, options, rng);
  }
  c.gradient = Estimate::rounded(gradient, rounding + quotient_rounding<S>(c.parameters, true),
                                 c.differential.norm.value() * gradient_moved);
  c.zero = rounding * c.differential.norm.value() * static_cast<double>(norm(w0));
  return c;
}

}  // namespace lazytrain
