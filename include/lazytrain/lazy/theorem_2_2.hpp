#pragma once

#include <cmath>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/observed_flows.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <lazytrain/linalg/phi.hpp>
#include <utility>
#include <vector>

namespace lazytrain {

/// Theorem 2.2 checked: the sharp form, which is the one that counts, and the printed route.
struct Theorem22 {
  BoundReport sharp, printed;

  [[nodiscard]] Verdict verdict() const { return sharp.verdict(); }
  [[nodiscard]] bool holds() const { return sharp.holds(); }

  friend std::ostream& operator<<(std::ostream& out, const Theorem22& t) {
    return out << t.sharp << t.printed;
  }
};

namespace detail {

inline std::vector<BoundConstant> theorem_2_2_constants(const ProblemConstants& c, double radius,
                                                        const Estimate& of_dh) {
  return {{"alpha", Estimate::exactly(c.alpha)},       {"radius r = sqrt(T R0) / alpha", as_constant(radius)},
          {"R0 = R(alpha h(w0)) - inf R", c.excess},   {"M", as_constant(c.smoothness)},
          {"mu", Estimate::exactly(c.weak_convexity)}, {"D0 = ||Dh(w0)||", c.differential.norm},
          {"LD = Lip(Dh) on the ball", of_dh}};
}

/// Without an exponential for convex R.
inline BoundReport theorem_2_2_sharp(const ProblemConstants& c, double horizon,
                                     const LipschitzBounds& bounds) {
  BoundReport report{.result = "Theorem 2.2", .form = "sharp"};
  const double radius = std::sqrt(horizon * upper_bound(c.excess)) / c.alpha;
  const Estimate of_dh = std::isfinite(radius) ? bounds.of_dh(radius) : Estimate();
  report.constants = theorem_2_2_constants(c, radius, of_dh);
  report.hypotheses = {
      known("Dh is Lipschitz on B(w0, r)" + (bounds.available() ? "" : ", but " + bounds.reason()), of_dh),
      {"R has a Lipschitz gradient", c.smoothness, "finite", std::isfinite(c.smoothness),
       Provenance::supplied}};
  return report;
}

/// The paper's: Gronwall's lemma in F, which needs Lip(h) and costs an exponential.
inline BoundReport theorem_2_2_printed(const ProblemConstants& c, double horizon,
                                       const LipschitzBounds& bounds) {
  BoundReport report = theorem_2_2_sharp(c, horizon, bounds);
  report.form = "printed, with the displacement of its proof corrected";
  const double radius = report.constant("radius r = sqrt(T R0) / alpha").value();
  const Estimate of_h = std::isfinite(radius) ? bounds.of_h(radius) : Estimate();
  report.constants.push_back({"L = Lip(h) on the ball", of_h});
  report.hypotheses.push_back(known("h is Lipschitz on B(w0, r)", of_h));
  report.hypotheses.push_back(at_most("h(w0) = 0", c.output.value(), c.zero, c.output.provenance()));
  return report;
}

/// factor e^x, or another function of x that overflows: 0 if the factor is.
inline double grown(double factor, double growth) { return factor == 0 ? 0 : factor * growth; }

}  // namespace detail

/// Theorem 2.2, lazy training over a finite horizon T for any smooth R, with explicit constants, t <= T:
///
///     ||w - w0||                  <= sqrt(t R0) / alpha,
///     ||w - w-bar||               <= e^{mu D0^2 t} (LD / alpha^2) [(2/3) sqrt(2M) R0 t^{3/2} + M D0 R0 t^2 /
///     4],
///     ||alpha h - alpha h-bar||   <= LD R0 t / (2 alpha) + alpha D0 (the bound above),
///
/// where R + mu/2 |.|^2 is convex: for convex R (mu = 0) there is no exponential. It needs neither Lip(h) nor
/// h(w0) = 0. The printed route, with C1 = 2 L LD sqrt(T R0) G, C2 = M D0^2 and G = sqrt(2 M R0):
///
///     ||alpha h - alpha h-bar||   <= C1 (e^{C2 t} - 1) / (alpha C2),
///     ||w - w-bar||               <= alpha^{-2} [(2/3) LD sqrt(R0) G t^{3/2} + D0 M (C1 / C2) ((e^{C2 t} -
///     1) / C2 - t)].
///
/// L and LD are Lipschitz constants of h and Dh on the ball of radius sqrt(T R0) / alpha around w0, R0 =
/// R(alpha h(w0)) - inf R. Appendix B.1 prints the radius (T F_alpha(w_alpha(t)))^{1/2}, which is false.
/// Cost: `compare_flows`.
/// @throws as `compare_flows`, std::domain_error unless alpha is finite
template <Model H, Loss R>
[[nodiscard]] Theorem22 theorem_2_2(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                    double horizon, const LipschitzBounds& bounds,
                                    const TheoremOptions& options = {}) {
  require_positive("theorem_2_2", "horizon", horizon);
  const ProblemConstants c =
      problem_constants(objective, w0, SpectrumPart::norm, options.differential, options.seed);
  Theorem22 result{detail::theorem_2_2_sharp(c, horizon, bounds),
                   detail::theorem_2_2_printed(c, horizon, bounds)};
  if (!result.sharp.applies()) return result;

  const double alpha = c.alpha, M = c.smoothness, mu = c.weak_convexity;
  const double R0 = detail::upper_bound(c.excess), D0 = detail::upper_bound(c.differential.norm);
  auto flows = observe_flows(objective, w0, horizon, options.flows);
  flows.add_output_rounding(horizon * D0 * M / alpha);
  const double LD = detail::upper_bound(result.sharp.constant("LD = Lip(Dh) on the ball"));
  const auto radius = [=](double t) { return std::sqrt(t * R0) / alpha; };
  const auto distance = [=](double t) {
    const double convex =
        LD / (alpha * alpha) * R0 * (2.0 / 3 * std::sqrt(2 * M) * std::pow(t, 1.5) + M * D0 * t * t / 4);
    return detail::grown(convex, std::exp(mu * D0 * D0 * t));
  };
  result.sharp.inequalities = {
      flows.displacement("||w - w0||", flows.over_time(radius)),
      flows.distance("||w - wbar||", flows.over_time(distance)),
      flows.output_distance("||alpha h - alpha hbar||", flows.over_time([=](double t) {
        return LD * R0 * t / (2 * alpha) + alpha * D0 * distance(t);
      }))};

  const double L = detail::upper_bound(result.printed.constant("L = Lip(h) on the ball"));
  const double G = std::sqrt(2 * M * R0), C1 = 2 * L * LD * std::sqrt(horizon * R0) * G, C2 = M * D0 * D0;
  result.printed.inequalities = {
      flows.displacement("||w - w0||", flows.over_time(radius)),
      flows.distance("||w - wbar||", flows.over_time([=](double t) {
        return (2.0 / 3 * LD * std::sqrt(R0) * G * std::pow(t, 1.5) +
                detail::grown(D0 * M * C1 * t * t, phi(2, C2 * t))) /
               (alpha * alpha);
      })),
      flows.output_distance("||alpha h - alpha hbar||", flows.over_time([=](double t) {
        return detail::grown(C1 / alpha * t, phi(1, C2 * t));
      }))};
  for (BoundReport* report : {&result.sharp, &result.printed}) {
    report->times = flows.twin.times;
    report->hypotheses.push_back(flows.completed(horizon));
  }
  return result;
}

}  // namespace lazytrain
