#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/report/page.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "../support/log_slope.hpp"
#include "sweep.hpp"

namespace lazy_report {

/// What the sweep says, in numbers and in words.
struct Verdict {
  /// sup ||alpha h - alpha h-bar|| / ||alpha h(w0) - y*|| of each run.
  std::vector<double> departures;
  /// From which alpha on training is lazy; 0 if at every alpha that was tried, infinity if at none.
  double lazy_from = infinity;
  /// Fitted slopes in alpha of the three suprema, over the runs from `slope_from` on.
  double displacement_slope = 0, distance_slope = 0, output_slope = 0;
  double slope_from = 0;
  /// Test loss of the linearized model at the end, and of the best scale.
  double linear_loss = std::numeric_limits<double>::quiet_NaN();
  double best_loss = std::numeric_limits<double>::quiet_NaN();
  double best_alpha = 0;
  std::string words;
  lazytrain::report::Outcome outcome = lazytrain::report::Outcome::undecided;
};

/// Judges runs in ascending order of alpha; `start_distance` is ||alpha h(w0) - y*||.
inline Verdict judge(const std::vector<Run>& runs, double start_distance, const Options& o) {
  using lazytrain::report::format_number;
  Verdict v;
  std::vector<double> alphas, displacements, distances, outputs;
  for (const Run& run : runs) {
    v.departures.push_back(run.output_distance.value / start_distance);
    if (std::isinf(run.alpha)) {
      v.linear_loss = run.test_loss.back();
      continue;
    }
    // Slopes are those of the lazy regime, and only of what stands above its numerical error.
    if (v.departures.back() < o.lazy_below && run.distance.value > 10 * run.distance.error &&
        run.output_distance.value > 10 * run.output_distance.error) {
      if (alphas.empty()) v.slope_from = run.alpha;
      alphas.push_back(run.alpha);
      displacements.push_back(run.displacement.value);
      distances.push_back(run.distance.value);
      outputs.push_back(run.output_distance.value);
    }
  }
  v.displacement_slope = examples::log_slope(alphas, displacements);
  v.distance_slope = examples::log_slope(alphas, distances);
  v.output_slope = examples::log_slope(alphas, outputs);

  // The last crossing of the limit, between two runs by interpolation of the logarithms.
  for (std::size_t i = runs.size(); i-- > 0;) {
    if (v.departures[i] > o.lazy_below) {
      if (i + 1 < runs.size() && std::isfinite(runs[i + 1].alpha)) {
        const double share =
            std::log(v.departures[i] / o.lazy_below) / std::log(v.departures[i] / v.departures[i + 1]);
        v.lazy_from = runs[i].alpha * std::pow(runs[i + 1].alpha / runs[i].alpha, share);
      }
      break;
    }
    if (i == 0) v.lazy_from = 0;
  }
  for (const Run& run : runs) {
    if (std::isnan(v.best_loss) || run.test_loss.back() < v.best_loss) {
      v.best_loss = run.test_loss.back();
      v.best_alpha = run.alpha;
    }
  }

  std::ostringstream words;
  const double at_one = [&] {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].alpha == 1) return v.departures[i];
    }
    return std::numeric_limits<double>::quiet_NaN();
  }();
  if (!std::isnan(at_one)) {
    const bool lazy = at_one <= o.lazy_below;
    v.outcome = lazy ? lazytrain::report::Outcome::holds : lazytrain::report::Outcome::fails;
    words << (lazy ? "Lazy: as it is scaled now (α = 1), " : "Not lazy: as it is scaled now (α = 1), ")
          << "the model's outputs leave those of its linearization by at most "
          << format_number(100 * at_one, 2) << " % of the distance to the targets. ";
  }
  if (v.lazy_from == 0) {
    words << "Training is lazy at every α that was tried. ";
  } else if (std::isinf(v.lazy_from)) {
    words << "It is not lazy at any finite α that was tried. ";
  } else {
    words << "It is lazy (within " << format_number(100 * o.lazy_below, 2) << " %) from α ≈ "
          << format_number(v.lazy_from, 2) << " on. ";
  }
  if (!std::isnan(v.linear_loss) && v.best_loss > 0) {
    const double cost = v.linear_loss / v.best_loss - 1;
    if (cost < 0.01) {
      words << "Laziness costs nothing here: no scale has a test loss more than 1 % below the linearized "
               "model's, "
            << format_number(v.linear_loss, 3) << ".";
    } else {
      words << "Laziness costs " << format_number(100 * cost, 2)
            << " % of test loss: " << format_number(v.linear_loss, 3) << " for the linearized model against "
            << format_number(v.best_loss, 3) << " at α = " << format_number(v.best_alpha, 3) << ".";
    }
  }
  v.words = words.str();
  return v;
}

}  // namespace lazy_report
