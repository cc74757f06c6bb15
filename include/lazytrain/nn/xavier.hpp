#pragma once

#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/network.hpp>
#include <optional>
#include <utility>

namespace lazytrain::nn {

/// Parameters by Xavier's rule (Glorot and Bengio 2010): weights of a layer independent N(0, g^2 2 / (fan in
/// + fan out)) with the gain g, where fan in = kernel^2 channels and fan out = kernel^2 filters; biases, and
/// parameters of layers that are no convolution, 0. Drawn layer after layer, column after column.
/// @throws std::domain_error if the gain is negative or not finite
template <class B>
[[nodiscard]] typename B::Vector xavier_normal(const Network<B>& net, RandomEngine auto& rng,
                                               double gain = 1) {
  require_nonnegative("xavier_normal", "gain", gain);
  Vector<scalar_t<B>> w = Vector<scalar_t<B>>::Zero(net.parameter_dim());
  const Graph<B>& graph = net.graph();
  for (Index i = 0; i < graph.size(); ++i) {
    const auto shape = graph[i].layer ? graph[i].layer->conv_shape() : std::nullopt;
    if (!shape) continue;
    const auto fans = static_cast<double>(shape->kernel * shape->kernel * (shape->channels + shape->filters));
    const double deviation = gain * std::sqrt(2 / fans);
    for (Index q = 0; q < shape->weight_dim(); ++q) {
      w(graph[i].offset + q) = static_cast<scalar_t<B>>(deviation * normal(rng));
    }
  }
  return typename B::Vector(std::move(w));
}

}  // namespace lazytrain::nn
