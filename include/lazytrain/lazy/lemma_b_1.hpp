#pragma once

#include <cmath>
#include <lazytrain/lazy/kernel_flow.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <limits>
#include <optional>

namespace lazytrain {

/// Lemma B.1 checked: the sharp form, which is the one that counts, and the printed one.
struct LemmaB1 {
  BoundReport sharp, printed;

  [[nodiscard]] Verdict verdict() const { return sharp.verdict(); }
  [[nodiscard]] bool holds() const { return sharp.holds(); }

  friend std::ostream& operator<<(std::ostream& out, const LemmaB1& l) { return out << l.sharp << l.printed; }
};

/// Lemma B.1, y' = -Σ(t) grad R(y) with Σ(t) >= λ > 0 and R m-strongly convex, M-smooth:
///
///     printed   ||y - y*|| <= sqrt(M / m) ||y0 - y*|| e^{-m λ t},
///     sharp     ||y - y*|| <= sqrt(2 (R(y0) - R*) / m) e^{-m λ t},     R(y) - R* <= (R(y0) - R*) e^{-2 m λ
///     t}.
///
/// Without `lambda` the least eigenvalue of Σ over the samples is taken, and the answer is an indication; a
/// lambda that is above it is a hypothesis that is not met. Cost: `kernel_flow` twice, and an eigenvalue
/// problem a sample.
/// @throws as `kernel_flow`, std::domain_error if Σ is not self-adjoint at a sample
template <Loss R, KernelPath<scalar_t<R>> K>
requires requires(const R& loss) { loss.minimizer(); }
[[nodiscard]] LemmaB1 lemma_b_1(const K& kernel, const R& loss, const Vector<scalar_t<R>>& y0, double horizon,
                                std::optional<Estimate> lambda = std::nullopt,
                                const KernelFlowOptions& options = {}) {
  using S = scalar_t<R>;
  const OutputSpace space = loss.output_space();
  const double m = static_cast<double>(loss.strong_convexity()), M = static_cast<double>(loss.smoothness());
  const auto flow = detail::checked_kernel_flow(kernel, loss, y0, y0, horizon, 0, options);
  const Estimate sampled = detail::sampled_lambda(kernel, loss, horizon, options.samples);
  const Estimate rate = lambda ? *lambda : sampled;
  const Vector<S> target = loss.minimizer();
  const double distance = static_cast<double>(space.norm(Vector<S>(y0 - target)));
  const double excess = detail::excess(loss, y0), l = detail::lower_bound(rate);

  BoundReport report{.result = "Lemma B.1", .form = "sharp"};
  report.times = flow.fine.times;
  report.constants = {{"m", Estimate::exactly(m)}, {"M", detail::as_constant(M)}, {"lambda", rate}};
  report.hypotheses = {detail::above("R is strongly convex, m > 0", m, 0, Provenance::supplied),
                       detail::above("Sigma(t) >= lambda > 0", l, 0, rate.provenance()),
                       detail::not_above_samples(l, sampled, rate.provenance()), flow.completed(horizon)};
  LemmaB1 result{report, report};
  result.printed.form = "printed";
  if (!report.applies()) return result;
  const auto residual = [&](const KernelFlow<S>& f, std::size_t i) {
    return static_cast<double>(space.norm(Vector<S>(f.y[i] - target)));
  };
  const auto decay = [&](double factor, double power) {
    // Rounded up, since both sides are equal at t = 0.
    const double up = factor * (1 + 64 * static_cast<double>(std::numeric_limits<S>::epsilon()));
    return flow.over_time([=](double t) { return up * std::exp(-power * m * l * t); });
  };
  result.sharp.inequalities = {
      flow.inequality("||y - y*||", residual, decay(std::sqrt(2 * excess / m), 1)),
      flow.inequality(
          "R(y) - R*", [&](const KernelFlow<S>& f, std::size_t i) { return detail::excess(loss, f.y[i]); },
          decay(excess, 2))};
  result.printed.inequalities = {
      flow.inequality("||y - y*||", residual, decay(std::sqrt(M / m) * distance, 1))};
  return result;
}

}  // namespace lazytrain
