#pragma once

#include <cmath>
#include <cstdint>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/lazy/estimate.hpp>
#include <lazytrain/lazy/relative_changes.hpp>
#include <lazytrain/lazy/second_derivative.hpp>
#include <lazytrain/lazy/two_layer_blocks.hpp>
#include <lazytrain/linalg/rounding.hpp>
#include <limits>
#include <optional>
#include <ostream>

namespace lazytrain {

struct LazinessOptions {
  /// A Ritz value's error is second order in its residual: a residual of 1e-3 leaves it far below that.
  SingularValueOptions differential{.tolerance = 1e-3};
  BilinearNormOptions second_derivative{};
  /// ||D^2h(w0)||, where the caller knows it: that of a model whose derivatives are the same, for example the
  /// network f behind h = f - f(w0).
  std::optional<Estimate> second_derivative_norm = std::nullopt;
  /// Of the random starts.
  std::uint64_t seed = 1;
};

/// The inverse relative scale κ of alpha h at w0 and its parts (Section 1.2).
struct Laziness {
  double alpha = 1;
  Index parameters = 0;
  Index outputs = 0;
  /// ||h(w0) - y* / alpha||: the residual of alpha h, in units of h.
  Estimate residual;
  /// ||D^2h(w0)||.
  Estimate second_derivative;
  /// ||Dh(w0)||.
  Estimate differential;
  /// κ_{alpha h}(w0) = ||alpha h(w0) - y*|| ||D^2h(w0)|| / (alpha ||Dh(w0)||^2); at alpha = infinity its
  /// limit.
  Estimate kappa;
  /// κ_h(w0): the same at alpha = 1.
  Estimate kappa_h;
  /// c = ||Dh(w0)^T g|| / (||Dh(w0)|| ||g||) in [0, 1] with the residual g; unavailable if g = 0.
  Estimate alignment;
  /// κ / (2c), which bounds the relative change of the differential divided by that of the square loss, to
  /// first order in the step size: Eq. (1) with its constant. κ << 1 alone does not: c may be as small as
  /// σ_min / ||Dh||.
  Estimate criterion;

  friend std::ostream& operator<<(std::ostream& out, const Laziness& l) {
    out << "Laziness of alpha h at w0: alpha = " << l.alpha << ", p = " << l.parameters
        << ", dim F = " << l.outputs << "\n"
        << "  kappa        " << l.kappa << "\n"
        << "               = residual * curvature / slope^2, for alpha = 1: " << l.kappa_h << "\n"
        << "    residual   " << l.residual << ", ||h(w0) - y*/alpha||\n"
        << "    curvature  " << l.second_derivative << ", ||D2h(w0)||\n"
        << "    slope      " << l.differential << ", ||Dh(w0)||\n"
        << "  alignment c  " << l.alignment << ", ||Dh^T g|| / (||Dh|| ||g||), g the residual\n"
        << "  kappa / 2c   " << l.criterion << "\n"
        << "Along a small gradient step of the square loss the differential changes by at most kappa / 2c\n"
        << "times what the loss changes, both relatively: training starts lazily where this is << 1.\n";
    return out;
  }
};

namespace detail {

template <class R>
concept HasMinimizer = requires(const R& loss) {
  loss.minimizer();
};

}  // namespace detail

/// Laziness of h itself, alpha = 1. W is a vector of parameters, `options` nothing or those of the objective.
template <class H, class R, class W, class... Options>
requires TwiceDifferentiableModel<H> && Loss<R>
[[nodiscard]] auto laziness(const H& h, const R& loss, const W& w0, const Options&... options) {
  return laziness(Objective<H, R>(h, loss, 1), w0, options...);
}

/// κ and its parts for F_alpha(w) = R(alpha h(w)) / alpha^2 at w0, 0 < alpha <= infinity; R has a minimizer
/// y*.
///
///     std::cout << laziness(h, square_loss(targets, empirical(n)), w0);
///
/// Certified means proved up to the rounding inside h and its products. ||D^2h|| is bracketed for two-layer
/// networks and otherwise a lower bound, and then κ is one: fit for a diagnosis, not for a proof. Cost: see
/// `differential_norm` and `second_derivative_norm`.
/// @throws std::domain_error if Dh(w0) = 0 or is no more than what rounding of w0 makes of 0 (κ has no
/// meaning at a critical point), or if h(w0) is not finite, std::invalid_argument if a size is wrong
template <TwiceDifferentiableModel H, Loss R>
requires detail::HasMinimizer<R>
[[nodiscard]] Laziness laziness(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                const LazinessOptions& options = {}) {
  constexpr const char* here = "laziness";
  using S = scalar_t<H>;
  Philox rng(options.seed);
  const Tangent<H> tangent = linearize(objective.model, w0);
  const OutputSpace& space = tangent.output_space();
  require_domain(all_finite(w0), here, "w0", norm(w0), "finite parameters");
  require_domain(all_finite(tangent.value()), here, "h(w0)", norm(tangent.value()), "finite outputs");

  Laziness result;
  result.alpha = static_cast<double>(objective.alpha);
  result.parameters = tangent.parameter_dim();
  result.outputs = tangent.output_dim();
  result.differential = differential_norm(tangent, options.differential, rng);
  require_domain(result.differential.lower() > 0, here, "||Dh(w0)||", result.differential.value(),
                 "a number that rounding tells from 0: w0 is not a critical point of h");
  result.second_derivative = options.second_derivative_norm
                                 ? *options.second_derivative_norm
                                 : second_derivative_norm(tangent, options.second_derivative, rng);

  constexpr double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const double noise = eps * result.second_derivative.value() * static_cast<double>(norm(w0));
  require_domain(!(result.differential.value() <= noise), here, "||Dh(w0)||", result.differential.value(),
                 "more than what rounding of w0 makes of 0: w0 is not a critical point of h");

  const double rounding = quotient_rounding<S>(tangent.output_dim(), space.uniform());
  using O = outputs_t<H>;
  const O target = objective.loss.minimizer();
  const S epsilon = 1 / objective.alpha;
  O residual = tangent.value();
  axpy(-epsilon, target, residual);
  const double size = static_cast<double>(space.norm(residual));
  result.residual = Estimate::rounded(size, rounding);
  // Quotients first: the squares of large or small derivatives are no numbers.
  const Estimate curvature = result.second_derivative / result.differential;
  result.kappa = result.residual / result.differential * curvature;
  O plain = tangent.value();
  axpy(S(-1), target, plain);
  const double plain_size = static_cast<double>(space.norm(plain));
  result.kappa_h = Estimate::rounded(plain_size, rounding) / result.differential * curvature;

  // In the limit alpha -> infinity of a model with h(w0) = 0 the residual points along y*.
  O direction = epsilon == S(0) && detail::is_rounding_of_zero(tangent, w0) ? target : residual;
  const double length = static_cast<double>(space.norm(direction));
  if (length > 0) {
    scale(static_cast<S>(1 / length), direction);
    const double slope = static_cast<double>(norm(tangent.adjoint(direction)));
    const double p_rounding = quotient_rounding<S>(tangent.parameter_dim(), true);
    result.alignment = Estimate::rounded(slope, rounding + p_rounding) / result.differential;
    result.criterion = result.kappa / (2 * result.alignment);
  }
  return result;
}

/// The criterion for losses without minimizer (logistic, cross-entropy): see `relative_changes`.
template <TwiceDifferentiableModel H, Loss R>
requires(!detail::HasMinimizer<R>) [[nodiscard]] RelativeChanges
    laziness(const Objective<H, R>& objective, const parameters_t<H>& w0,
             const RelativeChangesOptions& options = {}) {
  return relative_changes(objective, w0, options);
}

}  // namespace lazytrain
