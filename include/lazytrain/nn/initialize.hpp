#pragma once

#include <lazytrain/core/error.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/two_layer.hpp>

/// Random initializations of two-layer networks. Numbers are drawn neuron after neuron, a_j before b_j.
namespace lazytrain {

/// Standard deviations of the coordinates of a_j and of b_j.
struct NeuronDeviations {
  double inner = 1;
  double outer = 1;
};

namespace detail {

/// Calls draw(a_j, b_j) for the first `count` neurons of a vector of zeros.
template <class S, Activation Sigma, class Draw>
Vector<S> draw_neurons(const TwoLayer<S, Sigma>& net, Index count, Draw&& draw) {
  const TwoLayerLayout& layout = net.layout();
  Vector<S> w = Vector<S>::Zero(layout.parameter_dim());
  for (Index j = 0; j < count; ++j) {
    draw(w.segment(layout.inner_offset(j), layout.inputs()),
         w.segment(layout.outer_offset(j), layout.outputs()));
  }
  return w;
}

template <class S, Activation Sigma>
Vector<S> gaussian_neurons(const char* function, const TwoLayer<S, Sigma>& net, NeuronDeviations tau,
                           Index count, RandomEngine auto& rng) {
  require_nonnegative(function, "tau.inner", tau.inner);
  require_nonnegative(function, "tau.outer", tau.outer);
  return draw_neurons(net, count, [&](auto a, auto b) {
    for (Index l = 0; l < a.size(); ++l) a(l) = static_cast<S>(tau.inner * normal(rng));
    for (Index c = 0; c < b.size(); ++c) b(c) = static_cast<S>(tau.outer * normal(rng));
  });
}

}  // namespace detail

/// w with independent entries N(0, tau.inner^2) in every a_j and N(0, tau.outer^2) in every b_j.
/// @throws std::domain_error if a deviation is negative or not finite
template <class S, Activation Sigma>
[[nodiscard]] Vector<S> gaussian(const TwoLayer<S, Sigma>& net, NeuronDeviations tau,
                                 RandomEngine auto& rng) {
  return detail::gaussian_neurons("gaussian", net, tau, net.neurons(), rng);
}

/// w with independent entries N(0, tau^2). @throws std::domain_error if tau is negative or not finite
template <class S, Activation Sigma>
[[nodiscard]] Vector<S> gaussian(const TwoLayer<S, Sigma>& net, double tau, RandomEngine auto& rng) {
  return gaussian(net, NeuronDeviations{.inner = tau, .outer = tau}, rng);
}

/// w with a_j uniform on the unit sphere of R^d and b_j on that of R^k (a sign, for k = 1).
template <class S, Activation Sigma>
[[nodiscard]] Vector<S> unit_norm(const TwoLayer<S, Sigma>& net, RandomEngine auto& rng) {
  return detail::draw_neurons(net, net.neurons(), [&](auto a, auto b) {
    a = unit_vector(a.size(), rng).template cast<S>();
    b = unit_vector(b.size(), rng).template cast<S>();
  });
}

/// The doubling trick: the first half of the neurons stays, and neuron j + m/2 becomes (a_j, -b_j), so that
/// h(w) = 0: to the bit in the tangents of `TwoLayer`, which notice, on any data.
/// @throws std::invalid_argument if m is odd or w has a wrong size
template <class S, Activation Sigma>
[[nodiscard]] Vector<S> symmetrized(const TwoLayer<S, Sigma>& net, Vector<S> w) {
  const TwoLayerLayout& layout = net.layout();
  require_size("symmetrized", "w", w.size(), layout.parameter_dim(), "m (d + k)");
  require_argument(net.neurons() % 2 == 0, "symmetrized", "the number of neurons", net.neurons(),
                   "an even number");
  const Index half = net.neurons() / 2;
  w.tail(half * layout.stride()) = w.head(half * layout.stride());
  layout.outer(w.data()).rightCols(half) *= S(-1);
  return w;
}

/// The same with a first half drawn as by `gaussian`.
/// @throws std::invalid_argument if m is odd, std::domain_error if a deviation is negative or not finite
template <class S, Activation Sigma>
[[nodiscard]] Vector<S> symmetrized(const TwoLayer<S, Sigma>& net, NeuronDeviations tau,
                                    RandomEngine auto& rng) {
  return symmetrized(net, detail::gaussian_neurons("symmetrized", net, tau, net.neurons() / 2, rng));
}
template <class S, Activation Sigma>
[[nodiscard]] Vector<S> symmetrized(const TwoLayer<S, Sigma>& net, double tau, RandomEngine auto& rng) {
  return symmetrized(net, NeuronDeviations{.inner = tau, .outer = tau}, rng);
}

}  // namespace lazytrain
