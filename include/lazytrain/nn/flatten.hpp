#pragma once

#include <lazytrain/nn/layer.hpp>
#include <lazytrain/nn/maps.hpp>
#include <string_view>
#include <vector>

namespace lazytrain::nn {

/// Forgets the positions, bound to its input.
template <class B>
class FlattenLayer {
 public:
  using S = scalar_t<B>;
  using Parameters = LayerParameters<B>;

  explicit FlattenLayer(const ImageShape& input) : dim_(input.dim()) {}

  [[nodiscard]] ImageShape output_shape() const { return {dim_}; }
  [[nodiscard]] std::vector<ParameterBlock> parameters() const { return {}; }

  void forward(const Chunk<B>& chunk, const Parameters&, const S* x, S* y) const { copy(chunk, 1, x, y); }
  void jvp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S*, const S*, const S* dx,
           S* dy) const {
    copy(chunk, 1, dx, dy);
  }
  void vjp(const Chunk<B>& chunk, const Parameters&, const S*, const S*, const S* gy, S* gx, S*) const {
    copy(chunk, 1, gy, gx);
  }
  void displace(const Chunk<B>& chunk, const Parameters&, const Parameters&, S, const S* x_dx, const S*,
                S* y_dy) const {
    copy(chunk, 2, x_dx, y_dy);
  }
  void second(const Chunk<B>& chunk, const Parameters&, const Parameters&, const Parameters&, const S*,
              const S*, const S*, const S*, const S* xuv, S* yuv) const {
    copy(chunk, 1, xuv, yuv);
  }
  void second_vjp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S*, const S*, const S*,
                  const S* gy, const S* gyu, S* gx, S* gxu, S*) const {
    copy(chunk, 1, gy, gx);
    copy(chunk, 1, gyu, gxu);
  }

 private:
  void copy(const Chunk<B>& chunk, Index arrays, const S* in, S* out) const {
    chunk.backend.map(arrays * chunk.samples * dim_, out, Same{}, in);
  }
  Index dim_;
};

/// All coordinates as one vector, position after position. `Dense` does not need it.
struct Flatten {
  static constexpr std::string_view name = "flatten";

  template <class B>
  [[nodiscard]] FlattenLayer<B> bind(const ImageShape& input) const {
    return FlattenLayer<B>(input);
  }
};

}  // namespace lazytrain::nn
