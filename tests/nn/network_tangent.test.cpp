#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/network_tangent.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

#include "small_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using B = cpu::Backend<float>;
using V = Vector<float>;

/// Everything that a linearization computes, one after the other.
struct Products {
  V value, jvp, vjp, second, second_vjp;
  bool operator==(const Products&) const = default;
};

Products products(const cpu::BackendOptions& backend, const nn::NetworkOptions& options = {}) {
  Philox rng(1);
  const auto net = naive_network<B>(B(backend), options);
  const Matrix<float> X = normal_matrix<float>(net.input_shape().dim(), 23, rng);
  const Index p = net.parameter_dim(), n = 23 * net.outputs();
  const V w = normal_vector<float>(p, rng), u = normal_vector<float>(p, rng),
          v = normal_vector<float>(p, rng), c = normal_vector<float>(n, rng);
  const auto h = net.on(X);
  const auto t = h.linearize(w);
  Products out{t.value(), V(n), V(p), V(n), V(p)};
  t.jvp(v, out.jvp);
  t.vjp(c, out.vjp);
  t.second(u, v, out.second);
  t.second_vjp(u, c, out.second_vjp);
  return out;
}

}  // namespace

TEST_CASE("a network's products have the same bits for every number of threads, activations kept or not",
          "[nn]") {
  const Products serial = products({.threads = 1, .chunk = 4});
  for (const Index threads : {1, 2, 3, 9}) {
    for (const double memory : {0.0, 1e9}) {
      CAPTURE(threads, memory);
      CHECK(products({.threads = threads, .chunk = 4}, {.memory = memory}) == serial);
    }
  }
}

TEST_CASE("the size of chunks changes the last digits only", "[nn]") {
  const Products whole = products({.threads = 2, .chunk = 23});
  for (const Index chunk : {1, 2, 5, 22, 100}) {
    CAPTURE(chunk);
    const Products cut = products({.threads = 2, .chunk = chunk});
    const auto near = [](const V& a, const V& b) {
      CHECK((a - b).norm() <= roundoff<float>(200) * b.norm());
    };
    near(cut.value, whole.value);
    near(cut.jvp, whole.jvp);
    near(cut.vjp, whole.vjp);
    near(cut.second, whole.second);
    near(cut.second_vjp, whole.second_vjp);
  }
}

TEST_CASE("copies of a tangent are independent, and another network's can be assigned", "[nn]") {
  Philox rng(2);
  const auto net = naive_network<B>();
  const auto h = net.on(normal_matrix<float>(98, 5, rng));
  const V w = normal_vector<float>(net.parameter_dim(), rng),
          v = normal_vector<float>(net.parameter_dim(), rng);
  auto t = h.linearize(w);
  V before(15), after(15);
  t.jvp(v, before);
  const auto copy = t;
  t.move_to(v);
  copy.jvp(v, after);
  CHECK(after == before);
  CHECK(copy.parameters() == w);
  const nn::Network<B> other({98}, nn::Series<B>{nn::Dense{.outputs = 3}});
  t = other.on(normal_matrix<float>(98, 5, rng)).linearize(V::Zero(other.parameter_dim()));
  t = copy;
  t.jvp(v, after);
  CHECK(after == before);
  CHECK(t.value() == copy.value());
}

TEST_CASE("a network's products refuse vectors of other sizes, in one chunk and in several", "[nn]") {
  Philox rng(3);
  for (const Index chunk : {2, 100}) {
    const auto net = naive_network<B>(B({.threads = 1, .chunk = chunk}));
    const Index p = net.parameter_dim();
    const auto h = net.on(normal_matrix<float>(98, 5, rng));
    const V w = normal_vector<float>(p, rng), u = V::Ones(15);
    const auto t = h.linearize(w);
    V outputs(15), parameters(p), empty, longer(16);
    CHECK_THAT(message_of<std::invalid_argument>([&] { t.jvp(w, empty); }),
               ContainsSubstring("the result has size 0, expected 15"));
    CHECK_THROWS_AS(t.jvp(w, longer), std::invalid_argument);
    CHECK_THROWS_AS(t.jvp(u, outputs), std::invalid_argument);
    CHECK_THROWS_AS(t.vjp(u, empty), std::invalid_argument);
    CHECK_THAT(message_of<std::invalid_argument>([&] { t.vjp(longer, parameters); }),
               ContainsSubstring("a cotangent has size 16, expected 15"));
    CHECK_THROWS_AS(t.second(w, w, empty), std::invalid_argument);
    CHECK_THROWS_AS(t.second_vjp(w, u, empty), std::invalid_argument);
    CHECK_THROWS_AS(t.second_vjp(w, empty, parameters), std::invalid_argument);
    const auto d = h.displace(w, 0.5F).linearize(w);
    CHECK_THROWS_AS(d.jvp(w, empty), std::invalid_argument);
    CHECK_THROWS_AS(d.vjp(u, empty), std::invalid_argument);
    CHECK_THROWS_AS(d.vjp(empty, parameters), std::invalid_argument);
    // And are as good as before.
    t.jvp(w, outputs);
    t.vjp(u, parameters);
    CHECK(std::abs(outputs.dot(u) - parameters.dot(w)) <=
          roundoff<float>(1000) * parameters.norm() * w.norm());
  }
}
