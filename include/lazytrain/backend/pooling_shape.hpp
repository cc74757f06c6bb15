#pragma once

#include <algorithm>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <string_view>

namespace lazytrain {

/// Square windows of a map of height x width positions with contiguous channels, without padding.
struct PoolingShape {
  Index channels = 0;
  Index height = 0;
  Index width = 0;
  Index kernel = 2;
  Index stride = 2;

  [[nodiscard]] constexpr Index output_height() const { return (height - kernel) / stride + 1; }
  [[nodiscard]] constexpr Index output_width() const { return (width - kernel) / stride + 1; }
  [[nodiscard]] constexpr Index input_dim() const { return channels * height * width; }
  [[nodiscard]] constexpr Index output_dim() const { return channels * output_height() * output_width(); }
};

/// Where the coordinates of a window stand from its first one. A size known at compile time, `Kernel` an
/// integral_constant, lets compilers take many channels at once; else it is int.
template <class Kernel>
struct PoolingWindow {
  Kernel kernel;
  Index channels;
  Index width;
  [[nodiscard]] constexpr Index offset(int y, int x) const { return channels * (y * width + x); }
};

/// @throws std::invalid_argument that names the member of `shape` that makes no sense
inline void require_pooling_shape(std::string_view function, const PoolingShape& shape) {
  require_argument(shape.channels >= 1, function, "channels", shape.channels, "at least 1");
  require_argument(shape.kernel >= 1, function, "kernel", shape.kernel, "at least 1");
  require_argument(shape.stride >= 1, function, "stride", shape.stride, "at least 1");
  require_argument(shape.kernel <= shape.height, function, "kernel", shape.kernel,
                   "at most the height of the input");
  require_argument(shape.kernel <= shape.width, function, "kernel", shape.kernel,
                   "at most the width of the input");
}

/// Calls f(in, out) for every window and channel of `samples` maps: the positions of the window's first
/// coordinate in the input and of the window in the output.
template <class F>
void for_windows(const PoolingShape& shape, Index samples, F&& f) {
  const Index c = shape.channels;
  for (Index i = 0; i < samples; ++i) {
    for (Index y = 0; y < shape.output_height(); ++y) {
      for (Index x = 0; x < shape.output_width(); ++x) {
        const Index in = i * shape.input_dim() + c * shape.stride * (y * shape.width + x);
        const Index out = i * shape.output_dim() + c * (y * shape.output_width() + x);
        for (Index channel = 0; channel < c; ++channel) f(in + channel, out + channel);
      }
    }
  }
}

/// out = for every coordinate of `samples` input maps the sum of what the windows that hold it give it. f(in,
/// window) for the positions of `for_windows` returns what a window gives, a function of the coordinate's
/// place in it, in row order; f.window is a PoolingWindow. The sum is taken in the order of the windows.
template <class S, class F>
void spread_windows(const PoolingShape& shape, Index samples, S* out, F&& f) {
  std::fill_n(out, samples * shape.input_dim(), S(0));
  for_windows(shape, samples, [&](Index in, Index window) {
    const auto share = f(in, window);
    for (int y = 0; y < f.window.kernel; ++y) {
      for (int x = 0; x < f.window.kernel; ++x)
        out[in + f.window.offset(y, x)] += share(y * f.window.kernel + x);
    }
  });
}

}  // namespace lazytrain
