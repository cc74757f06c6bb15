#include <lazytrain/lazy/two_layer_blocks.hpp>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("norms of D2h and of its blocks agree with the oracle and lie in their bounds", "[lazy]") {
  const Oracle oracle;
  oracle.for_networks(
      [&](const std::string& net, const auto& record, const auto& h, const Vector<double>& w) {
        Philox rng(1);
        const auto tangent = linearize(h, w);
        const double expected = record.at("D2h_norm").template get<double>();
        const Estimate norm = second_derivative_norm(tangent, {}, rng);
        CHECK(norm.certified());
        CHECK_THAT(norm.value(), WithinRel(expected, 1e-9));
        CHECK(norm.lower() <= expected * (1 + 1e-9));
        CHECK(expected <= norm.upper());
        // Of ReLU networks both bounds are exact.
        if (net.starts_with("relu")) CHECK(norm.upper() - norm.lower() <= 1e-10 * norm.value());
        const auto blocks = two_layer_block_norms(tangent, {}, rng);
        const auto expected_blocks = Oracle::vector(record.at("D2h_block_norms"));
        REQUIRE(blocks.size() == 6);
        for (Index j = 0; j < 6; ++j) {
          const Estimate& block = blocks[static_cast<std::size_t>(j)];
          CHECK_THAT(block.value(), WithinRel(expected_blocks(j), 1e-8));
          CHECK(expected_blocks(j) <= block.upper());
        }
      });
}

TEMPLATE_TEST_CASE("block by block is as good as a search over all parameters", "[lazy]", Tanh, Erf, Softplus,
                   Quadratic, Relu, Identity) {
  Philox rng(2);
  for (const Index outputs : {1, 3}) {
    // With several outputs a block has d + k parameters, and still is a problem in d + 1.
    Vector<double> weights(7);
    for (Index i = 0; i < 7; ++i) weights(i) = 0.1 + uniform(rng);
    const auto h =
        TwoLayer<double, TestType>({.inputs = 4, .neurons = 5, .outputs = outputs, .scaling = -0.7})
            .on(normal_matrix(4, 7, rng), OutputSpace::weighted(weights, outputs));
    const auto tangent = linearize(h, normal_vector(h.parameter_dim(), rng));
    const Estimate by_blocks = second_derivative_norm(tangent, {}, rng);
    const auto whole = bilinear_norm<double>(
        [&](const auto& u, const auto& v, auto& out) { tangent.second(u, v, out); },
        [&](const auto& z, const auto& u, auto& out) { tangent.second_adjoint(u, z, out); },
        h.parameter_dim(), tangent.output_space(), {.restarts = 40, .max_iterations = 400}, rng);
    CHECK_THAT(by_blocks.value(), WithinRel(whole.lower, 1e-8));
    CHECK(whole.lower <= by_blocks.upper());
  }
}

TEST_CASE("single precision finds the double-precision norm", "[lazy]") {
  Philox rng(3);
  const Matrix<double> X = normal_matrix(6, 20, rng);
  const TwoLayerOptions options{.inputs = 6, .neurons = 8};
  const auto wide = TwoLayer<double, Tanh>(options).on(X);
  const auto narrow = TwoLayer<float, Tanh>(options).on(X.cast<float>());
  const Vector<double> w = normal_vector(wide.parameter_dim(), rng);
  const Estimate a = second_derivative_norm(linearize(wide, w), {}, rng);
  const Estimate b = second_derivative_norm(linearize(narrow, Vector<float>(w.cast<float>())), {}, rng);
  CHECK_THAT(b.value(), WithinRel(a.value(), 1e-5));
  CHECK(b.lower() <= a.value());
}

TEST_CASE("without work the norm is still bracketed", "[lazy]") {
  Philox rng(4);
  const auto h = TwoLayer<double, Tanh>({.inputs = 6, .neurons = 30}).on(normal_matrix(6, 20, rng));
  const auto tangent = linearize(h, normal_vector(h.parameter_dim(), rng));
  const Estimate norm = second_derivative_norm(tangent, {}, rng);
  const Estimate hasty = second_derivative_norm(tangent, {}, rng, {.work = 0});
  CHECK(hasty.certified());
  CHECK(hasty.lower() <= norm.value() * (1 + 1e-12));
  CHECK(norm.value() <= hasty.upper());
  CHECK(norm.upper() < hasty.upper());
}

TEST_CASE("the best angle between inner and outer direction beats a grid", "[lazy]") {
  Philox rng(5);
  for (int draw = 0; draw < 200; ++draw) {
    const double A = uniform(rng), D = 3 * uniform(rng);
    const double C = draw % 4 == 0 ? 0 : uniform(rng) * std::sqrt(A * D);
    const auto value = [&](double x) {
      return (4 * x * x * A + 4 * x * C + D) / ((1 + x * x) * (1 + x * x));
    };
    const double best = value(detail::best_tangent(A, C, D));
    for (int k = 0; k <= 300; ++k) CHECK(value(k / 100.0) <= best * (1 + 1e-14));
  }
}
