#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/two_layer_lipschitz.hpp>
#include <sstream>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("constants on balls, local and global, agree with the oracle", "[lazy]") {
  const Oracle oracle;
  const auto h = Oracle::network<Tanh>();
  for (const std::string kind : {"sym", "uns"}) {
    Philox rng(1);
    const Vector<double> w = Oracle::weights(kind);
    const Estimate norm = differential_norm(linearize(h, w), {}, rng);
    const auto local = two_layer_lipschitz(h, w, norm);
    const auto global = two_layer_global_lipschitz(h, w, norm);
    for (const auto& ball : oracle["static"].at("tanh_" + kind).at("LipDh_ball")) {
      const double r = ball.at("r").get<double>();
      CHECK(local.of_dh(r).certified());
      CHECK(local.of_h(r).certified());
      CHECK_THAT(local.of_dh(r).upper(), WithinRel(ball.at("local").get<double>(), 1e-11));
      CHECK_THAT(local.of_h(r).upper(), WithinRel(ball.at("Liph").get<double>(), 1e-11));
      CHECK_THAT(global.of_dh(r).upper(), WithinRel(ball.at("glob").get<double>(), 1e-11));
      CHECK(local.of_dh(r).upper() <= global.of_dh(r).upper());
    }
  }
}

TEST_CASE("constants of every smooth activation agree with the oracle and its samples", "[lazy]") {
  const Oracle oracle;
  const Vector<double> w = Oracle::weights("uns");
  const auto check = [&](const auto& record, auto sigma) {
    const auto h = Oracle::network<decltype(sigma)>();
    Philox rng(1);
    const auto bounds = two_layer_lipschitz(h, w, SingularValueOptions{}, rng);
    const double r = record.at("r").template get<double>();
    CHECK_THAT(bounds.of_dh(r).upper(), WithinRel(record.at("LipDh_local").template get<double>(), 1e-11));
    CHECK_THAT(bounds.of_h(r).upper(), WithinRel(record.at("Liph").template get<double>(), 1e-11));
    CHECK(record.at("sampled_lower").template get<double>() <= bounds.of_dh(r).upper());
  };
  int records = 0;
  for (const auto& record : oracle["LipDh_all_activations_uns"]) {
    const auto act = record.at("act").get<std::string>();
    with_activation(act == "quad" ? "quadratic" : act, [&](auto sigma) { check(record, sigma); });
    ++records;
  }
  CHECK(records == 15);
}

TEMPLATE_TEST_CASE("certified constants are never below what random draws show", "[lazy]", Tanh, Sigmoid,
                   Softplus, Erf, Quadratic, Identity) {
  // 10^4 draws: quotients of pairs of points of a ball for h and for Dh in a direction, of several networks.
  Philox rng(1);
  double nearest = 0;
  for (int network = 0; network < 20; ++network) {
    const Index d = 1 + network % 3, k = 1 + network % 2;
    const TwoLayer<double, TestType> net({.inputs = d, .neurons = 2 + network % 4, .outputs = k});
    const auto h = net.on(normal_matrix(d, 4, rng));
    const Vector<double> w0 = 1.5 * normal_vector(h.parameter_dim(), rng);
    const auto bounds = two_layer_lipschitz(h, w0, SingularValueOptions{}, rng);
    const double r = 0.05 * std::pow(1.3, network);
    const double of_h = bounds.of_h(r).upper(), of_dh = bounds.of_dh(r).upper();
    auto a = h.linearize(w0);
    auto b = h.linearize(w0);
    const OutputSpace& space = h.output_space();
    Vector<double> at_a(h.output_dim()), at_b(h.output_dim());
    for (int draw = 0; draw < 500; ++draw) {
      const auto in_ball = [&] {
        return Vector<double>(w0 + r * std::sqrt(uniform(rng)) * unit_vector(w0.size(), rng));
      };
      const Vector<double> wa = in_ball(), wb = in_ball();
      a.move_to(wa);
      b.move_to(wb);
      const double distance = (wa - wb).norm();
      const Vector<double> u =
          draw % 2 == 0 ? unit_vector(w0.size(), rng) : Vector<double>((wa - wb) / distance);
      a.jvp(u, at_a);
      b.jvp(u, at_b);
      const double of_values = space.norm(Vector<double>(a.value() - b.value())) / distance;
      const double of_slopes = space.norm(Vector<double>(at_a - at_b)) / distance;
      REQUIRE(of_values <= of_h);
      REQUIRE(of_slopes <= of_dh + 1e-13 * of_h / distance);
      nearest = std::max(nearest, of_slopes / of_dh);
    }
  }
  // The draws come near enough for the comparison to mean something.
  CHECK(nearest > 0.3);
}

TEST_CASE("a network with kinks has no constants, and says why", "[lazy]") {
  const auto h = Oracle::network<Relu>();
  Philox rng(1);
  const auto bounds = two_layer_lipschitz(h, Oracle::weights("uns"), SingularValueOptions{}, rng);
  CHECK_FALSE(bounds.available());
  CHECK_FALSE(bounds.of_dh(0).available());
  CHECK_THAT(bounds.reason(), ContainsSubstring("relu has a kink"));
  CHECK_THAT(bounds.reason(), ContainsSubstring("Assumption 2.1"));
  const Estimate one = Estimate::exactly(1);
  CHECK_FALSE(two_layer_global_lipschitz(h, Oracle::weights("uns"), one).available());
  CHECK_FALSE(
      two_layer_global_lipschitz(Oracle::network<Quadratic>(), Oracle::weights("uns"), one).available());
}

TEST_CASE("Lip(h) is known no better than the norm it starts from", "[lazy]") {
  const auto h = Oracle::network<Tanh>();
  const auto w = Oracle::weights("uns");
  CHECK(two_layer_lipschitz(h, w, Estimate::supplied(1)).of_h(1).provenance() == Provenance::supplied);
  CHECK_FALSE(two_layer_lipschitz(h, w, Estimate()).of_h(1).available());
  CHECK(two_layer_lipschitz(h, w, Estimate()).of_dh(1).certified());
  CHECK_THROWS_AS((void)two_layer_lipschitz(h, Vector<double>(3), Estimate()), std::invalid_argument);
}
