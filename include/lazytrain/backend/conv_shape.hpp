#pragma once

#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <string_view>

namespace lazytrain {

/// Sizes of a 2-D convolution without bias, in the sense of the field (a cross-correlation):
///
///     y(f, oy, ox) = sum over c, ky, kx of w(f, c, ky, kx) x(c, oy stride + ky - padding, ox stride + kx -
///     padding)
///
/// with x zero outside its map. A batch of n inputs is (channels height width) x n, one column an image, in
/// which the channels of a pixel are contiguous: feature c + channels (y width + x). Outputs likewise. The
/// weights are filters x (kernel^2 channels), column (ky kernel + kx) channels + c.
struct ConvShape {
  Index channels = 0;
  Index height = 0;
  Index width = 0;
  Index filters = 0;
  Index kernel = 3;
  Index stride = 1;
  Index padding = 1;

  [[nodiscard]] constexpr Index output_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  [[nodiscard]] constexpr Index output_width() const { return (width + 2 * padding - kernel) / stride + 1; }
  /// Pixels of an output map.
  [[nodiscard]] constexpr Index positions() const { return output_height() * output_width(); }
  /// Size of an input image.
  [[nodiscard]] constexpr Index input_dim() const { return channels * height * width; }
  /// Size of an output image.
  [[nodiscard]] constexpr Index output_dim() const { return filters * positions(); }
  /// Inputs of one output: kernel^2 channels, the columns of the weights.
  [[nodiscard]] constexpr Index patch_dim() const { return kernel * kernel * channels; }
  /// Number of weights.
  [[nodiscard]] constexpr Index weight_dim() const { return filters * patch_dim(); }

  friend constexpr bool operator==(const ConvShape&, const ConvShape&) = default;
};

/// @throws std::invalid_argument that names the member of `shape` that makes no sense: sizes below 1, a
/// negative padding, a kernel larger than the padded map
inline void require_conv_shape(std::string_view function, const ConvShape& shape) {
  require_argument(shape.channels >= 1, function, "shape.channels", shape.channels, "at least 1");
  require_argument(shape.height >= 1, function, "shape.height", shape.height, "at least 1");
  require_argument(shape.width >= 1, function, "shape.width", shape.width, "at least 1");
  require_argument(shape.filters >= 1, function, "shape.filters", shape.filters, "at least 1");
  require_argument(shape.kernel >= 1, function, "shape.kernel", shape.kernel, "at least 1");
  require_argument(shape.stride >= 1, function, "shape.stride", shape.stride, "at least 1");
  require_argument(shape.padding >= 0, function, "shape.padding", shape.padding, "at least 0");
  require_argument(shape.kernel <= shape.height + 2 * shape.padding, function, "shape.kernel", shape.kernel,
                   "at most shape.height + 2 shape.padding");
  require_argument(shape.kernel <= shape.width + 2 * shape.padding, function, "shape.kernel", shape.kernel,
                   "at most shape.width + 2 shape.padding");
}

/// How a convolution is computed.
enum class ConvAlgorithm {
  /// `winograd` where it applies and pays, else `im2col`.
  automatic,
  /// Patches times weights in one matrix product, or, on maps of a few pixels, tap by tap: sums of the
  /// products of the
  /// definition.
  im2col,
  /// Winograd's F(4x4, 3x3): a quarter of the multiplications, rounding errors about ten times larger. Kernel
  /// 3,
  /// stride 1.
  winograd
};

/// Whether `shape` is one that ConvAlgorithm::winograd computes.
[[nodiscard]] constexpr bool winograd_applies(const ConvShape& shape) {
  return shape.kernel == 3 && shape.stride == 1;
}

/// The algorithm that `requested` means for `shape`: `im2col` or `winograd`.
/// @throws std::invalid_argument if the shape makes no sense, or is none for Winograd's algorithm and that is
/// requested
[[nodiscard]] inline ConvAlgorithm conv_algorithm(const ConvShape& shape, ConvAlgorithm requested) {
  require_conv_shape("conv_algorithm", shape);
  if (requested == ConvAlgorithm::im2col) return requested;
  if (requested == ConvAlgorithm::winograd) {
    require_argument(shape.kernel == 3, "conv_algorithm", "shape.kernel", shape.kernel,
                     "3, the only kernel of ConvAlgorithm::winograd");
    require_argument(shape.stride == 1, "conv_algorithm", "shape.stride", shape.stride,
                     "1, the only stride of ConvAlgorithm::winograd");
    return requested;
  }
  const bool pays = winograd_applies(shape) && shape.output_height() >= 4 && shape.output_width() >= 4 &&
                    shape.channels >= 16 && shape.filters >= 16;
  return pays ? ConvAlgorithm::winograd : ConvAlgorithm::im2col;
}

}  // namespace lazytrain
