#pragma once

#include <lazytrain/backend/epilogue.hpp>
#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/layer.hpp>
#include <string_view>
#include <vector>

namespace lazytrain::nn {

/// A convolution with a bias for every filter, y = w * x + b, bound to its input. A dense layer is the
/// convolution of a single position. Its parameters are `weight`, filters x (kernel^2 channels), whose column
/// (ky kernel + kx) channels + c is that of pixel (ky, kx) and channel c, and `bias`, which may be left out.
template <class B>
class Affine {
 public:
  using S = scalar_t<B>;
  using Parameters = LayerParameters<B>;

  explicit Affine(const ConvShape& shape, bool bias = true) : shape_(shape), bias_(bias) {}

  [[nodiscard]] const ConvShape& conv_shape() const { return shape_; }
  [[nodiscard]] ImageShape output_shape() const {
    return {shape_.filters, shape_.output_height(), shape_.output_width()};
  }
  [[nodiscard]] std::vector<ParameterBlock> parameters() const {
    std::vector<ParameterBlock> blocks{
        {"weight", shape_.filters, shape_.kernel * shape_.kernel * shape_.channels}};
    if (bias_) blocks.push_back({"bias", shape_.filters, 1});
    return blocks;
  }

  void forward(const Chunk<B>& chunk, const Parameters& w, const S* x, S* y) const {
    chunk.backend.convolve(*w.weights, x, chunk.samples, y, Write::assign, chunk.workspace,
                           {.bias = bias(w), .rectify = chunk.rectified});
  }

  void jvp(const Chunk<B>& chunk, const Parameters& w, const Parameters& dw, const S* x, const S* y,
           const S* dx, S* dy) const {
    const bool moves = chunk.input == Input::moves;
    const Epilogue<S> last{.bias = bias(dw), .mask = chunk.rectified ? y : nullptr};
    chunk.backend.convolve(*dw.weights, x, chunk.samples, dy, Write::assign, chunk.workspace,
                           moves ? Epilogue<S>{} : last);
    if (moves) {
      chunk.backend.convolve(*w.weights, dx, chunk.samples, dy, Write::add, chunk.workspace, last);
    }
  }

  void vjp(const Chunk<B>& chunk, const Parameters& w, const S* x, const S*, const S* gy, S* gx,
           S* gw) const {
    if (chunk.parameters == ParameterGradient::wanted) {
      chunk.backend.convolve_weights(shape_, x, gy, chunk.samples, gw, Write::assign, chunk.workspace);
      bias_gradient(chunk, gy, gw);
    }
    if (chunk.input == Input::moves) {
      chunk.backend.convolve_transposed(*w.weights, gy, chunk.samples, gx, Write::assign, chunk.workspace,
                                        chunk.mask);
    }
  }

  /// dy = w * dx + dw * x + db: bilinear, so nothing is divided by epsilon.
  void displace(const Chunk<B>& chunk, const Parameters& w, const Parameters& dw, S, const S* x_dx,
                const S* x, S* y_dy) const {
    const bool moves = chunk.input == Input::moves;
    S* const dy = y_dy + chunk.samples * shape_.output_dim();
    chunk.backend.convolve(*w.weights, x_dx, (moves ? 2 : 1) * chunk.samples, y_dy, Write::assign,
                           chunk.workspace, {.bias = bias(w), .biased = chunk.samples});
    chunk.backend.convolve(*dw.weights, x, chunk.samples, dy, moves ? Write::add : Write::assign,
                           chunk.workspace, {.bias = bias(dw)});
  }

  void second(const Chunk<B>& chunk, const Parameters& w, const Parameters& u, const Parameters& v, const S*,
              const S* y, const S* xu, const S* xv, const S* xuv, S* yuv) const {
    chunk.backend.convolve(*u.weights, xv, chunk.samples, yuv, Write::assign, chunk.workspace);
    chunk.backend.convolve(*v.weights, xu, chunk.samples, yuv, Write::add, chunk.workspace);
    chunk.backend.convolve(*w.weights, xuv, chunk.samples, yuv, Write::add, chunk.workspace,
                           {.mask = chunk.rectified ? y : nullptr});
  }

  void second_vjp(const Chunk<B>& chunk, const Parameters& w, const Parameters& u, const S* x, const S*,
                  const S* xu, const S* gy, const S* gyu, S* gx, S* gxu, S* gwu) const {
    chunk.backend.convolve_weights(shape_, x, gyu, chunk.samples, gwu, Write::assign, chunk.workspace);
    chunk.backend.convolve_weights(shape_, xu, gy, chunk.samples, gwu, Write::add, chunk.workspace);
    bias_gradient(chunk, gyu, gwu);
    if (chunk.input == Input::moves) {
      chunk.backend.convolve_transposed(*w.weights, gy, chunk.samples, gx, Write::assign, chunk.workspace,
                                        chunk.mask);
      chunk.backend.convolve_transposed(*w.weights, gyu, chunk.samples, gxu, Write::assign, chunk.workspace);
      chunk.backend.convolve_transposed(*u.weights, gy, chunk.samples, gxu, Write::add, chunk.workspace,
                                        chunk.mask);
    }
  }

 private:
  /// Null if there is none.
  [[nodiscard]] const S* bias(const Parameters& w) const {
    return bias_ ? w.data + shape_.weight_dim() : nullptr;
  }
  void bias_gradient(const Chunk<B>& chunk, const S* gy, S* gw) const {
    if (!bias_) return;
    chunk.backend.sum_columns(gy, shape_.filters, chunk.samples * shape_.positions(),
                              gw + shape_.weight_dim(), Write::assign);
  }

  ConvShape shape_;
  bool bias_;
};

template <class B>
inline constexpr bool rectifies<Affine<B>> = true;

/// A 2-D convolution (cross-correlation, zero padding) with a bias for every filter, or without.
struct Conv {
  static constexpr std::string_view name = "conv";
  Index filters = 0;
  Index kernel = 3;
  Index stride = 1;
  Index padding = 1;
  bool bias = true;

  /// @throws std::invalid_argument if a size is below 1 or the window is larger than the padded input
  template <class B>
  [[nodiscard]] Affine<B> bind(const ImageShape& input) const {
    ConvShape shape{.channels = input.channels,
                    .height = input.height,
                    .width = input.width,
                    .filters = filters,
                    .kernel = kernel,
                    .stride = stride,
                    .padding = padding};
    require_conv_shape("Conv", shape);
    return Affine<B>(shape, bias);
  }
};

/// A dense layer: a matrix and, unless it is left out, a bias on all coordinates of its input, of whatever
/// shape.
struct Dense {
  static constexpr std::string_view name = "dense";
  Index outputs = 0;
  bool bias = true;

  /// @throws std::invalid_argument if outputs < 1
  template <class B>
  [[nodiscard]] Affine<B> bind(const ImageShape& input) const {
    require_argument(outputs >= 1, "Dense", "outputs", outputs, "at least 1");
    return Affine<B>(ConvShape{.channels = input.dim(),
                               .height = 1,
                               .width = 1,
                               .filters = outputs,
                               .kernel = 1,
                               .stride = 1,
                               .padding = 0},
                     bias);
  }
};

}  // namespace lazytrain::nn
