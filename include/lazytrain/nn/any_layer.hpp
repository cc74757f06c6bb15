#pragma once

#include <algorithm>
#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/layer.hpp>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain::nn {

/// Any layer, behind one type: a network is a list of them. Copies share the layer, which does not change. A
/// call costs a virtual call for a chunk of samples.
template <class B>
class AnyLayer {
 public:
  using Scalar = scalar_t<B>;
  using Parameters = LayerParameters<B>;

  /// @throws std::invalid_argument if the outputs have no coordinate or a block of parameters has a negative
  /// size
  template <class L>
  requires Layer<L, B> AnyLayer(std::string name, L layer)
      : name_(std::move(name)), layer_(std::make_shared<const Holder<L>>(std::move(layer))) {
    const ImageShape outputs = layer_->output_shape();
    require_argument(std::min({outputs.channels, outputs.height, outputs.width}) >= 1, name_,
                     "output_shape()", outputs, "sizes of at least 1");
    for (const ParameterBlock& block : layer_->parameters()) {
      require_argument(block.rows >= 0 && block.cols >= 0, name_, "the size of " + block.name, block.size(),
                       "at least 0");
    }
  }

  /// As `conv2`: the kind and its number in the network.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] ImageShape output_shape() const { return layer_->output_shape(); }
  [[nodiscard]] std::vector<ParameterBlock> parameters() const { return layer_->parameters(); }
  [[nodiscard]] Index parameter_dim() const {
    const auto blocks = parameters();
    return std::accumulate(blocks.begin(), blocks.end(), Index{0},
                           [](Index sum, const ParameterBlock& block) { return sum + block.size(); });
  }
  /// The convolution through which the parameters enter, if they do.
  [[nodiscard]] std::optional<ConvShape> conv_shape() const { return layer_->conv_shape(); }
  [[nodiscard]] bool displaceable() const { return layer_->displaceable(); }
  [[nodiscard]] bool twice_differentiable() const { return layer_->twice_differentiable(); }
  /// Whether the layer computes a relu after it, and whether it is a relu.
  [[nodiscard]] bool rectifies() const { return layer_->rectifies(); }
  [[nodiscard]] bool is_relu() const { return layer_->is_relu(); }

  // The functions of `Layer`. Those that the layer lacks throw std::invalid_argument, which names it.
  void prepare(const B& backend, const Scalar* data, Parameters& w) const {
    layer_->prepare(backend, data, w);
  }
  void forward(const Chunk<B>& chunk, const Parameters& w, const Scalar* x, Scalar* y) const {
    layer_->forward(chunk, w, x, y);
  }
  void jvp(const Chunk<B>& chunk, const Parameters& w, const Parameters& dw, const Scalar* x, const Scalar* y,
           const Scalar* dx, Scalar* dy) const {
    layer_->jvp(chunk, w, dw, x, y, dx, dy);
  }
  void vjp(const Chunk<B>& chunk, const Parameters& w, const Scalar* x, const Scalar* y, const Scalar* gy,
           Scalar* gx, Scalar* gw) const {
    layer_->vjp(chunk, w, x, y, gy, gx, gw);
  }
  void displace(const Chunk<B>& chunk, const Parameters& w, const Parameters& dw, Scalar epsilon,
                const Scalar* x_dx, const Scalar* x, Scalar* y_dy) const {
    if (!displaceable()) refuse("displace(chunk, w, dw, epsilon, x_dx, x, y_dy)");
    layer_->displace(chunk, w, dw, epsilon, x_dx, x, y_dy);
  }
  void second(const Chunk<B>& chunk, const Parameters& w, const Parameters& u, const Parameters& v,
              const Scalar* x, const Scalar* y, const Scalar* xu, const Scalar* xv, const Scalar* xuv,
              Scalar* yuv) const {
    if (!twice_differentiable()) refuse("second and second_vjp");
    layer_->second(chunk, w, u, v, x, y, xu, xv, xuv, yuv);
  }
  void second_vjp(const Chunk<B>& chunk, const Parameters& w, const Parameters& u, const Scalar* x,
                  const Scalar* y, const Scalar* xu, const Scalar* gy, const Scalar* gyu, Scalar* gx,
                  Scalar* gxu, Scalar* gwu) const {
    if (!twice_differentiable()) refuse("second and second_vjp");
    layer_->second_vjp(chunk, w, u, x, y, xu, gy, gyu, gx, gxu, gwu);
  }
  /// How many of the layer's pieces (signs of a relu, choices of a pooling) are the same at inputs x and z;
  /// none for a layer that does not choose.
  [[nodiscard]] std::optional<PatternAgreement> compare_patterns(const Chunk<B>& chunk, const Scalar* x,
                                                                 const Scalar* z) const {
    return layer_->compare_patterns(chunk, x, z);
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual ImageShape output_shape() const = 0;
    [[nodiscard]] virtual std::vector<ParameterBlock> parameters() const = 0;
    [[nodiscard]] virtual std::optional<ConvShape> conv_shape() const = 0;
    [[nodiscard]] virtual bool displaceable() const = 0;
    [[nodiscard]] virtual bool twice_differentiable() const = 0;
    [[nodiscard]] virtual bool rectifies() const = 0;
    [[nodiscard]] virtual bool is_relu() const = 0;
    virtual void prepare(const B&, const Scalar*, Parameters&) const = 0;
    virtual void forward(const Chunk<B>&, const Parameters&, const Scalar*, Scalar*) const = 0;
    virtual void jvp(const Chunk<B>&, const Parameters&, const Parameters&, const Scalar*, const Scalar*,
                     const Scalar*, Scalar*) const = 0;
    virtual void vjp(const Chunk<B>&, const Parameters&, const Scalar*, const Scalar*, const Scalar*, Scalar*,
                     Scalar*) const = 0;
    virtual void displace(const Chunk<B>&, const Parameters&, const Parameters&, Scalar, const Scalar*,
                          const Scalar*, Scalar*) const = 0;
    virtual void second(const Chunk<B>&, const Parameters&, const Parameters&, const Parameters&,
                        const Scalar*, const Scalar*, const Scalar*, const Scalar*, const Scalar*,
                        Scalar*) const = 0;
    virtual void second_vjp(const Chunk<B>&, const Parameters&, const Parameters&, const Scalar*,
                            const Scalar*, const Scalar*, const Scalar*, const Scalar*, Scalar*, Scalar*,
                            Scalar*) const = 0;
    [[nodiscard]] virtual std::optional<PatternAgreement> compare_patterns(const Chunk<B>&, const Scalar*,
                                                                           const Scalar*) const = 0;
  };

  template <class L>
  struct Holder final : Interface {
    explicit Holder(L l) : layer(std::move(l)) {}
    ImageShape output_shape() const override { return layer.output_shape(); }
    std::vector<ParameterBlock> parameters() const override { return layer.parameters(); }
    std::optional<ConvShape> conv_shape() const override {
      if constexpr (ConvolutionalLayer<L>) return layer.conv_shape();
      return std::nullopt;
    }
    bool displaceable() const override { return DisplaceableLayer<L, B>; }
    bool twice_differentiable() const override { return TwiceDifferentiableLayer<L, B>; }
    bool rectifies() const override { return nn::rectifies<L>; }
    bool is_relu() const override { return nn::is_relu<L>; }
    void prepare(const B& backend, const Scalar* data, Parameters& w) const override {
      w.data = data;
      if constexpr (ConvolutionalLayer<L>) {
        if (w.weights) {
          w.weights->assign(data);
        } else {
          w.weights.emplace(backend.weights(layer.conv_shape(), data));
        }
      }
    }
    void forward(const Chunk<B>& chunk, const Parameters& w, const Scalar* x, Scalar* y) const override {
      layer.forward(chunk, w, x, y);
    }
    void jvp(const Chunk<B>& chunk, const Parameters& w, const Parameters& dw, const Scalar* x,
             const Scalar* y, const Scalar* dx, Scalar* dy) const override {
      layer.jvp(chunk, w, dw, x, y, dx, dy);
    }
    void vjp(const Chunk<B>& chunk, const Parameters& w, const Scalar* x, const Scalar* y, const Scalar* gy,
             Scalar* gx, Scalar* gw) const override {
      layer.vjp(chunk, w, x, y, gy, gx, gw);
    }
    void displace(const Chunk<B>& chunk, const Parameters& w, const Parameters& dw, Scalar epsilon,
                  const Scalar* x_dx, const Scalar* x, Scalar* y_dy) const override {
      if constexpr (DisplaceableLayer<L, B>) layer.displace(chunk, w, dw, epsilon, x_dx, x, y_dy);
    }
    void second(const Chunk<B>& chunk, const Parameters& w, const Parameters& u, const Parameters& v,
                const Scalar* x, const Scalar* y, const Scalar* xu, const Scalar* xv, const Scalar* xuv,
                Scalar* yuv) const override {
      if constexpr (TwiceDifferentiableLayer<L, B>) layer.second(chunk, w, u, v, x, y, xu, xv, xuv, yuv);
    }
    void second_vjp(const Chunk<B>& chunk, const Parameters& w, const Parameters& u, const Scalar* x,
                    const Scalar* y, const Scalar* xu, const Scalar* gy, const Scalar* gyu, Scalar* gx,
                    Scalar* gxu, Scalar* gwu) const override {
      if constexpr (TwiceDifferentiableLayer<L, B>) {
        layer.second_vjp(chunk, w, u, x, y, xu, gy, gyu, gx, gxu, gwu);
      }
    }
    std::optional<PatternAgreement> compare_patterns(const Chunk<B>& chunk, const Scalar* x,
                                                     const Scalar* z) const override {
      if constexpr (requires { layer.compare_patterns(chunk, x, z); })
        return layer.compare_patterns(chunk, x, z);
      return std::nullopt;
    }
    L layer;
  };

  [[noreturn]] void refuse(const char* what) const {
    raise<std::invalid_argument>(name_, "this layer has no ", what, ", expected one that has");
  }

  std::string name_;
  std::shared_ptr<const Interface> layer_;
};

}  // namespace lazytrain::nn
