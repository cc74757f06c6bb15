#pragma once

#include <algorithm>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/nn/pool.hpp>
#include <lazytrain/nn/sweeps.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace lazytrain::nn::detail {

/// The workspaces that the tangents of one network hand on.
template <class B>
struct NetworkPools {
  std::shared_ptr<Pool<PreparedParameters<B>>> parameters = std::make_shared<Pool<PreparedParameters<B>>>();
  std::shared_ptr<Pool<NodeArrays<B>>> arrays = std::make_shared<Pool<NodeArrays<B>>>();
  std::shared_ptr<Pool<Scratch<B>>> scratch = std::make_shared<Pool<Scratch<B>>>();
};

/// A network on the columns of X, cut into the backend's chunks: what its tangents share. Does not change.
template <class B>
struct NetworkData {
  B backend;
  std::shared_ptr<const Graph<B>> graph;
  std::shared_ptr<const typename B::Batch> inputs;
  OutputSpace space;
  /// Bytes of activations that a tangent may keep.
  double memory;
  NetworkPools<B> pools;

  [[nodiscard]] Pooled<PreparedParameters<B>> parameters() const {
    return Pooled<PreparedParameters<B>>(pools.parameters, backend, graph);
  }
  [[nodiscard]] std::vector<Pooled<NodeArrays<B>>> arrays(Index count) const {
    std::vector<Pooled<NodeArrays<B>>> all;
    for (Index i = 0; i < count; ++i) all.emplace_back(pools.arrays);
    return all;
  }
  /// One for each thread.
  [[nodiscard]] std::vector<Pooled<Scratch<B>>> scratch() const {
    std::vector<Pooled<Scratch<B>>> all;
    for (Index i = 0; i < workers(); ++i) all.emplace_back(pools.scratch);
    return all;
  }

  [[nodiscard]] Index workers() const { return std::min(backend.threads(), chunks()); }
  [[nodiscard]] Index samples() const { return inputs->cols(); }
  /// k.
  [[nodiscard]] Index outputs() const { return (*graph)[graph->size() - 1].shape.dim(); }
  [[nodiscard]] Index chunk_size() const { return std::min(backend.chunk(), samples()); }
  [[nodiscard]] Index chunks() const { return (samples() + chunk_size() - 1) / chunk_size(); }
  [[nodiscard]] Index first(Index chunk) const { return chunk * chunk_size(); }
  [[nodiscard]] Index count(Index chunk) const { return std::min(chunk_size(), samples() - first(chunk)); }
  /// Number of coordinates of all arrays of nodes for one sample: see `NodeArrays::prepare`.
  [[nodiscard]] Index state_dim(bool apart) const {
    Index sum = 0;
    for (Index i = 0; i < graph->size(); ++i) {
      if (apart || !(*graph)[i].merged) sum += (*graph)[i].shape.dim();
    }
    return sum;
  }
  /// Whether `arrays` arrays for every node and sample fit into the memory.
  [[nodiscard]] bool fits(double arrays, bool apart) const {
    return arrays * static_cast<double>(state_dim(apart)) * static_cast<double>(samples()) *
               sizeof(scalar_t<B>) <=
           memory;
  }
  /// Writes the inputs of a chunk.
  void load(Index chunk, scalar_t<B>* out) const {
    const auto size = inputs->rows() * count(chunk);
    backend.map(size, out, Same{}, inputs->data() + inputs->rows() * first(chunk));
  }
  /// Writes the inputs of a chunk, which do not move, to node 0 of pairs and of values.
  void load_pair(Index chunk, NodeArrays<B>& pairs, NodeArrays<B>& values) const {
    pairs.prepare(*graph, 2 * chunk_size(), true);
    values.prepare(*graph, chunk_size(), true);
    load(chunk, values[0]);
    load(chunk, pairs[0]);
    const Index size = inputs->rows() * count(chunk);
    backend.fill(size, pairs[0] + size, scalar_t<B>(0));
  }
  /// Copies a chunk's part of an element of F to or from the last node's array.
  /// @throws std::invalid_argument if it has another dimension than F
  void take(const typename B::Vector& all, Index chunk, scalar_t<B>* out) const {
    require_size("Network", "a cotangent", dimension(all), space.dim(), "the dimension of F");
    backend.map(outputs() * count(chunk), out, Same{}, all.data() + outputs() * first(chunk));
  }
  void put(const scalar_t<B>* in, Index chunk, typename B::Vector& all) const {
    require_size("Network", "the result", dimension(all), space.dim(), "the dimension of F");
    backend.map(outputs() * count(chunk), all.data() + outputs() * first(chunk), Same{}, in);
  }
};

/// out = the sum over the chunks, in their order, of the gradients that compute(chunk, worker, gw) writes to
/// gw. @throws std::invalid_argument if out has not p coordinates
template <class B, class Compute>
void sum_over_chunks(const NetworkData<B>& data, std::vector<Pooled<Scratch<B>>>& scratch,
                     typename B::Vector& out, Compute&& compute) {
  require_size("Network", "the result", dimension(out), data.graph->parameter_dim(), "the parameters p");
  if (data.chunks() == 1) return compute(Index{0}, Index{0}, out.data());
  const auto gradient = [&](Index worker) ->
      typename B::Vector& { return scratch[static_cast<std::size_t>(worker)]->parameters; };
  data.backend.for_chunks_in_order(
      data.chunks(),
      [&](Index chunk, Index worker) {
        if (dimension(gradient(worker)) == 0) gradient(worker) = zeros_like(out);
        compute(chunk, worker, gradient(worker).data());
      },
      [&](Index chunk, Index worker) {
        if (chunk == 0) {
          copy(gradient(worker), out);
        } else {
          axpy(scalar_t<B>(1), gradient(worker), out);
        }
      });
}

}  // namespace lazytrain::nn::detail
