#pragma once

#include <lazytrain/lazy/observed_flows.hpp>
#include <lazytrain/lazy/two_layer_lipschitz.hpp>
#include <lazytrain/model/centred.hpp>
#include <string>

#include "oracle_network.hpp"

namespace lazytrain::testing {

/// Flows precise enough for numbers that agree with the oracle to 1e-8.
inline TheoremOptions precise(double tolerance = 1e-11) {
  TheoremOptions options;
  options.flows.relative_tolerance = tolerance;
  options.flows.samples = 40;
  return options;
}

/// visit(h, w0, certified bounds) for tanh_sym, tanh_uns, or tanh_cen, the network minus its start.
template <class Visit>
void with_tanh_network(const std::string& net, Visit&& visit) {
  const auto f = Oracle::network<Tanh>();
  const Vector<double> w0 = Oracle::weights(net == "tanh_sym" ? "sym" : "uns");
  Philox rng(1);
  const LipschitzBounds bounds =
      two_layer_lipschitz(f, view_t<Vector<double>>(w0), SingularValueOptions{}, rng);
  if (net == "tanh_cen") {
    visit(centred(f, w0), w0, bounds);
  } else {
    visit(f, w0, bounds);
  }
}

}  // namespace lazytrain::testing
