#pragma once

#include <cmath>
#include <cstddef>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/lazy/activation_bounds.hpp>
#include <lazytrain/nn/activation.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Layered networks as bounds see them: matrices, biases and activations, whatever type computes them.
namespace lazytrain {

/// An activation as a value: what `ActivationBounds` knows of its type.
struct ActivationRules {
  std::string_view name;
  bool is_smooth;
  /// σ.
  double (*value)(double);
  /// Upper bounds of |σ|, |σ'| and |σ''| over [z - radius, z + radius].
  double (*value_bound)(double z, double radius);
  double (*derivative_bound)(double z, double radius);
  double (*second_bound)(double z, double radius);
};

template <Activation Sigma>
[[nodiscard]] ActivationRules activation_rules() {
  using Bounds = ActivationBounds<Sigma>;
  return {Sigma::name,
          Sigma::is_smooth,
          [](double z) { return Sigma::value(z); },
          [](double z, double radius) { return Bounds::value(z, radius); },
          [](double z, double radius) { return Bounds::derivative(z, radius); },
          [](double z, double radius) { return Bounds::second(z, radius); }};
}

/// The rules of the activation of that name. @throws std::invalid_argument if there is none
[[nodiscard]] inline ActivationRules activation_rules(std::string_view name) {
  return with_activation(name, [](auto sigma) { return activation_rules<decltype(sigma)>(); });
}

/// One layer, x -> σ(factor (W x + b)).
struct DenseLayer {
  /// W, outputs x inputs.
  Matrix<double> weights;
  /// b; empty for a layer without biases.
  Vector<double> bias{};
  ActivationRules activation = activation_rules<Identity>();
  double factor = 1;
};

/// A network of dense layers at a point w0, which consists of their W and b, in any order. Layers that are
/// not trained may be among them: what holds on the ball of all parameters holds on the smaller one.
class LayeredNetwork {
 public:
  /// @throws std::invalid_argument if there is no layer or sizes do not fit each other, std::domain_error if
  /// a number is not finite
  explicit LayeredNetwork(std::vector<DenseLayer> layers) : layers_(std::move(layers)) {
    constexpr const char* here = "LayeredNetwork";
    require_argument(!layers_.empty(), here, "the number of layers", layers_.size(), "at least 1");
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const DenseLayer& layer = layers_[l];
      require_argument(layer.weights.size() > 0, here, "the size of a layer's weights", layer.weights.size(),
                       "at least 1");
      if (l > 0) {
        require_size(here, "weights.cols()", layer.weights.cols(), layers_[l - 1].weights.rows(),
                     "the outputs of the layer before");
      }
      if (layer.bias.size() > 0) {
        require_size(here, "bias", layer.bias.size(), layer.weights.rows(), "weights.rows()");
      }
      const double sizes = layer.weights.norm() + layer.bias.norm() + std::abs(layer.factor);
      require_domain(std::isfinite(sizes), here, "the norm of a layer", sizes, "finite weights");
    }
  }

  [[nodiscard]] const std::vector<DenseLayer>& layers() const { return layers_; }
  [[nodiscard]] Index inputs() const { return layers_.front().weights.cols(); }
  [[nodiscard]] Index outputs() const { return layers_.back().weights.rows(); }
  /// Numbers in all W and b.
  [[nodiscard]] Index parameter_dim() const {
    Index count = 0;
    for (const DenseLayer& layer : layers_) count += layer.weights.size() + layer.bias.size();
    return count;
  }

  /// z = factor (W x + b) and σ(z) of layer l for its inputs, the columns of X.
  /// @throws std::invalid_argument if X has a wrong number of rows
  template <class Derived>
  [[nodiscard]] std::pair<Matrix<double>, Matrix<double>> pass(std::size_t l,
                                                               const Eigen::MatrixBase<Derived>& X) const {
    const DenseLayer& layer = layers_.at(l);
    require_size("LayeredNetwork::pass", "X.rows()", X.rows(), layer.weights.cols(), "the inputs of a layer");
    Matrix<double> z = layer.weights * X;
    if (layer.bias.size() > 0) z.colwise() += layer.bias;
    z *= layer.factor;
    Matrix<double> x = z.unaryExpr([&](double number) { return layer.activation.value(number); });
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
  std::vector<DenseLayer> layers_;
};

}  // namespace lazytrain
