#pragma once

#include <lazytrain/core/vector.hpp>
#include <utility>

namespace lazytrain {

/// Calls `visit(i, e_i)` with the unit vectors of the space in which `like` lies, and where it lives, in the
/// order of their coordinates. They share one vector's memory: a visitor that keeps e_i copies it.
template <HilbertVector V, class Visit>
void for_each_unit_vector(const V& like, Visit&& visit) {
  using S = typename V::Scalar;
  Vector<S> numbers = Vector<S>::Zero(dimension(like));
  V unit = zeros_like(like);
  for (Index i = 0; i < numbers.size(); ++i) {
    numbers(i) = S(1);
    place(numbers, unit);
    visit(i, std::as_const(unit));
    numbers(i) = S(0);
  }
}

}  // namespace lazytrain
