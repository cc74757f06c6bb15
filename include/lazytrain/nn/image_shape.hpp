#pragma once

#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <ostream>
#include <sstream>
#include <string>

namespace lazytrain::nn {

/// What stands at a place of a network for one sample: height x width positions of `channels` numbers. A
/// vector of d numbers is {d}. Channel c of position (y, x) has index c + channels (y width + x): channels
/// are contiguous.
struct ImageShape {
  Index channels = 1;
  Index height = 1;
  Index width = 1;

  /// Number of positions.
  [[nodiscard]] Index positions() const { return height * width; }
  /// Number of coordinates.
  [[nodiscard]] Index dim() const { return channels * positions(); }
  [[nodiscard]] friend bool operator==(const ImageShape&, const ImageShape&) = default;

  /// As `3 x 32 x 32` (channels, height, width).
  friend std::ostream& operator<<(std::ostream& out, const ImageShape& shape) {
    return out << shape.channels << " x " << shape.height << " x " << shape.width;
  }
};

/// The shape as a text.
[[nodiscard]] inline std::string to_string(const ImageShape& shape) {
  std::ostringstream text = lazytrain::detail::plain_text();
  text << shape;
  return text.str();
}

}  // namespace lazytrain::nn
