#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/linear_pointwise.hpp>
#include <string_view>

namespace lazytrain::nn {

/// Every coordinate times a number that is no parameter: 1 / sqrt(m) after a layer of m neurons, for example.
struct Scale {
  static constexpr std::string_view name = "scale";
  double factor = 1;

  /// @throws std::domain_error unless the factor is finite
  template <class B>
  [[nodiscard]] LinearPointwise<B, Times<scalar_t<B>>> bind(const ImageShape& input) const {
    require_domain(std::isfinite(factor), "Scale", "factor", factor, "a finite number");
    return {input, {static_cast<scalar_t<B>>(factor)}};
  }
};

}  // namespace lazytrain::nn
