#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/observed_flows.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <lazytrain/lazy/theorem_2_3_radius.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

/// Theorem 2.4 checked: the sharp form, which is the one that counts, and the printed one.
struct Theorem24 {
  BoundReport sharp, printed;
  /// q = 2 LD N0 / (alpha σ^2): the sharp form asks for q < 1.
  double q = std::numeric_limits<double>::quiet_NaN();
  /// σ^3 / (32 κ^{3/2} D0 LD): the printed form asks for ||h(w0)|| <= C0 and alpha > ||y*|| / C0.
  double C0 = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] Verdict verdict() const { return sharp.verdict(); }
  [[nodiscard]] bool holds() const { return sharp.holds(); }

  friend std::ostream& operator<<(std::ostream& out, const Theorem24& t) {
    return out << t.sharp << t.printed;
  }
};

namespace detail {

inline BoundReport theorem_2_4_report(const ProblemConstants& c, std::string form) {
  BoundReport report{.result = "Theorem 2.4", .form = std::move(form)};
  report.constants = {{"alpha", Estimate::exactly(c.alpha)},
                      {"m", Estimate::exactly(c.strong_convexity)},
                      {"M", as_constant(c.smoothness)},
                      {"sigma_min of Dh(w0)", c.differential.smallest},
                      {"D0 = ||Dh(w0)||", c.differential.norm}};
  report.hypotheses = {above("R is strongly convex, m > 0", c.strong_convexity, 0, Provenance::supplied),
                       above("Dh(w0) is onto F, sigma_min > 0", lower_bound(c.differential.smallest), 0,
                             c.differential.smallest.provenance())};
  return report;
}

/// (σ / LD) (1 - sqrt(1 - q)), without cancellation; NaN for q >= 1.
inline double sharp_length(double sigma, double N0, double alpha, double of_dh) {
  const double q = 2 * of_dh * N0 / (alpha * sigma * sigma);
  return q < 1 ? 2 * N0 / (alpha * sigma) / (1 + std::sqrt(1 - q)) : std::numeric_limits<double>::quiet_NaN();
}

/// The least radius r with sharp_length(LD(r)) <= r, approached from below: LD increases, so that no iterate
/// passes it, and q >= 1 at an iterate means that there is none.
inline double sharp_radius(double sigma, double N0, double alpha, const LipschitzBounds& bounds) {
  double r = N0 / (alpha * sigma);
  for (int i = 0; i < 1000 && std::isfinite(r); ++i) {
    const double next = sharp_length(sigma, N0, alpha, upper_bound(bounds.of_dh(r)));
    if (next <= r) break;
    if (std::isnan(next)) break;
    r = next * (1 + 1e-10);
  }
  return r;
}

/// The root of LD = LD(σ / (2 LD)), from above: the Lipschitz constant of Dh on a ball on which σ_min halves.
/// Unavailable where no such ball has a known one.
inline Estimate self_consistent_curvature(double sigma, const LipschitzBounds& bounds) {
  const auto slack = [&](double r) {
    const Estimate LD = bounds.of_dh(r);
    return LD.available() ? 2 * r * upper_bound(LD) : std::numeric_limits<double>::quiet_NaN();
  };
  const double radius = least_radius(slack, sigma);
  if (std::isfinite(radius)) return bounds.of_dh(radius);
  // Either nothing is known from some radius on, or σ_min halves on no ball: LD is 0.
  return bounds.of_dh(1e100);
}

}  // namespace detail

/// Theorem 2.4, over-parameterized lazy training over an infinite horizon: R is m-strongly convex and
/// M-smooth, and σ = σ_min(Dh(w0)) > 0. With N0 = sqrt(2 (R(alpha h(w0)) - R*) / m), κ = M / m, and LD the
/// Lipschitz constant of Dh on the ball of radius
///
///     ell = (σ / LD) (1 - sqrt(1 - q)),    q = 2 LD N0 / (alpha σ^2) < 1,    λ = σ^2 (1 - q),
///
/// the sharp form says, for all t,
///
///     ||w - w0||                 <= ell,
///     ||alpha h - y*||           <= N0 e^{-m λ t},
///     ||w - w-bar||              <= LD ell^2 [1 / sqrt(λ) + κ D0 / (2 σ^2)]                       (no
///     logarithm),
///     ||alpha h - alpha h-bar||  <= (alpha LD ell^2 / 2) [1 + D0 / sqrt(λ) + κ D0^2 / σ^2].
///
/// q < 1 cannot be weakened: h(w) = w - w^2 / 2 converges from 0 to y* > 0 iff q <= 1. The printed form asks
/// for ||h(w0)|| <= C0 and alpha > ||y*|| / C0, C0 = σ^3 / (32 κ^{3/2} D0 LD), LD on the ball of radius
/// σ / (2 LD), and says with N = ||alpha h(w0) - y*||, for alpha >= 1,
///
///     ||alpha h - y*||           <= sqrt(κ) N e^{-m σ^2 t / 4},
///     ||w - w0||                 <= 8 κ^{3/2} D0 N / (alpha σ^2),
///     ||w - w-bar||              <= alpha^{-2} [32 κ^3 D0 LD N^2 / σ^4 + 640 κ^4 D0^4 LD N^2 log(alpha) /
///     σ^7
///                                               + 8 κ^{3/2} D0 N / σ^2],
///     ||alpha h - alpha h-bar||  <= 160 κ^3 D0^3 LD N^2 / (alpha σ^5).
///
/// Left sides are compared up to `horizon`. Cost: `compare_flows` twice and the spectrum of Dh(w0).
/// @throws as `compare_flows`, std::domain_error unless alpha is finite
template <Model H, Loss R>
requires detail::HasTarget<R>
[[nodiscard]] Theorem24 theorem_2_4(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                    double horizon, const LipschitzBounds& bounds,
                                    const TheoremOptions& options = {}) {
  using S = scalar_t<H>;
  require_positive("theorem_2_4", "horizon", horizon);
  const auto c = problem_constants(objective, w0, SpectrumPart::whole, options.differential, options.seed);
  const double alpha = c.alpha, m = c.strong_convexity, kappa = c.smoothness / m;
  const double sigma = detail::lower_bound(c.differential.smallest);
  const double D0 = detail::upper_bound(c.differential.norm), N = detail::upper_bound(c.residual);
  const double N0 = std::sqrt(2 * detail::upper_bound(c.excess) / m);
  Theorem24 result{detail::theorem_2_4_report(c, "sharp"), detail::theorem_2_4_report(c, "printed")};

  const double radius = result.sharp.applies() ? detail::sharp_radius(sigma, N0, alpha, bounds) : 0.0;
  const Estimate of_dh = bounds.of_dh(std::isfinite(radius) ? radius : 0.0);
  const double LD = detail::upper_bound(of_dh), ell = detail::sharp_length(sigma, N0, alpha, LD);
  result.q = 2 * LD * N0 / (alpha * sigma * sigma);
  const double lambda = sigma * sigma * (1 - result.q);
  const std::string reason = bounds.available() ? "" : ", but " + bounds.reason();
  result.sharp.constants.push_back(
      {"N0 = sqrt(2 (R(alpha h(w0)) - R*) / m)", m > 0 ? sqrt(2 / m * c.excess) : Estimate()});
  result.sharp.constants.push_back({"LD = Lip(Dh) on the ball of radius ell", of_dh});
  result.sharp.hypotheses.push_back(detail::known("Dh is Lipschitz near w0" + reason, of_dh));
  result.sharp.hypotheses.push_back(
      detail::below("q = 2 LD N0 / (alpha sigma^2) < 1", result.q, 1,
                    weaker(of_dh.provenance(), c.differential.smallest.provenance())));
  if (result.q < 1) {
    result.sharp.hypotheses.push_back(
        detail::at_most("ell <= r, the radius of the ball of LD", ell, radius, of_dh.provenance()));
  }

  const Estimate of_dh_printed =
      result.printed.applies() ? detail::self_consistent_curvature(sigma, bounds) : Estimate();
  const double LD_printed = detail::upper_bound(of_dh_printed);
  const Provenance source = of_dh_printed.provenance();
  result.C0 = std::pow(sigma, 3) / (32 * std::pow(kappa, 1.5) * D0 * LD_printed);
  const Estimate curvature = std::isfinite(LD_printed) ? Estimate::at_most(LD_printed, source) : Estimate();
  result.printed.constants.push_back({"LD = Lip(Dh) on the ball of radius sigma / (2 LD)", curvature});
  result.printed.constants.push_back({"N = ||alpha h(w0) - y*||", c.residual});
  result.printed.hypotheses.push_back(detail::known("Dh is Lipschitz near w0" + reason, curvature));
  result.printed.hypotheses.push_back(
      detail::at_most("||h(w0)|| <= C0", detail::upper_bound(c.output), result.C0, source));
  result.printed.hypotheses.push_back(
      detail::above("alpha > ||y*|| / C0", alpha, detail::upper_bound(c.target) / result.C0, source));
  result.printed.hypotheses.push_back({"alpha >= 1", alpha, ">= 1", alpha >= 1, Provenance::certified});
  if (!result.sharp.applies() && !result.printed.applies()) return result;

  const outputs_t<H> target = objective.loss.minimizer();
  const OutputSpace space = objective.loss.output_space();
  auto flows = observe_flows(objective, w0, horizon, options.flows, [&](const auto& view) {
    outputs_t<H> residual = view.outputs;
    axpy(S(-1), target, residual);
    return std::vector<double>{static_cast<double>(space.norm(residual))};
  });
  flows.add_output_rounding(std::min(horizon, 1 / (m * sigma * sigma)) * D0 * c.smoothness / alpha);
  const auto constant = [&](double x) { return flows.over_time([=](double) { return x; }); };
  if (result.sharp.applies()) {
    result.sharp.inequalities = {
        flows.displacement("||w - w0||", constant(ell)),
        flows.observed(0, "||alpha h - y*||",
                       flows.over_time([=](double t) { return N0 * std::exp(-m * lambda * t); }), 1),
        flows.distance("||w - wbar||",
                       constant(LD * ell * ell * (1 / std::sqrt(lambda) + kappa * D0 / (2 * sigma * sigma)))),
        flows.output_distance("||alpha h - alpha hbar||",
                              constant(alpha * LD * ell * ell / 2 *
                                       (1 + D0 / std::sqrt(lambda) + kappa * D0 * D0 / (sigma * sigma))))};
  }
  if (result.printed.applies()) {
    const double first = 8 * std::pow(kappa, 1.5) * D0 * N / (sigma * sigma);
    const double square = std::pow(kappa, 3) * D0 * LD_printed * N * N;
    const double log_term = 20 * kappa * std::pow(D0, 3) * std::log(alpha) / std::pow(sigma, 3);
    result.printed.inequalities = {
        flows.displacement("||w - w0||", constant(first / alpha)),
        flows.observed(0, "||alpha h - y*||", flows.over_time([=](double t) {
          return std::sqrt(kappa) * N * std::exp(-m * sigma * sigma * t / 4);
        }),
                       1),
        flows.distance("||w - wbar||", constant((32 * square / std::pow(sigma, 4) * (1 + log_term) + first) /
                                                (alpha * alpha))),
        flows.output_distance("||alpha h - alpha hbar||",
                              constant(160 * square * D0 * D0 / (alpha * std::pow(sigma, 5))))};
  }
  for (BoundReport* report : {&result.sharp, &result.printed}) {
    report->times = flows.twin.times;
    report->hypotheses.push_back(flows.completed(horizon));
  }
  return result;
}

}  // namespace lazytrain
