#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/two_layer_curvature.hpp>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("the closed form at a point and on balls agrees with the oracle", "[lazy]") {
  const Oracle oracle;
  int balls = 0;
  oracle.for_networks([&](const std::string&, const auto& record, const auto& h, const Vector<double>& w) {
    const TwoLayerCurvature curvature(h, h.linearize(w));
    if (record.contains("D2h_PQ_upper_r0")) {
      const double expected = record.at("D2h_PQ_upper_r0").template get<double>();
      CHECK_THAT(curvature.bound(0), WithinRel(expected, 1e-11));
      CHECK(curvature.bound(0) >= expected);
    }
    if (record.contains("D2h_relu_closed_form_sPj")) {
      CHECK_THAT(curvature.bound(0), WithinRel(record.at("D2h_norm").template get<double>(), 1e-11));
    }
    if (!record.contains("LipDh_ball")) return;
    for (const auto& ball : record.at("LipDh_ball")) {
      ++balls;
      const double local = ball.at("local").template get<double>();
      const double bound = curvature.bound(ball.at("r").template get<double>());
      CHECK_THAT(bound, WithinRel(local, 1e-11));
      CHECK(bound >= local * (1 - 1e-15));
    }
  });
  CHECK(balls == 12);
}

TEMPLATE_TEST_CASE("quick bounds are above sharp ones, and both grow with the ball", "[lazy]", Tanh, Sigmoid,
                   Softplus, Erf, Quadratic, Identity) {
  Philox rng(1);
  for (const Index d : {3, 30}) {
    const auto h =
        TwoLayer<double, TestType>({.inputs = d, .neurons = 9, .outputs = 2}).on(normal_matrix(d, 12, rng));
    const TwoLayerCurvature curvature(h, h.linearize(normal_vector(h.parameter_dim(), rng)));
    double last = 0;
    for (const double r : {0.0, 0.01, 0.1, 0.5, 2.0}) {
      for (Index j = 0; j < 9; ++j)
        CHECK(curvature.sharp_bound(j, r) <= curvature.quick_bound(j, r) * (1 + 1e-12));
      CHECK(curvature.bound(r) >= last);
      last = curvature.bound(r);
    }
  }
}

TEST_CASE("pruning changes no maximum; without work the bound is the quick one", "[lazy]") {
  Philox rng(2);
  const auto h = TwoLayer<double, Tanh>({.inputs = 5, .neurons = 40}).on(normal_matrix(5, 30, rng));
  const auto at = h.linearize(normal_vector(h.parameter_dim(), rng));
  const TwoLayerCurvature curvature(h, at);
  const TwoLayerCurvature quick(h, at, {.work = 0});
  for (const double r : {0.0, 0.3}) {
    double sharp = 0, coarse = 0;
    for (Index j = 0; j < 40; ++j) {
      sharp = std::max(sharp, curvature.sharp_bound(j, r));
      coarse = std::max(coarse, curvature.quick_bound(j, r));
    }
    CHECK_THAT(curvature.bound(r), WithinRel(sharp / 40, 1e-14));
    CHECK_THAT(quick.bound(r), WithinRel(coarse / 40, 1e-14));
    CHECK(curvature.bound(r) < quick.bound(r));
  }
}

TEST_CASE("balls around a point of a network with kinks are refused", "[lazy]") {
  Philox rng(3);
  const auto h = TwoLayer<double, Relu>({.inputs = 2, .neurons = 3}).on(normal_matrix(2, 4, rng));
  const TwoLayerCurvature curvature(h, h.linearize(normal_vector(9, rng)));
  CHECK(curvature.bound(0) > 0);
  CHECK_THROWS_AS((void)curvature.bound(0.1), std::domain_error);
  CHECK_THROWS_AS((void)curvature.bound(-1), std::domain_error);
}
