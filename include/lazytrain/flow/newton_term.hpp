#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace lazytrain::detail {

/// The greatest number of past values that an exponential Adams method interpolates.
inline constexpr int most_past_remainders = 6;

/// A term of Newton's interpolation at times s_0, ..., s_m: the divided difference of all of them times
/// (s - s_0) ... (s - s_(m-1)).
struct NewtonTerm {
  /// Of the values in the divided difference.
  std::array<double, most_past_remainders + 1> weights{};
  /// Coefficients of the polynomial, of 1, s, s^2, ...
  std::array<double, most_past_remainders + 1> powers{};

  explicit NewtonTerm(std::span<const double> times) {
    powers[0] = 1;
    for (std::size_t i = 0; i < times.size(); ++i) {
      double product = 1;
      for (std::size_t j = 0; j < times.size(); ++j) product *= j == i ? 1 : times[i] - times[j];
      weights[i] = 1 / product;
      if (i + 1 == times.size()) break;
      for (std::size_t j = i + 1; j > 0; --j) powers[j] = powers[j - 1] - times[i] * powers[j];
      powers[0] *= -times[i];
    }
  }
};

}  // namespace lazytrain::detail
