#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/observed_flows.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

struct Theorem25Options {
  /// The rank of Dh near w0, known from the structure of the model. It is proved, and need not be given, when
  /// the rank at w0 is p or dim F: such a rank cannot drop on a ball of radius < σ / LD. Any other rank may
  /// grow next to w0: no number computed at w0 tells.
  std::optional<Index> constant_rank = std::nullopt;
  /// Radius ρ of the ball; the least one that serves unless given.
  std::optional<double> radius = std::nullopt;
  TheoremOptions common{};
};

/// Theorem 2.5 checked, with the constants that the paper leaves open.
struct Theorem25 {
  BoundReport quantitative;
  /// ρ, and the rate μ.
  double radius = std::numeric_limits<double>::quiet_NaN();
  double rate = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] Verdict verdict() const { return quantitative.verdict(); }
  [[nodiscard]] bool holds() const { return quantitative.holds(); }

  friend std::ostream& operator<<(std::ostream& out, const Theorem25& t) { return out << t.quantitative; }
};

namespace detail {

/// The hypothesis on the rank.
inline Hypothesis rank_hypothesis(const ProblemConstants& c, const std::optional<Index>& supplied) {
  const Index rank = c.differential.rank;
  const bool proved = rank > 0 && (rank == c.parameters || rank == c.outputs);
  Hypothesis h{"rank Dh(w) is constant near w0", static_cast<double>(rank), "p or dim F, or supplied", proved,
               c.differential.smallest_positive.provenance()};
  if (supplied) {
    h.requirement = words("= ", *supplied, ", as supplied");
    h.met = rank == *supplied && rank > 0;
    if (!proved) h.provenance = weaker(Provenance::supplied, h.provenance);
  }
  return h;
}

/// μ(ρ) = m (σ - LD ρ)^2 - LD G / alpha; NaN beyond σ / LD.
inline double contraction(double sigma, double of_dh, double radius, double m, double G, double alpha) {
  const double left = sigma - of_dh * radius;
  return left > 0 ? m * left * left - of_dh * G / alpha : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace detail

/// Theorem 2.5, under-parameterized lazy training, made quantitative. R is m-strongly convex and M-smooth,
/// the rank k of Dh is constant on B(w0, ρ), σ = σ_k(Dh(w0)) is the smallest positive singular value, LD the
/// Lipschitz constant of Dh there, G = sqrt(2 M R0), g0 = ||Dh(w0)^T grad R(alpha h(w0))||. If
///
///     μ = m (σ - LD ρ)^2 - LD G / alpha > 0,    LD ρ < σ,    g0 / (alpha μ) <= ρ,
///
/// then w stays in the ball, converges, and for all t
///
///     ||w'|| <= (g0 / alpha) e^{-μ t},    ||w - w0|| <= (g0 / (alpha μ)) (1 - e^{-μ t}),
///     ||w(t) - w(s)|| <= (g0 / (alpha μ)) e^{-μ t} for s >= t,
///     ||w - w-bar||   <= sqrt(A^2 + B^2),    ||alpha h - alpha h-bar|| <= alpha LD ρ^2 / 2 + alpha D0 A,
///
/// with A = (LD ρ G + D0 M alpha LD ρ^2 / 2) / (m σ^2 alpha) and B = LD ρ^2 / (σ - LD ρ). The limit is a
/// local minimizer, strict only if k = p.
///
/// Left sides are compared up to `horizon`. Cost: `compare_flows` twice and the spectrum of Dh(w0).
/// @throws as `compare_flows`, std::domain_error unless alpha is finite
template <Model H, Loss R>
[[nodiscard]] Theorem25 theorem_2_5(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                    double horizon, const LipschitzBounds& bounds,
                                    const Theorem25Options& options = {}) {
  using S = scalar_t<H>;
  require_positive("theorem_2_5", "horizon", horizon);
  const auto c =
      problem_constants(objective, w0, SpectrumPart::whole, options.common.differential, options.common.seed);
  const double alpha = c.alpha, m = c.strong_convexity, M = c.smoothness;
  const Estimate& smallest = c.differential.smallest_positive;
  const double sigma = detail::lower_bound(smallest), D0 = detail::upper_bound(c.differential.norm);
  const double G = std::sqrt(2 * M * detail::upper_bound(c.excess)), g0 = detail::upper_bound(c.gradient);
  const auto LD_at = [&](double r) { return std::isfinite(r) ? bounds.of_dh(r) : Estimate(); };
  const auto rate_at = [&](double r) {
    return detail::contraction(sigma, detail::upper_bound(LD_at(r)), r, m, G, alpha);
  };

  // g0 / (alpha μ(ρ)) increases with ρ: from 0 upwards no iterate passes the least solution.
  double rho = options.radius.value_or(0.0);
  for (int i = 0; i < 1000 && !options.radius; ++i) {
    const double mu = rate_at(rho), next = g0 / (alpha * mu);
    if (!(mu > 0) || next <= rho) break;
    rho = next * (1 + 1e-10);
  }
  const Estimate of_dh = LD_at(rho);
  const double LD = detail::upper_bound(of_dh), mu = rate_at(rho);
  const Provenance known = weaker(of_dh.provenance(), smallest.provenance());

  Theorem25 result{{.result = "Theorem 2.5", .form = "quantitative"}, rho, mu};
  BoundReport& report = result.quantitative;
  report.constants = {{"alpha", Estimate::exactly(alpha)},
                      {"m", Estimate::exactly(m)},
                      {"M", detail::as_constant(M)},
                      {"sigma, smallest positive singular value of Dh(w0)", smallest},
                      {"D0 = ||Dh(w0)||", c.differential.norm},
                      {"R0 = R(alpha h(w0)) - inf R", c.excess},
                      {"g0 = ||Dh(w0)^T grad R(alpha h(w0))||", c.gradient},
                      {"radius rho", detail::as_constant(rho)},
                      {"LD = Lip(Dh) on B(w0, rho)", of_dh}};
  const std::string reason = bounds.available() ? "" : ", but " + bounds.reason();
  report.hypotheses = {
      detail::above("R is strongly convex, m > 0", m, 0, Provenance::supplied),
      detail::rank_hypothesis(c, options.constant_rank),
      detail::known("Dh is Lipschitz on B(w0, rho)" + reason, of_dh),
      detail::below("LD rho < sigma", LD * rho, sigma, known),
      detail::above("mu = m (sigma - LD rho)^2 - LD G / alpha > 0", mu, 0, known),
      detail::at_most("g0 / (alpha mu) <= rho",
                      mu > 0 ? g0 / (alpha * mu) : std::numeric_limits<double>::infinity(), rho, known)};
  if (!report.applies()) return result;

  Tangent<H> moving = linearize(objective.model, w0);
  outputs_t<H> gradient = moving.value();
  std::vector<parameters_t<H>> path;
  auto flows = observe_flows(objective, w0, horizon, options.common.flows, [&](const auto& view) {
    parameters_t<H> w = w0;
    axpy(S(1 / alpha), view.displacement, w);
    moving.move_to(w);
    objective.loss.gradient(view.outputs, gradient);
    path.push_back(view.displacement);
    return std::vector<double>{static_cast<double>(norm(moving.adjoint(gradient))) / alpha};
  });
  const double drive = D0 * M / alpha;
  flows.add_output_rounding(std::min(horizon, 1 / (m * sigma * sigma)) * drive);
  path.resize(flows.twin.times.size(), w0);
  BoundInequality to_end{"||w(t) - w(end)||", {}, {}, {}};
  for (std::size_t i = 0; i < path.size(); ++i) {
    parameters_t<H> difference = path[i];
    axpy(S(-1), path.back(), difference);
    to_end.lhs.push_back(static_cast<double>(norm(difference)) / alpha);
    to_end.error.push_back(2 * (flows.twin.displacement.error + flows.parameter_rounding));
    to_end.rhs.push_back(g0 / (alpha * mu) * std::exp(-mu * flows.twin.times[i]));
  }
  const double A = (LD * rho * G + D0 * M * alpha * LD * rho * rho / 2) / (m * sigma * sigma * alpha);
  const double B = LD * rho * rho / (sigma - LD * rho);
  const auto constant = [&](double x) { return flows.over_time([=](double) { return x; }); };
  report.inequalities = {
      flows.observed(0, "||w'||", flows.over_time([=](double t) { return g0 / alpha * std::exp(-mu * t); }),
                     drive),
      flows.displacement("||w - w0||",
                         flows.over_time([=](double t) { return -g0 / (alpha * mu) * std::expm1(-mu * t); })),
      std::move(to_end), flows.distance("||w - wbar||", constant(std::hypot(A, B))),
      flows.output_distance("||alpha h - alpha hbar||",
                            constant(alpha * LD * rho * rho / 2 + alpha * D0 * A))};
  report.times = flows.twin.times;
  report.hypotheses.push_back(flows.completed(horizon));
  return result;
}

}  // namespace lazytrain
