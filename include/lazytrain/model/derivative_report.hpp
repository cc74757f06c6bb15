#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <limits>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

/// What `check_derivatives` or `check_loss` found about one derivative.
struct DerivativeCheck {
  /// "jvp", "vjp", "second", "second_vjp", "displace" or "repeatable"; of a loss "gradient", "hessian_apply",
  /// "self-adjoint" or "constants".
  std::string name;
  bool passed = false;
  /// Smallest relative error seen.
  double error = 0;
  /// Observed order of convergence of the differences (expected 2); NaN where no differences are taken.
  double order = std::numeric_limits<double>::quiet_NaN();
  /// One sentence.
  std::string finding = {};
};

/// The answer of `check_derivatives` and `check_loss`.
struct DerivativeReport {
  std::vector<DerivativeCheck> checks;

  [[nodiscard]] bool passed() const {
    return std::all_of(checks.begin(), checks.end(), [](const DerivativeCheck& c) { return c.passed; });
  }

  friend std::ostream& operator<<(std::ostream& out, const DerivativeReport& report) {
    for (const auto& check : report.checks) {
      out << (check.passed ? "  ok     " : "  WRONG  ") << check.name << ": " << check.finding << '\n';
    }
    return out;
  }
};

namespace detail {

/// Errors of a symmetric difference quotient at steps t, t/2, t/4, ... against the derivative.
struct DifferenceSequence {
  std::vector<double> errors;

  /// Largest order seen between a step and a quarter of it, before rounding takes over.
  [[nodiscard]] double order() const {
    double best = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i + 2 < errors.size(); ++i) {
      if (errors[i] > 0 && errors[i + 2] > 0) best = std::max(best, std::log2(errors[i] / errors[i + 2]) / 2);
    }
    return best;
  }
  [[nodiscard]] double smallest() const { return *std::min_element(errors.begin(), errors.end()); }
};

/// `difference(t)` is the error vector's norm at step t, relative to the derivative's size.
template <class F>
DifferenceSequence difference_sequence(double step, F difference) {
  DifferenceSequence sequence;
  for (int i = 0; i < 10; ++i, step /= 2) sequence.errors.push_back(difference(step));
  return sequence;
}

inline DerivativeCheck judge_differences(const char* name, const DifferenceSequence& sequence,
                                         double rounding) {
  DerivativeCheck check{.name = name, .error = sequence.smallest(), .order = sequence.order()};
  // A right derivative has errors O(t^2) down to rounding; a wrong one stops at its own error.
  const bool exact = sequence.errors.front() <= rounding;
  const bool second_order = check.order > 1.5 && check.error < 0.05 * sequence.errors.front();
  check.passed = exact || second_order || check.error <= rounding;
  std::ostringstream text = detail::plain_text();
  text.precision(3);
  if (exact) {
    text << "agrees with differences to rounding (" << check.error << ")";
  } else if (check.passed && check.order > 4) {
    // Of what is a polynomial piece by piece they are exact once a step stays in its piece.
    text << "agrees with differences from some step on, down to " << check.error;
  } else if (check.passed) {
    text << "differences converge to it at order " << check.order << " down to " << check.error;
  } else {
    text << "differences do not converge to it: relative error " << check.error << " at best, observed order "
         << check.order << " where 2 is expected";
  }
  check.finding = text.str();
  return check;
}

/// Compares <u, A v> with <A^T u, v>; `ratio` is told when the two differ by a constant factor.
inline DerivativeCheck judge_adjoint(const char* name, const std::vector<std::pair<double, double>>& pairs,
                                     const std::vector<double>& scales, double rounding) {
  DerivativeCheck check{.name = name};
  double ratio_low = std::numeric_limits<double>::infinity();
  double ratio_high = -ratio_low;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto [forward, backward] = pairs[i];
    const double error =
        std::abs(forward - backward) / std::max(scales[i], std::numeric_limits<double>::min());
    check.error = std::isnan(error) ? error : std::max(check.error, error);
    ratio_low = std::min(ratio_low, backward / forward);
    ratio_high = std::max(ratio_high, backward / forward);
  }
  check.passed = check.error <= rounding;
  std::ostringstream text = detail::plain_text();
  text.precision(6);
  if (check.passed) {
    text << "is the transposed product (relative error " << check.error << ")";
  } else if (ratio_high - ratio_low < 1e-3 * std::abs(ratio_high)) {
    text << "is " << ratio_high << " times the transposed product: " << name
         << " takes a cotangent, and the weights of F do not belong in it";
  } else {
    text << "is not the transposed product: <u, A v> = " << pairs.front().first
         << " but <A^T u, v> = " << pairs.front().second;
  }
  check.finding = text.str();
  return check;
}

}  // namespace detail

}  // namespace lazytrain
