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
/// forward pass. The results are those of `TwoLayerTangent` up to rounding, at up to twice the cost and with
/// O(p + n k) numbers instead of O(n m).
///
/// The network is a sum over neurons: products take blocks of at most 64 neurons on all samples, 3 * 64 n
/// numbers on every thread, and `kernel_product` applies J J^T with one forward pass. The value and the
/// kernel take blocks of samples on all neurons. Threads share the blocks, and sums are taken in their order,
/// so that the bits do not depend on the number of threads. Products allocate a block. Copies are
/// independent.
template <class S, Activation Sigma>
class TwoLayerInBlocksTangent {
 public:
  using Scalar = S;

  /// @param block samples of a block, at least 1
  /// @param threads at most so many, 0 for those of the processor
  /// @throws std::invalid_argument if w has a wrong size or block < 1
  TwoLayerInBlocksTangent(TwoLayerOnData<S, Sigma> h, view_t<Vector<S>> w, Index block, Index threads = 0)
      : h_(std::move(h)), block_(block), threads_(cpu::thread_count(threads)), value_(h_.output_dim()) {
    require_argument(block >= 1, "TwoLayerInBlocksTangent", "block", block, "at least 1");
    move_to(w);
  }

  /// h(w).
  [[nodiscard]] const Vector<S>& value() const { return value_; }
  /// w.
  [[nodiscard]] const Vector<S>& parameters() const { return w_; }

  void move_to(view_t<Vector<S>> w) {
    require_size("TwoLayerInBlocksTangent::move_to", "w", w.size(), h_.parameter_dim(), "m (d + k)");
    w_ = w;
    for_samples(
        [&](const auto& tangent, Index first, Index size) { value_.segment(first, size) = tangent.value(); });
  }

  /// Dh(w) v.
  void jvp(view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::jvp", "out", out.size(), value_.size(), "n k");
    check_parameters("TwoLayerInBlocksTangent::jvp", "v", v.size());
    sum_neurons(out, [&](const auto& tangent, Index first, Index size, Vector<S>& part, Index) {
      tangent.jvp(v.segment(first, size), part);
    });
  }

  /// The Jacobian, transposed, times the cotangent u.
  void vjp(view_t<Vector<S>> u, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::vjp", "u", u.size(), value_.size(), "n k");
    check_parameters("TwoLayerInBlocksTangent::vjp", "out", out.size());
    for_neurons([&](const auto& tangent, Index first, Index size, Index) {
      tangent.vjp(u, out.segment(first, size));
    });
  }

  /// D^2h(w)[u, v].
  void second(view_t<Vector<S>> u, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::second", "out", out.size(), value_.size(), "n k");
    check_parameters("TwoLayerInBlocksTangent::second", "u", u.size());
    check_parameters("TwoLayerInBlocksTangent::second", "v", v.size());
    sum_neurons(out, [&](const auto& tangent, Index first, Index size, Vector<S>& part, Index) {
      tangent.second(u.segment(first, size), v.segment(first, size), part);
    });
  }

  /// The sum over i of c_i D^2h_i(w) u for a cotangent c.
  void second_vjp(view_t<Vector<S>> u, view_t<Vector<S>> c, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::second_vjp", "c", c.size(), value_.size(), "n k");
    check_parameters("TwoLayerInBlocksTangent::second_vjp", "out", out.size());
    check_parameters("TwoLayerInBlocksTangent::second_vjp", "u", u.size());
    for_neurons([&](const auto& tangent, Index first, Index size, Index) {
      tangent.second_vjp(u.segment(first, size), c, out.segment(first, size));
    });
  }

  /// out = J J^T u for a cotangent u, the raw tangent kernel times u, with one forward pass. Cost: 6 n m d
  /// operations.
  void kernel_product(view_t<Vector<S>> u, out_t<Vector<S>> out) const {
    require_size("TwoLayerInBlocksTangent::kernel_product", "u", u.size(), value_.size(), "n k");
    require_size("TwoLayerInBlocksTangent::kernel_product", "out", out.size(), value_.size(), "n k");
    std::vector<Vector<S>> gradients(static_cast<std::size_t>(workers(neuron_blocks())));
    sum_neurons(out, [&](const auto& tangent, Index, Index size, Vector<S>& part, Index worker) {
      Vector<S>& gradient = gradients[static_cast<std::size_t>(worker)];
      gradient.resize(size);
      tangent.vjp(u, gradient);
      tangent.jvp(gradient, part);
    });
  }

  /// The same network at the same point with numbers of type T. Cost: a forward pass, and a copy of X.
  template <class T>
  [[nodiscard]] TwoLayerInBlocksTangent<T, Sigma> cast() const {
    const TwoLayerLayout& layout = h_.layout();
    TwoLayerOnData<T, Sigma> h(layout, std::make_shared<const Matrix<T>>(h_.inputs().template cast<T>()),
                               h_.output_space());
    return {std::move(h), Vector<T>(w_.template cast<T>()), block_, threads_};
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
  [[nodiscard]] Index workers(Index count) const { return std::min(threads_, count); }
  /// The first output of a block.
  [[nodiscard]] Index output(Index block) const { return block * block_ * h_.layout().outputs(); }

  void check_parameters(const char* function, const char* argument, Index size) const {
    require_size(function, argument, size, w_.size(), "m (d + k)");
  }

  /// action(tangent of a block of samples, its first output, its number of outputs), in no order.
  template <class Action>
  void for_samples(Action&& action) const {
    std::vector<Samples> samples(static_cast<std::size_t>(workers(blocks())), Samples(*this));
    cpu::for_chunks(threads_, blocks(), [&](Index block, Index worker) {
      const auto& tangent = samples[static_cast<std::size_t>(worker)].at(block);
      action(tangent, output(block), tangent.value().size());
    });
  }

  /// Neurons of a block: enough for products of matrices, few enough for eight threads.
  [[nodiscard]] Index neuron_block() const {
    return std::clamp<Index>((h_.layout().neurons() + 7) / 8, 16, 64);
  }
  [[nodiscard]] Index neuron_blocks() const {
    return (h_.layout().neurons() + neuron_block() - 1) / neuron_block();
  }

  /// The networks of one block of neurons at a time, of which a thread keeps one.
  using Neurons = std::vector<std::optional<TwoLayerTangent<S, Sigma>>>;
  [[nodiscard]] Neurons neurons() const {
    return Neurons(static_cast<std::size_t>(workers(neuron_blocks())));
  }

  /// action(network of a block of neurons, its first parameter, its number of parameters, worker).
  template <class Action>
  void with_neurons(Neurons& at, Index block, Index worker, Action&& action) const {
    const TwoLayerLayout& layout = h_.layout();
    const Index first = block * neuron_block();
    const Index count = std::min(neuron_block(), layout.neurons() - first);
    const auto w = w_.segment(first * layout.stride(), count * layout.stride());
    auto& tangent = at[static_cast<std::size_t>(worker)];
    if (tangent && tangent->layout().neurons() == count) {
      tangent->move_to(w);
    } else {
      tangent.emplace(TwoLayerLayout({.inputs = layout.inputs(),
                                      .neurons = count,
                                      .outputs = layout.outputs(),
                                      .scaling = layout.scale()}),
                      h_.shared_inputs(), w);
    }
    action(std::as_const(*tangent), first * layout.stride(), w.size(), worker);
  }
  template <class Action>
  void for_neurons(Action&& action) const {
    Neurons at = neurons();
    cpu::for_chunks(threads_, neuron_blocks(),
                    [&](Index block, Index worker) { with_neurons(at, block, worker, action); });
  }

  /// out = the sum over blocks of neurons, in their order, of what action(network, first parameter,
  /// parameters, part, worker) writes.
  template <class Action>
  void sum_neurons(out_t<Vector<S>> out, Action&& action) const {
    Neurons at = neurons();
    std::vector<Vector<S>> parts(at.size(), Vector<S>(value_.size()));
    cpu::for_chunks_in_order(
        threads_, neuron_blocks(),
        [&](Index block, Index worker) {
          Vector<S>& part = parts[static_cast<std::size_t>(worker)];
          with_neurons(at, block, worker, [&](const auto& tangent, Index first, Index size, Index by) {
            action(tangent, first, size, part, by);
          });
        },
        [&](Index block, Index worker) {
          const Vector<S>& part = parts[static_cast<std::size_t>(worker)];
          if (block == 0) {
            out = part;
          } else {
            out += part;
          }
        });
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
