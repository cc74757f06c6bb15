#pragma once

#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

namespace lazytrain::testing {

/// Checks a deep network with kinks at Xavier's weights on random images: jvp linear and of the order that
/// differences show, vjp its transpose, second derivatives symmetric and with their transpose, displacements
/// the scaled difference, and at epsilon = 0 the jvp. A path has twenty layers of some hundred products.
template <class S>
void check_network_end_to_end(const nn::Network<cpu::Backend<S>>& net) {
  using V = Vector<S>;
  Philox rng(9);
  const Index samples = 3, p = net.parameter_dim(), n = samples * net.outputs();
  const auto h = net.on(normal_matrix<S>(net.input_shape().dim(), samples, rng));
  const V w = nn::xavier_normal(net, rng, std::sqrt(2.0));
  const V u = normal_vector<S>(p, rng) / std::sqrt(static_cast<S>(p)),
          v = normal_vector<S>(p, rng) / std::sqrt(static_cast<S>(p)), c = normal_vector<S>(n, rng);
  const double tolerance = roundoff<S>(4000);
  const auto near = [&](const V& a, const V& b) {
    CHECK(static_cast<double>((a - b).norm()) <= tolerance * static_cast<double>(a.norm() + b.norm()));
  };
  const auto transposed = [&](const V& forward, const V& backward) {
    CHECK_THAT(
        static_cast<double>(c.dot(forward)),
        WithinAbs(static_cast<double>(backward.dot(v)),
                  tolerance * static_cast<double>(c.norm() * forward.norm() + backward.norm() * v.norm())));
  };
  const auto t = h.linearize(w);
  V yu(n), yv(n), sum(n), gw(p), uv(n), vu(n), gwu(p);
  t.jvp(u, yu);
  t.jvp(v, yv);
  t.jvp(u + S(2) * v, sum);
  t.vjp(c, gw);
  near(sum, yu + S(2) * yv);
  transposed(yv, gw);
  t.second(u, v, uv);
  t.second(v, u, vu);
  t.second_vjp(u, c, gwu);
  near(uv, vu);
  transposed(uv, gwu);

  near(h.displace(w, S(0)).linearize(v).value(), yv);
  for (const S epsilon : {S(0.5), S(0.01)}) {
    const auto d = h.displace(w, epsilon).linearize(v);
    near(t.value() + epsilon * d.value(), h.linearize(w + epsilon * v).value());
  }
  // Displacements of a network that is piecewise a polynomial differ from the jvp by the order of epsilon.
  const auto distance = [&](double epsilon) {
    const V value = h.displace(w, static_cast<S>(epsilon)).linearize(v).value();
    return static_cast<double>((value - yv).norm() / yv.norm());
  };
  CHECK(distance(1e-5) <= 0.05 * distance(1e-2) + tolerance);
  CHECK(distance(1e-9) <= 1e-6 * distance(1e-2) + tolerance);
}

}  // namespace lazytrain::testing
