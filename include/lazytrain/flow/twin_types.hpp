#pragma once

#include <lazytrain/flow/flow_types.hpp>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

namespace lazytrain {

/// A number with an estimate of its numerical error.
struct Measured {
  double value = 0;
  double error = 0;
};

/// How `compare_flows` resolves the distance between two flows that draw together as alpha grows.
enum class TwinMethod {
  automatic,   ///< `difference` for twice differentiable models at alpha >= 30, unless it turns out to miss
               ///< more (`DifferenceDefect`) than subtraction loses; else `direct`
  difference,  ///< integrates the scaled difference (`DifferenceField`): of smooth models resolves any alpha
               ///< at any precision
  direct       ///< integrates both and subtracts: for models with kinks, for large ones and long ways
};

struct TwinOptions {
  double relative_tolerance = 1e-9;
  /// Times at which distances are taken, evenly in log t below the horizon, besides the horizon.
  Index samples = 100;
  /// The earliest is this fraction of the horizon.
  double first_sample = 1e-4;
  TwinMethod method = TwinMethod::automatic;
  /// Up to this many outputs the linear flow of the square loss is taken in closed form, beyond it is
  /// integrated.
  Index closed_form_up_to = 2000;
  /// Budgets of each run that is made: there are up to five.
  Index max_steps = std::numeric_limits<Index>::max();
  double max_seconds = std::numeric_limits<double>::infinity();
};

/// What an observer of `compare_flows` sees at a sampled time.
template <class P, class O>
struct TwinView {
  double t;
  /// alpha (w_alpha - w0) and alpha (w-bar_alpha - w0).
  const P& displacement;
  const P& linear_displacement;
  /// alpha h(w_alpha) and alpha h-bar(w-bar_alpha).
  const O& outputs;
  const O& linear_outputs;
};

/// The flows of F_alpha and of its linearization from w0, on one clock. Distances of parameters are in units
/// of w, outputs are alpha h and distances of theirs in the norm of F. The suprema are over the sampled
/// times, hence lower bounds of the true ones, and NaN if there is none; their errors are twice the changes
/// when the tolerance is ten times larger and, by `TwinMethod::difference`, what its quadrature misses
/// besides; by `direct`, the changes of the vectors at the end and what a linear flow in closed form may hide
/// (`LinearFlow::hidden_displacement`).
template <class P, class O>
struct TwinFlows {
  /// sup over t of ||w_alpha - w0||.
  Measured displacement;
  /// sup over t of ||w_alpha - w-bar_alpha||.
  Measured distance;
  /// sup over t of ||alpha h(w_alpha) - alpha h-bar(w-bar_alpha)||.
  Measured output_distance;

  /// The sampled times, and along them: both losses R, and the three distances.
  std::vector<double> times, loss, linear_loss, displacements, distances, output_distances;
  /// alpha (w_alpha - w0) and alpha (w-bar_alpha - w0) at the end.
  P end, linear_end;
  /// Outputs at the end.
  O outputs, linear_outputs;
  /// How they were found: `difference` or `direct`.
  TwinMethod method = TwinMethod::direct;
  /// Whether both runs reached the horizon; else why not.
  bool complete = true;
  std::string message;
  FlowCounts counts;

  friend std::ostream& operator<<(std::ostream& out, const TwinFlows& twin) {
    const auto line = [&](const char* name, const Measured& m) {
      out << "  sup " << name << " = " << m.value << " (numerical error " << m.error << ")\n";
    };
    if (!twin.complete) {
      out << "  NOT COMPLETE, ";
      if (twin.times.empty()) {
        out << "before the first sampled time:\n";
      } else {
        out << "samples until t = " << twin.times.back() << ":\n";
      }
    }
    line("||w - w0||         ", twin.displacement);
    line("||w - wbar||       ", twin.distance);
    line("||alpha h - alpha hbar||", twin.output_distance);
    return out << "  " << twin.message << '\n';
  }
};

}  // namespace lazytrain
