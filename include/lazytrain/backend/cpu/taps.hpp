#pragma once

#include <algorithm>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/conv_workspace.hpp>
#include <lazytrain/backend/cpu/write.hpp>

/// Convolutions tap by tap: for each of the kernel^2 positions in the kernel one matrix product over the
/// pixels for which it falls on the map. The operations of the definition without those with padding, which
/// on a 2 x 2 map are 20 of the 36 of a 3 x 3 kernel.
namespace lazytrain::cpu {

namespace detail {

/// The output pixels top <= y < bottom, left <= x < right at which tap (ky, kx) falls on the map.
struct Tap {
  Index ky, kx, top, bottom, left, right;

  Tap(const ConvShape& s, Index row, Index column) : ky(row), kx(column) {
    const auto first = [&](Index k) { return std::max<Index>(0, (s.padding - k + s.stride - 1) / s.stride); };
    const auto last = [&](Index k, Index size, Index outputs) {
      const Index furthest = size - 1 + s.padding - k;
      return furthest < 0 ? 0 : std::min(outputs, furthest / s.stride + 1);
    };
    top = first(ky);
    left = first(kx);
    bottom = std::max(top, last(ky, s.height, s.output_height()));
    right = std::max(left, last(kx, s.width, s.output_width()));
  }

  [[nodiscard]] Index pixels() const { return (bottom - top) * (right - left); }
  /// First column of the tap's weights.
  [[nodiscard]] Index weights(const ConvShape& s) const { return (ky * s.kernel + kx) * s.channels; }

  /// Calls body(input, output), the first channels of the two in an image, for all pixels.
  template <class Body>
  void for_pixels(const ConvShape& s, const Body& body) const {
    for (Index y = top; y < bottom; ++y) {
      for (Index x = left; x < right; ++x) {
        const Index iy = y * s.stride + ky - s.padding, ix = x * s.stride + kx - s.padding;
        body((iy * s.width + ix) * s.channels, (y * s.output_width() + x) * s.filters);
      }
    }
  }
};

/// Calls body(tap, first, count) for every tap that touches the map and every group of images, of which about
/// 2^19 numbers are to be gathered.
template <class Body>
void for_taps(const ConvShape& s, Index n, const Body& body) {
  for (Index ky = 0; ky < s.kernel; ++ky) {
    for (Index kx = 0; kx < s.kernel; ++kx) {
      const Tap tap(s, ky, kx);
      if (tap.pixels() == 0) continue;
      const Index images = std::max<Index>(1, (Index(1) << 19) / (tap.pixels() * (s.channels + s.filters)));
      for (Index first = 0; first < n; first += images) body(tap, first, std::min(images, n - first));
    }
  }
}

/// The inputs, or the outputs, of a tap as columns.
enum class TapSide { input, output };

template <class S>
void gather_tap(const ConvShape& s, const Tap& tap, TapSide side, const S* images, Index n, S* columns) {
  const Index rows = side == TapSide::input ? s.channels : s.filters;
  const Index dim = side == TapSide::input ? s.input_dim() : s.output_dim();
  for (Index i = 0; i < n; ++i, images += dim) {
    tap.for_pixels(s, [&](Index input, Index output) {
      columns = std::copy_n(images + (side == TapSide::input ? input : output), rows, columns);
    });
  }
}

/// The transpose of gather_tap.
template <class S>
void scatter_tap(const ConvShape& s, const Tap& tap, TapSide side, const S* columns, Index n, S* images) {
  const Index rows = side == TapSide::input ? s.channels : s.filters;
  const Index dim = side == TapSide::input ? s.input_dim() : s.output_dim();
  for (Index i = 0; i < n; ++i, images += dim) {
    tap.for_pixels(s, [&](Index input, Index output) {
      Eigen::Map<Vector<S>>(images + (side == TapSide::input ? input : output), rows) +=
          Eigen::Map<const Vector<S>>(columns, rows);
      columns += rows;
    });
  }
}

}  // namespace detail

/// Whether at most 0.7 of the operations of the definition are not with padding: 3 x 3 kernels on maps of up
/// to 4 x 4.
[[nodiscard]] inline bool taps_pay(const ConvShape& shape) {
  Index inside = 0;
  detail::for_taps(shape, 1, [&](const detail::Tap& tap, Index, Index) { inside += tap.pixels(); });
  return 10 * inside <= 7 * shape.kernel * shape.kernel * shape.positions();
}

/// y = or += conv(w, x) for n images, tap by tap. See `forward`.
template <class S>
void tap_forward(const ConvShape& shape, const S* w, const S* x, Index n, S* y, Write write,
                 ConvWorkspace<S>& workspace) {
  if (write == Write::assign) std::fill_n(y, n * shape.output_dim(), S(0));
  detail::for_taps(shape, n, [&](const detail::Tap& tap, Index first, Index count) {
    const Index columns = tap.pixels() * count;
    const Eigen::Map<const Matrix<S>> weights(w + tap.weights(shape) * shape.filters, shape.filters,
                                              shape.channels);
    Eigen::Map<Matrix<S>> inputs(workspace.buffer(0, shape.channels * columns), shape.channels, columns);
    Eigen::Map<Matrix<S>> outputs(workspace.buffer(1, shape.filters * columns), shape.filters, columns);
    detail::gather_tap(shape, tap, detail::TapSide::input, x + first * shape.input_dim(), count,
                       inputs.data());
    outputs.noalias() = weights * inputs;
    detail::scatter_tap(shape, tap, detail::TapSide::output, outputs.data(), count,
                        y + first * shape.output_dim());
  });
}

/// gx = or += the transpose of x -> conv(w, x) applied to gy, tap by tap. See `input_gradient`.
template <class S>
void tap_input_gradient(const ConvShape& shape, const S* w, const S* gy, Index n, S* gx, Write write,
                        ConvWorkspace<S>& workspace) {
  if (write == Write::assign) std::fill_n(gx, n * shape.input_dim(), S(0));
  detail::for_taps(shape, n, [&](const detail::Tap& tap, Index first, Index count) {
    const Index columns = tap.pixels() * count;
    const Eigen::Map<const Matrix<S>> weights(w + tap.weights(shape) * shape.filters, shape.filters,
                                              shape.channels);
    Eigen::Map<Matrix<S>> inputs(workspace.buffer(0, shape.channels * columns), shape.channels, columns);
    Eigen::Map<Matrix<S>> outputs(workspace.buffer(1, shape.filters * columns), shape.filters, columns);
    detail::gather_tap(shape, tap, detail::TapSide::output, gy + first * shape.output_dim(), count,
                       outputs.data());
    inputs.noalias() = weights.transpose() * outputs;
    detail::scatter_tap(shape, tap, detail::TapSide::input, inputs.data(), count,
                        gx + first * shape.input_dim());
  });
}

/// gw = or += the transpose of w -> conv(w, x) applied to gy, tap by tap. See `weight_gradient`.
template <class S>
void tap_weight_gradient(const ConvShape& shape, const S* x, const S* gy, Index n, S* gw, Write write,
                         ConvWorkspace<S>& workspace) {
  if (write == Write::assign) std::fill_n(gw, shape.weight_dim(), S(0));
  detail::for_taps(shape, n, [&](const detail::Tap& tap, Index first, Index count) {
    const Index columns = tap.pixels() * count;
    Eigen::Map<Matrix<S>> weights(gw + tap.weights(shape) * shape.filters, shape.filters, shape.channels);
    Eigen::Map<Matrix<S>> inputs(workspace.buffer(0, shape.channels * columns), shape.channels, columns);
    Eigen::Map<Matrix<S>> outputs(workspace.buffer(1, shape.filters * columns), shape.filters, columns);
    detail::gather_tap(shape, tap, detail::TapSide::input, x + first * shape.input_dim(), count,
                       inputs.data());
    detail::gather_tap(shape, tap, detail::TapSide::output, gy + first * shape.output_dim(), count,
                       outputs.data());
    weights.noalias() += outputs * inputs.transpose();
  });
}

}  // namespace lazytrain::cpu
