#pragma once

#include <lazytrain/core/types.hpp>
#include <limits>

namespace lazytrain {

/// What is done to the outputs y of a convolution as they are written, channels x (positions of all samples):
/// a bias is added to each channel, then what is negative becomes 0, then what `mask` masks. In one pass, or
/// in none of its own.
template <class S>
struct Epilogue {
  /// A number for each channel, or null.
  const S* bias = nullptr;
  /// The bias is for the first so many samples.
  Index biased = std::numeric_limits<Index>::max();
  /// y becomes max(y, 0).
  bool rectify = false;
  /// Numbers of the size of y, or null: y becomes 0 where they are not positive.
  const S* mask = nullptr;

  [[nodiscard]] constexpr bool empty() const { return bias == nullptr && !rectify && mask == nullptr; }
  /// All but the bias, of number i.
  [[nodiscard]] constexpr S unbiased(S y, Index i) const {
    const S positive = rectify && y < S(0) ? S(0) : y;
    return mask == nullptr || mask[i] > S(0) ? positive : S(0);
  }
};

}  // namespace lazytrain
