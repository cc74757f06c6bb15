#pragma once

/// What networks apply to coordinates through a backend's `map`: types with a name and constexpr calls, which
/// nvcc compiles for devices, where a lambda of the host does not go.
namespace lazytrain::nn {

/// a.
struct Same {
  template <class S>
  [[nodiscard]] constexpr S operator()(S a) const {
    return a;
  }
};

/// a + b.
struct Plus {
  template <class S>
  [[nodiscard]] constexpr S operator()(S a, S b) const {
    return a + b;
  }
};

/// factor a.
template <class S>
struct Times {
  S factor;
  [[nodiscard]] constexpr S operator()(S a) const { return factor * a; }
};

/// a + epsilon d: where a displacement leads.
template <class S>
struct Moved {
  S epsilon;
  [[nodiscard]] constexpr S operator()(S a, S d) const { return a + epsilon * d; }
};

}  // namespace lazytrain::nn
