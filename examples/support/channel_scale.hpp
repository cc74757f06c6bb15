#pragma once

#include <lazytrain/nn/layer.hpp>
#include <string_view>
#include <vector>

namespace examples {

using namespace lazytrain;

/// y_c = s_c x_c, a learnable scale for every channel, bound to its input.
template <class B>
class ChannelScaleLayer {
 public:
  using S = scalar_t<B>;
  using W = nn::LayerParameters<B>;

  explicit ChannelScaleLayer(const nn::ImageShape& input) : shape_(input) {}
  nn::ImageShape output_shape() const { return shape_; }
  std::vector<nn::ParameterBlock> parameters() const { return {{"scale", shape_.channels, 1}}; }

  void forward(const nn::Chunk<B>& chunk, const W& w, const S* x, S* y) const {
    each(chunk, [&](Index i, Index c) { y[i] = w.data[c] * x[i]; });
  }
  void jvp(const nn::Chunk<B>& chunk, const W& w, const W& dw, const S* x, const S*, const S* dx,
           S* dy) const {
    each(chunk, [&](Index i, Index c) { dy[i] = dw.data[c] * x[i] + w.data[c] * dx[i]; });
  }
  void vjp(const nn::Chunk<B>& chunk, const W& w, const S* x, const S*, const S* gy, S* gx, S* gw) const {
    chunk.backend.fill(shape_.channels, gw, S(0));
    each(chunk, [&](Index i, Index c) {
      gx[i] = w.data[c] * gy[i];
      gw[c] += x[i] * gy[i];
    });
  }
  // Optional: h(w0 + epsilon d) - h(w0) without cancellation, for centred and scaled models.
  void displace(const nn::Chunk<B>& chunk, const W& w, const W& dw, S, const S* x_dx, const S* x,
                S* y_dy) const {
    const Index n = chunk.samples * shape_.dim();
    each(chunk, [&](Index i, Index c) {
      y_dy[i] = w.data[c] * x_dx[i];
      y_dy[n + i] = w.data[c] * x_dx[n + i] + dw.data[c] * x[i];
    });
  }
  // Optional: second derivatives.
  void second(const nn::Chunk<B>& chunk, const W& w, const W& u, const W& v, const S*, const S*, const S* xu,
              const S* xv, const S* xuv, S* yuv) const {
    each(chunk,
         [&](Index i, Index c) { yuv[i] = u.data[c] * xv[i] + v.data[c] * xu[i] + w.data[c] * xuv[i]; });
  }
  void second_vjp(const nn::Chunk<B>& chunk, const W& w, const W& u, const S* x, const S*, const S* xu,
                  const S* gy, const S* gyu, S* gx, S* gxu, S* gwu) const {
    chunk.backend.fill(shape_.channels, gwu, S(0));
    each(chunk, [&](Index i, Index c) {
      gx[i] = w.data[c] * gy[i];
      gxu[i] = u.data[c] * gy[i] + w.data[c] * gyu[i];
      gwu[c] += xu[i] * gy[i] + x[i] * gyu[i];
    });
  }

 private:
  // Calls f(index, channel): channels of a position are contiguous, positions follow each other, then
  // samples.
  template <class F>
  void each(const nn::Chunk<B>& chunk, F&& f) const {
    const Index n = chunk.samples * shape_.dim();
    for (Index i = 0; i < n; ++i) f(i, i % shape_.channels);
  }

  nn::ImageShape shape_;
};

/// The layer before its input is known: what a network is described with.
struct ChannelScale {
  static constexpr std::string_view name = "channel_scale";
  template <class B>
  ChannelScaleLayer<B> bind(const nn::ImageShape& input) const {
    return ChannelScaleLayer<B>(input);
  }
};

}  // namespace examples
