#pragma once

#include <lazytrain/core/types.hpp>

namespace lazytrain {

/// An image as a window of its size sees it that lies `down` rows below it and `right` columns to its right,
/// with zeros around the image; then reflected, or not.
struct ImageMove {
  Index down = 0;
  Index right = 0;
  bool reflected = false;

  /// Coordinate of the image that coordinate `i` of the moved one is, both in a network's layout (row,
  /// column, channel); -1 outside, where it is 0. constexpr: devices call it.
  [[nodiscard]] constexpr Index source(Index i, Index channels, Index height, Index width) const {
    const Index channel = i % channels, x = i / channels % width, y = i / channels / width;
    const Index from_x = (reflected ? width - 1 - x : x) + right, from_y = y + down;
    if (from_x < 0 || from_x >= width || from_y < 0 || from_y >= height) return -1;
    return channel + channels * (from_x + width * from_y);
  }

  [[nodiscard]] friend bool operator==(const ImageMove&, const ImageMove&) = default;
};

}  // namespace lazytrain
