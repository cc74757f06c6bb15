#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/lazy/estimate.hpp>
#include <lazytrain/lazy/layered_network.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/two_layer_curvature.hpp>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace lazytrain {

/// The composition rule, ||D^2(g o f)|| <= ||D^2g|| ||Df||^2 + ||Dg|| ||D^2f||, for a twice differentiable g
/// behind f: the norms of g's derivatives at f(w), then those of f's at w.
[[nodiscard]] inline Estimate composed_second_derivative(const Estimate& outer_first,
                                                         const Estimate& outer_second,
                                                         const Estimate& inner_first,
                                                         const Estimate& inner_second) {
  return outer_second * (inner_first * inner_first) + outer_first * inner_second;
}

namespace detail {

/// ||W||: R^inputs -> R^units of a layer from above, rounding included. Of a convolution, W x = W P(x) with
/// the patches of x as columns, the smaller of sqrt(ρ) ||W|| with ||P|| = sqrt(ρ) (see
/// `LayerDescription::gain`), and the sum over the taps t of ||W_t||, filters x channels: W x is the sum over
/// t of W_t applied to the pixels of x that t meets, each of which it meets at most once. A template, so that
/// only programs that call it compile an eigenvalue problem.
template <class Layer>
double layer_norm_bound(const Layer& layer) {
  const auto norm = [](const Matrix<double>& weights) {
    return weighted_norm(weights, Vector<double>(Vector<double>::Ones(weights.cols()))).upper();
  };
  if (!layer.convolution) return norm(layer.weights);
  const Index taps = layer.convolution->kernel * layer.convolution->kernel;
  const Index channels = layer.convolution->channels;
  const double up = 1 + static_cast<double>(taps + 8) * std::numeric_limits<double>::epsilon();
  double sum = 0;
  for (Index t = 0; t < taps; ++t) sum += norm(layer.weights.middleCols(t * channels, channels));
  return up * std::min(layer.gain() * norm(layer.weights), sum);
}

}  // namespace detail

/// Bounds over the ball B(w0, r) of the derivatives of a layered network in its parameters, by propagation
/// through the layers, for every sample by itself. With B >= |x|, L >= ||Dx||, H >= ||D^2x|| of a layer's
/// input x on the ball, z = s (W x + b) and σ(z) satisfy
///
///     ||Dz||   <= |s| sqrt(ω^2 L^2 + g^2 B^2 + q)                 (without q if there is no b),
///     ||D^2z|| <= |s| (ω H + sqrt(ω^2 H^2 + 4 g^2 L^2)) / 2,
///     ||D^2σ(z)|| <= t ||D^2z|| + c ||Dz||^2,   ||Dσ(z)|| <= t ||Dz||,   |σ(z)| <= |σ(z)(w0)| + r ||Dσ(z)||,
///
/// where t and c bound |σ'| and |σ''| at all z_i on the ball, |z_i(w) - z_i(w0)| <= r ||Dz||. Of a dense
/// layer g = q = 1 and ω = ||W|| + r. A convolution on q positions is W P(x) with the patches P(x) as
/// columns: a change U of W gives |U P(x)| <= |U| |P(x)| <= |U| g |x| with g^2 the number of patches that
/// hold the same pixel, at most; thus ω = ||x -> W P(x)|| + g r (`layer_norm_bound`), and a change u of b,
/// which stands at every position, has the size sqrt(q) |u|. Proof: with the parts (v, U, u) of a direction
/// that belong to the layers before, W and b, |v|^2 + |U|^2 + |u|^2 = 1,
///
///     Dz[v, U, u] = s (W P(Dx[v]) + U P(x) + u),   D^2z[.,.] = s (W P(D^2x[v, v]) + 2 U P(Dx[v])),
///
/// of sizes at most |s| (ω L |v| + g B |U| + sqrt(q) |u|) and |s| (ω H |v|^2 + 2 g L |v| |U|): Cauchy and
/// Schwarz, and the larger eigenvalue of [[ω H, g L], [g L, 0]]. Average pooling behind σ is linear and has
/// no parameters: it multiplies all by its norm (`WindowPooling::norm`). All are increasing in r. Rounding is
/// included. Memory: the pre-activations of all layers and samples.
class LayeredPropagation {
 public:
  /// What is known of a sample's output on the ball: |x|, ||Dx|| and ||D^2x|| are at most these.
  struct Sizes {
    double value = 0, first = 0, second = 0;
  };

  /// Cost: a forward pass and an eigenvalue problem of the smaller size of each W, and of each tap of one.
  /// @throws std::invalid_argument if X does not have inputs() rows
  template <class Derived>
  LayeredPropagation(LayeredNetwork network, const Eigen::MatrixBase<Derived>& X)
      : network_(std::move(network)) {
    require_size("LayeredPropagation", "X.rows()", X.rows(), network_.inputs(), "network.inputs()");
    const double up = inflation(X.rows());
    input_ = up * X.colwise().norm().transpose();
    auto x = X.template cast<double>().eval();
    Vector<double> error = Vector<double>::Zero(X.cols());
    for (std::size_t l = 0; l < network_.layers().size(); ++l) {
      const LayerDescription& layer = network_.layers()[l];
      At at;
      at.norm = detail::layer_norm_bound(layer);
      at.gain = layer.gain() * (1 + 2 * eps);
      at.positions = layer.bias.size() > 0 ? static_cast<double>(layer.positions()) : 0;
      const auto size = x.colwise().norm().transpose().eval();
      const double rounding = inflation(layer.weights.cols()) - 1;
      const double bias = std::sqrt(at.positions) * layer.bias.norm();
      at.z_error =
          std::abs(layer.factor) *
          (at.norm * error + rounding * (at.gain * layer.weights.norm() * size.array() + bias).matrix());
      std::tie(at.z, x) = network_.pass(l, x);
      at.value = inflation(at.z.rows()) * x.colwise().norm().transpose();
      for (Index i = 0; i < x.cols(); ++i) {
        double slope = 0, largest = 0;
        for (Index j = 0; j < at.z.rows(); ++j) {
          slope = std::max(slope, layer.activation.derivative_bound(at.z(j, i), at.z_error(i)));
          largest += std::pow(layer.activation.value_bound(at.z(j, i), at.z_error(i)), 2);
        }
        error(i) = (slope * at.z_error(i) + 16 * eps * std::sqrt(largest)) * (1 + 16 * eps);
        if (layer.pooling) {
          at.pooling = layer.pooling->norm() * (1 + 4 * eps);
          const PoolingShape& shape = layer.pooling->shape;
          const double of_mean = inflation(shape.kernel * shape.kernel) - 1;
          error(i) = at.pooling * (error(i) + of_mean * std::sqrt(largest)) * (1 + 16 * eps);
        }
      }
      at.value += error;
      layers_.push_back(std::move(at));
    }
  }

  [[nodiscard]] Index samples() const { return input_.size(); }
  [[nodiscard]] const LayeredNetwork& network() const { return network_; }

  /// Bounds for the output on sample i over B(w0, r); infinite where the activation has no bound.
  /// Cost: O(all widths together).
  [[nodiscard]] Sizes bound(Index i, double r) const {
    Sizes x{input_(i), 0, 0};
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const LayerDescription& layer = network_.layers()[l];
      const At& at = layers_[l];
      const double up = inflation(at.z.rows()), factor = std::abs(layer.factor);
      const double weight = at.norm + at.gain * r, value_of = at.gain * x.value;
      const double first =
          up * factor * std::sqrt(weight * x.first * weight * x.first + value_of * value_of + at.positions);
      const double second = up * factor * detail::block_norm_bound(at.gain * x.first, weight * x.second);
      const double radius = (r * first + at.z_error(i)) * (1 + 4 * eps);
      double t = 0, c = 0, square = 0;
      for (Index j = 0; j < at.z.rows(); ++j) {
        t = std::max(t, layer.activation.derivative_bound(at.z(j, i), radius));
        c = std::max(c, layer.activation.second_bound(at.z(j, i), radius));
        const double value = layer.activation.value_bound(at.z(j, i), radius);
        square += value * value;
      }
      x.first = up * at.pooling * t * first;
      x.second = up * at.pooling * (t * second + c * first * first);
      x.value = std::min(up * at.pooling * std::sqrt(square), up * (at.value(i) + r * x.first));
    }
    return x;
  }

 private:
  /// A layer at w0: ||W||, g and q of the class, the norm of pooling, z and its rounding error, the size of
  /// the output.
  struct At {
    double norm = 0, gain = 1, positions = 0, pooling = 1;
    Matrix<double> z;
    Vector<double> z_error, value;
  };

  static constexpr double eps = std::numeric_limits<double>::epsilon();
  /// More than sums of `count` terms and the few operations around them round.
  [[nodiscard]] static double inflation(Index count) { return 1 + static_cast<double>(count + 16) * eps; }

  LayeredNetwork network_;
  Vector<double> input_;
  std::vector<At> layers_;
};

/// Certified Lipschitz constants of a layered smooth network h(w) = (f(w, x_i))_i on the balls around w0,
///
///     LD(r) = (sum_i ω_i H_i(r)^2)^(1/2) >= Lip(Dh; B(w0, r)),
///     L(r) = min{ (sum_i ω_i L_i(r)^2)^(1/2), ||Dh(w0)|| + r LD(r) } >= Lip(h; B(w0, r)),
///
/// with H_i and L_i of `LayeredPropagation` and the weights ω_i of F; X holds an input a column. LD(0) bounds
/// ||D^2h(w0)||. `differential` is ||Dh(w0)|| where it is known (`differential_norm`); it is used if
/// certified. For an activation with kinks and for max pooling there are no constants: Assumption 2.1 fails.
///
/// Of one hidden layer `two_layer_lipschitz` is the better bound: it takes the largest neuron and one
/// eigenvalue problem for all samples, propagation their mean square. Cost: see `LayeredPropagation`.
/// @throws std::invalid_argument if X or the space does not fit the network
template <class Derived>
[[nodiscard]] LipschitzBounds layered_lipschitz(const LayeredNetwork& network,
                                                const Eigen::MatrixBase<Derived>& X, const OutputSpace& space,
                                                const Estimate& differential = {}) {
  require_size("layered_lipschitz", "space", space.dim(), X.cols() * network.outputs(),
               "samples times network.outputs()");
  for (const LayerDescription& layer : network.layers()) {
    if (layer.pooling && layer.pooling->kind == WindowPooling::Kind::max) {
      return LipschitzBounds::none(
          "max pooling is not differentiable where two coordinates are largest, so Dh is not continuous and "
          "Assumption 2.1 does not hold");
    }
    if (layer.activation.is_smooth) continue;
    return LipschitzBounds::none("the activation " + std::string(layer.activation.name) +
                                 " has a kink, so Dh is not continuous and Assumption 2.1 does not hold");
  }
  const auto propagation = std::make_shared<const LayeredPropagation>(network, X);
  const auto mean_square = [propagation, space](double r, double LayeredPropagation::Sizes::*size) {
    double sum = 0;
    for (Index i = 0; i < propagation->samples(); ++i) {
      const double one = propagation->bound(i, r).*size;
      sum += space.weight(i) * one * one;
    }
    const double count = static_cast<double>(propagation->samples() + 16);
    const double bound = std::sqrt(sum) * (1 + count * std::numeric_limits<double>::epsilon());
    return std::isfinite(bound) ? Estimate::at_most(bound) : Estimate();
  };
  const auto of_dh = [mean_square](double r) { return mean_square(r, &LayeredPropagation::Sizes::second); };
  const auto of_h = [mean_square, of_dh, differential](double r) {
    const Estimate propagated = mean_square(r, &LayeredPropagation::Sizes::first);
    const Estimate sum = differential + r * of_dh(r);
    if (!sum.certified()) return propagated;
    if (propagated.available() && propagated.upper() <= sum.upper()) return propagated;
    return Estimate::at_most(sum.upper());
  };
  return {of_h, of_dh, "propagation through the layers of a network"};
}

/// ||D^2h(w0)|| of a layered smooth network from above, LD(0) of `layered_lipschitz`; not available for an
/// activation with kinks or max pooling. @throws as `layered_lipschitz`
template <class Derived>
[[nodiscard]] Estimate layered_second_derivative_bound(const LayeredNetwork& network,
                                                       const Eigen::MatrixBase<Derived>& X,
                                                       const OutputSpace& space) {
  return layered_lipschitz(network, X, space).of_dh(0);
}

/// What a search found below and a rule gives above, as one number, for `LazinessOptions`: certified, up to
/// the rounding inside the second derivatives that the search evaluated.
/// @throws std::domain_error if the lower bound is above the upper one: one of them is false
[[nodiscard]] inline Estimate bracketed(const Estimate& below, const Estimate& above) {
  if (!below.available() || !above.available() || !std::isfinite(above.upper())) return below;
  return {below.lower(), below.lower(), above.upper(), above.provenance()};
}

}  // namespace lazytrain
