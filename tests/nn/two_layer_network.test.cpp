#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/gram.hpp>
#include <lazytrain/model/linearize.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <lazytrain/nn/two_layer_network.hpp>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// All derivatives on five samples are those of `TwoLayer`.
template <class B, class Sigma>
void check_same_function(const B& backend, Index outputs) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const TwoLayerOptions options{.inputs = 3, .neurons = 6, .outputs = outputs, .scaling = Scaling::sqrt};
  const TwoLayer<S, Sigma> net(options);
  const auto layers = nn::two_layer_network<B, Sigma>(options, backend);
  REQUIRE(layers.parameter_dim() == net.parameter_dim());
  Philox rng(3);
  const Index p = net.parameter_dim();
  const Matrix<S> X = normal_matrix<S>(3, 5, rng);
  const Vector<S> w = normal_vector<S>(p, rng), u = normal_vector<S>(p, rng), v = normal_vector<S>(p, rng),
                  c = normal_vector<S>(5 * outputs, rng);
  const auto there = [&](const Vector<S>& x) { return V(nn::two_layer_network_parameters(net.layout(), x)); };
  const auto back = [&](const V& x) { return nn::two_layer_parameters(net.layout(), Vector<S>(on_host(x))); };
  CHECK(back(there(w)) == w);

  const auto h = net.on(X);
  const auto g = layers.on(X);
  const auto expected = linearize(h, w);
  const auto found = linearize(g, there(w));
  const V cotangent(c);
  V second(p);
  found.second_vjp(there(u), cotangent, second);
  Vector<S> expected_second(p);
  expected.second_vjp(u, c, expected_second);
  const auto moved = linearize(displaced(h, w, S(0.5)), v);
  const auto moved_there = linearize(displaced(g, there(w), S(0.5)), there(v));
  check_agreement<S>({{"value", on_host(found.value())},
                      {"jvp", on_host(found.jvp(there(v)))},
                      {"vjp", back(found.vjp(cotangent))},
                      {"second", on_host(found.second(there(u), there(v)))},
                      {"second_vjp", back(second)},
                      {"kernel", gram(found).reshaped()},
                      {"displaced", on_host(moved_there.value())},
                      {"displaced jvp", on_host(moved_there.jvp(there(u)))}},
                     {{"value", expected.value()},
                      {"jvp", expected.jvp(v)},
                      {"vjp", expected.vjp(c)},
                      {"second", expected.second(u, v)},
                      {"second_vjp", expected_second},
                      {"kernel", gram(expected).reshaped()},
                      {"displaced", moved.value()},
                      {"displaced jvp", moved.jvp(u)}});
}

}  // namespace

TEMPLATE_TEST_CASE("a two-layer network of layers is TwoLayer with its parameters in another order", "[nn]",
                   float, double) {
  using Host = cpu::Backend<TestType>;
  using Elsewhere = cuda::ExecutorBackend<TestType, HostExecutor>;
  for (const Index outputs : {1, 3}) {
    check_same_function<Host, Relu>(Host({.threads = 2, .chunk = 2}), outputs);
    check_same_function<Host, Tanh>(Host(), outputs);
    check_same_function<Elsewhere, Relu>(Elsewhere({.chunk = 2}), outputs);
    check_same_function<Elsewhere, Tanh>(Elsewhere(), outputs);
  }
}

TEST_CASE("parameters of two-layer networks of a wrong size are refused", "[nn]") {
  const TwoLayerLayout layout({.inputs = 3, .neurons = 2});
  CHECK_THROWS_AS(nn::two_layer_network_parameters(layout, Vector<double>(Vector<double>::Zero(7))),
                  std::invalid_argument);
  CHECK_THROWS_AS(nn::two_layer_parameters(layout, Vector<double>(Vector<double>::Zero(9))),
                  std::invalid_argument);
}
