#pragma once

#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/network.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lazytrain::nn {

/// The share of a layer's pieces (signs of its units, choices of its windows) that are what they were.
struct LayerStability {
  std::string layer;
  Pattern pattern = Pattern::signs;
  double same = 1;
};

/// Stability of activations (Appendix C.2): per layer in the network's order, and averaged.
struct ActivationStability {
  std::vector<LayerStability> layers;

  /// Mean over the layers with an activation that has a kink; 1 if there is none.
  [[nodiscard]] double activations() const { return mean(Pattern::signs); }
  /// Mean over the max-pooling layers; 1 if there is none.
  [[nodiscard]] double pooling() const { return mean(Pattern::choices); }

 private:
  [[nodiscard]] double mean(Pattern pattern) const {
    double sum = 0;
    Index count = 0;
    for (const LayerStability& layer : layers) {
      if (layer.pattern != pattern) continue;
      sum += layer.same;
      ++count;
    }
    return count == 0 ? 1 : sum / static_cast<double>(count);
  }
};

/// The share of units on the same side of their kink at w0 and at w0 + epsilon delta, over the columns of X,
/// for every layer with kinks; likewise that of max-pooling choices. Both points are seen through one
/// displacement, so that nothing is lost to rounding where epsilon is small. Cost: three forward passes
/// and a copy of X.
/// @throws std::domain_error if epsilon is negative or not finite, std::invalid_argument if a size is wrong
/// or a layer has no displacement
template <class B>
[[nodiscard]] ActivationStability activation_stability(const Network<B>& net, const typename B::Vector& w0,
                                                       scalar_t<B> epsilon, const typename B::Vector& delta,
                                                       const typename B::Batch& X) {
  require_nonnegative("activation_stability", "epsilon", epsilon);
  require_size("activation_stability", "w0", dimension(w0), net.parameter_dim(), "the parameters p");
  require_size("activation_stability", "delta", dimension(delta), net.parameter_dim(), "the parameters p");
  const Graph<B>& graph = net.graph();
  const auto model = net.on(X);
  const auto& data = model.data();
  auto origin = data.parameters();
  auto direction = data.parameters();
  origin->assign(w0);
  direction->assign(delta);
  using Counts = std::vector<std::optional<PatternAgreement>>;
  std::vector<Counts> counts(static_cast<std::size_t>(data.workers()),
                             Counts(static_cast<std::size_t>(graph.size())));
  auto pairs = data.arrays(data.workers());
  auto values = data.arrays(data.workers());
  auto scratch = data.scratch();
  data.backend.for_chunks(data.chunks(), [&](Index chunk, Index worker) {
    const auto slot = static_cast<std::size_t>(worker);
    const Index samples = data.count(chunk);
    data.load_pair(chunk, *pairs[slot], *values[slot]);
    const detail::Sweep<B> sweep(graph, data.backend, *scratch[slot], samples);
    sweep.displace(*origin, *direction, epsilon, *pairs[slot], *values[slot]);
    const auto& moved = epsilon == scalar_t<B>(0) ? *pairs[slot] : *values[slot];
    for (Index i = 1; i < graph.size(); ++i) {
      const auto& node = graph[i];
      if (!node.layer) continue;
      const auto part = node.layer->compare_patterns({data.backend, scratch[slot]->workspace, samples},
                                                     (*pairs[slot])[node.source], moved[node.source]);
      auto& total = counts[slot][static_cast<std::size_t>(i)];
      if (!part) continue;
      if (!total) total = PatternAgreement{part->pattern, 0, 0};
      total->same += part->same;
      total->total += part->total;
    }
  });
  ActivationStability stability;
  for (Index i = 1; i < graph.size(); ++i) {
    PatternAgreement sum;
    for (const auto& worker : counts) {
      if (const auto& part = worker[static_cast<std::size_t>(i)]) {
        sum = {part->pattern, sum.same + part->same, sum.total + part->total};
      }
    }
    if (sum.total == 0) continue;
    stability.layers.push_back({graph[i].layer->name(), sum.pattern,
                                static_cast<double>(sum.same) / static_cast<double>(sum.total)});
  }
  return stability;
}

}  // namespace lazytrain::nn
