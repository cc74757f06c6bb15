#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace lazytrain {

/// The proportional-integral step-size controller of Gustafsson: after an accepted step the next one is
/// longer by
///
///     safety e_n^(-0.7/k) e_(n-1)^(0.4/k)
///
/// with e the error relative to the tolerance and k the order of the local error, within [shrink, grow].
///
/// Steps that grow from one to the next at a constant rate follow errors far below the tolerance, since the
/// two powers nearly cancel. Where the integral part alone, safety e_n^(-1/k), exceeds `leap`, it decides.
struct StepController {
  double safety = 0.9;
  double shrink = 0.2;
  double grow = 8;
  double leap = std::numeric_limits<double>::infinity();

  /// Factor after an accepted step of relative error `error` <= 1, following one of error `previous`.
  [[nodiscard]] double after_accepted(double error, double previous, int k) const {
    const double floor = 1e-10;
    const double alone = safety * std::pow(std::max(error, floor), -1.0 / k);
    if (alone > leap) return std::min(alone, grow);
    const double now = std::pow(std::max(error, floor), -0.7 / k);
    const double before = std::pow(std::max(previous, floor), 0.4 / k);
    return std::clamp(safety * now * before, shrink, grow);
  }

  /// Factor after a rejected step of relative error `error` > 1.
  [[nodiscard]] double after_rejected(double error, int k) const {
    return std::clamp(safety * std::pow(error, -1.0 / k), shrink, 0.9);
  }
};

}  // namespace lazytrain
