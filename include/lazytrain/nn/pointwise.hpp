#pragma once

#include <lazytrain/nn/activation.hpp>
#include <lazytrain/nn/layer.hpp>
#include <string_view>
#include <vector>

namespace lazytrain::nn {

namespace detail {

template <class Sigma>
struct ActivationValue {
  template <class S>
  [[nodiscard]] constexpr S operator()(S z) const {
    return Sigma::value(z);
  }
};

template <class Sigma>
struct ActivationProduct {
  template <class S>
  [[nodiscard]] constexpr S operator()(S z, S d) const {
    return Sigma::derivative(z) * d;
  }
};

template <class Sigma, class S>
struct ActivationDifference {
  S epsilon;
  [[nodiscard]] constexpr S operator()(S z, S d) const { return Sigma::difference(z, d, epsilon); }
};

/// The derivative of σ'(z) v when z moves along u and v along uv.
template <class Sigma>
struct ActivationSecond {
  template <class S>
  [[nodiscard]] constexpr S operator()(S z, S u, S v, S uv) const {
    return Sigma::derivative(z) * uv + Sigma::second(z) * u * v;
  }
};

struct SameSign {
  template <class S>
  [[nodiscard]] constexpr bool operator()(S x, S z) const {
    return (x > S(0)) == (z > S(0));
  }
};

}  // namespace detail

/// An activation applied to every coordinate, bound to its input. Its displacement takes relu by its sign
/// cases.
template <class B, lazytrain::Activation Sigma>
class PointwiseLayer {
 public:
  using S = scalar_t<B>;
  using Parameters = LayerParameters<B>;

  explicit PointwiseLayer(const ImageShape& shape) : shape_(shape) {}

  [[nodiscard]] ImageShape output_shape() const { return shape_; }
  [[nodiscard]] std::vector<ParameterBlock> parameters() const { return {}; }

  void forward(const Chunk<B>& chunk, const Parameters&, const S* x, S* y) const {
    chunk.backend.map(size(chunk), y, detail::ActivationValue<Sigma>{}, x);
  }
  void jvp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S* x, const S*, const S* dx,
           S* dy) const {
    multiply(chunk, x, dx, dy);
  }
  void vjp(const Chunk<B>& chunk, const Parameters&, const S* x, const S*, const S* gy, S* gx, S*) const {
    multiply(chunk, x, gy, gx);
  }
  void displace(const Chunk<B>& chunk, const Parameters&, const Parameters&, S epsilon, const S* x_dx,
                const S*, S* y_dy) const {
    const Index n = size(chunk);
    chunk.backend.map(n, y_dy, detail::ActivationValue<Sigma>{}, x_dx);
    chunk.backend.map(n, y_dy + n, detail::ActivationDifference<Sigma, S>{epsilon}, x_dx, x_dx + n);
  }
  void second(const Chunk<B>& chunk, const Parameters&, const Parameters&, const Parameters&, const S* x,
              const S*, const S* xu, const S* xv, const S* xuv, S* yuv) const {
    chunk.backend.map(size(chunk), yuv, detail::ActivationSecond<Sigma>{}, x, xu, xv, xuv);
  }
  void second_vjp(const Chunk<B>& chunk, const Parameters&, const Parameters&, const S* x, const S*,
                  const S* xu, const S* gy, const S* gyu, S* gx, S* gxu, S*) const {
    multiply(chunk, x, gy, gx);
    chunk.backend.map(size(chunk), gxu, detail::ActivationSecond<Sigma>{}, x, xu, gy, gyu);
  }

  /// Counts the coordinates on the same side of 0, for an activation with a kink there.
  [[nodiscard]] PatternAgreement compare_patterns(const Chunk<B>& chunk, const S* x, const S* z) const
      requires(!Sigma::is_smooth) {
    return {Pattern::signs, chunk.backend.count(size(chunk), detail::SameSign{}, x, z), size(chunk)};
  }

 private:
  [[nodiscard]] Index size(const Chunk<B>& chunk) const { return chunk.samples * shape_.dim(); }
  void multiply(const Chunk<B>& chunk, const S* x, const S* in, S* out) const {
    chunk.backend.map(size(chunk), out, detail::ActivationProduct<Sigma>{}, x, in);
  }

  ImageShape shape_;
};

template <class B>
inline constexpr bool is_relu<PointwiseLayer<B, lazytrain::Relu>> = true;

/// The activation Sigma (Relu, Tanh, ...) on every coordinate.
template <lazytrain::Activation Sigma = lazytrain::Relu>
struct Pointwise {
  static constexpr std::string_view name = Sigma::name;

  template <class B>
  [[nodiscard]] PointwiseLayer<B, Sigma> bind(const ImageShape& input) const {
    return PointwiseLayer<B, Sigma>(input);
  }
};

}  // namespace lazytrain::nn
