#pragma once

#include <lazytrain/nn/network_kernel.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace lazytrain::nn {

/// A network on data at a point w: h(w), Dh(w), its transpose and D^2h(w), chunk by chunk on the backend's
/// threads.
///
/// It keeps the activations of all samples if they fit into the network's memory, else it computes them again
/// for every product. Results do not depend on the number of threads. It is a workspace: use one in each
/// thread.
template <class B>
class NetworkTangent {
 public:
  using Scalar = scalar_t<B>;
  using Vector = typename B::Vector;
  using Data = detail::NetworkData<B>;

  NetworkTangent(std::shared_ptr<const Data> data, const Vector& w)
      : data_(std::move(data)),
        w_(data_->parameters()),
        u_(data_->parameters()),
        v_(data_->parameters()),
        value_(data_->space.dim()),
        kept_(data_->fits(1, false)),
        states_(data_->arrays(kept_ ? data_->chunks() : data_->workers())),
        scratch_(data_->scratch()) {
    move_to(w);
  }

  [[nodiscard]] const Vector& value() const { return value_; }
  [[nodiscard]] const Vector& parameters() const { return w_->vector(); }
  [[nodiscard]] const Data& data() const { return *data_; }

  /// Goes to another point. Cost: a forward pass.
  void move_to(const Vector& w) {
    w_->assign(w);
    data_->backend.for_chunks(data_->chunks(), [&](Index chunk, Index worker) {
      auto& x = forward(chunk, worker);
      data_->put(x[last()], chunk, value_);
    });
  }

  /// Dh(w) v. Cost: two forward passes, and one more if activations are not kept.
  void jvp(const Vector& v, Vector& out) const {
    v_->assign(v);
    data_->backend.for_chunks(data_->chunks(), [&](Index chunk, Index worker) {
      auto& scratch = *scratch_[static_cast<std::size_t>(worker)];
      const auto& x = state(chunk, worker);
      scratch.v.prepare(*data_->graph, data_->chunk_size());
      sweep(chunk, worker).jvp(*w_, *v_, x, scratch.v);
      data_->put(scratch.v[last()], chunk, out);
    });
  }

  /// The Jacobian, transposed, times the cotangent u. Cost: two forward passes.
  void vjp(const Vector& u, Vector& out) const {
    detail::sum_over_chunks(*data_, scratch_, out, [&](Index chunk, Index worker, Scalar* gw) {
      auto& scratch = *scratch_[static_cast<std::size_t>(worker)];
      const auto& x = state(chunk, worker);
      scratch.gradient.prepare(*data_->graph, data_->chunk_size());
      data_->take(u, chunk, scratch.gradient[last()]);
      sweep(chunk, worker).vjp(*w_, x, gw);
    });
  }

  /// The raw tangent kernel J J^T, N x N: see NetworkKernel. Where a layer has parameters of another kind
  /// than a convolution's, the Jacobian is formed.
  void gram(Matrix<Scalar>& out) const {
    if (data_->graph->convolutional()) {
      out = NetworkKernel<B>(data_, nullptr, parameters(), KernelOptions{}).result();
    } else {
      const Matrix<Scalar> jacobian = transposed_jacobian();
      out.noalias() = jacobian.transpose() * jacobian;
    }
  }
  /// The raw kernel J J'^T with the same network at the same w on other data, N x N'.
  void cross_gram(const NetworkTangent& other, Matrix<Scalar>& out) const {
    if (data_->graph->convolutional()) {
      out = NetworkKernel<B>(data_, other.data_, parameters(), KernelOptions{}).result();
    } else {
      out.noalias() = transposed_jacobian().transpose() * other.transposed_jacobian();
    }
  }

  /// D^2h(w)[u, v]. Cost: seven forward passes.
  /// @throws std::invalid_argument that names a layer without second derivatives
  void second(const Vector& u, const Vector& v, Vector& out) const {
    u_->assign(u);
    v_->assign(v);
    data_->backend.for_chunks(data_->chunks(), [&](Index chunk, Index worker) {
      auto& scratch = *scratch_[static_cast<std::size_t>(worker)];
      const auto& x = state(chunk, worker);
      for (auto* arrays : {&scratch.u, &scratch.v, &scratch.uv})
        arrays->prepare(*data_->graph, data_->chunk_size());
      const auto walk = sweep(chunk, worker);
      walk.jvp(*w_, *u_, x, scratch.u);
      walk.jvp(*w_, *v_, x, scratch.v);
      walk.second(*w_, *u_, *v_, x, scratch.u, scratch.v, scratch.uv);
      data_->put(scratch.uv[last()], chunk, out);
    });
  }

  /// The sum over i of c_i D^2h_i(w) u. Cost: seven forward passes.
  /// @throws std::invalid_argument that names a layer without second derivatives
  void second_vjp(const Vector& u, const Vector& c, Vector& out) const {
    u_->assign(u);
    detail::sum_over_chunks(*data_, scratch_, out, [&](Index chunk, Index worker, Scalar* gw) {
      auto& scratch = *scratch_[static_cast<std::size_t>(worker)];
      const auto& x = state(chunk, worker);
      for (auto* arrays : {&scratch.u, &scratch.gradient, &scratch.gradient_u}) {
        arrays->prepare(*data_->graph, data_->chunk_size());
      }
      const auto walk = sweep(chunk, worker);
      walk.jvp(*w_, *u_, x, scratch.u);
      data_->take(c, chunk, scratch.gradient[last()]);
      data_->backend.fill(data_->outputs() * data_->count(chunk), scratch.gradient_u[last()], Scalar(0));
      walk.second_vjp(*w_, *u_, x, scratch.u, gw);
    });
  }

 private:
  [[nodiscard]] Matrix<Scalar> transposed_jacobian() const {
    Matrix<Scalar> columns(dimension(parameters()), data_->space.dim());
    Vector unit = zeros_like(value_);
    Vector column = zeros_like(parameters());
    for (Index i = 0; i < columns.cols(); ++i) {
      data_->backend.fill_strided(1, unit.data() + i, 1, Scalar(1));
      vjp(unit, column);
      columns.col(i) = data_->backend.to_host(column);
      data_->backend.fill_strided(1, unit.data() + i, 1, Scalar(0));
    }
    return columns;
  }
  [[nodiscard]] Index last() const { return data_->graph->size() - 1; }
  [[nodiscard]] detail::Sweep<B> sweep(Index chunk, Index worker) const {
    return {*data_->graph, data_->backend, *scratch_[static_cast<std::size_t>(worker)], data_->count(chunk)};
  }
  detail::NodeArrays<B>& forward(Index chunk, Index worker) const {
    auto& x = *states_[static_cast<std::size_t>(kept_ ? chunk : worker)];
    x.prepare(*data_->graph, data_->chunk_size());
    data_->load(chunk, x[0]);
    sweep(chunk, worker).forward(*w_, x);
    return x;
  }
  const detail::NodeArrays<B>& state(Index chunk, Index worker) const {
    return kept_ ? *states_[static_cast<std::size_t>(chunk)] : forward(chunk, worker);
  }

  std::shared_ptr<const Data> data_;
  detail::Pooled<PreparedParameters<B>> w_;
  detail::Pooled<PreparedParameters<B>> u_;
  detail::Pooled<PreparedParameters<B>> v_;
  Vector value_;
  bool kept_;
  std::vector<detail::Pooled<detail::NodeArrays<B>>> states_;
  mutable std::vector<detail::Pooled<detail::Scratch<B>>> scratch_;
};

}  // namespace lazytrain::nn
