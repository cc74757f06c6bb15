#pragma once

#include <lazytrain/core/random.hpp>

namespace lazytrain::testing {

/// Numbers of which no two are closer than 0.2 and none is closer than 0.1 to 0, in random order: no kink of
/// a relu or a maximum is within a short step.
template <class S>
Vector<S> away_from_kinks(Index size, RandomEngine auto& rng) {
  Vector<S> x(size);
  const auto order = random_permutation(size, rng);
  for (Index i = 0; i < size; ++i) {
    x(i) = S(0.2) * static_cast<S>(order[static_cast<std::size_t>(i)] - size / 2) + S(0.1);
  }
  return x;
}

}  // namespace lazytrain::testing
