#pragma once

#include <algorithm>
#include <concepts>
#include <lazytrain/nn/layer_features.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain::nn {

namespace detail {

/// The same data with exact convolutions and small chunks, and workspaces of its own, which fit them.
template <class B>
[[nodiscard]] std::shared_ptr<const NetworkData<B>> exact(const std::shared_ptr<const NetworkData<B>>& data) {
  if (!data) return nullptr;
  NetworkData<B> copy = *data;
  copy.backend = data->backend.exact().with_chunk(data->backend.kernel_chunk());
  copy.pools = NetworkPools<B>{};
  return std::make_shared<const NetworkData<B>>(std::move(copy));
}

}  // namespace detail

/// The tangent kernel (7) of a network at w between two sets of images, as a computation that can be stopped
/// after every unit and taken up again: K[(i,c), (j,e)] = D_w f_c(w, x_i) . D_w f_e(w, x_j), output c of
/// image i at i k + c, in the raw convention, without the weights of F.
///
///     nn::NetworkKernel kernel(net, w, images);              // of one set: symmetric, half of the work
///     while (kernel.step()) save(kernel.done(), kernel.partial());
///     const auto K = std::move(kernel).result();
///
/// Convolutions are exact here: the rounding of faster ones, 1e-5 in single precision, would flip signs of
/// relu units and choices of max-pooling, and the kernel with them. Every layer's part is contracted from
/// activations and deltas in the way that costs least
/// (`plan().layers`), never from a whole Jacobian. The bits depend on the images, the parameters and the
/// methods, neither on threads, memory or units nor on interruptions. Memory: the kernel and
/// `options.memory`.
template <class B>
class NetworkKernel {
 public:
  using Scalar = scalar_t<B>;
  using Data = detail::NetworkData<B>;

  /// @throws std::invalid_argument if a size is wrong or a layer's parameters do not enter through a
  /// convolution
  template <class Net>
  NetworkKernel(const Net& net, const typename B::Vector& w, typename B::Batch images,
                const KernelOptions& options = {})
      : NetworkKernel(net.on(std::move(images)).shared_data(), nullptr, w, options) {}
  /// Rows of one set, columns of another: train x test.
  template <class Net>
  NetworkKernel(const Net& net, const typename B::Vector& w, typename B::Batch rows,
                typename B::Batch columns, const KernelOptions& options = {})
      : NetworkKernel(net.on(std::move(rows)).shared_data(), net.on(std::move(columns)).shared_data(), w,
                      options) {}
  /// Of data that a network is already on; no `columns`: symmetric.
  NetworkKernel(std::shared_ptr<const Data> rows, std::shared_ptr<const Data> columns,
                const typename B::Vector& w, const KernelOptions& options)
      : rows_(detail::exact(rows)),
        columns_(columns ? detail::exact(columns) : rows_),
        w_(rows_->parameters()),
        plan_(plan_kernel(*rows_->graph, rows_->samples(), columns_->samples(), symmetric(),
                          std::max(rows_->chunk_size(), columns_->chunk_size()), options)),
        kernel_(B::Batch::Zero(rows_->space.dim(), columns_->space.dim())),
        workspaces_(static_cast<std::size_t>(rows_->backend.threads())) {
    require_size("NetworkKernel", "w", dimension(w), rows_->graph->parameter_dim(), "the parameters p");
    w_->assign(w);
  }

  [[nodiscard]] const KernelPlan& plan() const { return plan_; }
  /// Number of units of work, and how many are done.
  [[nodiscard]] Index units() const { return static_cast<Index>(plan_.units.size()); }
  [[nodiscard]] Index done() const { return done_; }
  [[nodiscard]] bool finished() const { return done_ == units(); }

  /// Does a unit; false if none was left.
  bool step() {
    if (finished()) return false;
    const KernelUnit& unit = plan_.units[static_cast<std::size_t>(done_)];
    load(unit, *rows_, unit.row, unit.rows, row_features_);
    const bool diagonal = symmetric() && unit.row == unit.column;
    if (!diagonal) load(unit, *columns_, unit.column, unit.columns, column_features_);
    add(unit, diagonal, diagonal ? row_features_ : column_features_);
    if (++done_ == units() && symmetric()) rows_->backend.mirror(kernel_);
    return true;
  }

  /// The sum of the units done, and what to give `resume` to go on from there.
  [[nodiscard]] decltype(auto) partial() const { return rows_->backend.to_host(kernel_); }
  /// Goes on where `done()` units had been done and `partial()` was `kernel`, with the same images, w and
  /// options.
  /// @throws std::invalid_argument if a size is wrong
  void resume(Index done, Matrix<Scalar> kernel) {
    require_argument(done >= 0 && done <= units(), "NetworkKernel::resume", "done", done,
                     "at most the number of units, " + std::to_string(units()));
    require_size("NetworkKernel::resume", "kernel.rows()", kernel.rows(), kernel_.rows(),
                 "images times outputs");
    require_size("NetworkKernel::resume", "kernel.cols()", kernel.cols(), kernel_.cols(),
                 "images times outputs");
    done_ = done;
    kernel_ = typename B::Batch(std::move(kernel));
  }

  /// Does what is left and gives the kernel.
  [[nodiscard]] Matrix<Scalar> result() && {
    while (step()) continue;
    if constexpr (std::same_as<typename B::Batch, Matrix<Scalar>>) {
      return std::move(kernel_);
    } else {
      return rows_->backend.to_host(kernel_);
    }
  }

 private:
  [[nodiscard]] bool symmetric() const { return rows_ == columns_; }

  void load(const KernelUnit& unit, const Data& data, Index first, Index count,
            detail::LayerFeatures<B>& features) {
    if (features.first == first && features.count == count && features.first_layer == unit.first_layer)
      return;
    const std::span<const KernelLayer> layers(plan_.layers);
    detail::compute_features(
        data, *w_,
        layers.subspan(static_cast<std::size_t>(unit.first_layer), static_cast<std::size_t>(unit.layers)),
        first, count, features);
    features.first_layer = unit.first_layer;
  }

  /// Adds the unit's layers, tile by tile on the backend's threads.
  void add(const KernelUnit& unit, bool diagonal, const detail::LayerFeatures<B>& columns) {
    struct Tile {
      Index row, rows, column, columns;
    };
    for (Index l = 0; l < unit.layers; ++l) {
      const KernelLayer& layer = plan_.layers[static_cast<std::size_t>(unit.first_layer + l)];
      // Gradients are formed once a tile: few tiles, but enough for all threads.
      const Index side = layer.method == KernelContraction::jacobian ? jacobian_tile(unit)
                                                                     : rows_->backend.contraction_tile();
      std::vector<Tile> tiles;
      for (Index row = 0; row < unit.rows; row += side) {
        for (Index column = 0; column < (diagonal ? row + 1 : unit.columns); column += side) {
          tiles.push_back(
              {row, std::min(side, unit.rows - row), column, std::min(side, unit.columns - column)});
        }
      }
      const auto slot = static_cast<std::size_t>(l);
      rows_->backend.for_chunks(static_cast<Index>(tiles.size()), [&](Index t, Index worker) {
        const Tile& part = tiles[static_cast<std::size_t>(t)];
        contract(layer, slot, part.row, part.rows, part.column, part.columns, unit, diagonal, columns,
                 workspaces_[static_cast<std::size_t>(worker)]);
      });
    }
  }

  void contract(const KernelLayer& layer, std::size_t slot, Index row, Index rows, Index column,
                Index columns, const KernelUnit& unit, bool diagonal,
                const detail::LayerFeatures<B>& column_features,
                typename B::ContractionWorkspace& workspace) {
    const Index k = rows_->outputs();
    const typename B::LayerContraction contraction{layer.shape, k, layer.bias, layer.method};
    const auto left = rows_->backend.layer_samples(row_features_.activations[slot],
                                                   row_features_.deltas[slot], row, rows, k);
    auto out = rows_->backend.block(kernel_, (unit.row + row) * k, (unit.column + column) * k, rows * k,
                                    columns * k);
    if (diagonal && row == column) {
      rows_->backend.contract(contraction, left, out, Write::add, workspace);
    } else {
      const auto right = rows_->backend.layer_samples(column_features.activations[slot],
                                                      column_features.deltas[slot], column, columns, k);
      rows_->backend.contract(contraction, left, right, out, Write::add, workspace);
    }
  }

  [[nodiscard]] Index jacobian_tile(const KernelUnit& unit) const {
    const Index parts = rows_->backend.threads() == 1 ? 1 : 4;
    return std::max(rows_->backend.contraction_tile(),
                    (std::max(unit.rows, unit.columns) + parts - 1) / parts);
  }

  std::shared_ptr<const Data> rows_;
  std::shared_ptr<const Data> columns_;
  detail::Pooled<PreparedParameters<B>> w_;
  KernelPlan plan_;
  typename B::Batch kernel_;
  std::vector<typename B::ContractionWorkspace> workspaces_;
  detail::LayerFeatures<B> row_features_;
  detail::LayerFeatures<B> column_features_;
  Index done_ = 0;
};

template <class Net, class... Arguments>
NetworkKernel(const Net&, const Arguments&...) -> NetworkKernel<typename Net::Backend>;

}  // namespace lazytrain::nn
