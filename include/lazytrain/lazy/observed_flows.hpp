#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lazytrain/flow/twin_flows.hpp>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/linalg/operator_norm.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

/// How a theorem is checked.
struct TheoremOptions {
  /// Of the flows on the left sides.
  TwinOptions flows{};
  /// Of ||Dh(w0)|| and σ_min.
  SingularValueOptions differential{};
  std::uint64_t seed = 1;
};

/// Numbers along the flow of F_alpha besides the distances of `TwinFlows`, each with its numerical error.
struct ObservedSeries {
  std::vector<double> values, errors;
};

/// Both flows and what was observed along them.
template <class P, class O>
struct ObservedFlows {
  TwinFlows<P, O> twin;
  std::vector<ObservedSeries> series;
  /// Rounding of distances of parameters and of outputs.
  double parameter_rounding = 0, output_rounding = 0;

  /// "the flows reach the horizon", which a check of inequalities over time presupposes.
  [[nodiscard]] Hypothesis completed(double horizon) const {
    const double reached = twin.times.empty() ? 0 : twin.times.back();
    return {"both flows are computed up to the horizon" + (twin.complete ? "" : ": " + twin.message), reached,
            detail::words(">= ", horizon), twin.complete && reached >= horizon, Provenance::certified};
  }
  /// ||w - w0|| <= rhs.
  [[nodiscard]] BoundInequality displacement(std::string name, std::vector<double> rhs) const {
    return make(std::move(name), twin.displacements, twin.displacement.error + parameter_rounding,
                std::move(rhs));
  }
  /// ||w - w-bar|| <= rhs.
  [[nodiscard]] BoundInequality distance(std::string name, std::vector<double> rhs) const {
    return make(std::move(name), twin.distances, twin.distance.error + parameter_rounding, std::move(rhs));
  }
  /// ||alpha h - alpha h-bar|| <= rhs.
  [[nodiscard]] BoundInequality output_distance(std::string name, std::vector<double> rhs) const {
    return make(std::move(name), twin.output_distances, twin.output_distance.error + output_rounding,
                std::move(rhs));
  }
  /// Series i <= rhs, where rounding of the outputs adds as much as `sensitivity` times itself to the series.
  [[nodiscard]] BoundInequality observed(std::size_t i, std::string name, std::vector<double> rhs,
                                         double sensitivity = 0) const {
    std::vector<double> errors = series[i].errors;
    for (double& error : errors) error += sensitivity * output_rounding;
    return {std::move(name), series[i].values, std::move(errors), std::move(rhs)};
  }
  /// The outputs drive both flows, and two flows that are subtracted are apart by what rounding of the
  /// outputs does to them, as much as `sensitivity` times itself (not counted where no M bounds it).
  void add_output_rounding(double sensitivity) {
    if (twin.method != TwinMethod::direct || !std::isfinite(sensitivity)) return;
    parameter_rounding += sensitivity * output_rounding;
  }
  /// f at every sampled time.
  template <class F>
  [[nodiscard]] std::vector<double> over_time(F&& f) const {
    std::vector<double> out;
    for (const double t : twin.times) out.push_back(f(t));
    return out;
  }

 private:
  static BoundInequality make(std::string name, const std::vector<double>& lhs, double error,
                              std::vector<double> rhs) {
    return {std::move(name), lhs, std::vector<double>(lhs.size(), error), std::move(rhs)};
  }
};

/// Runs `compare_flows` and, at its sampled times, `probe(view)`, which returns a vector of numbers. Where it
/// returns any, both flows are run again with ten times the tolerance; the largest change over the times is
/// their error.
/// @throws as `compare_flows`
template <Model H, Loss R, class Probe>
[[nodiscard]] ObservedFlows<parameters_t<H>, outputs_t<H>> observe_flows(const Objective<H, R>& objective,
                                                                         const parameters_t<H>& w0,
                                                                         double horizon,
                                                                         const TwinOptions& options,
                                                                         Probe&& probe) {
  ObservedFlows<parameters_t<H>, outputs_t<H>> flows;
  using Rows = std::vector<std::vector<double>>;
  const auto run = [&](const TwinOptions& with, Rows& rows) {
    return compare_flows(objective, w0, horizon, with, DormandPrince{},
                         [&](const auto& view) { rows.push_back(probe(view)); });
  };
  Rows fine, coarse;
  flows.twin = run(options, fine);
  const std::size_t count = fine.empty() ? 0 : fine.front().size();
  if (count > 0) {
    TwinOptions with = options;
    with.relative_tolerance *= 10;
    (void)run(with, coarse);
  }
  constexpr double eps = static_cast<double>(std::numeric_limits<scalar_t<H>>::epsilon());
  flows.series.resize(count);
  for (std::size_t k = 0; k < count; ++k) {
    // One error for all times: a single change may be small by chance.
    double change = 0, largest = 0;
    for (std::size_t i = 0; i < fine.size(); ++i) {
      const double value = fine[i][k];
      flows.series[k].values.push_back(value);
      largest = std::max(largest, std::abs(value));
      change = std::max(change, i < coarse.size() ? std::abs(value - coarse[i][k]) : std::abs(value));
    }
    flows.series[k].errors.assign(fine.size(), change + 10 * eps * largest);
  }
  // A distance of two vectors rounds like the vectors.
  const OutputSpace space = output_space(objective.model);
  flows.parameter_rounding = 10 * eps * flows.twin.displacement.value;
  flows.output_rounding =
      10 * eps * static_cast<double>(space.norm(flows.twin.outputs) + space.norm(flows.twin.linear_outputs));
  return flows;
}

/// The same with nothing observed.
template <Model H, Loss R>
[[nodiscard]] ObservedFlows<parameters_t<H>, outputs_t<H>> observe_flows(const Objective<H, R>& objective,
                                                                         const parameters_t<H>& w0,
                                                                         double horizon,
                                                                         const TwinOptions& options = {}) {
  return observe_flows(objective, w0, horizon, options, [](const auto&) { return std::vector<double>(); });
}

}  // namespace lazytrain
