#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/im2col.hpp>
#include <lazytrain/backend/pooling_shape.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/lazy/activation_bounds.hpp>
#include <lazytrain/nn/activation.hpp>
#include <optional>
#include <string>
#include <string_view>

/// Layers as bounds see them: matrices, biases, activations and windows, whatever type computes them.
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

/// The largest number of windows of `kernel` coordinates, `stride` apart, that hold one of `size` coordinates
/// of an axis, which begins `padding` coordinates after the first window. Cost: windows times kernel.
[[nodiscard]] inline Index window_overlap(Index size, Index kernel, Index stride, Index padding) {
  Vector<Index> count = Vector<Index>::Zero(size);
  for (Index first = -padding; first + kernel <= size + padding; first += stride) {
    for (Index at = std::max<Index>(first, 0); at < std::min(first + kernel, size); ++at) ++count(at);
  }
  return count.maxCoeff();
}

/// ρ, the largest number of patches of a convolution that hold one pixel.
[[nodiscard]] inline Index patch_overlap(const ConvShape& shape) {
  return window_overlap(shape.height, shape.kernel, shape.stride, shape.padding) *
         window_overlap(shape.width, shape.kernel, shape.stride, shape.padding);
}

/// What a layer does to windows of its activations.
struct WindowPooling {
  enum class Kind { average, max };
  PoolingShape shape;
  Kind kind = Kind::average;

  /// Bound of the norm of average pooling: sqrt(ρ / K) for windows of K coordinates of which at most ρ hold
  /// the same one. For |mean_o x|^2 <= sum over the window of x_i^2 / K, and a coordinate is in at most ρ of
  /// these sums. It is the norm of windows that do not overlap. Max-pooling: sqrt(ρ).
  [[nodiscard]] double norm() const {
    const Index overlap = window_overlap(shape.height, shape.kernel, shape.stride, 0) *
                          window_overlap(shape.width, shape.kernel, shape.stride, 0);
    const Index divisor = kind == Kind::average ? shape.kernel * shape.kernel : 1;
    return std::sqrt(static_cast<double>(overlap) / static_cast<double>(divisor));
  }

  [[nodiscard]] Matrix<double> operator()(const Matrix<double>& x) const {
    Matrix<double> out(shape.output_dim(), x.cols());
    const PoolingWindow<int> window{static_cast<int>(shape.kernel), shape.channels, shape.width};
    for_windows(shape, x.cols(), [&](Index in, Index at) {
      double sum = 0, largest = x.data()[in];
      for (int row = 0; row < window.kernel; ++row) {
        for (int column = 0; column < window.kernel; ++column) {
          const double one = x.data()[in + window.offset(row, column)];
          sum += one;
          largest = std::max(largest, one);
        }
      }
      const auto count = static_cast<double>(shape.kernel * shape.kernel);
      out.data()[at] = kind == Kind::average ? sum / count : largest;
    });
    return out;
  }
};

/// One layer, x -> σ(factor (W x + b)), dense or a convolution, and perhaps pooling behind it.
struct LayerDescription {
  /// W, outputs x inputs; of a convolution filters x (kernel^2 channels) as `ConvShape` says.
  Matrix<double> weights;
  /// b, a number for every row of W; empty for a layer without biases.
  Vector<double> bias{};
  ActivationRules activation = activation_rules<Identity>();
  double factor = 1;
  std::optional<ConvShape> convolution{};
  std::optional<WindowPooling> pooling{};

  [[nodiscard]] Index inputs() const { return convolution ? convolution->input_dim() : weights.cols(); }
  /// Coordinates of z.
  [[nodiscard]] Index units() const { return convolution ? convolution->output_dim() : weights.rows(); }
  [[nodiscard]] Index outputs() const { return pooling ? pooling->shape.output_dim() : units(); }
  /// Places at which W and b act: 1, or the pixels of an output map.
  [[nodiscard]] Index positions() const { return convolution ? convolution->positions() : 1; }

  /// g with |U x| <= g |U| |x| for every change U of W, |U| its Frobenius norm: 1, or sqrt(ρ) for a
  /// convolution of which ρ patches hold the same pixel. For U x = U P(x) with the patches P(x) as columns,
  /// and P, of which P*P is the diagonal of how many patches hold a pixel, has the norm sqrt(ρ).
  [[nodiscard]] double gain() const {
    return convolution ? std::sqrt(static_cast<double>(patch_overlap(*convolution))) : 1;
  }

  /// factor (W x + b) for the columns x of X.
  template <class Derived>
  [[nodiscard]] Matrix<double> preactivations(const Eigen::MatrixBase<Derived>& X) const {
    Matrix<double> z(units(), X.cols());
    if (convolution) {
      const Matrix<double> images = X;
      Matrix<double> patches(convolution->patch_dim(), positions());
      for (Index i = 0; i < X.cols(); ++i) {
        cpu::gather_patches(*convolution, images.col(i).data(), 0, positions(), patches.data());
        Eigen::Map<Matrix<double>> maps(z.col(i).data(), weights.rows(), positions());
        maps.noalias() = weights * patches;
        if (bias.size() > 0) maps.colwise() += bias;
      }
    } else {
      z.noalias() = weights * X;
      if (bias.size() > 0) z.colwise() += bias;
    }
    z *= factor;
    return z;
  }
};

}  // namespace lazytrain
