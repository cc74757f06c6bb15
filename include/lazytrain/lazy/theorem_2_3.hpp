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

/// Theorem 2.3 checked in four forms, the first of which is the one that counts.
struct Theorem23 {
  /// The hypotheses of the paper, sharper right sides.
  BoundReport sharp;
  /// The paper's statement and the bounds of Appendix B.2.
  BoundReport printed;
  /// From ||Dh(w0)|| and Lip(Dh) alone, for every alpha.
  BoundReport local;
  /// From the kernel along the path, integrated numerically: no Lipschitz constant, but only an indication.
  BoundReport a_posteriori;
  /// K, and T = K / Lip(h)^2.
  double iterations = std::numeric_limits<double>::quiet_NaN();
  double horizon = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] Verdict verdict() const { return sharp.verdict(); }
  [[nodiscard]] bool holds() const { return sharp.holds(); }

  friend std::ostream& operator<<(std::ostream& out, const Theorem23& t) {
    return out << t.sharp << t.printed << t.local << t.a_posteriori;
  }
};

namespace detail {

inline BoundReport theorem_2_3_report(const ProblemConstants& c, std::string form) {
  BoundReport report{.result = "Theorem 2.3", .form = std::move(form)};
  report.constants = {{"alpha", Estimate::exactly(c.alpha)}, {"N = ||alpha h(w0) - y*||", c.residual}};
  report.hypotheses = {{"R is the square loss, m = M = 1", c.smoothness, "= m = 1",
                        c.smoothness == 1 && c.strong_convexity == 1, Provenance::supplied}};
  return report;
}

inline void add_ball(BoundReport& report, const Theorem23Ball& ball) {
  report.constants.push_back({"radius r", as_constant(ball.radius)});
  report.constants.push_back({"L = Lip(h) on B(w0, r)", ball.of_h});
  report.constants.push_back({"LD = Lip(Dh) on B(w0, r)", ball.of_dh});
  report.hypotheses.push_back(known("h is Lipschitz on B(w0, r)" + ball.reason, ball.of_h));
  report.hypotheses.push_back(known("Dh is Lipschitz on B(w0, r)" + ball.reason, ball.of_dh));
  report.hypotheses.push_back(
      {ball.condition, ball.left, words(">= ", ball.right), ball.left >= ball.right, ball.of_h.provenance()});
}

/// phi(K) <= K^2 of the sharp form.
inline double sharp_growth(double K) {
  return K <= 0.5 ? K * K : 2 * std::sqrt(2.0) / 3 * std::pow(K, 1.5) - 1.0 / 12;
}

template <class Flows>
void theorem_2_3_on_ball(BoundReport& report, const Flows& flows, const ProblemConstants& c,
                         const Theorem23Ball& ball, bool sharp) {
  const double N = upper_bound(c.residual), alpha = c.alpha;
  const double L = upper_bound(ball.of_h), LD = upper_bound(ball.of_dh);
  const double unit = LD / (L * L) * N / alpha;
  const double square = LD / (L * L * L) * N * N / (alpha * alpha);
  const auto in_time = [&](auto&& f) { return flows.over_time([&](double t) { return f(t * L * L); }); };
  report.inequalities.push_back(flows.displacement(
      "||w - w0||",
      in_time([&](double K) { return (sharp ? std::min(K, std::sqrt(K / 2)) : K) * N / (alpha * L); })));
  report.inequalities.push_back(flows.output_distance("||alpha h - alpha hbar||", in_time([&](double K) {
                                                        return N * unit * (sharp ? sharp_growth(K) : K * K);
                                                      })));
  if (sharp) {
    report.inequalities.push_back(
        flows.distance("||w - wbar||", in_time([&](double K) { return K * K * square * (0.5 + K / 6); })));
  } else {
    report.inequalities.push_back(
        flows.distance("||w - wbar||", in_time([&](double K) { return K * K * square * (2 + 4 * K / 3); })));
    report.inequalities.push_back(
        flows.distance("||w - wbar||, as its proof integrates",
                       in_time([&](double K) { return K * K * square * (0.5 + K / 3); })));
  }
}

template <class Flows>
void theorem_2_3_local(BoundReport& report, const Flows& flows, const ProblemConstants& c, double LD) {
  const double N = upper_bound(c.residual), alpha = c.alpha, D0 = upper_bound(c.differential.norm);
  const auto distance = [=](double t) {
    return LD * N * N / (alpha * alpha) * (std::sqrt(2.0) / 3 * std::pow(t, 1.5) + D0 * t * t / 8);
  };
  report.inequalities = {flows.displacement("||w - w0||", flows.over_time([=](double t) {
                           return std::sqrt(t / 2) * N / alpha;
                         })),
                         flows.output_distance("||alpha h - alpha hbar||", flows.over_time([=](double t) {
                           return LD * N * N * t / (4 * alpha) + alpha * D0 * distance(t);
                         })),
                         flows.distance("||w - wbar||", flows.over_time(distance))};
}

/// The integral of k from 0, k(0) = 0, along the sampled times by the trapezoidal rule, plus its error: what
/// every second time makes of it, and half of the first interval's rectangle.
inline std::vector<double> integral_with_error(const std::vector<double>& times,
                                               const std::vector<double>& k) {
  std::vector<double> out;
  double fine = 0, coarse = 0;
  const auto panel = [&](std::size_t from, std::size_t to) {
    return (times[to] - times[from]) * (k[from] + k[to]) / 2;
  };
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double first = times[0] * k[0] / 2;
    fine += i == 0 ? first : panel(i - 1, i);
    if (i == 0) coarse = first;
    if (i >= 2 && i % 2 == 0) coarse += panel(i - 2, i);
    const double now = i % 2 == 0 ? coarse : coarse + panel(i - 1, i);
    out.push_back(fine + std::abs(fine - now) + first);
  }
  return out;
}

template <Model H, Loss R>
Theorem23 theorem_2_3(const Objective<H, R>& objective, const parameters_t<H>& w0, const ProblemConstants& c,
                      const Theorem23Ball& printed, const Theorem23Ball& sharp, double horizon,
                      const LipschitzBounds& bounds, const TheoremOptions& options) {
  using S = scalar_t<H>;
  Theorem23 result{theorem_2_3_report(c, "sharp"), theorem_2_3_report(c, "printed"),
                   theorem_2_3_report(c, "local: ||Dh(w0)|| and Lip(Dh), any alpha"),
                   theorem_2_3_report(c, "a posteriori: the kernel along the path")};
  result.horizon = horizon;
  add_ball(result.sharp, sharp);
  add_ball(result.printed, printed);
  const double radius = std::sqrt(horizon / 2) * upper_bound(c.residual) / c.alpha;
  const Estimate of_dh = std::isfinite(radius) ? bounds.of_dh(radius) : Estimate();
  result.local.constants.push_back({"D0 = ||Dh(w0)||", c.differential.norm});
  result.local.constants.push_back({"LD = Lip(Dh) on the ball of radius sqrt(T / 2) N / alpha", of_dh});
  result.local.hypotheses.push_back(known("Dh is Lipschitz on that ball" + printed.reason, of_dh));
  if (!std::isfinite(horizon) || !result.a_posteriori.applies()) {
    for (BoundReport* report : {&result.local, &result.a_posteriori}) {
      report->hypotheses.push_back({"the horizon T = K / L^2 is known", horizon, "finite",
                                    std::isfinite(horizon), Provenance::certified});
    }
    return result;
  }

  const Tangent<H> start = linearize(objective.model, w0);
  Tangent<H> moving = start;
  const outputs_t<H> target = objective.loss.minimizer();
  auto flows = observe_flows(objective, w0, horizon, options.flows, [&](const auto& view) {
    parameters_t<H> w = w0;
    axpy(S(1) / objective.alpha, view.displacement, w);
    moving.move_to(w);
    outputs_t<H> residual = view.outputs;
    axpy(S(-1), target, residual);
    outputs_t<H> change = moving.jvp(moving.adjoint(residual));
    axpy(S(-1), start.jvp(start.adjoint(residual)), change);
    return std::vector<double>{static_cast<double>(start.output_space().norm(change))};
  });
  flows.add_output_rounding(horizon * upper_bound(c.differential.norm) / c.alpha);
  if (result.printed.applies()) theorem_2_3_on_ball(result.printed, flows, c, printed, false);
  if (result.sharp.applies()) theorem_2_3_on_ball(result.sharp, flows, c, sharp, true);
  if (result.local.applies()) theorem_2_3_local(result.local, flows, c, upper_bound(of_dh));
  const auto integral = integral_with_error(flows.twin.times, flows.series[0].values);
  result.a_posteriori.inequalities = {flows.output_distance("||alpha h - alpha hbar||", integral)};
  result.a_posteriori.constants.push_back(
      {"integral of ||(Sigma(w(t)) - Sigma(w0)) (y - y*)||", Estimate::at_least(integral.back())});
  for (BoundReport* report : {&result.sharp, &result.printed, &result.local, &result.a_posteriori}) {
    report->times = flows.twin.times;
    report->hypotheses.push_back(flows.completed(horizon));
  }
  return result;
}

}  // namespace detail

/// Theorem 2.3 for K iterations, non-asymptotic lazy training for the square loss: if alpha r L >= K N, with
/// L and LD Lipschitz constants of h and Dh on B(w0, r) and N = ||alpha h(w0) - y*||, then up to T = K / L^2
///
///     ||w - w0||                   <= K N / (alpha L),
///     ||alpha h - alpha h-bar|| / N  <= K^2 (LD / L^2) N / alpha,
///     ||w - w-bar||                <= K^2 (LD / L^3) (N / alpha)^2 (2 + 4K/3)      (proved: 1/2 + K/3).
///
/// Sharp, under the same hypotheses: min(K, sqrt(K/2)) for K in the first, phi(K) = (2 sqrt 2 / 3) K^{3/2} -
/// 1/12 for K^2 in the second once K >= 1/2, and 1/2 + K/6 in the third. Local, for every alpha, with LD on
/// the ball of radius sqrt(T/2) N / alpha:
///
///     ||alpha h - alpha h-bar||  <= LD N^2 T / (4 alpha) + alpha D0 ||w - w-bar||,
///     ||w - w-bar||              <= (LD N^2 / alpha^2) [(sqrt 2 / 3) T^{3/2} + D0 T^2 / 8].
///
/// A posteriori: ||alpha h - alpha h-bar|| <= the integral of ||(Sigma(w(t)) - Sigma(w0)) (y - y*)||. All
/// right sides are functions of t, compared at every sample.
///
/// The radius is the least with alpha r L(r) >= K N. Cost: `compare_flows` twice and a few hundred kernel
/// products.
/// @throws as `compare_flows`, std::domain_error unless alpha is finite and K > 0
template <Model H, Loss R>
requires detail::HasTarget<R>
[[nodiscard]] Theorem23 theorem_2_3(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                    double iterations, const LipschitzBounds& bounds,
                                    const TheoremOptions& options = {}) {
  require_positive("theorem_2_3", "iterations", iterations);
  const auto c = problem_constants(objective, w0, SpectrumPart::norm, options.differential, options.seed);
  const auto ball = detail::ball_for_iterations(c, iterations, bounds);
  const double L = detail::upper_bound(ball.of_h);
  const double horizon =
      std::isfinite(L) && L > 0 ? iterations / (L * L) : std::numeric_limits<double>::quiet_NaN();
  auto result = detail::theorem_2_3(objective, w0, c, ball, ball, horizon, bounds, options);
  result.iterations = iterations;
  return result;
}

/// Theorem 2.3 for a horizon T. The printed form needs a radius with alpha r >= T L(r) N, which may not
/// exist; the sharp form takes the least with alpha r >= min(T L(r), sqrt(T / 2)) N, which always does. K = T
/// L^2.
/// @throws as `theorem_2_3`
template <Model H, Loss R>
requires detail::HasTarget<R>
[[nodiscard]] Theorem23 theorem_2_3_at_horizon(const Objective<H, R>& objective, const parameters_t<H>& w0,
                                               double horizon, const LipschitzBounds& bounds,
                                               const TheoremOptions& options = {}) {
  require_positive("theorem_2_3_at_horizon", "horizon", horizon);
  const auto c = problem_constants(objective, w0, SpectrumPart::norm, options.differential, options.seed);
  const auto printed = detail::ball_for_horizon(c, horizon, std::numeric_limits<double>::infinity(), bounds);
  const auto sharp = detail::ball_for_horizon(c, horizon, std::sqrt(horizon / 2), bounds);
  auto result = detail::theorem_2_3(objective, w0, c, printed, sharp, horizon, bounds, options);
  const double L = detail::upper_bound(sharp.of_h);
  result.iterations = horizon * L * L;
  return result;
}

}  // namespace lazytrain
