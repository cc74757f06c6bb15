#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/lazy/kernel_flow.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <optional>
#include <vector>

namespace lazytrain {

/// Lemma B.2 checked: the sharp form, which is the one that counts, and the printed one.
struct LemmaB2 {
  BoundReport sharp, printed;

  [[nodiscard]] Verdict verdict() const { return sharp.verdict(); }
  [[nodiscard]] bool holds() const { return sharp.holds(); }

  friend std::ostream& operator<<(std::ostream& out, const LemmaB2& l) { return out << l.sharp << l.printed; }
};

struct LemmaB2Options {
  /// Start of the linear flow, y0 unless given: the lemma needs y(0) = y-bar(0), which the paper does not
  /// say.
  std::optional<Vector<double>> linear_start = std::nullopt;
  /// λ <= Σ(t) for all t, for the printed form. The sharp form takes the least eigenvalue of Σ(0).
  std::optional<Estimate> lambda = std::nullopt;
  /// K >= ||(Σ(t) - Σ(0)) grad R(y(t))|| for all t.
  std::optional<Estimate> drive = std::nullopt;
  KernelFlowOptions flow{};
};

/// Lemma B.2, y' = -Σ(t) grad R(y) against y-bar' = -Σ(0) grad R(y-bar) from the same start, with k(t) =
/// ||(Σ(t) - Σ(0)) grad R(y(t))|| <= K:
///
///     printed   ||y - y-bar|| <= K ||Σ(0)||^{1/2} / (λ^{3/2} m),   Σ(t) >= λ for all t,
///     sharp     the same times 1 - e^{-λ m t}, and
///               ||y - y-bar|| <= (||Σ(0)|| / λ)^{1/2} * integral of e^{-λ m (t - s)} k(s) over s <= t,
///
/// which need Σ(0) >= λ only. A K that is sampled is a lower bound of the supremum: the answer is an
/// indication then. Cost: `kernel_flow` twice and an eigenvalue problem a sample.
/// @throws as `kernel_flow`, std::domain_error if Σ is not self-adjoint at a sample
template <Loss R, KernelPath<scalar_t<R>> K>
[[nodiscard]] LemmaB2 lemma_b_2(const K& kernel, const R& loss, const Vector<scalar_t<R>>& y0, double horizon,
                                const LemmaB2Options& options = {}) {
  using S = scalar_t<R>;
  const OutputSpace space = loss.output_space();
  const double m = static_cast<double>(loss.strong_convexity());
  const auto start = detail::kernel_range<S>(space, kernel(0));
  const double l0 = detail::lower_bound(start.least), size = detail::upper_bound(start.largest);
  const Vector<S> linear_y0 = options.linear_start ? Vector<S>(options.linear_start->template cast<S>()) : y0;
  const auto flow = detail::checked_kernel_flow(kernel, loss, y0, linear_y0, horizon, l0 * m, options.flow);
  const double seen = *std::max_element(flow.fine.drive.begin(), flow.fine.drive.end());
  const Estimate drive = options.drive ? *options.drive : Estimate::at_least(seen);
  const Estimate sampled = detail::sampled_lambda(kernel, loss, horizon, options.flow.samples);
  const Estimate lambda = options.lambda ? *options.lambda : sampled;
  const double apart = static_cast<double>(space.norm(Vector<S>(y0 - linear_y0)));

  BoundReport report{.result = "Lemma B.2", .form = "sharp"};
  report.times = flow.fine.times;
  report.constants = {{"m", Estimate::exactly(m)},
                      {"||Sigma(0)||", start.largest},
                      {"K = sup ||(Sigma(t) - Sigma(0)) grad R(y(t))||", drive}};
  report.hypotheses = {detail::above("R is strongly convex, m > 0", m, 0, Provenance::supplied),
                       {"y(0) = ybar(0)", apart, "= 0", apart == 0, Provenance::certified},
                       flow.completed(horizon)};
  if (options.drive) {
    double slope = 0;
    for (const Vector<S>& y : flow.fine.y) {
      Vector<S> g = y;
      loss.gradient(y, g);
      slope = std::max(slope, static_cast<double>(space.norm(g)));
    }
    const double shown = std::max(0.0, seen - flow.drive_error(size * slope));
    report.hypotheses.push_back({"K is not below k(t) at a sample", detail::upper_bound(drive),
                                 detail::words(">= ", shown), detail::upper_bound(drive) >= shown,
                                 drive.provenance()});
  }
  LemmaB2 result{report, report};
  result.printed.form = "printed";
  result.sharp.constants.push_back({"least eigenvalue of Sigma(0)", start.least});
  result.sharp.hypotheses.push_back(detail::above("Sigma(0) >= lambda > 0", l0, 0, start.least.provenance()));
  const double l = detail::lower_bound(lambda);
  result.printed.constants.push_back({"lambda", lambda});
  result.printed.hypotheses.push_back(detail::above("Sigma(t) >= lambda > 0", l, 0, lambda.provenance()));
  result.printed.hypotheses.push_back(detail::not_above_samples(l, sampled, lambda.provenance()));

  const auto distance = [&](const KernelFlow<S>& f, std::size_t i) {
    return static_cast<double>(space.norm(Vector<S>(f.y[i] - f.linear[i])));
  };
  const double sup = detail::upper_bound(drive);
  const auto bound = [&](double rate) { return sup * std::sqrt(size) / (std::pow(rate, 1.5) * m); };
  if (result.sharp.applies()) {
    std::vector<double> memory;
    for (std::size_t i = 0; i < flow.fine.times.size(); ++i) {
      const double error =
          i < flow.coarse.times.size() ? std::abs(flow.fine.memory[i] - flow.coarse.memory[i]) : 0;
      memory.push_back(std::sqrt(size / l0) * (flow.fine.memory[i] + error));
    }
    result.sharp.inequalities = {flow.inequality("||y - ybar||", distance, flow.over_time([&](double t) {
                                   return -bound(l0) * std::expm1(-l0 * m * t);
                                 })),
                                 flow.inequality("||y - ybar||, by the integral of k", distance, memory)};
  }
  if (result.printed.applies()) {
    result.printed.inequalities = {
        flow.inequality("||y - ybar||", distance, flow.over_time([&](double) { return bound(l); }))};
  }
  return result;
}

}  // namespace lazytrain
