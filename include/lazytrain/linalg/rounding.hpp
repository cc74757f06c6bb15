#pragma once

#include <lazytrain/core/types.hpp>
#include <limits>

namespace lazytrain {

/// Bound, to first order, on the relative rounding of a quotient ||a|| / ||b|| of two norms of at most
/// `count` numbers of type S each. Unweighted sums run in at least four accumulators, weighted ones in one.
template <class S>
[[nodiscard]] constexpr double quotient_rounding(Index count, bool unweighted) {
  const double roundings = 8.0 + static_cast<double>(count) / (unweighted ? 4 : 1);
  return roundings * static_cast<double>(std::numeric_limits<S>::epsilon());
}

}  // namespace lazytrain
