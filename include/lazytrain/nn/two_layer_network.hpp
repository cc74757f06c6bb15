#pragma once

#include <lazytrain/nn/affine.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/pointwise.hpp>
#include <lazytrain/nn/scale.hpp>
#include <lazytrain/nn/two_layer_layout.hpp>

/// Two-layer networks as networks of layers: on any backend, a device among them. `TwoLayer`, by products
/// written for it, is the faster one on the host.
namespace lazytrain::nn {

/// The function of `TwoLayer<S, Sigma>(options)`, f(x) = s(m) * sum over j < m of b_j σ(a_j.x), whose
/// parameters are A', m x d, and then B, k x m: see `two_layer_network_parameters`.
/// @throws std::invalid_argument, std::domain_error as `TwoLayer`
template <class B, lazytrain::Activation Sigma = lazytrain::Relu>
[[nodiscard]] Network<B> two_layer_network(const TwoLayerOptions& options, const B& backend = B(),
                                           const NetworkOptions& network = {}) {
  const TwoLayerLayout layout(options);
  return {{layout.inputs()},
          Series<B>{Dense{.outputs = layout.neurons(), .bias = false}, Pointwise<Sigma>{},
                    Dense{.outputs = layout.outputs(), .bias = false}, Scale{layout.scale()}},
          backend,
          network};
}

/// Parameters of `TwoLayer`, neuron after neuron, as those of `two_layer_network`.
/// @throws std::invalid_argument if w has a wrong size
template <class S>
[[nodiscard]] Vector<S> two_layer_network_parameters(const TwoLayerLayout& layout, const Vector<S>& w) {
  require_size("two_layer_network_parameters", "w", w.size(), layout.parameter_dim(), "m (d + k)");
  const Index inner = layout.neurons() * layout.inputs();
  Vector<S> out(w.size());
  Eigen::Map<Matrix<S>>(out.data(), layout.neurons(), layout.inputs()) = layout.inner(w.data()).transpose();
  Eigen::Map<Matrix<S>>(out.data() + inner, layout.outputs(), layout.neurons()) = layout.outer(w.data());
  return out;
}

/// The inverse of `two_layer_network_parameters`.
/// @throws std::invalid_argument if w has a wrong size
template <class S>
[[nodiscard]] Vector<S> two_layer_parameters(const TwoLayerLayout& layout, const Vector<S>& w) {
  require_size("two_layer_parameters", "w", w.size(), layout.parameter_dim(), "m (d + k)");
  const Index inner = layout.neurons() * layout.inputs();
  Vector<S> out(w.size());
  layout.inner(out.data()) =
      Eigen::Map<const Matrix<S>>(w.data(), layout.neurons(), layout.inputs()).transpose();
  layout.outer(out.data()) =
      Eigen::Map<const Matrix<S>>(w.data() + inner, layout.outputs(), layout.neurons());
  return out;
}

}  // namespace lazytrain::nn
