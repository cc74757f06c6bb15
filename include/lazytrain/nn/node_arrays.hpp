#pragma once

#include <lazytrain/core/vector.hpp>
#include <lazytrain/nn/graph.hpp>
#include <vector>

/// What a chunk of samples leaves at the nodes of a network.
namespace lazytrain::nn::detail {

/// One array for every node of a graph, each of the node's size times `samples`.
template <class B>
class NodeArrays {
 public:
  NodeArrays() = default;
  /// Makes every array hold at least `samples` samples. An array that grows becomes 0, others stay as they
  /// are. A merged relu shares that of its source, unless arrays are to be apart.
  void prepare(const Graph<B>& graph, Index samples, bool apart = false) {
    arrays_.resize(static_cast<std::size_t>(graph.size()));
    places_.resize(arrays_.size());
    for (Index i = 0; i < graph.size(); ++i) {
      const Index place = graph[i].merged && !apart ? graph[i].source : i;
      places_[static_cast<std::size_t>(i)] = static_cast<std::size_t>(place);
      auto& array = arrays_[static_cast<std::size_t>(i)];
      const Index size = place == i ? graph[i].shape.dim() * samples : 0;
      if (dimension(array) < size) array = B::Vector::Zero(size);
    }
  }
  [[nodiscard]] scalar_t<B>* operator[](Index i) { return arrays_[place(i)].data(); }
  [[nodiscard]] const scalar_t<B>* operator[](Index i) const { return arrays_[place(i)].data(); }

 private:
  [[nodiscard]] std::size_t place(Index i) const { return places_[static_cast<std::size_t>(i)]; }

  std::vector<typename B::Vector> arrays_;
  /// The array of each node.
  std::vector<std::size_t> places_;
};

/// What one thread writes to while it takes a chunk through the network. Nothing writes to node 0 of `u`, `v`
/// and `uv`: the tangents of the inputs are 0.
template <class B>
struct Scratch {
  typename B::Workspace workspace;
  NodeArrays<B> u;
  NodeArrays<B> v;
  NodeArrays<B> uv;
  NodeArrays<B> gradient;
  NodeArrays<B> gradient_u;
  typename B::Vector branch;
  typename B::Vector branch_u;
  /// Gradient of a chunk in all parameters.
  typename B::Vector parameters;
};

}  // namespace lazytrain::nn::detail
