#pragma once

#include <lazytrain/nn/layer.hpp>
#include <lazytrain/nn/maps.hpp>
#include <vector>

namespace lazytrain::nn {

/// A linear function of one number applied to every coordinate, which may be given another shape; no
/// parameters.
template <class B, class F>
class LinearPointwise {
 public:
  using S = scalar_t<B>;
  using Parameters = LayerParameters<B>;

  LinearPointwise(const ImageShape& outputs, F f) : shape_(outputs), f_(f) {}

  [[nodiscard]] ImageShape output_shape() const { return shape_; }
  [[nodiscard]] std::vector<ParameterBlock> parameters() const { return {}; }

  void forward(const Chunk<B>& chunk, const Parameters&, const S* x, S* y) const { map(chunk, 1, x, y); }
  void jvp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S*, const S*, const S* dx,
           S* dy) const {
    map(chunk, 1, dx, dy);
  }
  void vjp(const Chunk<B>& chunk, const Parameters&, const S*, const S*, const S* gy, S* gx, S*) const {
    map(chunk, 1, gy, gx);
  }
  void displace(const Chunk<B>& chunk, const Parameters&, const Parameters&, S, const S* x_dx, const S*,
                S* y_dy) const {
    map(chunk, 2, x_dx, y_dy);
  }
  void second(const Chunk<B>& chunk, const Parameters&, const Parameters&, const Parameters&, const S*,
              const S*, const S*, const S*, const S* xuv, S* yuv) const {
    map(chunk, 1, xuv, yuv);
  }
  void second_vjp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S*, const S*, const S*,
                  const S* gy, const S* gyu, S* gx, S* gxu, S*) const {
    map(chunk, 1, gy, gx);
    map(chunk, 1, gyu, gxu);
  }

 private:
  void map(const Chunk<B>& chunk, Index arrays, const S* in, S* out) const {
    chunk.backend.map(arrays * chunk.samples * shape_.dim(), out, f_, in);
  }

  ImageShape shape_;
  F f_;
};

}  // namespace lazytrain::nn
