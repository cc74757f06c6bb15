#pragma once

#include <cmath>
#include <cstddef>
#include <lazytrain/core/random.hpp>
#include <lazytrain/model/jacobian.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <vector>

/// The linearized model as a linear model: h-bar(w) = h(w0) + Φ^T (w - w0), where the features of an input
/// are D_w f(w0, x) and the tangent kernel is K = Φ^T Φ. The neurons of a random two-layer network are
/// independent random features of its limit kernel, m of them approximate it at the rate m^(-1/2).
namespace lazytrain {

/// Φ = J^T, p x N: column i k + c is D_w f_c(w, x_i). Cost: min(N, p) products and p N numbers.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> tangent_features(const Tangent<H>& tangent) {
  return jacobian(tangent).transpose();
}

/// A two-layer network and its parameters.
template <class S, Activation Sigma>
struct TwoLayerAt {
  TwoLayer<S, Sigma> net;
  Vector<S> w;
};

/// The network of some of the neurons, with the factor s (m / count)^(1/2): over uniform subsets of one size
/// the mean of its tangent kernel is that of the whole network. Neurons may repeat. (Its outputs are no such
/// mean: they grow with that factor, as a network's with s = m^(-1/2) do.)
/// @throws std::invalid_argument if there is no neuron, one does not exist, or w has a wrong size
template <class S, Activation Sigma>
[[nodiscard]] TwoLayerAt<S, Sigma> subnetwork(const TwoLayer<S, Sigma>& net, view_t<Vector<S>> w,
                                              const std::vector<Index>& neurons) {
  const TwoLayerLayout& layout = net.layout();
  require_size("subnetwork", "w", w.size(), layout.parameter_dim(), "m (d + k)");
  const auto count = static_cast<Index>(neurons.size());
  require_argument(count >= 1, "subnetwork", "the number of neurons", count, "at least 1");
  const double ratio = static_cast<double>(layout.neurons()) / static_cast<double>(count);
  TwoLayerAt<S, Sigma> part{TwoLayer<S, Sigma>({.inputs = layout.inputs(),
                                                .neurons = count,
                                                .outputs = layout.outputs(),
                                                .scaling = layout.scale() * std::sqrt(ratio)}),
                            Vector<S>(count * layout.stride())};
  for (Index j = 0; j < count; ++j) {
    const Index neuron = neurons[static_cast<std::size_t>(j)];
    require_argument(neuron >= 0 && neuron < layout.neurons(), "subnetwork", "a neuron", neuron,
                     "an index from 0 to m - 1");
    part.w.segment(j * layout.stride(), layout.stride()) =
        w.segment(layout.inner_offset(neuron), layout.stride());
  }
  return part;
}

/// The network of `count` neurons drawn without replacement. See `subnetwork`.
/// @throws std::invalid_argument unless 1 <= count <= m and w has the right size
template <class S, Activation Sigma>
[[nodiscard]] TwoLayerAt<S, Sigma> random_subnetwork(const TwoLayer<S, Sigma>& net, view_t<Vector<S>> w,
                                                     Index count, RandomEngine auto& rng) {
  require_argument(count >= 1 && count <= net.neurons(), "random_subnetwork", "count", count,
                   "a number of neurons from 1 to m");
  std::vector<Index> neurons = random_permutation(net.neurons(), rng);
  neurons.resize(static_cast<std::size_t>(count));
  return subnetwork<S, Sigma>(net, w, neurons);
}

}  // namespace lazytrain
