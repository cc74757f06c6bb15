#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/winograd_transforms.hpp>
#include <lazytrain/backend/cpu/write.hpp>
#include <type_traits>

namespace lazytrain::cpu {

namespace detail {

/// 36 matrices of `rows` x `cols` one after the other, a cache line apart so that equal entries do not
/// compete for a set of the cache.
template <class S>
struct WinogradMatrices {
  S* data;
  Index rows, cols;

  [[nodiscard]] static Index stride(Index rows, Index cols) {
    constexpr Index line = 64 / sizeof(S);
    return (rows * cols + line - 1) / line * line + line;
  }
  [[nodiscard]] static Index size(Index rows, Index cols) { return winograd_points * stride(rows, cols); }

  [[nodiscard]] S* column(Index point, Index j) const { return data + point * stride(rows, cols) + j * rows; }
  [[nodiscard]] Eigen::Map<Matrix<std::remove_const_t<S>>> operator()(Index point) const
      requires(!std::is_const_v<S>) {
    return {column(point, 0), rows, cols};
  }
  [[nodiscard]] Eigen::Map<const Matrix<std::remove_const_t<S>>> operator()(Index point) const
      requires(std::is_const_v<S>) {
    return {column(point, 0), rows, cols};
  }
};

/// Where the tiles of a shape are.
class WinogradTiles {
 public:
  explicit WinogradTiles(const ConvShape& shape)
      : shape_(shape),
        across_((shape.output_width() + winograd_outputs - 1) / winograd_outputs),
        down_((shape.output_height() + winograd_outputs - 1) / winograd_outputs) {}

  /// Tiles of an image.
  [[nodiscard]] Index per_image() const { return across_ * down_; }

  /// Pointers to the pixels of input tile `t`, row by row, counted through all images; `outside` beyond the
  /// map.
  template <class S>
  [[nodiscard]] std::array<S*, winograd_points> inputs(S* x, Index t, S* outside) const {
    return pixels<winograd_inputs>(x + t / per_image() * shape_.input_dim(), row(t) - shape_.padding,
                                   column(t) - shape_.padding, shape_.height, shape_.width, shape_.channels,
                                   outside);
  }

  /// Pointers to the pixels of output tile `t`.
  template <class S>
  [[nodiscard]] std::array<S*, winograd_outputs * winograd_outputs> outputs(S* y, Index t, S* outside) const {
    return pixels<winograd_outputs>(y + t / per_image() * shape_.output_dim(), row(t), column(t),
                                    shape_.output_height(), shape_.output_width(), shape_.filters, outside);
  }

 private:
  [[nodiscard]] Index row(Index t) const { return t % per_image() / across_ * winograd_outputs; }
  [[nodiscard]] Index column(Index t) const { return t % across_ * winograd_outputs; }

  template <Index side, class S>
  [[nodiscard]] static std::array<S*, side * side> pixels(S* image, Index top, Index left, Index height,
                                                          Index width, Index channels, S* outside) {
    std::array<S*, side * side> result;
    for (Index i = 0; i < side; ++i) {
      for (Index j = 0; j < side; ++j) {
        const Index y = top + i, x = left + j;
        const bool inside = y >= 0 && y < height && x >= 0 && x < width;
        result[static_cast<std::size_t>(i * side + j)] =
            inside ? image + (y * width + x) * channels : outside;
      }
    }
    return result;
  }

  ConvShape shape_;
  Index across_, down_;
};

/// Tiles whose transforms are held at a time: about 2^20 numbers, at least 64 tiles so that the packing of
/// the weights is shared.
[[nodiscard]] inline Index tiles_at_a_time(const ConvShape& s, Index tiles) {
  return std::min(
      tiles, std::max<Index>(64, (Index(1) << 19) / (winograd_points * (s.channels + s.filters)) / 8 * 8));
}

/// The same for a weight gradient: at least as many numbers as its sums have, which every group of tiles
/// reads and writes.
[[nodiscard]] inline Index tiles_to_sum_at_a_time(const ConvShape& s, Index tiles) {
  const Index balanced = s.channels * s.filters / (s.channels + s.filters) / 8 * 8;
  return std::min(tiles, std::max(tiles_at_a_time(s, tiles), balanced));
}

/// Channels whose sums of a weight gradient are held at a time: about 2^20 numbers.
[[nodiscard]] inline Index channels_at_a_time(const ConvShape& s) {
  return std::min(s.channels, std::max<Index>(8, (Index(1) << 20) / (winograd_points * s.filters) / 8 * 8));
}

/// Transforms tiles first, ..., first + v.cols - 1: B' d B of inputs, or A gy A' of output gradients.
template <class Map, class S, class Pixels>
void transform_tiles(const WinogradMatrices<S>& v, const Pixels& pixels_of) {
  for (Index t = 0; t < v.cols; ++t) {
    const auto pixels = pixels_of(t);
    winograd_transform<Map, S>(
        v.rows, [&](Index i) { return pixels[static_cast<std::size_t>(i)]; },
        [&](Index i, Index c, const auto& numbers) {
          write_numbers(numbers, v.column(i, t) + c, Write::assign);
        });
  }
}

/// Transforms back and assigns or adds to pixels; those that are null are left out.
template <class Map, class S, class Pixels>
void untransform_tiles(const WinogradMatrices<S>& m, const Pixels& pixels_of, Write write) {
  for (Index t = 0; t < m.cols; ++t) {
    const auto pixels = pixels_of(t);
    winograd_transform<Map, S>(
        m.rows, [&](Index i) { return m.column(i, t); },
        [&](Index i, Index c, const auto& numbers) {
          S* pixel = pixels[static_cast<std::size_t>(i)];
          if (pixel != nullptr) write_numbers(numbers, pixel + c, write);
        });
  }
}

}  // namespace detail

}  // namespace lazytrain::cpu
