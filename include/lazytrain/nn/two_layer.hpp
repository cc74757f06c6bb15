#pragma once

#include <algorithm>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/nn/two_layer_displaced.hpp>
#include <memory>
#include <utility>

namespace lazytrain {

/// A two-layer network as a model h: R^p -> F on the columns of X: h(w) = (f(x_i))_i, sample after sample.
///
/// Made by `TwoLayer::on`. Copies share X.
template <class S, Activation Sigma>
class TwoLayerOnData {
 public:
  using Scalar = S;

  /// @throws std::invalid_argument if X is not d x n or the space is not of n samples with k outputs
  TwoLayerOnData(const TwoLayerLayout& layout, std::shared_ptr<const Matrix<S>> X, OutputSpace space)
      : layout_(layout), X_(std::move(X)), space_(std::move(space)) {
    require_size("TwoLayer::on", "X.rows()", X_->rows(), layout_.inputs(), "the inputs d");
    require_space("TwoLayer::on", space_, X_->cols(), layout_.outputs());
  }

  [[nodiscard]] const TwoLayerLayout& layout() const { return layout_; }
  [[nodiscard]] const Matrix<S>& inputs() const { return *X_; }
  /// The same, shared with the copies of this model.
  [[nodiscard]] const std::shared_ptr<const Matrix<S>>& shared_inputs() const { return X_; }
  [[nodiscard]] const OutputSpace& output_space() const { return space_; }
  [[nodiscard]] Index parameter_dim() const { return layout_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return space_.dim(); }

  /// The network at w, with everything its forward pass computed.
  [[nodiscard]] TwoLayerTangent<S, Sigma> linearize(view_t<Vector<S>> w) const {
    return TwoLayerTangent<S, Sigma>(layout_, X_, w);
  }

  /// The model δ -> (h(w0 + εδ) - h(w0)) / ε, without cancellation; δ -> Dh(w0) δ at ε = 0.
  /// @throws std::domain_error if epsilon is negative or not finite, std::invalid_argument if w0 has a wrong
  /// size
  [[nodiscard]] TwoLayerDisplaced<S, Sigma> displace(view_t<Vector<S>> w0, S epsilon) const {
    require_nonnegative("TwoLayerOnData::displace", "epsilon", epsilon);
    return TwoLayerDisplaced<S, Sigma>(linearize(w0), epsilon, space_);
  }

 private:
  TwoLayerLayout layout_;
  std::shared_ptr<const Matrix<S>> X_;
  OutputSpace space_;
};

/// The two-layer network of Section 3.1 and Appendix A,
///
///     f(x) = s(m) * sum over j < m of b_j σ(a_j.x),      a_j in R^d, b_j in R^k,
///
/// with parameters w = (a_0, b_0, a_1, b_1, ...) in R^p, p = m (d + k), that the caller holds.
///
///     const TwoLayer<double, Relu> net({.inputs = 100, .neurons = 50, .scaling = Scaling::sqrt});
///     const auto h = net.on(X);                                // a model, X is d x n
///     const auto w0 = symmetrized(net, 1.0, rng);              // h(w0) = 0
template <class S, Activation Sigma = Relu>
class TwoLayer {
 public:
  using Scalar = S;
  using Activation = Sigma;

  /// @throws std::invalid_argument if a size is below 1
  explicit TwoLayer(const TwoLayerOptions& options) : layout_(options) {}

  [[nodiscard]] const TwoLayerLayout& layout() const { return layout_; }
  /// d.
  [[nodiscard]] Index inputs() const { return layout_.inputs(); }
  /// m.
  [[nodiscard]] Index neurons() const { return layout_.neurons(); }
  /// k.
  [[nodiscard]] Index outputs() const { return layout_.outputs(); }
  /// s(m).
  [[nodiscard]] S scale() const { return static_cast<S>(layout_.scale()); }
  /// p = m (d + k).
  [[nodiscard]] Index parameter_dim() const { return layout_.parameter_dim(); }

  /// The model w -> (f(x_i))_i on the columns of X (d x n), with values in L2 of their empirical measure or
  /// in the given space. Give a shared pointer to share X between models.
  /// @throws std::invalid_argument if X is not d x n with n >= 1 or the space does not fit
  [[nodiscard]] TwoLayerOnData<S, Sigma> on(Matrix<S> X) const {
    return on(std::make_shared<const Matrix<S>>(std::move(X)));
  }
  [[nodiscard]] TwoLayerOnData<S, Sigma> on(Matrix<S> X, OutputSpace space) const {
    return on(std::make_shared<const Matrix<S>>(std::move(X)), std::move(space));
  }
  [[nodiscard]] TwoLayerOnData<S, Sigma> on(std::shared_ptr<const Matrix<S>> X) const {
    const Index samples = X->cols();
    return on(std::move(X), empirical(samples, outputs()));
  }
  [[nodiscard]] TwoLayerOnData<S, Sigma> on(std::shared_ptr<const Matrix<S>> X, OutputSpace space) const {
    return TwoLayerOnData<S, Sigma>(layout_, std::move(X), std::move(space));
  }

  /// Outputs on the columns of X (d x n), k x n, by blocks of samples. Cost: 2 n m (d + k) operations.
  /// @throws std::invalid_argument if a size is wrong
  [[nodiscard]] Matrix<S> operator()(view_t<Vector<S>> w, const Eigen::Ref<const Matrix<S>>& X) const {
    require_size("TwoLayer", "w", w.size(), parameter_dim(), "m (d + k)");
    require_size("TwoLayer", "X.rows()", X.rows(), inputs(), "the inputs d");
    constexpr Index block = 256;
    Matrix<S> out(outputs(), X.cols());
    Matrix<S> h(neurons(), std::min(block, X.cols()));
    for (Index first = 0; first < X.cols(); first += block) {
      const Index count = std::min(block, X.cols() - first);
      auto h_block = h.leftCols(count);
      h_block.noalias() = layout_.inner(w.data()).transpose() * X.middleCols(first, count);
      for (Index q = 0; q < h_block.size(); ++q) h.data()[q] = Sigma::value(h.data()[q]);
      out.middleCols(first, count).noalias() = scale() * layout_.outer(w.data()) * h_block;
    }
    return out;
  }

 private:
  TwoLayerLayout layout_;
};

/// X with a row of ones below it: the last coordinate of a_j becomes neuron j's bias.
template <class S>
[[nodiscard]] Matrix<S> with_bias(const Matrix<S>& X) {
  Matrix<S> out(X.rows() + 1, X.cols());
  out.topRows(X.rows()) = X;
  out.bottomRows(1).setOnes();
  return out;
}

}  // namespace lazytrain
