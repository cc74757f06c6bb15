#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/stability.hpp>
#include <stdexcept>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using B = cpu::Backend<double>;

nn::Network<B> small_network(Index threads, Index chunk) {
  nn::Series<B> layers{nn::Conv{.filters = 4}, nn::Pointwise<Relu>{},  nn::MaxPool{},
                       nn::Conv{.filters = 3}, nn::Pointwise<Tanh>{},  nn::Dense{.outputs = 6},
                       nn::Pointwise<Relu>{},  nn::Dense{.outputs = 2}};
  return nn::Network<B>({2, 4, 6}, layers, B({.threads = threads, .chunk = chunk}));
}

}  // namespace

TEST_CASE("activations are stable where nothing moves, and all flip with the sign of the first layer") {
  const auto net = small_network(2, 3);
  Philox rng(1);
  const Matrix<double> X = normal_vector<double>(48 * 7, rng).reshaped(48, 7);
  const Vector<double> w = normal_vector<double>(net.parameter_dim(), rng);
  const auto still = nn::activation_stability(net, w, 0.0, normal_vector<double>(w.size(), rng), X);
  REQUIRE(still.layers.size() == 3);
  CHECK(still.layers[0].layer == "relu1");
  CHECK(still.layers[1].layer == "max_pool1");
  CHECK(still.layers[2].layer == "relu2");
  CHECK(still.activations() == 1);
  CHECK(still.pooling() == 1);

  // w + delta has the first convolution's parameters negated: every sign of relu1 changes.
  Vector<double> delta = Vector<double>::Zero(w.size());
  const Index first = net.parameters()[0].size() + net.parameters()[1].size();
  delta.head(first) = -2 * w.head(first);
  const auto flipped = nn::activation_stability(net, w, 1.0, delta, X);
  CHECK(flipped.layers[0].same == 0);
  CHECK(flipped.layers[0].pattern == nn::Pattern::signs);
  CHECK(flipped.layers[1].pattern == nn::Pattern::choices);
  CHECK_THAT(flipped.activations(), WithinAbs(flipped.layers[2].same / 2, 1e-15));
  CHECK(flipped.pooling() == flipped.layers[1].same);
  CHECK(flipped.pooling() < 1);
}

TEST_CASE("stability counts signs as the values at the two points say, whatever the threads and chunks") {
  Philox rng(2);
  const Matrix<double> X = normal_vector<double>(48 * 8, rng).reshaped(48, 8);
  const auto net = small_network(1, 8);
  const Vector<double> w = normal_vector<double>(net.parameter_dim(), rng);
  const Vector<double> delta = normal_vector<double>(net.parameter_dim(), rng);
  const double epsilon = 0.5;
  // The first layer's signs by hand: a network of that layer alone.
  const nn::Network<B> head({2, 4, 6}, nn::Series<B>{nn::Conv{.filters = 4}});
  const Index p = head.parameter_dim();
  const Matrix<double> at_w = head(Vector<double>(w.head(p)), X);
  const Matrix<double> moved = head(Vector<double>((w + epsilon * delta).head(p)), X);
  const auto same = ((at_w.array() > 0) == (moved.array() > 0)).count();
  const auto stability = nn::activation_stability(net, w, epsilon, delta, X);
  CHECK(stability.layers[0].same == static_cast<double>(same) / static_cast<double>(at_w.size()));
  for (const Index chunk : {1, 3, 8}) {
    const auto other = nn::activation_stability(small_network(2, chunk), w, epsilon, delta, X);
    for (std::size_t l = 0; l < 3; ++l) CHECK(other.layers[l].same == stability.layers[l].same);
  }
}

TEST_CASE("stability refuses wrong sizes") {
  const auto net = small_network(1, 2);
  const Vector<double> w = Vector<double>::Zero(net.parameter_dim());
  const Matrix<double> X = Matrix<double>::Zero(48, 2);
  CHECK_THROWS_AS(nn::activation_stability(net, w, -1.0, w, X), std::domain_error);
  CHECK_THROWS_AS(nn::activation_stability(net, Vector<double>(w.head(3)), 1.0, w, X), std::invalid_argument);
  CHECK_THROWS_AS(nn::activation_stability(net, w, 1.0, Vector<double>(w.head(3)), X), std::invalid_argument);
}
