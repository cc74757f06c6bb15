#pragma once

#include <algorithm>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/conv_workspace.hpp>
#include <lazytrain/backend/cpu/write.hpp>

namespace lazytrain::cpu {

namespace detail {

/// Calls `row(inside, x_offset, patch_offset, count)` for the pieces of the patch of output pixel `pixel` of
/// one image: runs of `count` contiguous numbers that lie inside the map, at `x_offset` of the image, or
/// outside it.
template <class Row>
void for_patch_rows(const ConvShape& s, Index pixel, const Row& row) {
  const Index top = pixel / s.output_width() * s.stride - s.padding;
  const Index left = pixel % s.output_width() * s.stride - s.padding;
  const Index first = std::clamp<Index>(-left, 0, s.kernel);
  const Index last = std::clamp<Index>(s.width - left, first, s.kernel);
  const Index c = s.channels;
  for (Index ky = 0; ky < s.kernel; ++ky) {
    const Index y = top + ky, patch = ky * s.kernel * c;
    if (y < 0 || y >= s.height) {
      row(false, Index(0), patch, s.kernel * c);
      continue;
    }
    if (first > 0) row(false, Index(0), patch, first * c);
    if (last > first) row(true, (y * s.width + left + first) * c, patch + first * c, (last - first) * c);
    if (last < s.kernel) row(false, Index(0), patch + last * c, (s.kernel - last) * c);
  }
}

/// Whether the patches are the pixels themselves.
[[nodiscard]] constexpr bool patches_are_pixels(const ConvShape& s) {
  return s.kernel == 1 && s.stride == 1 && s.padding == 0;
}

/// Pixels whose patches are held at a time: about 2^18 numbers, at least 256 pixels so that the packing of
/// the weights is shared.
[[nodiscard]] constexpr Index pixels_at_a_time(const ConvShape& s, Index pixels) {
  return std::min(pixels, std::max<Index>(256, (Index(1) << 18) / s.patch_dim() / 8 * 8));
}

}  // namespace detail

/// The patches of output pixels first, ..., first + count - 1, counted through all images of x, as columns:
/// patch_dim() x count.
template <class S>
void gather_patches(const ConvShape& shape, const S* x, Index first, Index count, S* patches) {
  const Index positions = shape.positions();
  for (Index p = first; p < first + count; ++p, patches += shape.patch_dim()) {
    const S* image = x + p / positions * shape.input_dim();
    detail::for_patch_rows(shape, p % positions, [&](bool inside, Index from, Index to, Index size) {
      if (inside) {
        std::copy_n(image + from, size, patches + to);
      } else {
        std::fill_n(patches + to, size, S(0));
      }
    });
  }
}

/// The transpose of `gather_patches`: adds every patch to the pixels of x that it was taken from.
template <class S>
void scatter_patches(const ConvShape& shape, const S* patches, Index first, Index count, S* x) {
  const Index positions = shape.positions();
  for (Index p = first; p < first + count; ++p, patches += shape.patch_dim()) {
    S* image = x + p / positions * shape.input_dim();
    detail::for_patch_rows(shape, p % positions, [&](bool inside, Index to, Index from, Index size) {
      if (!inside) return;
      Eigen::Map<Vector<S>>(image + to, size) += Eigen::Map<const Vector<S>>(patches + from, size);
    });
  }
}

/// y = or += conv(w, x) for n images, by patches: 2 positions() weight_dim() n operations. See `forward`.
template <class S>
void im2col_forward(const ConvShape& shape, const S* w, const S* x, Index n, S* y, Write write,
                    ConvWorkspace<S>& workspace) {
  const Index pixels = n * shape.positions(), dim = shape.patch_dim();
  const Eigen::Map<const Matrix<S>> weights(w, shape.filters, dim);
  const Index block = detail::pixels_at_a_time(shape, pixels);
  const bool direct = detail::patches_are_pixels(shape);
  S* scratch = direct ? nullptr : workspace.buffer(0, dim * block);
  for (Index first = 0; first < pixels; first += block) {
    const Index count = std::min(block, pixels - first);
    if (!direct) gather_patches(shape, x, first, count, scratch);
    const Eigen::Map<const Matrix<S>> patches(direct ? x + first * dim : scratch, dim, count);
    detail::write_product(Eigen::Map<Matrix<S>>(y + first * shape.filters, shape.filters, count),
                          weights * patches, write);
  }
}

/// gx = or += the transpose of x -> conv(w, x) applied to gy, by patches. See `input_gradient`.
template <class S>
void im2col_input_gradient(const ConvShape& shape, const S* w, const S* gy, Index n, S* gx, Write write,
                           ConvWorkspace<S>& workspace) {
  const Index pixels = n * shape.positions(), dim = shape.patch_dim();
  const Eigen::Map<const Matrix<S>> weights(w, shape.filters, dim);
  const Index block = detail::pixels_at_a_time(shape, pixels);
  const bool direct = detail::patches_are_pixels(shape);
  S* scratch = direct ? nullptr : workspace.buffer(0, dim * block);
  if (!direct && write == Write::assign) std::fill_n(gx, n * shape.input_dim(), S(0));
  for (Index first = 0; first < pixels; first += block) {
    const Index count = std::min(block, pixels - first);
    const Eigen::Map<const Matrix<S>> outputs(gy + first * shape.filters, shape.filters, count);
    Eigen::Map<Matrix<S>> patches(direct ? gx + first * dim : scratch, dim, count);
    detail::write_product(patches, weights.transpose() * outputs, direct ? write : Write::assign);
    if (!direct) scatter_patches(shape, scratch, first, count, gx);
  }
}

/// gw = or += the transpose of w -> conv(w, x) applied to gy, by patches. See `weight_gradient`.
template <class S>
void im2col_weight_gradient(const ConvShape& shape, const S* x, const S* gy, Index n, S* gw, Write write,
                            ConvWorkspace<S>& workspace) {
  const Index pixels = n * shape.positions(), dim = shape.patch_dim();
  Eigen::Map<Matrix<S>> weights(gw, shape.filters, dim);
  if (pixels == 0 && write == Write::assign) weights.setZero();
  const Index block = detail::pixels_at_a_time(shape, pixels);
  const bool direct = detail::patches_are_pixels(shape);
  S* scratch = direct ? nullptr : workspace.buffer(0, dim * block);
  for (Index first = 0; first < pixels; first += block) {
    const Index count = std::min(block, pixels - first);
    if (!direct) gather_patches(shape, x, first, count, scratch);
    const Eigen::Map<const Matrix<S>> patches(direct ? x + first * dim : scratch, dim, count);
    const Eigen::Map<const Matrix<S>> outputs(gy + first * shape.filters, shape.filters, count);
    detail::write_product(weights, outputs * patches.transpose(), first == 0 ? write : Write::add);
  }
}

}  // namespace lazytrain::cpu
