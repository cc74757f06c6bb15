#pragma once

#include <lazytrain/backend/pooling_shape.hpp>
#include <lazytrain/nn/layer.hpp>
#include <lazytrain/nn/pooling_maps.hpp>
#include <string_view>
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
    detail::with_window(shape_, [&]<class Kernel>(const PoolingWindow<Kernel>& window) {
      chunk.backend.for_pooled(shape_, chunk.samples,
                               detail::LargestChange<Kernel, S>{window, epsilon, x_dx, dx, y_dy, dy});
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
  [[nodiscard]] PatternAgreement compare_patterns(const Chunk<B>& chunk, const S* x, const S* z) const {
    PatternAgreement agreement{Pattern::choices, 0, chunk.samples * shape_.output_dim()};
    detail::with_window(shape_, [&]<class Kernel>(const PoolingWindow<Kernel>& window) {
      agreement.same =
          chunk.backend.count_pooled(shape_, chunk.samples, detail::SameLargest<Kernel, S>{window, x, z});
    });
    return agreement;
  }

 private:
  /// out = in where x is largest.
  void choose(const Chunk<B>& chunk, const S* x, const S* in, S* out) const {
    detail::with_window(shape_, [&]<class Kernel>(const PoolingWindow<Kernel>& window) {
      chunk.backend.for_pooled(shape_, chunk.samples, detail::ChooseLargest<Kernel, S>{window, x, in, out});
    });
  }
  /// The transpose of `choose`.
  void scatter(const Chunk<B>& chunk, const S* x, const S* in, S* out) const {
    detail::with_window(shape_, [&]<class Kernel>(const PoolingWindow<Kernel>& window) {
      chunk.backend.spread_pooled(shape_, chunk.samples, out, detail::GiveLargest<Kernel, S>{window, x, in});
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
  [[nodiscard]] PoolingWindow<int> window() const {
    return {static_cast<int>(shape_.kernel), shape_.channels, shape_.width};
  }
  void average(const Chunk<B>& chunk, Index arrays, const S* in, S* out) const {
    chunk.backend.for_pooled(shape_, arrays * chunk.samples,
                             detail::MeanOfWindow<S>{window(), weight_, in, out});
  }
  void spread(const Chunk<B>& chunk, const S* in, S* out) const {
    chunk.backend.spread_pooled(shape_, chunk.samples, out, detail::GiveMean<S>{window(), weight_, in});
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
