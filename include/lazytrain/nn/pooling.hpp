#pragma once

#include <lazytrain/backend/pooling_shape.hpp>
#include <lazytrain/nn/layer.hpp>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lazytrain::nn {

namespace detail {

[[nodiscard]] inline PoolingShape pooling_shape(std::string_view layer, const ImageShape& input, Index kernel,
                                                Index stride) {
  const PoolingShape shape{input.channels, input.height, input.width, kernel, stride};
  require_pooling_shape(layer, shape);
  return shape;
}

[[nodiscard]] inline ImageShape pooled(const PoolingShape& shape) {
  return {shape.channels, shape.output_height(), shape.output_width()};
}

}  // namespace detail

/// The largest coordinate of every window and channel, bound to its input. Where several are largest, the
/// first counts in row order; derivatives hold almost everywhere.
template <class B>
class MaxPoolLayer {
 public:
  using S = scalar_t<B>;
  using Parameters = LayerParameters<B>;

  explicit MaxPoolLayer(const PoolingShape& shape) : shape_(shape) {}

  [[nodiscard]] ImageShape output_shape() const { return detail::pooled(shape_); }
  [[nodiscard]] std::vector<ParameterBlock> parameters() const { return {}; }

  void forward(const Chunk<B>& chunk, const Parameters&, const S* x, S* y) const { choose(chunk, x, x, y); }
  void jvp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S* x, const S*, const S* dx,
           S* dy) const {
    choose(chunk, x, dx, dy);
  }
  void vjp(const Chunk<B>& chunk, const Parameters&, const S* x, const S*, const S* gy, S* gx, S*) const {
    scatter(chunk, x, gy, gx);
  }
  /// max over the window of (x0_j - max x0) / epsilon + dx_j: differences of neighbours in a window, which do
  /// not cancel against the displacement.
  void displace(const Chunk<B>& chunk, const Parameters&, const Parameters&, S epsilon, const S* x_dx,
                const S*, S* y_dy) const {
    const S* const dx = x_dx + chunk.samples * shape_.input_dim();
    S* const dy = y_dy + chunk.samples * shape_.output_dim();
    choose(chunk, x_dx, x_dx, y_dy);
    if (epsilon == S(0)) return choose(chunk, x_dx, dx, dy);
    with_windows([&](const auto& window) {
      chunk.backend.for_pooled(shape_, chunk.samples, [=](Index in, Index out) {
        S best = -std::numeric_limits<S>::infinity();
        window.each([&](int, Index offset) {
          const S change = (x_dx[in + offset] - y_dy[out]) / epsilon + dx[in + offset];
          best = change > best ? change : best;
        });
        dy[out] = best;
      });
    });
  }
  void second(const Chunk<B>& chunk, const Parameters&, const Parameters&, const Parameters&, const S* x,
              const S*, const S*, const S*, const S* xuv, S* yuv) const {
    choose(chunk, x, xuv, yuv);
  }
  void second_vjp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S* x, const S*, const S*,
                  const S* gy, const S* gyu, S* gx, S* gxu, S*) const {
    scatter(chunk, x, gy, gx);
    scatter(chunk, x, gyu, gxu);
  }

  /// Counts the windows and channels whose largest coordinate stands at the same place.
  [[nodiscard]] PatternAgreement compare_patterns(Index samples, const S* x, const S* z) const {
    PatternAgreement agreement{Pattern::choices, 0, samples * shape_.output_dim()};
    with_windows([&](const auto& window) {
      for_windows(shape_, samples, [&](Index in, Index) {
        agreement.same += largest(window, x + in) == largest(window, z + in) ? 1 : 0;
      });
    });
    return agreement;
  }

 private:
  /// Where the coordinates of a window stand from its first one. A size known at compile time lets compilers
  /// take many channels at once.
  template <class Kernel>
  struct Window {
    Kernel kernel;
    Index channels;
    Index width;
    /// Calls f(place, offset) in row order.
    template <class F>
    void each(F&& f) const {
      for (int y = 0; y < kernel; ++y) {
        for (int x = 0; x < kernel; ++x) f(y * kernel + x, channels * (y * width + x));
      }
    }
  };
  template <class F>
  void with_windows(F&& f) const {
    if (shape_.kernel == 2) {
      f(Window<std::integral_constant<int, 2>>{{}, shape_.channels, shape_.width});
    } else {
      f(Window<int>{static_cast<int>(shape_.kernel), shape_.channels, shape_.width});
    }
  }

  /// Place of the first largest coordinate of the window whose first coordinate is *x.
  [[nodiscard]] static int largest(const auto& window, const S* x) {
    S best = x[0];
    int place = 0;
    window.each([&](int k, Index offset) {
      const bool larger = x[offset] > best;
      place = larger ? k : place;
      best = larger ? x[offset] : best;
    });
    return place;
  }
  /// out = in where x is largest.
  void choose(const Chunk<B>& chunk, const S* x, const S* in, S* out) const {
    with_windows([&](const auto& window) {
      chunk.backend.for_pooled(shape_, chunk.samples, [=](Index from, Index to) {
        S best = x[from];
        S chosen = in[from];
        window.each([&](int, Index offset) {
          const S value = x[from + offset], candidate = in[from + offset];
          chosen = value > best ? candidate : chosen;
          best = value > best ? value : best;
        });
        out[to] = chosen;
      });
    });
  }
  /// The transpose of `choose`.
  void scatter(const Chunk<B>& chunk, const S* x, const S* in, S* out) const {
    chunk.backend.fill(chunk.samples * shape_.input_dim(), out, S(0));
    with_windows([&](const auto& window) {
      chunk.backend.for_pooled(shape_, chunk.samples, [=](Index to, Index from) {
        const int place = largest(window, x + to);
        const S value = in[from];
        window.each([&](int k, Index offset) { out[to + offset] += k == place ? value : S(0); });
      });
    });
  }

  PoolingShape shape_;
};

/// The mean of every window and channel, bound to its input.
template <class B>
class AveragePoolLayer {
 public:
  using S = scalar_t<B>;
  using Parameters = LayerParameters<B>;

  explicit AveragePoolLayer(const PoolingShape& shape)
      : shape_(shape), weight_(S(1) / static_cast<S>(shape.kernel * shape.kernel)) {}

  [[nodiscard]] ImageShape output_shape() const { return detail::pooled(shape_); }
  [[nodiscard]] std::vector<ParameterBlock> parameters() const { return {}; }

  void forward(const Chunk<B>& chunk, const Parameters&, const S* x, S* y) const { average(chunk, 1, x, y); }
  void jvp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S*, const S*, const S* dx,
           S* dy) const {
    average(chunk, 1, dx, dy);
  }
  void vjp(const Chunk<B>& chunk, const Parameters&, const S*, const S*, const S* gy, S* gx, S*) const {
    spread(chunk, gy, gx);
  }
  void displace(const Chunk<B>& chunk, const Parameters&, const Parameters&, S, const S* x_dx, const S*,
                S* y_dy) const {
    average(chunk, 2, x_dx, y_dy);
  }
  void second(const Chunk<B>& chunk, const Parameters&, const Parameters&, const Parameters&, const S*,
              const S*, const S*, const S*, const S* xuv, S* yuv) const {
    average(chunk, 1, xuv, yuv);
  }
  void second_vjp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S*, const S*, const S*,
                  const S* gy, const S* gyu, S* gx, S* gxu, S*) const {
    spread(chunk, gy, gx);
    spread(chunk, gyu, gxu);
  }

 private:
  /// Calls f(offset) for the coordinates of a window.
  template <class F>
  void for_window(F&& f) const {
    for (Index y = 0; y < shape_.kernel; ++y) {
      for (Index x = 0; x < shape_.kernel; ++x) f(shape_.channels * (y * shape_.width + x));
    }
  }
  void average(const Chunk<B>& chunk, Index arrays, const S* in, S* out) const {
    chunk.backend.for_pooled(shape_, arrays * chunk.samples, [&](Index from, Index to) {
      S sum = 0;
      for_window([&](Index offset) { sum += in[from + offset]; });
      out[to] = weight_ * sum;
    });
  }
  void spread(const Chunk<B>& chunk, const S* in, S* out) const {
    chunk.backend.fill(chunk.samples * shape_.input_dim(), out, S(0));
    chunk.backend.for_pooled(shape_, chunk.samples, [&](Index to, Index from) {
      for_window([&](Index offset) { out[to + offset] += weight_ * in[from]; });
    });
  }

  PoolingShape shape_;
  S weight_;
};

/// The largest coordinate of every window and channel.
struct MaxPool {
  static constexpr std::string_view name = "max_pool";
  Index kernel = 2;
  Index stride = 2;

  /// @throws std::invalid_argument if a size is below 1 or the window is larger than the input
  template <class B>
  [[nodiscard]] MaxPoolLayer<B> bind(const ImageShape& input) const {
    return MaxPoolLayer<B>(detail::pooling_shape("MaxPool", input, kernel, stride));
  }
};

/// The mean of every window and channel.
struct AveragePool {
  static constexpr std::string_view name = "average_pool";
  Index kernel = 2;
  Index stride = 2;

  /// @throws std::invalid_argument if a size is below 1 or the window is larger than the input
  template <class B>
  [[nodiscard]] AveragePoolLayer<B> bind(const ImageShape& input) const {
    return AveragePoolLayer<B>(detail::pooling_shape("AveragePool", input, kernel, stride));
  }
};

}  // namespace lazytrain::nn
