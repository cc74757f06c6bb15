#pragma once

#include <algorithm>
#include <array>
#include <lazytrain/nn/maps.hpp>
#include <lazytrain/nn/node_arrays.hpp>
#include <lazytrain/nn/prepared.hpp>
#include <vector>

/// Forward and backward sweeps of a chunk of samples through a network: what tangents and displacements are
/// made of.
namespace lazytrain::nn::detail {

/// A network, and a chunk of samples that one thread takes through it.
template <class B>
class Sweep {
 public:
  using S = scalar_t<B>;
  using Parameters = PreparedParameters<B>;

  Sweep(const Graph<B>& graph, const B& backend, Scratch<B>& scratch, Index samples)
      : graph_(graph), backend_(backend), scratch_(scratch), samples_(samples) {}

  /// Values of all nodes from that of node 0.
  void forward(const Parameters& w, NodeArrays<B>& x) const {
    for (Index i = 1; i < graph_.size(); ++i) {
      const auto& node = graph_[i];
      if (node.merged) continue;
      if (node.layer) {
        node.layer->forward(chunk(node), w[i], x[node.source], x[i]);
      } else {
        sum(i, 1, x, x[i]);
      }
    }
  }

  /// Tangents of all nodes along dw; that of node 0 is 0. `x` gives the values.
  template <class Values>
  void jvp(const Parameters& w, const Parameters& dw, const Values& x, NodeArrays<B>& dx) const {
    for (Index i = 1; i < graph_.size(); ++i) {
      const auto& node = graph_[i];
      if (node.merged) continue;
      if (node.layer) {
        node.layer->jvp(chunk(node), w[i], dw[i], x[node.source], x[i], dx[node.source], dx[i]);
      } else {
        sum(i, 1, dx, dx[i]);
      }
    }
  }

  /// Values at w and scaled differences, side by side, of all nodes from those of node 0. `x` receives value
  /// + epsilon difference, if epsilon > 0. Arrays are apart: a relu's value at the moved point, where it is
  /// 0, is so up to rounding only, and the side of its kink is that of its input.
  void displace(const Parameters& w, const Parameters& dw, S epsilon, NodeArrays<B>& pairs,
                NodeArrays<B>& x) const {
    for (Index i = 1; i < graph_.size(); ++i) {
      const auto& node = graph_[i];
      const S* const source = epsilon == S(0) ? pairs[node.source] : x[node.source];
      if (node.layer) {
        node.layer->displace(plain_chunk(node), w[i], dw[i], epsilon, pairs[node.source], source, pairs[i]);
      } else {
        sum(i, 2, pairs, pairs[i]);
      }
      if (epsilon != S(0)) {
        const Index size = node.shape.dim() * samples_;
        backend_.map(size, x[i], Moved<S>{epsilon}, pairs[i], pairs[i] + size);
      }
    }
  }

  /// Gradients of all nodes from that of the last one, and of all parameters, which `gw` points to.
  template <class Values>
  void vjp(const Parameters& w, const Values& x, S* gw) const {
    backward(w, x, gw, ParameterGradient::wanted, 1, [](Index, const S*) {});
  }

  /// Gradients of the nodes from the last one down to `first`; `at_node(i, gradient)` sees each that is not a
  /// merged relu's. `spare` has room for the parameters, of which no gradient is taken.
  template <class Values, class AtNode>
  void node_gradients(const Parameters& w, const Values& x, Index first, S* spare, AtNode&& at_node) const {
    backward(w, x, spare, ParameterGradient::unwanted, first, at_node);
    at_node(first, scratch_.gradient[first]);
  }

  /// Second derivatives of all nodes along u and v.
  template <class Values>
  void second(const Parameters& w, const Parameters& u, const Parameters& v, const Values& x,
              const NodeArrays<B>& xu, const NodeArrays<B>& xv, NodeArrays<B>& xuv) const {
    for (Index i = 1; i < graph_.size(); ++i) {
      const auto& node = graph_[i];
      const Index s = node.source;
      if (node.merged) continue;
      if (node.layer) {
        node.layer->second(chunk(node), w[i], u[i], v[i], x[s], x[i], xu[s], xv[s], xuv[s], xuv[i]);
      } else {
        sum(i, 1, xuv, xuv[i]);
      }
    }
  }

  /// The derivative of `vjp` when the point moves along u, for a constant gradient of the last node: `gwu`
  /// receives that of the parameters' gradient.
  template <class Values>
  void second_vjp(const Parameters& w, const Parameters& u, const Values& x, const NodeArrays<B>& xu,
                  S* gwu) const {
    NodeArrays<B>& g = scratch_.gradient;
    NodeArrays<B>& gu = scratch_.gradient_u;
    std::vector<char> written(static_cast<std::size_t>(graph_.size()), 0);
    std::vector<char> written_u = written;
    for (Index i = graph_.size() - 1; i > 0; --i) {
      const auto& node = graph_[i];
      const Index s = node.source;
      if (node.layer) {
        if (node.merged && written[static_cast<std::size_t>(i)] == masked) {
          written[static_cast<std::size_t>(s)] = written_u[static_cast<std::size_t>(s)] = 1;
          continue;
        }
        const bool first = !written[static_cast<std::size_t>(s)];
        S* const target = first ? g[s] : branch(scratch_.branch, s);
        S* const target_u = first ? gu[s] : branch(scratch_.branch_u, s);
        Chunk<B> to = plain_chunk(node);
        to.mask = mask(node, x);
        node.layer->second_vjp(to, w[i], u[i], x[s], x[i], xu[s], g[i], gu[i], target, target_u,
                               gwu + node.offset);
        if (!first) {
          add(s, target, g[s]);
          add(s, target_u, gu[s]);
        }
        written[static_cast<std::size_t>(s)] = to.mask == nullptr ? 1 : masked;
        written_u[static_cast<std::size_t>(s)] = 1;
      } else {
        hand_on(i, g, written);
        hand_on(i, gu, written_u);
      }
    }
  }

 private:
  /// What is written of a node whose relu's mask was applied too.
  static constexpr char masked = 2;

  [[nodiscard]] Chunk<B> plain_chunk(const typename Graph<B>::Node& node) const {
    return {backend_, scratch_.workspace, samples_, node.source == 0 ? Input::fixed : Input::moves};
  }
  /// With what a relu after the node's layer makes of its outputs.
  [[nodiscard]] Chunk<B> chunk(const typename Graph<B>::Node& node) const {
    Chunk<B> all = plain_chunk(node);
    all.rectified = node.rectified;
    return all;
  }
  /// Where a layer which rectifies masks the gradient of its input: if that is a merged relu, read by it
  /// alone, where the relu's input is not positive.
  template <class Values>
  [[nodiscard]] const S* mask(const typename Graph<B>::Node& node, const Values& x) const {
    const auto& source = graph_[node.source];
    return source.merged && source.readers == 1 && node.layer->rectifies() ? x[source.source] : nullptr;
  }
  /// Passes the layers of the nodes from the last one down to `first`; where no gradients of parameters are
  /// wanted, down to the one after it.
  template <class Values, class AtNode>
  void backward(const Parameters& w, const Values& x, S* gw, ParameterGradient parameters, Index first,
                AtNode&& at_node) const {
    NodeArrays<B>& g = scratch_.gradient;
    std::vector<char> written(static_cast<std::size_t>(graph_.size()), 0);
    const Index end = parameters == ParameterGradient::wanted ? first : first + 1;
    for (Index i = graph_.size() - 1; i >= end; --i) {
      const auto& node = graph_[i];
      if (node.merged && written[static_cast<std::size_t>(i)] == masked) {
        written[static_cast<std::size_t>(node.source)] = 1;
        continue;
      }
      if (!node.merged) at_node(i, g[i]);
      if (node.layer) {
        Chunk<B> to = plain_chunk(node);
        to.parameters = parameters;
        to.mask = mask(node, x);
        const bool fresh = !written[static_cast<std::size_t>(node.source)];
        S* const target = fresh ? g[node.source] : branch(scratch_.branch, node.source);
        node.layer->vjp(to, w[i], x[node.source], x[i], g[i], target, gw + node.offset);
        if (!fresh) add(node.source, target, g[node.source]);
        written[static_cast<std::size_t>(node.source)] = to.mask == nullptr ? 1 : masked;
      } else {
        hand_on(i, g, written);
      }
    }
  }
  [[nodiscard]] Index size(Index i) const { return graph_[i].shape.dim() * samples_; }
  /// out = the sum that node i is, of `copies` arrays side by side.
  void sum(Index i, Index copies, const NodeArrays<B>& x, S* out) const {
    backend_.map(copies * size(i), out, Plus{}, x[graph_[i].source], x[graph_[i].other]);
  }
  void add(Index i, const S* x, S* y) const { backend_.map(size(i), y, Plus{}, x, static_cast<const S*>(y)); }
  [[nodiscard]] S* branch(typename B::Vector& array, Index i) const {
    if (dimension(array) < size(i)) array.resize(size(i));
    return array.data();
  }
  /// The gradient of a sum goes to both summands.
  void hand_on(Index i, NodeArrays<B>& g, std::vector<char>& written) const {
    const std::array<Index, 2> summands{graph_[i].source, graph_[i].other};
    for (const Index target : summands) {
      char& done = written[static_cast<std::size_t>(target)];
      if (done) {
        add(target, g[i], g[target]);
      } else {
        backend_.map(size(i), g[target], Same{}, g[i]);
      }
      done = 1;
    }
  }

  const Graph<B>& graph_;
  const B& backend_;
  Scratch<B>& scratch_;
  Index samples_;
};

}  // namespace lazytrain::nn::detail
