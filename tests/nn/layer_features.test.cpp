#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/layer_features.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

#include "small_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using B = cpu::Backend<double>;

/// A network on seven samples in chunks of three, the layers of its kernel, and its features.
struct Case {
  nn::Network<B> net = naive_network<B, Tanh>(B({.threads = 2, .chunk = 3}));
  Matrix<double> X;
  Vector<double> w;
  std::shared_ptr<const nn::detail::NetworkData<B>> data;
  nn::KernelPlan plan;

  Case() {
    Philox rng(2);
    X = normal_matrix(net.input_shape().dim(), 7, rng);
    w = 0.5 * normal_vector(net.parameter_dim(), rng);
    data = net.on(X).shared_data();
    plan = nn::plan_kernel(*data->graph, 7, 7, true, 3, nn::KernelOptions{});
  }
  [[nodiscard]] nn::detail::LayerFeatures<B> features(Index first, Index count) const {
    auto prepared = data->parameters();
    prepared->assign(w);
    nn::detail::LayerFeatures<B> all;
    nn::detail::compute_features(*data, *prepared, std::span<const nn::KernelLayer>(plan.layers), first,
                                 count, all);
    return all;
  }
};

}  // namespace

TEST_CASE("a last dense layer sees its inputs and unit gradients", "[nn]") {
  const Case c;
  const auto all = c.features(0, 7);
  // The layers go from the last one down; its parameters are the last ones, weights and then biases.
  const Matrix<double>& activations = all.activations.front();
  const Index inputs = activations.rows(), outputs = c.net.outputs();
  const Matrix<double> weights =
      c.w.tail((inputs + 1) * outputs).head(inputs * outputs).reshaped(outputs, inputs);
  Matrix<double> expected = weights * activations;
  expected.colwise() += c.w.tail(outputs);
  const Vector<double> value = c.net.on(c.X).linearize(c.w).value();
  CHECK((expected.reshaped() - value).norm() <=
        roundoff<double>(static_cast<double>(inputs + 1)) * value.norm());
  CHECK(all.deltas.front() == Matrix<double>::Identity(outputs, outputs).replicate(1, 7));
}

TEST_CASE("features of a range of images are those columns of all", "[nn]") {
  const Case c;
  const auto all = c.features(0, 7), some = c.features(2, 4);
  const Index k = c.net.outputs();
  REQUIRE(all.activations.size() == c.plan.layers.size());
  for (std::size_t l = 0; l < all.activations.size(); ++l) {
    CHECK(some.activations[l] == all.activations[l].middleCols(2, 4));
    CHECK(some.deltas[l] == all.deltas[l].middleCols(2 * k, 4 * k));
  }
}
