#pragma once

#include <algorithm>
#include <cstddef>
#include <lazytrain/backend/cpu/parallel.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace lazytrain {

/// A two-layer network on n inputs at a point w that keeps no activations: every product makes its own
/// forward pass over blocks of samples. The results are those of `TwoLayerTangent` up to rounding, at about
/// twice the cost and with O(p + n k) numbers instead of O(n m). Blocks are shared by threads, each of which
/// allocates the activations of a block for every product (and takes part in a sum over samples with p
/// numbers); sums are taken in the order of the blocks, so that the bits do not depend on the number of
/// threads. Copies are independent.
template <class S, Activation Sigma>
class TwoLayerInBlocksTangent {
 public:
  using Scalar = S;

  /// @param block samples of a block, at least 1
  /// @param threads at most so many, 0 for those of the processor
  /// @throws std::invalid_argument if w has a wrong size
  TwoLayerInBlocksTangent(TwoLayerOnData<S, Sigma> h, view_t<Vector<S>> w, Index block, Index threads = 0)
      : h_(std::move(h)), block_(block), threads_(cpu::thread_count(threads)), value_(h_.output_dim()) {
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
    sum_blocks(out, [&](const auto& tangent, Index first, Index size, Vector<S>& part) {
      tangent.vjp(u.segment(first, size), part);
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
    sum_blocks(out, [&](const auto& tangent, Index first, Index size, Vector<S>& part) {
      tangent.second_vjp(u, c.segment(first, size), part);
    });
  }

  /// The raw tangent kernel J J^T, N x N; see `TwoLayerTangent::gram`. Cost: that, and a forward pass for
  /// every pair of blocks.
  void gram(Eigen::Ref<Matrix<S>> out) const {
    require_size("TwoLayerInBlocksTangent::gram", "out.rows()", out.rows(), value_.size(), "n k");
    require_size("TwoLayerInBlocksTangent::gram", "out.cols()", out.cols(), value_.size(), "n k");
    // Every row of blocks goes through those before it: the last one, the longest, begins.
    cpu::for_chunks(threads_, blocks(), [&](Index chunk, Index) {
      Samples one(*this), other(*this);
      const Index row = blocks() - 1 - chunk;
      const auto& rows = one.at(row);
      for (Index col = 0; col <= row; ++col) {
        const auto& cols = col == row ? rows : other.at(col);
        rows.cross_gram(cols, out.block(output(row), output(col), rows.value().size(), cols.value().size()));
      }
    });
    out.template triangularView<Eigen::StrictlyUpper>() = out.transpose();
  }
  [[nodiscard]] Matrix<S> gram() const {
    Matrix<S> out(value_.size(), value_.size());
    gram(out);
    return out;
  }

 private:
  /// The tangent of one block at a time, whose memory the next one takes over.
  class Samples {
   public:
    explicit Samples(const TwoLayerInBlocksTangent& all) : all_(all) {}

    [[nodiscard]] const TwoLayerTangent<S, Sigma>& at(Index block) {
      const Matrix<S>& X = all_.h_.inputs();
      const Index first = block * all_.block_;
      const Index count = std::min(all_.block_, X.cols() - first);
      auto inputs = std::make_shared<const Matrix<S>>(X.middleCols(first, count));
      if (tangent_ && tangent_->inputs().cols() == count) {
        tangent_->move_to_samples(std::move(inputs));
      } else {
        tangent_.emplace(all_.h_.layout(), std::move(inputs), all_.w_);
      }
      return *tangent_;
    }

   private:
    const TwoLayerInBlocksTangent& all_;
    std::optional<TwoLayerTangent<S, Sigma>> tangent_;
  };

  [[nodiscard]] Index blocks() const { return (h_.inputs().cols() + block_ - 1) / block_; }
  [[nodiscard]] Index workers() const { return std::min(threads_, blocks()); }
  /// The first output of a block.
  [[nodiscard]] Index output(Index block) const { return block * block_ * h_.layout().outputs(); }

  /// action(tangent of a block, its first output, its number of outputs), in no order.
  template <class Action>
  void for_blocks(Action&& action) const {
    std::vector<Samples> samples(static_cast<std::size_t>(workers()), Samples(*this));
    cpu::for_chunks(threads_, blocks(), [&](Index block, Index worker) {
      const auto& tangent = samples[static_cast<std::size_t>(worker)].at(block);
      action(tangent, output(block), tangent.value().size());
    });
  }

  /// out = the sum over blocks, in their order, of what action(tangent, first output, outputs, part) writes.
  template <class Action>
  void sum_blocks(out_t<Vector<S>> out, Action&& action) const {
    out.setZero();
    std::vector<Samples> samples(static_cast<std::size_t>(workers()), Samples(*this));
    std::vector<Vector<S>> parts(samples.size(), Vector<S>(w_.size()));
    cpu::for_chunks_in_order(
        threads_, blocks(),
        [&](Index block, Index worker) {
          const auto& tangent = samples[static_cast<std::size_t>(worker)].at(block);
          action(tangent, output(block), tangent.value().size(), parts[static_cast<std::size_t>(worker)]);
        },
        [&](Index, Index worker) { out += parts[static_cast<std::size_t>(worker)]; });
  }

  TwoLayerOnData<S, Sigma> h_;
  Index block_;
  Index threads_;
  Vector<S> w_;
  Vector<S> value_;
};

/// `TwoLayerOnData` for many samples and neurons: its tangents hold O(p + n k) numbers. See `in_blocks`.
template <class S, Activation Sigma>
class TwoLayerInBlocks {
 public:
  using Scalar = S;

  /// @throws std::invalid_argument if a block has less than 1 sample or threads < 0
  TwoLayerInBlocks(TwoLayerOnData<S, Sigma> h, Index block, Index threads = 0)
      : h_(std::move(h)), block_(block), threads_(threads) {
    require_argument(block_ >= 1, "TwoLayerInBlocks", "block", block_, "at least 1");
    require_argument(threads_ >= 0, "TwoLayerInBlocks", "threads", threads_, "at least 0");
  }

  /// The network that keeps its activations.
  [[nodiscard]] const TwoLayerOnData<S, Sigma>& whole() const { return h_; }
  [[nodiscard]] const OutputSpace& output_space() const { return h_.output_space(); }
  [[nodiscard]] Index parameter_dim() const { return h_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return h_.output_dim(); }

  [[nodiscard]] TwoLayerInBlocksTangent<S, Sigma> linearize(view_t<Vector<S>> w) const {
    return {h_, w, block_, threads_};
  }

 private:
  TwoLayerOnData<S, Sigma> h_;
  Index block_;
  Index threads_;
};

/// The network as a model that goes through its samples in blocks, of d + k (at least 16) samples, so that a
/// block's activations need about the room of the parameters, on all threads of the processor or at most so
/// many.
///
///     laziness(in_blocks(h), loss, w0);        // κ in memory O(p + n k)
template <class S, Activation Sigma>
[[nodiscard]] TwoLayerInBlocks<S, Sigma> in_blocks(const TwoLayerOnData<S, Sigma>& h) {
  return {h, std::max<Index>(16, h.layout().stride())};
}
template <class S, Activation Sigma>
[[nodiscard]] TwoLayerInBlocks<S, Sigma> in_blocks(const TwoLayerOnData<S, Sigma>& h, Index block,
                                                   Index threads = 0) {
  return {h, block, threads};
}

}  // namespace lazytrain
