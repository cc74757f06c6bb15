#pragma once

#include <cmath>
#include <cstdint>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/lazy/estimate.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <ostream>

namespace lazytrain {

struct RelativeChangesOptions {
  /// Relative change of the loss that the measured step aims at.
  double loss_change = 1e-3;
  SingularValueOptions norms{.tolerance = 1e-6};
  /// Of the random starts.
  std::uint64_t seed = 1;
};

/// How the loss and the differential change along a gradient step w1 = w0 - η grad F_alpha(w0), relatively.
/// Training is lazy when the loss changes long before the differential does, that is when a ratio is << 1.
struct RelativeChanges {
  double alpha = 1;
  /// First order, per unit of η: ||grad F||^2 / (F - inf F).
  double loss_rate = 0;
  /// First order, per unit of η: ||D^2h(w0)[grad F, .]|| / ||Dh(w0)||.
  Estimate differential_rate;
  /// differential_rate / loss_rate.
  Estimate predicted_ratio;
  /// η of the real step.
  double step = 0;
  /// (F(w0) - F(w1)) / (F(w0) - inf F).
  double loss_change = 0;
  /// ||Dh(w1) - Dh(w0)|| / ||Dh(w0)||.
  Estimate differential_change;
  /// differential_change / |loss_change|.
  Estimate measured_ratio;

  friend std::ostream& operator<<(std::ostream& out, const RelativeChanges& c) {
    return out << "Relative changes along a gradient step of F_alpha, alpha = " << c.alpha << "\n"
               << "  first order   loss " << c.loss_rate << " and differential " << c.differential_rate
               << " per unit of step\n"
               << "                ratio " << c.predicted_ratio << "\n"
               << "  measured      loss " << c.loss_change << " and differential " << c.differential_change
               << " at step " << c.step << "\n"
               << "                ratio " << c.measured_ratio << "\n"
               << "Training is lazy where the differential changes much less than the loss: ratio << 1.\n";
  }
};

/// The criterion of Section 1.2 before any bound, for every loss: the relative change of the loss against
/// that of the differential, to first order and along a real gradient step. A loss without known infimum is
/// taken to have the infimum 0.
/// @throws std::domain_error if Dh(w0) = 0, if w0 is a critical point of F_alpha or a minimum of the loss, if
/// alpha is infinite, if a number is not finite; std::invalid_argument if a size is wrong
template <TwiceDifferentiableModel H, Loss R>
[[nodiscard]] RelativeChanges relative_changes(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                               const RelativeChangesOptions& options = {}) {
  constexpr const char* here = "relative_changes";
  using S = scalar_t<H>;
  using P = parameters_t<H>;
  using O = outputs_t<H>;
  require_positive(here, "alpha", objective.alpha);
  require_positive(here, "loss_change", options.loss_change);
  Philox rng(options.seed);
  const Tangent<H> start = linearize(objective.model, w0);
  require_domain(all_finite(start.value()), here, "h(w0)", norm(start.value()), "finite outputs");
  const auto alpha = static_cast<double>(objective.alpha);
  const auto scaled_outputs = [&](const Tangent<H>& tangent) {
    O y = tangent.value();
    scale(objective.alpha, y);
    return y;
  };
  const auto excess_at = [&](const Tangent<H>& tangent) {
    return detail::excess(objective.loss, scaled_outputs(tangent));
  };
  const double excess = excess_at(start);
  require_domain(excess > 0 && std::isfinite(excess), here, "R(alpha h(w0)) - inf R", excess,
                 "a number > 0: elsewhere no relative change is defined");
  O g = zeros_like(start.value());
  objective.loss.gradient(scaled_outputs(start), g);
  P gradient = start.adjoint(g);
  scale(1 / objective.alpha, gradient);
  const double slope = static_cast<double>(norm(gradient));
  require_domain(slope > 0 && std::isfinite(slope), here, "||grad F_alpha(w0)||", slope,
                 "a number > 0: w0 is not a critical point");
  const Estimate differential = differential_norm(start, options.norms, rng);

  RelativeChanges changes;
  changes.alpha = alpha;
  changes.loss_rate = slope * slope * alpha * alpha / excess;
  const auto norm_of = [&](auto&& apply, auto&& adjoint) {
    return detail::as_estimate(
        operator_norm(apply, adjoint, w0, start.value(), start.output_space(), options.norms, rng));
  };
  changes.differential_rate = norm_of([&](const P& v, O& out) { start.second(gradient, v, out); },
                                      [&](const O& z, P& out) { start.second_adjoint(gradient, z, out); }) /
                              differential;
  changes.predicted_ratio = changes.differential_rate / changes.loss_rate;

  changes.step = options.loss_change / changes.loss_rate;
  P moved_to = w0;
  axpy(-static_cast<S>(changes.step), gradient, moved_to);
  const Tangent<H> end = linearize(objective.model, moved_to);
  changes.loss_change = (excess - excess_at(end)) / excess;
  O other_output = start.value();
  P other_parameters = w0;
  const Estimate moved = norm_of(
      [&](const P& v, O& out) {
        end.jvp(v, out);
        start.jvp(v, other_output);
        axpy(S(-1), other_output, out);
      },
      [&](const O& z, P& out) {
        end.adjoint(z, out);
        start.adjoint(z, other_parameters);
        axpy(S(-1), other_parameters, out);
      });
  // The products of a difference of two differentials cancel: no bound is proved.
  changes.differential_change =
      Estimate(moved.value(), moved.lower(), moved.upper(), Provenance::estimated) / differential;
  changes.measured_ratio =
      changes.loss_change == 0 ? Estimate() : changes.differential_change / std::abs(changes.loss_change);
  return changes;
}

}  // namespace lazytrain
