#pragma once

#include <lazytrain/core/concepts.hpp>

namespace lazytrain {

/// The least known μ >= 0 for which R + μ/2 |.|^2 is convex: what the loss says, or, of a loss that says
/// nothing, 0 if it is strongly convex and its M otherwise.
template <Loss R>
[[nodiscard]] double weak_convexity(const R& loss) {
  if constexpr (requires { loss.weak_convexity(); }) {
    return static_cast<double>(loss.weak_convexity());
  } else {
    return loss.strong_convexity() > 0 ? 0.0 : static_cast<double>(loss.smoothness());
  }
}

}  // namespace lazytrain
