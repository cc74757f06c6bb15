#pragma once

#include <limits>

namespace lazytrain::testing {

/// Relative error that `operations` roundings in S may add up to.
template <class S>
constexpr double roundoff(double operations) {
  return operations * static_cast<double>(std::numeric_limits<S>::epsilon());
}

}  // namespace lazytrain::testing
