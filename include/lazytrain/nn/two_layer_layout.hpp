#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>

namespace lazytrain {

/// The factor of a network's output as a function of its number of neurons m. A number is a constant factor.
class Scaling {
 public:
  /// 1 / m: the mean-field limit.
  static const Scaling mean;
  /// 1 / sqrt(m): the limit in which training becomes lazy (Section 1.2).
  static const Scaling sqrt;

  /// Implicit, so that options read `.scaling = 0.5`.
  constexpr Scaling(double factor) : factor_(factor) {}  // NOLINT(google-explicit-constructor)

  /// The factor of a network of m neurons.
  [[nodiscard]] double operator()(Index m) const {
    const auto count = static_cast<double>(m);
    return power_ == Power::zero ? factor_ : 1.0 / (power_ == Power::one ? count : std::sqrt(count));
  }

 private:
  enum class Power { zero, half, one };
  constexpr explicit Scaling(Power power) : power_(power) {}

  double factor_ = 1;
  Power power_ = Power::zero;
};

inline constexpr Scaling Scaling::mean{Scaling::Power::one};
inline constexpr Scaling Scaling::sqrt{Scaling::Power::half};

/// Sizes of a `TwoLayer` network and its scale s(m).
struct TwoLayerOptions {
  /// d, the size of an input; for a bias per neuron, d + 1 (see `with_bias`).
  Index inputs = 0;
  /// m, the number of neurons.
  Index neurons = 0;
  /// k, the number of outputs.
  Index outputs = 1;
  /// The factor of the sum over the neurons.
  Scaling scaling = Scaling::mean;
};

/// Where the parameters of a two-layer network stand in w: neuron after neuron, a_j in R^d and then b_j in
/// R^k.
class TwoLayerLayout {
 public:
  /// @throws std::invalid_argument if a size is below 1, std::domain_error if the factor is not a finite
  /// number
  explicit TwoLayerLayout(const TwoLayerOptions& options)
      : inputs_(options.inputs), neurons_(options.neurons), outputs_(options.outputs) {
    require_argument(inputs_ >= 1, "TwoLayer", "options.inputs", inputs_, "at least 1");
    require_argument(neurons_ >= 1, "TwoLayer", "options.neurons", neurons_, "at least 1");
    require_argument(outputs_ >= 1, "TwoLayer", "options.outputs", outputs_, "at least 1");
    scale_ = options.scaling(neurons_);
    require_domain(std::isfinite(scale_), "TwoLayer", "options.scaling", scale_, "a finite number");
  }

  /// d.
  [[nodiscard]] Index inputs() const { return inputs_; }
  /// m.
  [[nodiscard]] Index neurons() const { return neurons_; }
  /// k.
  [[nodiscard]] Index outputs() const { return outputs_; }
  /// The factor of the sum over the neurons.
  [[nodiscard]] double scale() const { return scale_; }
  /// p = m (d + k).
  [[nodiscard]] Index parameter_dim() const { return neurons_ * stride(); }
  /// d + k, the distance between neurons in w.
  [[nodiscard]] Index stride() const { return inputs_ + outputs_; }
  /// Position of a_j in w.
  [[nodiscard]] Index inner_offset(Index j) const { return j * stride(); }
  /// Position of b_j in w.
  [[nodiscard]] Index outer_offset(Index j) const { return j * stride() + inputs_; }

  /// A = (a_1 ... a_m), d x m, in place in the parameters that begin at w: read or, for S*, write.
  template <class S>
  [[nodiscard]] auto inner(S* w) const {
    return block(w, inputs_);
  }
  /// B = (b_1 ... b_m), k x m, in place in the parameters that begin at w: read or, for S*, write.
  template <class S>
  [[nodiscard]] auto outer(S* w) const {
    return block(w + inputs_, outputs_);
  }

 private:
  template <class S>
  [[nodiscard]] Eigen::Map<const Matrix<S>, 0, Eigen::OuterStride<>> block(const S* first, Index rows) const {
    return {first, rows, neurons_, Eigen::OuterStride<>(stride())};
  }
  template <class S>
  [[nodiscard]] Eigen::Map<Matrix<S>, 0, Eigen::OuterStride<>> block(S* first, Index rows) const {
    return {first, rows, neurons_, Eigen::OuterStride<>(stride())};
  }

  Index inputs_;
  Index neurons_;
  Index outputs_;
  double scale_ = 1;
};

}  // namespace lazytrain
