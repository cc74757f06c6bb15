#pragma once

#include <lazytrain/nn/linear_pointwise.hpp>
#include <string_view>

namespace lazytrain::nn {

/// All coordinates as one vector, position after position. `Dense` does not need it.
struct Flatten {
  static constexpr std::string_view name = "flatten";

  template <class B>
  [[nodiscard]] LinearPointwise<B, Same> bind(const ImageShape& input) const {
    return {ImageShape{input.dim()}, {}};
  }
};

}  // namespace lazytrain::nn
