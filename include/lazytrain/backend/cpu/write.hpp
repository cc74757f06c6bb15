#pragma once

#include <lazytrain/core/types.hpp>

/// Numerics on the host. Everything is serial: threads go over images above it.
namespace lazytrain::cpu {

/// What happens to what stands in an output.
enum class Write { assign, add };

namespace detail {

/// out = or += product, without a temporary.
template <class Out, class Product>
void write_product(Out&& out, const Product& product, Write write) {
  if (write == Write::assign) {
    out.noalias() = product;
  } else {
    out.noalias() += product;
  }
}

/// Assigns or adds an Eigen array of fixed size to the numbers at `out`.
template <class Lanes, class S>
void write_numbers(const Lanes& numbers, S* out, Write write) {
  Eigen::Map<Lanes> to(out);
  if (write == Write::assign) {
    to = numbers;
  } else {
    to += numbers;
  }
}

}  // namespace detail

}  // namespace lazytrain::cpu
