#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/network_displaced.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

#include "small_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using B = cpu::Backend<float>;
using V = Vector<float>;
using Wide = long double;

struct Case {
  nn::Network<B> net;
  Matrix<float> X;
  V w0, delta;
};

Case some_case(const nn::NetworkOptions& options = {}, Index threads = 1) {
  Philox rng(1);
  Case c{naive_network<B>(B({.threads = threads, .chunk = 4}), options), {}, {}, {}};
  c.X = normal_matrix<float>(c.net.input_shape().dim(), 11, rng);
  c.w0 = 0.5f * normal_vector<float>(c.net.parameter_dim(), rng);
  c.delta = 0.5f * normal_vector<float>(c.net.parameter_dim(), rng);
  return c;
}

}  // namespace

TEST_CASE("a convolutional network's displacement in float does not cancel from alpha = 1 to 1e9", "[nn]") {
  const Case c = some_case();
  const auto h = c.net.on(c.X);
  const Vector<Wide> w0 = c.w0.cast<Wide>(), delta = c.delta.cast<Wide>();
  const Matrix<Wide> X = c.X.cast<Wide>();
  const Vector<Wide> start = naive_values<Wide>(w0, X);
  double plain_error = 0;
  for (const double alpha : {1.0, 10.0, 1e3, 1e5, 1e7, 1e9}) {
    CAPTURE(alpha);
    const auto epsilon = static_cast<float>(1 / alpha);
    const Vector<Wide> end = w0 + static_cast<Wide>(epsilon) * delta;
    const Vector<Wide> exact = (naive_values<Wide>(end, X) - start) / static_cast<Wide>(epsilon);
    const auto t = h.displace(c.w0, epsilon).linearize(c.delta);
    const auto error = [&](const V& found) {
      return static_cast<double>((found.cast<Wide>() - exact).norm() / exact.norm());
    };
    // Five sums of 18 to 36 products, one after the other; the reference loses alpha times its own roundoff.
    CHECK(error(t.value()) <= roundoff<float>(150) + alpha * roundoff<Wide>(150));
    // Products of twice as many columns may add in another order.
    const V value = h.linearize(c.w0).value();
    CHECK((t.start() - value).norm() <= roundoff<float>(150) * value.norm());
    const V moved = c.w0 + epsilon * c.delta;
    plain_error = error((h.linearize(moved).value() - t.start()) / epsilon);
  }
  // What the displacement is for: the plain difference has no digit left.
  CHECK(plain_error > 0.5);
}

TEST_CASE("displacements tend to the jvp as epsilon goes to 0, and reach it", "[nn]") {
  const Case c = some_case();
  const auto h = c.net.on(c.X);
  V jvp(33), product(33);
  h.linearize(c.w0).jvp(c.delta, jvp);
  const auto error = [&](float epsilon) {
    return (h.displace(c.w0, epsilon).linearize(c.delta).value() - jvp).norm() / jvp.norm();
  };
  CHECK(error(0) <= roundoff<float>(150));
  CHECK(error(1e-2f) > error(1e-4f));
  CHECK(error(1e-4f) > error(1e-9f));
  CHECK(error(1e-9f) <= roundoff<float>(150));
  // At 0 the derivative is that at w0, wherever one is, and the curvature 0.
  const auto t = h.displace(c.w0, 0.0f).linearize(c.delta);
  t.jvp(c.delta, product);
  CHECK((product - jvp).norm() <= roundoff<float>(150) * jvp.norm());
  V output = V::Ones(jvp.size()), gradient = V::Ones(c.delta.size());
  t.second(c.delta, c.delta, output);
  t.second_vjp(c.delta, jvp, gradient);
  CHECK(output.isZero(0));
  CHECK(gradient.isZero(0));
  CHECK_THROWS_AS(h.displace(c.w0, 0.1f).linearize(V::Zero(3)), std::invalid_argument);
}

TEST_CASE("a displacement has the same bits for every number of threads, activations kept or not", "[nn]") {
  std::vector<V> first;
  for (const Index threads : {1, 2, 5}) {
    for (const double memory : {1e9, 0.0}) {
      CAPTURE(threads, memory);
      const Case c = some_case({.memory = memory}, threads);
      auto t = c.net.on(c.X).displace(c.w0, 1e-3f).linearize(c.w0);
      t.move_to(c.delta);
      std::vector<V> found(3);
      found[0] = t.value();
      found[1].resize(33);
      t.jvp(c.w0, found[1]);
      found[2].resize(c.net.parameter_dim());
      t.vjp(found[1], found[2]);
      if (first.empty()) first = found;
      CHECK(found == first);
    }
  }
}

TEST_CASE("a displaced network's Gram matrix is that of its own Jacobian", "[nn]") {
  const Case c = some_case();
  const auto h = c.net.on(c.X);
  for (const float epsilon : {0.0f, 0.25f}) {
    CAPTURE(epsilon);
    const auto t = h.displace(c.w0, epsilon).linearize(c.delta);
    Matrix<float> J(h.output_dim(), h.parameter_dim()), K(h.output_dim(), h.output_dim());
    for (Index i = 0; i < J.rows(); ++i) {
      V gradient(h.parameter_dim());
      t.vjp(V::Unit(h.output_dim(), i), gradient);
      J.row(i) = gradient;
    }
    t.gram(K);
    // Deltas are sums of some hundred products, an entry of the Gram matrix one of all parameters.
    CHECK((K - J * J.transpose()).norm() <=
          roundoff<float>(static_cast<double>(200 + h.parameter_dim())) * K.norm());
  }
}
