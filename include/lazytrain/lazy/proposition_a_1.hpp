#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/lazy/observed_flows.hpp>
#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/jacobian.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

struct PropositionA1Options {
  /// e1 >= ||w_alpha(T) - w-bar_alpha(T)|| and e0 >= ||w_alpha(T) - w0||, from a theorem; measured unless
  /// given, and then the answer is an indication.
  std::optional<Estimate> distance = std::nullopt;
  std::optional<Estimate> displacement = std::nullopt;
  /// C of the printed form, e1 <= C log(alpha) / alpha^2; that which makes it an equality unless given.
  std::optional<double> C = std::nullopt;
  TwinOptions flows{};
};

/// Proposition A.1 checked: the corrected form, which is the one that counts, and the printed one.
struct PropositionA1 {
  BoundReport corrected, printed;

  [[nodiscard]] Verdict verdict() const { return corrected.verdict(); }
  [[nodiscard]] bool holds() const { return corrected.holds(); }

  friend std::ostream& operator<<(std::ostream& out, const PropositionA1& p) {
    return out << p.corrected << p.printed;
  }
};

/// Proposition A.1, generalization in the lazy regime: `held_out` is the model w -> (f(w, x_i))_i at points
/// x_i that are not trained on. With M1 = sup_i ||D_w f(w0, x_i)||, M2 >= the Lipschitz constants of all D_w
/// f(., x_i) on B(w0, e0), e1 >= ||w_alpha(T) - w-bar_alpha(T)|| and e0 >= ||w_alpha(T) - w0||,
///
///     corrected   sup_i |alpha f(w_alpha, x_i) - alpha f-bar(w-bar_alpha, x_i)| <= alpha M1 e1 + (alpha / 2)
///     M2 e0^2, printed     <= (C log(alpha) / alpha) (M1 + C M2 log(alpha) / 2)  if e1 <= C log(alpha) /
///     alpha^2.
///
/// The printed form is false: it measures the remainder of Taylor's formula from w-bar_alpha, while its
/// expansion is about w0. Norms of an output f(w, x_i) in R^k are Euclidean; M1 is computed with the
/// Frobenius norm. Cost: `compare_flows` and the Jacobian of `held_out`.
/// @throws as `compare_flows`, std::domain_error unless alpha is finite, std::invalid_argument if the models
/// do not have the same parameters
template <Model H, Loss R, Model T>
[[nodiscard]] PropositionA1 proposition_a_1(const Objective<H, R>& objective, const T& held_out,
                                            const parameters_t<H>& w0, double horizon, const Estimate& M2,
                                            const PropositionA1Options& options = {}) {
  using S = scalar_t<H>;
  constexpr const char* here = "proposition_a_1";
  const double alpha = static_cast<double>(objective.alpha);
  require_positive(here, "alpha", alpha);
  require_size(here, "held_out.parameter_dim()", held_out.parameter_dim(), objective.model.parameter_dim(),
               "p, the trained model's");
  const auto flows = observe_flows(objective, w0, horizon, options.flows);
  const auto& twin = flows.twin;
  const Tangent<T> tangent = linearize(held_out, w0);
  const Index k = tangent.output_space().outputs();
  const auto largest = [&](const Vector<S>& values) {
    double best = 0;
    for (Index i = 0; i < values.size(); i += k) {
      best = std::max(best, static_cast<double>(values.segment(i, k).norm()));
    }
    return best;
  };
  const Vector<S> moved = host_numbers(linearize(displaced(held_out, w0, S(1 / alpha)), twin.end).value());
  const Vector<S> linear = host_numbers(tangent.jvp(twin.linear_end));
  const Matrix<S> J = jacobian(tangent);
  double M1 = 0;
  for (Index i = 0; i < J.rows(); i += k) M1 = std::max(M1, static_cast<double>(J.middleRows(i, k).norm()));
  constexpr double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const Estimate slope = Estimate::rounded(M1, eps * (8 + static_cast<double>(k * dimension(w0))));

  const auto measured = [](const std::vector<double>& values, double error) {
    const double x = values.empty() ? 0 : values.back();
    return Estimate(x, std::max(0.0, x - error), x + error, Provenance::estimated);
  };
  const double distance_error = twin.distance.error + flows.parameter_rounding;
  const Estimate e1 = options.distance ? *options.distance : measured(twin.distances, distance_error);
  const Estimate e0 = options.displacement
                          ? *options.displacement
                          : measured(twin.displacements, twin.displacement.error + flows.parameter_rounding);

  BoundReport report{.result = "Proposition A.1", .form = "corrected"};
  report.times = {horizon};
  report.constants = {{"alpha", Estimate::exactly(alpha)},
                      {"M1 = sup ||D_w f(w0, x)||", slope},
                      {"M2 = sup Lip(D_w f(., x))", M2},
                      {"e1 >= ||w - wbar||", e1}};
  report.hypotheses = {detail::known("D_w f is Lipschitz", M2), detail::known("||w - wbar|| is bounded", e1),
                       flows.completed(horizon)};
  // What the caller supplies may not contradict what the flows show.
  const auto not_below = [](std::string name, const Estimate& supplied, const std::vector<double>& values,
                            double error) {
    const double shown = values.empty() ? 0 : std::max(0.0, values.back() - error);
    return Hypothesis{std::move(name), detail::upper_bound(supplied), detail::words(">= ", shown),
                      detail::upper_bound(supplied) >= shown, supplied.provenance()};
  };
  if (options.distance) {
    report.hypotheses.push_back(
        not_below("e1 is not below the measured distance", e1, twin.distances, distance_error));
  }
  PropositionA1 result{report, report};
  result.printed.form = "printed";
  result.corrected.constants.push_back({"e0 >= ||w - w0||", e0});
  result.corrected.hypotheses.push_back(detail::known("||w - w0|| is bounded", e0));
  if (options.displacement) {
    result.corrected.hypotheses.push_back(not_below("e0 is not below the measured displacement", e0,
                                                    twin.displacements,
                                                    twin.displacement.error + flows.parameter_rounding));
  }

  // What the errors of both displacements do to the outputs, and their rounding.
  const double reach = detail::upper_bound(e0);
  const double error =
      alpha * M1 * distance_error +
      alpha * detail::upper_bound(M2) * reach * (twin.displacement.error + flows.parameter_rounding) +
      100 * eps * (largest(moved) + largest(linear));
  const auto bound = [&](double rhs) {
    return BoundInequality{
        "sup ||alpha f - alpha fbar||", {largest(Vector<S>(moved - linear))}, {error}, {rhs}};
  };
  const double upper = detail::upper_bound(slope), curvature = detail::upper_bound(M2);
  if (result.corrected.applies()) {
    result.corrected.inequalities = {
        bound(alpha * upper * detail::upper_bound(e1) + alpha / 2 * curvature * reach * reach)};
  }
  const double log_alpha = std::log(alpha);
  const double C = options.C.value_or(detail::upper_bound(e1) * alpha * alpha / log_alpha);
  result.printed.constants.push_back({"C", C >= 0 ? detail::as_constant(C) : Estimate()});
  result.printed.hypotheses.push_back(detail::above("alpha > 1", alpha, 1, Provenance::certified));
  result.printed.hypotheses.push_back(detail::at_most("||w - wbar|| <= C log(alpha) / alpha^2",
                                                      detail::upper_bound(e1) * (1 - 4 * eps),
                                                      C * log_alpha / (alpha * alpha), e1.provenance()));
  if (result.printed.applies()) {
    result.printed.inequalities = {bound(C * log_alpha / alpha * (upper + C * curvature * log_alpha / 2))};
  }
  return result;
}

}  // namespace lazytrain
