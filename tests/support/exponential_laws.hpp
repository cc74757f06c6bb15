#pragma once

#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/exponential_adams.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/flow/linear_flow_matrix_free.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/loss_elsewhere.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <limits>
#include <support/device_laws.hpp>
#include <support/training_laws.hpp>

/// Exponential methods on an executor's vectors agree with those on the host's.
namespace lazytrain::testing {

/// Runs in displacements with cross-entropy and in parameters with the square loss, with the linear part in
/// its eigenbasis and by Lanczos: ends, states at times within steps, and numbers of steps. The exact linear
/// flow, in the kernel's eigenbasis and by products.
template <class B>
Results<scalar_t<B>> exponential_results(const B& backend) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const nn::Network<B> net = smooth_classifier(backend);
  Philox rng(3);
  const V w0 = nn::xavier_normal(net, rng);
  const auto data = small_data<S>();
  // Seven samples: 21 outputs.
  const auto h = net.on(Matrix<S>(data.inputs.leftCols(7)));
  const std::vector<Index> labels(data.labels.begin(), data.labels.begin() + 7);
  const auto entropy = loss_where_outputs_are<V>(cross_entropy_loss<S>(labels, h.output_space()));
  const auto square =
      loss_where_outputs_are<V>(square_loss(normal_vector<S>(h.output_dim(), rng), h.output_space()));
  Results<S> results;
  const auto run = [&](const std::string& name, const auto& stepper, auto field, const V& start,
                       double tolerance = 1e-3) {
    FlowOptions options{.horizon = 9, .relative_tolerance = tolerance, .step = 1, .sample_times = {0.7, 5.1}};
    const auto end = integrate(stepper, field, start, options, {}, [&](const auto& view) {
      results.emplace_back(name + ", on the way", on_host(view.x));
    });
    INFO(name << ": " << end);
    CHECK(end.succeeded());
    results.emplace_back(name, on_host(end.x));
    results.emplace_back(name + ", steps", Vector<S>::Constant(1, static_cast<S>(end.counts.accepted)));
  };
  const V zero = zeros_like(w0);
  const auto runs = [&](const std::string& name, const Exponential& stepper) {
    run(name + ", displacements", stepper, displacement_field(h, entropy, w0, S(1)), zero);
    run(name + ", linearized", stepper, linearized_field(h, entropy, w0, S(100)), zero);
    run(name + ", parameters", stepper, parameter_field(h, square, w0, S(2)), w0);
  };
  runs("Krylov", Exponential{.linear_part = LinearPart::krylov,
                             .krylov_tolerance = std::same_as<S, float> ? 1e-6 : 1e-11});
  runs("eigenbasis", Exponential{.linear_part = LinearPart::eigenbasis, .refresh_cost = 0.5});
  const auto adams = [&](const char* name, double tolerance) {
    run(name, ExponentialAdams{.max_order = 3}, displacement_field(h, entropy, w0, S(1)), zero, tolerance);
  };
  // At this tolerance steps grow as they may.
  adams("Adams, free", 10);
#ifdef __FMA__  // two backends' products round differently then, and the lengths of controlled steps amplify
                // it
  constexpr bool controlled = std::same_as<S, double>;
#else
  constexpr bool controlled = true;
#endif
  if constexpr (controlled) adams("Adams", 1e-3);
  const auto exact = linear_flow(h, square, w0, S(2));
  const auto states = linear_flow_matrix_free(h, square, w0, S(2), {1.5},
                                              {.tolerance = std::same_as<S, float> ? 1e-6 : 1e-13});
  results.emplace_back("linear flow", on_host(exact.displacement(1.5)));
  results.emplace_back("its outputs", on_host(exact.outputs(1.5)));
  results.emplace_back("linear flow by products", on_host(states.front().displacement));
  results.emplace_back("outputs by products", on_host(states.front().outputs));
  return results;
}

}  // namespace lazytrain::testing
