#pragma once

#include <lazytrain/nn/network_tangent.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace lazytrain::nn {

namespace detail {

/// The point from which displacements of a network are counted.
template <class B>
struct NetworkOrigin {
  Pooled<PreparedParameters<B>> w0;
  scalar_t<B> epsilon;
};

}  // namespace detail

/// h_ε(δ) = (h(w0 + εδ) - h(w0)) / ε of a network on data at a displacement δ, with its derivatives in δ.
///
/// Pairs (value at w0, scaled difference) go through the layers, so that nothing cancels at any ε and in any
/// precision; ε = 0 gives Dh(w0) δ. It keeps or computes again its activations as `NetworkTangent` does.
template <class B>
class NetworkDisplacedTangent {
 public:
  using Scalar = scalar_t<B>;
  using Vector = typename B::Vector;
  using Data = detail::NetworkData<B>;
  using Origin = std::shared_ptr<const detail::NetworkOrigin<B>>;

  NetworkDisplacedTangent(std::shared_ptr<const Data> data, Origin origin, const Vector& delta)
      : data_(std::move(data)),
        origin_(std::move(origin)),
        w_(linear() ? origin_->w0 : data_->parameters()),
        delta_(data_->parameters()),
        direction_(data_->parameters()),
        value_(data_->space.dim()),
        start_(data_->space.dim()),
        kept_(data_->fits(3, true)),
        pairs_(data_->arrays(states())),
        values_(data_->arrays(linear() ? 0 : states())),
        scratch_(data_->scratch()) {
    move_to(delta);
  }

  /// h_ε(δ).
  [[nodiscard]] const Vector& value() const { return value_; }
  /// h(w0), which every evaluation gives.
  [[nodiscard]] const Vector& start() const { return start_; }
  [[nodiscard]] const Data& data() const { return *data_; }

  /// Goes to another displacement. Cost: three forward passes.
  /// @throws std::invalid_argument that names a layer without displacement
  void move_to(const Vector& delta) {
    delta_->assign(delta);
    if (origin_->epsilon != Scalar(0)) w_->assign(origin_->w0->vector(), origin_->epsilon, delta);
    data_->backend.for_chunks(data_->chunks(), [&](Index chunk, Index worker) {
      const State state = forward(chunk, worker);
      const Scalar* const pair = state.pairs[last()];
      data_->put(pair, chunk, start_);
      data_->put(pair + data_->outputs() * data_->count(chunk), chunk, value_);
    });
  }

  /// Dh(w0 + εδ) v.
  void jvp(const Vector& v, Vector& out) const {
    direction_->assign(v);
    data_->backend.for_chunks(data_->chunks(), [&](Index chunk, Index worker) {
      auto& scratch = *scratch_[static_cast<std::size_t>(worker)];
      const State x = state(chunk, worker);
      scratch.v.prepare(*data_->graph, data_->chunk_size());
      sweep(chunk, worker).jvp(*w_, *direction_, x, scratch.v);
      data_->put(scratch.v[last()], chunk, out);
    });
  }

  /// The Jacobian at w0 + εδ, transposed, times the cotangent u.
  void vjp(const Vector& u, Vector& out) const {
    detail::sum_over_chunks(*data_, scratch_, out, [&](Index chunk, Index worker, Scalar* gw) {
      auto& scratch = *scratch_[static_cast<std::size_t>(worker)];
      const State x = state(chunk, worker);
      scratch.gradient.prepare(*data_->graph, data_->chunk_size());
      data_->take(u, chunk, scratch.gradient[last()]);
      sweep(chunk, worker).vjp(*w_, x, gw);
    });
  }

  /// The raw tangent kernel J J^T at w0 + εδ, N x N, which is the network's own there: see
  /// `NetworkTangent::gram`.
  void gram(Matrix<Scalar>& out) const {
    if (data_->graph->convolutional()) {
      out = NetworkKernel<B>(data_, nullptr, w_->vector(), KernelOptions{}).result();
    } else {
      NetworkTangent<B>(data_, w_->vector()).gram(out);
    }
  }

  /// ε D^2h(w0 + εδ)[u, v]: that of the network at this point; 0 at ε = 0, at no cost.
  void second(const Vector& u, const Vector& v, Vector& out) const {
    if (linear()) return fill(out, Scalar(0));
    NetworkTangent<B>(data_, w_->vector()).second(u, v, out);
    scale(origin_->epsilon, out);
  }
  /// ε times the sum over i of c_i D^2h_i(w0 + εδ) u.
  void second_vjp(const Vector& u, const Vector& c, Vector& out) const {
    if (linear()) return fill(out, Scalar(0));
    NetworkTangent<B>(data_, w_->vector()).second_vjp(u, c, out);
    scale(origin_->epsilon, out);
  }

 private:
  /// The arrays of a chunk: pairs at w0 and δ, and the values at w0 + εδ, which at ε = 0 are the pairs' first
  /// halves.
  struct State {
    detail::NodeArrays<B>& pairs;
    detail::NodeArrays<B>& values;
    [[nodiscard]] const Scalar* operator[](Index i) const { return values[i]; }
  };

  [[nodiscard]] bool linear() const { return origin_->epsilon == Scalar(0); }
  [[nodiscard]] Index states() const { return kept_ ? data_->chunks() : data_->workers(); }
  [[nodiscard]] Index last() const { return data_->graph->size() - 1; }
  [[nodiscard]] detail::Sweep<B> sweep(Index chunk, Index worker) const {
    return {*data_->graph, data_->backend, *scratch_[static_cast<std::size_t>(worker)], data_->count(chunk)};
  }
  [[nodiscard]] State place(Index chunk, Index worker) const {
    const auto slot = static_cast<std::size_t>(kept_ ? chunk : worker);
    return {*pairs_[slot], linear() ? *pairs_[slot] : *values_[slot]};
  }
  State forward(Index chunk, Index worker) const {
    const State state = place(chunk, worker);
    data_->load_pair(chunk, state.pairs, state.values);
    sweep(chunk, worker).displace(*origin_->w0, *delta_, origin_->epsilon, state.pairs, state.values);
    return state;
  }
  [[nodiscard]] State state(Index chunk, Index worker) const {
    return kept_ ? place(chunk, worker) : forward(chunk, worker);
  }

  std::shared_ptr<const Data> data_;
  Origin origin_;
  /// w0 + εδ.
  detail::Pooled<PreparedParameters<B>> w_;
  detail::Pooled<PreparedParameters<B>> delta_;
  detail::Pooled<PreparedParameters<B>> direction_;
  Vector value_;
  Vector start_;
  bool kept_;
  std::vector<detail::Pooled<detail::NodeArrays<B>>> pairs_;
  std::vector<detail::Pooled<detail::NodeArrays<B>>> values_;
  mutable std::vector<detail::Pooled<detail::Scratch<B>>> scratch_;
};

/// The displaced model δ -> (h(w0 + εδ) - h(w0)) / ε of a network on data.
template <class B>
class NetworkDisplaced {
 public:
  using Scalar = scalar_t<B>;
  using Parameters = typename B::Vector;
  using Outputs = typename B::Vector;
  using Data = detail::NetworkData<B>;

  NetworkDisplaced(std::shared_ptr<const Data> data, const Parameters& w0, Scalar epsilon)
      : data_(std::move(data)) {
    auto origin =
        std::make_shared<detail::NetworkOrigin<B>>(detail::NetworkOrigin<B>{data_->parameters(), epsilon});
    origin->w0->assign(w0);
    origin_ = std::move(origin);
  }

  [[nodiscard]] Index parameter_dim() const { return data_->graph->parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return data_->space.dim(); }
  [[nodiscard]] const OutputSpace& output_space() const { return data_->space; }
  [[nodiscard]] Scalar epsilon() const { return origin_->epsilon; }

  [[nodiscard]] NetworkDisplacedTangent<B> linearize(const Parameters& delta) const {
    return NetworkDisplacedTangent<B>(data_, origin_, delta);
  }

 private:
  std::shared_ptr<const Data> data_;
  typename NetworkDisplacedTangent<B>::Origin origin_;
};

}  // namespace lazytrain::nn
