#include <kernel/reference.hpp>
#include <lazytrain/kernel/limit_kernel.hpp>
#include <lazytrain/kernel/random_features.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the linearized model is linear in the features", "[kernel]", float, double) {
  using S = TestType;
  Example<S> e(6, 5, 2);
  const auto t = linearize(e.h, e.w);
  const Matrix<S> features = tangent_features(t);
  REQUIRE(features.rows() == 25);
  REQUIRE(features.cols() == 12);
  CHECK(relative_difference((features.transpose() * features).eval(), tangent_kernel(t)) <= roundoff<S>(100));
  const Vector<S> v = normal_vector<S>(25, e.rng);
  CHECK(relative_difference((features.transpose() * v).eval(), t.jvp(v)) <= roundoff<S>(100));
}

TEMPLATE_TEST_CASE("the mean of the kernels of subnetworks is the kernel", "[kernel]", float, double) {
  using S = TestType;
  const Example<S, Relu> e(4, 5, 2);
  const Matrix<S> K = tangent_kernel(e.net.on(e.X), e.w);
  const auto kernel_of = [&](const std::vector<Index>& neurons) {
    const auto part = subnetwork<S, Relu>(e.net, e.w, neurons);
    return tangent_kernel(part.net.on(e.X), part.w);
  };
  Matrix<S> singles = Matrix<S>::Zero(8, 8);
  Matrix<S> pairs = Matrix<S>::Zero(8, 8);
  for (Index i = 0; i < 5; ++i) {
    singles += kernel_of({i}) / S(5);
    for (Index j = 0; j < i; ++j) pairs += kernel_of({j, i}) / S(10);
  }
  CHECK(relative_difference(singles, K) <= roundoff<S>(100));
  CHECK(relative_difference(pairs, K) <= roundoff<S>(100));
  CHECK(relative_difference(kernel_of({0, 1, 2, 3, 4}), K) == 0);
}

TEST_CASE("random neurons approximate the kernel with the variance of a sample", "[kernel]") {
  // Without replacement, count of m: E (K_count - K)^2 = (1/count - 1/m) V, V the variance of m K_j over the
  // neurons with divisor m - 1.
  Philox rng(5);
  const Index m = 200;
  const TwoLayer<double, Relu> net({.inputs = 3, .neurons = m, .scaling = Scaling::sqrt});
  const Matrix<double> X = normal_matrix(3, 2, rng);
  const Vector<double> w = gaussian(net, 1.0, rng);
  const double whole = tangent_kernel(net.on(X), w)(0, 1);
  const auto entry = [&](const TwoLayerAt<double, Relu>& part) {
    return tangent_kernel(part.net.on(X), part.w)(0, 1);
  };
  double variance = 0;
  for (Index j = 0; j < m; ++j) {
    variance += std::pow(entry(subnetwork<double, Relu>(net, w, {j})) - whole, 2) / (m - 1);
  }
  for (const Index count : {4, 20, 100}) {
    CAPTURE(count);
    const Index draws = 1000;
    Vector<double> squares(draws);
    for (Index i = 0; i < draws; ++i) {
      squares(i) = std::pow(entry(random_subnetwork<double, Relu>(net, w, count, rng)) - whole, 2);
    }
    const double expected = (1.0 / static_cast<double>(count) - 1.0 / m) * variance;
    const double deviation = (squares.array() - squares.mean()).matrix().norm() / static_cast<double>(draws);
    CHECK(std::abs(squares.mean() - expected) <= 5 * deviation);
  }
  CHECK_THAT(entry(random_subnetwork<double, Relu>(net, w, m, rng)), WithinRel(whole, roundoff<double>(400)));
}

TEST_CASE("subnetworks refuse neurons that do not exist", "[kernel]") {
  Example<double> e(4, 5, 2);
  const auto of = [&](std::vector<Index> neurons) { return subnetwork<double, Tanh>(e.net, e.w, neurons); };
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)of({0, 5});
             }),
             ContainsSubstring("a neuron is 5, expected an index from 0 to m - 1"));
  CHECK_THROWS_AS(of({-1}), std::invalid_argument);
  CHECK_THROWS_AS(of({}), std::invalid_argument);
  CHECK_THROWS_AS((subnetwork<double, Tanh>(e.net, e.w.head(3), {0})), std::invalid_argument);
  CHECK_THROWS_AS((random_subnetwork<double, Tanh>(e.net, e.w, 6, e.rng)), std::invalid_argument);
  CHECK_THROWS_AS((random_subnetwork<double, Tanh>(e.net, e.w, 0, e.rng)), std::invalid_argument);
}
