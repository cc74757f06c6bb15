#include "results.hpp"

#include <lazytrain/backend/cuda/backend.cuh>
#include <lazytrain/backend/cuda/graph.cuh>
#include <support/network_laws.hpp>
#include <support/training_laws.hpp>

namespace lazytrain::testing {

template <class S>
Sections<S> DeviceResults<S>::layers() {
  return all_layer_results<cuda::Backend<S>>();
}
template <class S>
Sections<S> DeviceResults<S>::small_networks() {
  return small_network_results(cuda::Backend<S>({.chunk = 2}));
}
template <class S>
Sections<S> DeviceResults<S>::paper_networks(double width, Index samples) {
  return paper_network_results(cuda::Backend<S>(), width, samples);
}
template <class S>
Results<S> DeviceResults<S>::training() {
  return training_results(cuda::Backend<S>());
}
template <class S>
Results<S> DeviceResults<S>::kernel() {
  return kernel_results(cuda::Backend<S>());
}

namespace {

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

}  // namespace

template <class S>
Results<S> DeviceResults<S>::steps() {
  return repeated_steps<S>([](const auto& step) {
    for (int i = 0; i < 4; ++i) step();
  });
}
template <class S>
Results<S> DeviceResults<S>::steps_of_graph() {
  return repeated_steps<S>([](const auto& step) {
    step();
    const cuda::Graph graph(step);
    for (int i = 1; i < 4; ++i) graph.launch();
    cuda::Device::synchronize();
  });
}

template struct DeviceResults<float>;
template struct DeviceResults<double>;

}  // namespace lazytrain::testing
