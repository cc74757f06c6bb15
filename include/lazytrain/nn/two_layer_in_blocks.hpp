#pragma once

#include <algorithm>
#include <lazytrain/nn/two_layer.hpp>
#include <memory>
#include <utility>

namespace lazytrain {

/// A two-layer network on n inputs at a point w that keeps no activations: every product makes its own
/// forward pass over blocks of samples. The results are those of `TwoLayerTangent` up to rounding, at about
/// twice the cost and with O(p + n k) numbers instead of O(n m). Products allocate a block. Copies are
/// independent.
template <class S, Activation Sigma>
class TwoLayerInBlocksTangent {
 public:
  using Scalar = S;

  /// @param block samples of a block, at least 1. @throws std::invalid_argument if w has a wrong size
  TwoLayerInBlocksTangent(TwoLayerOnData<S, Sigma> h, view_t<Vector<S>> w, Index block)
      : h_(std::move(h)), block_(block), value_(h_.output_dim()) {
    move_to(w);
  }

  /// h(w).
  [[nodiscard]] const Vector<S>& value() const { return value_; }
  /// w.
  [[nodiscard]] const Vector<S>& parameters() const { return w_; }

  void move_to(view_t<Vector<S>> w) {
    require_size("TwoLayerInBlocksTangent::move_to", "w", w.size(), h_.parameter_dim(), "m (d + k)");
    w_ = w;
    for_blocks(
        [&](const auto& tangent, Index first, Index size) { value_.segment(first, size) = tangent.value(); });
  }

  /// Dh(w) v.
  void jvp(view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::jvp", "out", out.size(), value_.size(), "n k");
    for_blocks(
        [&](const auto& tangent, Index first, Index size) { tangent.jvp(v, out.segment(first, size)); });
  }

  /// The Jacobian, transposed, times the cotangent u.
  void vjp(view_t<Vector<S>> u, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::vjp", "u", u.size(), value_.size(), "n k");
    require_size("TwoLayerInBlocksTangent::vjp", "out", out.size(), w_.size(), "m (d + k)");
    out.setZero();
    Vector<S> part(w_.size());
    for_blocks([&](const auto& tangent, Index first, Index size) {
      tangent.vjp(u.segment(first, size), part);
      out += part;
    });
  }

  /// D^2h(w)[u, v].
  void second(view_t<Vector<S>> u, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::second", "out", out.size(), value_.size(), "n k");
    for_blocks([&](const auto& tangent, Index first, Index size) {
      tangent.second(u, v, out.segment(first, size));
    });
  }

  /// The sum over i of c_i D^2h_i(w) u for a cotangent c.
  void second_vjp(view_t<Vector<S>> u, view_t<Vector<S>> c, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::second_vjp", "c", c.size(), value_.size(), "n k");
    require_size("TwoLayerInBlocksTangent::second_vjp", "out", out.size(), w_.size(), "m (d + k)");
    out.setZero();
    Vector<S> part(w_.size());
    for_blocks([&](const auto& tangent, Index first, Index size) {
      tangent.second_vjp(u, c.segment(first, size), part);
      out += part;
    });
  }

  /// The raw tangent kernel J J^T, N x N; see `TwoLayerTangent::gram`. Cost: that, and a forward pass for
  /// every pair of blocks.
  void gram(Eigen::Ref<Matrix<S>> out) const {
    require_size("TwoLayerInBlocksTangent::gram", "out.rows()", out.rows(), value_.size(), "n k");
    require_size("TwoLayerInBlocksTangent::gram", "out.cols()", out.cols(), value_.size(), "n k");
    for_blocks([&](const auto& one, Index row, Index rows) {
      for_blocks([&](const auto& other, Index col, Index cols) {
        if (col > row) return;
        one.cross_gram(other, out.block(row, col, rows, cols));
      });
    });
    out.template triangularView<Eigen::StrictlyUpper>() = out.transpose();
  }
  [[nodiscard]] Matrix<S> gram() const {
    Matrix<S> out(value_.size(), value_.size());
    gram(out);
    return out;
  }

 private:
  /// action(tangent of a block, its first output, its number of outputs).
  template <class Action>
  void for_blocks(Action&& action) const {
    const Matrix<S>& X = h_.inputs();
    const Index k = h_.layout().outputs();
    for (Index first = 0; first < X.cols(); first += block_) {
      const Index count = std::min(block_, X.cols() - first);
      const TwoLayerTangent<S, Sigma> tangent(
          h_.layout(), std::make_shared<const Matrix<S>>(X.middleCols(first, count)), w_);
      action(tangent, first * k, count * k);
    }
  }

  TwoLayerOnData<S, Sigma> h_;
  Index block_;
  Vector<S> w_;
  Vector<S> value_;
};

/// `TwoLayerOnData` for many samples and neurons: its tangents hold O(p + n k) numbers. See `in_blocks`.
template <class S, Activation Sigma>
class TwoLayerInBlocks {
 public:
  using Scalar = S;

  /// @throws std::invalid_argument if a block has less than 1 sample
  TwoLayerInBlocks(TwoLayerOnData<S, Sigma> h, Index block) : h_(std::move(h)), block_(block) {
    require_argument(block_ >= 1, "TwoLayerInBlocks", "block", block_, "at least 1");
  }

  /// The network that keeps its activations.
  [[nodiscard]] const TwoLayerOnData<S, Sigma>& whole() const { return h_; }
  [[nodiscard]] const OutputSpace& output_space() const { return h_.output_space(); }
  [[nodiscard]] Index parameter_dim() const { return h_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return h_.output_dim(); }

  [[nodiscard]] TwoLayerInBlocksTangent<S, Sigma> linearize(view_t<Vector<S>> w) const {
    return {h_, w, block_};
  }

 private:
  TwoLayerOnData<S, Sigma> h_;
  Index block_;
};

/// The network as a model that goes through its samples in blocks, of d + k (at least 16) samples, so that a
/// block's activations need about the room of the parameters.
///
///     laziness(in_blocks(h), loss, w0);        // κ in memory O(p + n k)
template <class S, Activation Sigma>
[[nodiscard]] TwoLayerInBlocks<S, Sigma> in_blocks(const TwoLayerOnData<S, Sigma>& h) {
  return {h, std::max<Index>(16, h.layout().stride())};
}
template <class S, Activation Sigma>
[[nodiscard]] TwoLayerInBlocks<S, Sigma> in_blocks(const TwoLayerOnData<S, Sigma>& h, Index block) {
  return {h, block};
}

}  // namespace lazytrain
