#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/report/page.hpp>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "../support/log_slope.hpp"
#include "sweep.hpp"

namespace lazy_report {

/// Whether training is lazy at a scale. A run that did not reach the end, or whose numerical error is large,
/// can show that it is not, but not that it is.
enum class Regime { lazy, not_lazy, undecided };

/// sup ||alpha h - alpha h-bar|| / ||alpha h(w0) - y*|| of a run.
struct Departure {
  double value = 0, error = 0;
  Regime regime = Regime::undecided;
};

inline Departure departure_of(const Run& run, double start_distance, double limit) {
  Departure d{run.output_distance.value / start_distance, run.output_distance.error / start_distance};
  if (d.value - d.error > limit) {
    d.regime = Regime::not_lazy;
  } else if (run.complete && !run.times.empty() && d.value + d.error <= limit) {
    d.regime = Regime::lazy;
  }
  return d;
}

/// What the sweep says, in numbers and in words.
struct Verdict {
  /// Of each run.
  std::vector<Departure> departures;
  /// From which alpha on training is lazy: 0 if at every finite alpha that was tried, infinity if not at the
  /// largest, NaN if that is not decided.
  double lazy_from = std::numeric_limits<double>::quiet_NaN();
  /// Fitted slopes in alpha of the three suprema, over the lazy runs from `slope_from` on.
  double displacement_slope = 0, distance_slope = 0, output_slope = 0;
  double slope_from = 0;
  /// Test loss of the linearized model at the end, and of the best scale; of runs that reached it.
  double linear_loss = std::numeric_limits<double>::quiet_NaN();
  double best_loss = std::numeric_limits<double>::quiet_NaN();
  double best_alpha = 0;
  std::string words;
  lazytrain::report::Outcome outcome = lazytrain::report::Outcome::undecided;
};

namespace detail {

inline std::string percent(double share) {
  const double value = 100 * share;
  if (value < 0.01) return "less than 0.01 %";
  if (value < 10 || value >= 1e6) return lazytrain::report::format_number(value, 2) + " %";
  return lazytrain::report::format_number(value, 0, lazytrain::report::Notation::fixed) + " %";
}

inline std::string scale_text(double alpha) { return "α = " + alpha_text(alpha); }

/// Why a run decides nothing.
inline std::string doubt(const Run& run, const Departure& d) {
  if (run.times.empty()) return "the run ended before its first sample";
  if (!run.complete) return "the run stopped at t = " + lazytrain::report::format_number(run.times.back(), 3);
  return "the outputs leave those of the linearization by " + percent(d.value) +
         " of the distance to the targets, with a numerical error of " + percent(d.error);
}

/// Runs in ascending order of alpha, without the linearized model's.
inline std::size_t finite_runs(const std::vector<Run>& runs) {
  return static_cast<std::size_t>(
      std::count_if(runs.begin(), runs.end(), [](const Run& run) { return std::isfinite(run.alpha); }));
}

/// Slopes are those of the lazy regime, and only of what stands above its numerical error.
inline void fit_slopes(const std::vector<Run>& runs, Verdict& v) {
  std::vector<double> alphas, displacements, distances, outputs;
  for (std::size_t i = 0; i < finite_runs(runs); ++i) {
    const Run& run = runs[i];
    if (v.departures[i].regime != Regime::lazy || !(run.distance.value > 10 * run.distance.error) ||
        !(run.output_distance.value > 10 * run.output_distance.error)) {
      continue;
    }
    if (alphas.empty()) v.slope_from = run.alpha;
    alphas.push_back(run.alpha);
    displacements.push_back(run.displacement.value);
    distances.push_back(run.distance.value);
    outputs.push_back(run.output_distance.value);
  }
  v.displacement_slope = examples::log_slope(alphas, displacements);
  v.distance_slope = examples::log_slope(alphas, distances);
  v.output_slope = examples::log_slope(alphas, outputs);
}

/// Says whether training is lazy at alpha = 1.
inline std::string judge_as_scaled(const std::vector<Run>& runs, Verdict& v) {
  const auto at_one = std::find_if(runs.begin(), runs.end(), [](const Run& run) { return run.alpha == 1; });
  if (at_one == runs.end()) return "Not decided for the model as it is scaled now: α = 1 was not tried. ";
  const Departure& d = v.departures[static_cast<std::size_t>(at_one - runs.begin())];
  if (d.regime == Regime::undecided) {
    return "Not decided for the model as it is scaled now (α = 1): " + doubt(*at_one, d) + ". ";
  }
  const bool lazy = d.regime == Regime::lazy;
  v.outcome = lazy ? lazytrain::report::Outcome::holds : lazytrain::report::Outcome::fails;
  return std::string(lazy ? "Lazy" : "Not lazy") +
         ": as it is scaled now (α = 1), the model's outputs leave those of its linearization by " +
         (lazy ? "at most " + percent(d.value + d.error) : percent(d.value)) +
         " of the distance to the targets. ";
}

/// Finds from which scale on training is lazy, and says it.
inline std::string find_lazy_scale(const std::vector<Run>& runs, double limit, Verdict& v) {
  const std::size_t count = finite_runs(runs);
  if (count == 0) return "";
  const auto regime = [&](std::size_t i) { return v.departures[i].regime; };
  std::size_t first = count;
  while (first > 0 && regime(first - 1) == Regime::lazy) --first;
  if (first == 0) {
    v.lazy_from = 0;
    return "Training is lazy at every finite α that was tried. ";
  }
  if (first == count) {
    const std::string largest = scale_text(runs[count - 1].alpha);
    if (regime(count - 1) == Regime::undecided) {
      if (runs[count - 1].alpha == 1) return "";  // which was said
      return "It is not decided at the largest finite scale that was tried, " + largest + ": " +
             doubt(runs[count - 1], v.departures[count - 1]) + ". ";
    }
    v.lazy_from = infinity;
    bool none = true;
    for (std::size_t i = 0; i < count; ++i) none = none && regime(i) == Regime::not_lazy;
    return none ? "It is not lazy at any finite α that was tried. "
                : "It is not lazy at the largest finite scale that was tried, " + largest + ". ";
  }
  const std::string within = "within " + percent(limit);
  if (regime(first - 1) == Regime::undecided) {
    v.lazy_from = runs[first].alpha;
    return "It is lazy (" + within + ") at every scale that was tried from " + scale_text(v.lazy_from) +
           " on; at " + scale_text(runs[first - 1].alpha) +
           " this is not decided: " + doubt(runs[first - 1], v.departures[first - 1]) + ". ";
  }
  // The crossing of the limit, between two runs by interpolation of the logarithms.
  const double below = v.departures[first - 1].value, above = v.departures[first].value;
  const double share = std::log(below / limit) / std::log(below / above);
  v.lazy_from = runs[first - 1].alpha * std::pow(runs[first].alpha / runs[first - 1].alpha, share);
  return "It is lazy (" + within + ") from α ≈ " + lazytrain::report::format_number(v.lazy_from, 2) + " on. ";
}

/// Compares the linearized model's test loss with that of the best scale, at the end of training.
inline std::string find_cost(const std::vector<Run>& runs, Verdict& v) {
  using lazytrain::report::format_number;
  bool broken_off = false, finite = false;
  for (const Run& run : runs) {
    if (!run.complete || run.test_loss.empty()) {
      broken_off = true;
      continue;
    }
    if (std::isinf(run.alpha)) v.linear_loss = run.test_loss.back();
    finite = finite || std::isfinite(run.alpha);
    if (std::isnan(v.best_loss) || run.test_loss.back() < v.best_loss) {
      v.best_loss = run.test_loss.back();
      v.best_alpha = run.alpha;
    }
  }
  if (std::isnan(v.linear_loss) || !finite || !(v.best_loss > 0)) return "";
  const double cost = v.linear_loss / v.best_loss - 1;
  std::string words;
  if (cost < 0.01) {
    words =
        "Laziness costs nothing here: no scale has a test loss more than 1 % below the linearized model's, " +
        format_number(v.linear_loss, 3) + ".";
  } else {
    words = "Laziness costs " + percent(cost) + " of test loss: " + format_number(v.linear_loss, 3) +
            " for the linearized model against " + format_number(v.best_loss, 3) + " at " +
            scale_text(v.best_alpha) + ".";
  }
  return words + (broken_off ? " Runs that did not reach the end are left out of this." : "");
}

}  // namespace detail

/// Judges runs in ascending order of alpha; `start_distance` is ||alpha h(w0) - y*||.
inline Verdict judge(const std::vector<Run>& runs, double start_distance, const Options& o) {
  Verdict v;
  for (const Run& run : runs) v.departures.push_back(departure_of(run, start_distance, o.lazy_below));
  detail::fit_slopes(runs, v);
  v.words = detail::judge_as_scaled(runs, v);
  v.words += detail::find_lazy_scale(runs, o.lazy_below, v);
  v.words += detail::find_cost(runs, v);
  if (v.words.back() == ' ') v.words.pop_back();
  return v;
}

}  // namespace lazy_report
