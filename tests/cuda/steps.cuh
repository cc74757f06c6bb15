#pragma once

#include <lazytrain/backend/cuda/backend.cuh>
#include <lazytrain/backend/cuda/graph.cuh>
#include <lazytrain/flow/heavy_ball.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <support/training_laws.hpp>

namespace lazytrain::testing {

/// Where training steps of a small network on a device end that `repeat(step)` asks for.
template <class S, class Repeat>
Results<S> repeated_steps(const Repeat& repeat) {
  using V = typename cuda::Backend<S>::Vector;
  const auto net = smooth_classifier(cuda::Backend<S>());
  Philox rng(1);
  const auto model = net.on(small_data<S>().inputs);
  const auto loss =
      loss_where_outputs_are<V>(cross_entropy_loss<S>(small_data<S>().labels, model.output_space()));
  const V w0 = nn::xavier_normal(net, rng);
  auto tangent = model.linearize(w0);
  HeavyBall<V> ball(w0, 0.9);
  V gradient(model.output_dim());
  repeat([&] {
    tangent.move_to(ball.x());
    loss.gradient(tangent.value(), gradient);
    tangent.vjp(gradient, ball.f());
    scale(S(-1), ball.f());
    ball.step(0.1);
  });
  return {{"x", ball.x().to_host()}};
}

/// Four steps, each asked for.
template <class S>
Results<S> training_steps() {
  return repeated_steps<S>([](const auto& step) {
    for (int i = 0; i < 4; ++i) step();
  });
}

/// The same, the last three as launches of a graph.
template <class S>
Results<S> training_steps_of_graph() {
  return repeated_steps<S>([](const auto& step) {
    step();
    const cuda::Graph graph(step);
    for (int i = 1; i < 4; ++i) graph.launch();
    cuda::Device::synchronize();
  });
}

}  // namespace lazytrain::testing
