#pragma once

#include <cmath>
#include <cstddef>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/lazy/layer_description.hpp>
#include <utility>
#include <vector>

namespace lazytrain {

/// A network of dense layers and convolutions at a point w0, which consists of their W and b, in any order.
/// Layers that are not trained may be among them: what holds on the ball of all parameters holds on the
/// smaller one.
class LayeredNetwork {
 public:
  /// @throws std::invalid_argument if there is no layer or sizes do not fit each other, std::domain_error if
  /// a number is not finite
  explicit LayeredNetwork(std::vector<LayerDescription> layers) : layers_(std::move(layers)) {
    constexpr const char* here = "LayeredNetwork";
    require_argument(!layers_.empty(), here, "the number of layers", layers_.size(), "at least 1");
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const LayerDescription& layer = layers_[l];
      require_argument(layer.weights.size() > 0, here, "the size of a layer's weights", layer.weights.size(),
                       "at least 1");
      if (layer.convolution) require_convolution(layer);
      if (layer.pooling) require_pooling(layer);
      if (l > 0) {
        require_size(here, layer.convolution ? "the input of a convolution" : "weights.cols()",
                     layer.inputs(), layers_[l - 1].outputs(), "the outputs of the layer before");
      }
      if (layer.bias.size() > 0) {
        require_size(here, "bias", layer.bias.size(), layer.weights.rows(), "weights.rows()");
      }
      const double sizes = layer.weights.norm() + layer.bias.norm() + std::abs(layer.factor);
      require_domain(std::isfinite(sizes), here, "the norm of a layer", sizes, "finite weights");
    }
  }

  [[nodiscard]] const std::vector<LayerDescription>& layers() const { return layers_; }
  [[nodiscard]] Index inputs() const { return layers_.front().inputs(); }
  [[nodiscard]] Index outputs() const { return layers_.back().outputs(); }
  /// Numbers in all W and b.
  [[nodiscard]] Index parameter_dim() const {
    Index count = 0;
    for (const LayerDescription& layer : layers_) count += layer.weights.size() + layer.bias.size();
    return count;
  }

  /// z = factor (W x + b) and the output, σ(z) or what pooling makes of it, of layer l for its inputs, the
  /// columns of X. @throws std::invalid_argument if X has a wrong number of rows
  template <class Derived>
  [[nodiscard]] std::pair<Matrix<double>, Matrix<double>> pass(std::size_t l,
                                                               const Eigen::MatrixBase<Derived>& X) const {
    const LayerDescription& layer = layers_.at(l);
    require_size("LayeredNetwork::pass", "X.rows()", X.rows(), layer.inputs(), "the inputs of a layer");
    Matrix<double> z = layer.preactivations(X);
    Matrix<double> x = z.unaryExpr([&](double number) { return layer.activation.value(number); });
    if (layer.pooling) x = (*layer.pooling)(x);
    return {std::move(z), std::move(x)};
  }

  /// Outputs on the columns of X. @throws std::invalid_argument if X does not have inputs() rows
  template <class Derived>
  [[nodiscard]] Matrix<double> operator()(const Eigen::MatrixBase<Derived>& X) const {
    Matrix<double> x = X;
    for (std::size_t l = 0; l < layers_.size(); ++l) x = pass(l, x).second;
    return x;
  }

 private:
  static void require_convolution(const LayerDescription& layer) {
    constexpr const char* here = "LayeredNetwork";
    require_conv_shape(here, *layer.convolution);
    require_size(here, "weights.rows()", layer.weights.rows(), layer.convolution->filters, "the filters");
    require_size(here, "weights.cols()", layer.weights.cols(), layer.convolution->patch_dim(),
                 "kernel^2 channels");
  }
  static void require_pooling(const LayerDescription& layer) {
    constexpr const char* here = "LayeredNetwork";
    const PoolingShape& shape = layer.pooling->shape;
    require_pooling_shape(here, shape);
    require_size(here, "the input of pooling", shape.input_dim(), layer.units(), "the units of the layer");
    if (!layer.convolution) return;
    require_size(here, "the channels of pooling", shape.channels, layer.convolution->filters, "the filters");
    require_size(here, "the height of pooling", shape.height, layer.convolution->output_height(),
                 "the height of the maps");
  }

  std::vector<LayerDescription> layers_;
};

}  // namespace lazytrain
