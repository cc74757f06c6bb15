#pragma once

#include <algorithm>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/conv_workspace.hpp>
#include <lazytrain/backend/cpu/winograd_tiles.hpp>
#include <lazytrain/backend/cpu/winograd_transforms.hpp>
#include <lazytrain/backend/cpu/write.hpp>
#include <type_traits>

/// Convolutions with 3 x 3 kernels and stride 1 by Winograd's F(4x4, 3x3): outputs in tiles of 4 x 4, the
/// products of all channels of a transformed entry as a matrix product. Maps whose size is no multiple of 4
/// have zeros in their last tiles. Arithmetic of a product of all transformed tiles: 2 . 36 / 16 operations
/// an output, filter and channel where the definition has 2 . 9.
namespace lazytrain::cpu {

/// Size of transformed weights.
template <class S>
[[nodiscard]] Index winograd_weights_size(const ConvShape& shape) {
  return detail::WinogradMatrices<S>::size(shape.filters, shape.channels);
}

/// Transforms weights: the matrices u_i, i < 36, filters x channels, of the entries of G g G'; of these the
/// columns of the channels `first` to `last` - 1.
template <class S>
void winograd_weights(const ConvShape& shape, const S* w, Index first, Index last, S* u) {
  const detail::WinogradMatrices<S> matrices{u, shape.filters, shape.channels};
  for (Index c = first; c < last; ++c) {
    winograd_transform<WinogradKernel, S>(
        shape.filters, [&](Index i) { return w + (i * shape.channels + c) * shape.filters; },
        [&](Index i, Index f, const auto& numbers) {
          detail::write_numbers(numbers, matrices.column(i, c) + f, Write::assign);
        });
  }
}

/// y = or += conv(w, x) for n images, with u = `winograd_weights` of w. See `forward`.
template <class S>
void winograd_forward(const ConvShape& shape, const S* u, const S* x, Index n, S* y, Write write,
                      ConvWorkspace<S>& workspace) {
  using Matrices = detail::WinogradMatrices<S>;
  const detail::WinogradTiles tiles(shape);
  const Index count = n * tiles.per_image(), block = detail::tiles_at_a_time(shape, count);
  S* inputs = workspace.buffer(0, Matrices::size(shape.channels, block));
  S* products = workspace.buffer(1, Matrices::size(shape.filters, block));
  S* zeros = workspace.buffer(2, shape.channels);
  std::fill_n(zeros, shape.channels, S(0));
  const detail::WinogradMatrices<const S> weights{u, shape.filters, shape.channels};
  for (Index first = 0; first < count; first += block) {
    const Index size = std::min(block, count - first);
    const Matrices v{inputs, shape.channels, size}, m{products, shape.filters, size};
    detail::transform_tiles<WinogradInput>(
        v, [&](Index t) { return tiles.inputs<const S>(x, first + t, zeros); });
    for (Index i = 0; i < winograd_points; ++i) m(i).noalias() = weights(i) * v(i);
    detail::untransform_tiles<WinogradOutput>(
        m, [&](Index t) { return tiles.outputs<S>(y, first + t, nullptr); }, write);
  }
}

/// gx = or += the transpose of x -> conv(w, x) applied to gy, with u = `winograd_weights` of w. Tiles
/// overlap: a pixel adds what up to four of them give. See `input_gradient`.
template <class S>
void winograd_input_gradient(const ConvShape& shape, const S* u, const S* gy, Index n, S* gx, Write write,
                             ConvWorkspace<S>& workspace) {
  using Matrices = detail::WinogradMatrices<S>;
  const detail::WinogradTiles tiles(shape);
  const Index count = n * tiles.per_image(), block = detail::tiles_at_a_time(shape, count);
  S* outputs = workspace.buffer(0, Matrices::size(shape.filters, block));
  S* products = workspace.buffer(1, Matrices::size(shape.channels, block));
  S* zeros = workspace.buffer(2, shape.filters);
  std::fill_n(zeros, shape.filters, S(0));
  if (write == Write::assign) std::fill_n(gx, n * shape.input_dim(), S(0));
  const detail::WinogradMatrices<const S> weights{u, shape.filters, shape.channels};
  for (Index first = 0; first < count; first += block) {
    const Index size = std::min(block, count - first);
    const Matrices m{outputs, shape.filters, size}, v{products, shape.channels, size};
    detail::transform_tiles<WinogradOutputTransposed>(
        m, [&](Index t) { return tiles.outputs<const S>(gy, first + t, zeros); });
    for (Index i = 0; i < winograd_points; ++i) v(i).noalias() = weights(i).transpose() * m(i);
    detail::untransform_tiles<WinogradInputTransposed>(
        v, [&](Index t) { return tiles.inputs<S>(gx, first + t, nullptr); }, Write::add);
  }
}

/// gw = or += the transpose of w -> conv(w, x) applied to gy: G' [sum over tiles of (A gy A') . (B' d B)] G.
/// See `weight_gradient`.
template <class S>
void winograd_weight_gradient(const ConvShape& shape, const S* x, const S* gy, Index n, S* gw, Write write,
                              ConvWorkspace<S>& workspace) {
  using Matrices = detail::WinogradMatrices<S>;
  const detail::WinogradTiles tiles(shape);
  const Index count = n * tiles.per_image(), block = detail::tiles_to_sum_at_a_time(shape, count);
  if (count == 0) {
    if (write == Write::assign) std::fill_n(gw, shape.weight_dim(), S(0));
    return;
  }
  S* inputs = workspace.buffer(0, Matrices::size(shape.channels, block));
  S* outputs = workspace.buffer(1, Matrices::size(shape.filters, block));
  const Index largest = std::max(shape.channels, shape.filters);
  S* zeros = workspace.buffer(2, largest);
  std::fill_n(zeros, largest, S(0));
  // Sums of all blocks of tiles are kept for all channels; of a single block for some channels at a time,
  // which stay in the cache.
  const Index channels =
      block < count ? shape.channels : std::min(shape.channels, detail::channels_at_a_time(shape));
  S* sums = workspace.buffer(3, Matrices::size(shape.filters, channels));
  for (Index first = 0; first < count; first += block) {
    const Index size = std::min(block, count - first);
    const Matrices v{inputs, shape.channels, size}, m{outputs, shape.filters, size};
    detail::transform_tiles<WinogradInput>(
        v, [&](Index t) { return tiles.inputs<const S>(x, first + t, zeros); });
    detail::transform_tiles<WinogradOutputTransposed>(
        m, [&](Index t) { return tiles.outputs<const S>(gy, first + t, zeros); });
    for (Index c = 0; c < shape.channels; c += channels) {
      const Matrices u{sums, shape.filters, std::min(channels, shape.channels - c)};
      for (Index i = 0; i < winograd_points; ++i) {
        detail::write_product(u(i), m(i) * v(i).middleRows(c, u.cols).transpose(),
                              first == 0 ? Write::assign : Write::add);
      }
      if (first + size < count) continue;
      for (Index j = 0; j < u.cols; ++j) {
        winograd_transform<WinogradKernelTransposed, S>(
            shape.filters, [&](Index i) { return u.column(i, j); },
            [&](Index i, Index f, const auto& numbers) {
              detail::write_numbers(numbers, gw + (i * shape.channels + c + j) * shape.filters + f, write);
            });
      }
    }
  }
}

}  // namespace lazytrain::cpu
