#include <Eigen/SVD>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/model/jacobian.hpp>
#include <lazytrain/nn/two_layer_in_blocks.hpp>

#include "oracle_network.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("norm and smallest singular value of the differential agree with the oracle", "[lazy]") {
  const Oracle oracle;
  Philox rng(1);
  oracle.for_networks([&](const std::string&, const auto& record, const auto& h, const Vector<double>& w) {
    const auto tangent = linearize(h, w);
    const DifferentialSpectrum spectrum = differential_spectrum(tangent, {}, rng);
    CHECK(spectrum.norm.certified());
    CHECK(spectrum.smallest.certified());
    CHECK_THAT(spectrum.norm.value(), WithinRel(record.at("Dh_norm").template get<double>(), 1e-13));
    CHECK_THAT(spectrum.smallest.value(),
               WithinAbs(record.at("sigma_min").template get<double>(), 1e-13 * spectrum.norm.value()));
    const auto values = Oracle::vector(record.at("singular_values_Dh"));
    CHECK(spectrum.norm.lower() <= values(0));
    CHECK(values(0) <= spectrum.norm.upper());
    CHECK(spectrum.rank == (values.array() > 1e-13 * values(0)).count());
    CHECK_THAT(spectrum.smallest_positive.value(), WithinRel(values(spectrum.rank - 1), 1e-11));
  });
}

TEST_CASE("the norm from the tangent kernel, from the products and from the matrix are one number",
          "[lazy]") {
  Philox rng(2);
  const Index n = 70;
  for (const Index outputs : {1, 2}) {
    Vector<double> weights(n);
    for (Index i = 0; i < n; ++i) weights(i) = 0.1 + uniform(rng);
    const TwoLayer<double, Tanh> net(
        {.inputs = 20, .neurons = 500, .outputs = outputs, .scaling = Scaling::sqrt});
    const auto h = net.on(normal_matrix(20, n, rng), OutputSpace::weighted(weights, outputs));
    const auto tangent = linearize(h, normal_vector(h.parameter_dim(), rng));
    Matrix<double> J = jacobian(tangent);
    for (Index i = 0; i < J.rows(); ++i) J.row(i) *= std::sqrt(weights(i / outputs));
    const double exact = Eigen::JacobiSVD<Matrix<double>>(J).singularValues()(0);
    // dense_limit 1: not by assembling. The kernel is used for both; without it, the Krylov process.
    const Estimate by_kernel = differential_norm(tangent, {.dense_limit = 1}, rng);
    const Estimate dense = differential_norm(tangent, {.dense_limit = 1000}, rng);
    CHECK(by_kernel.certified());
    CHECK_THAT(by_kernel.value(), WithinRel(exact, 1e-13));
    CHECK(by_kernel.lower() <= exact);
    CHECK(exact <= by_kernel.upper());
    CHECK(by_kernel.upper() <= exact * (1 + 1e-8));
    CHECK_THAT(dense.value(), WithinRel(exact, 1e-12));
  }
}

TEST_CASE("the norm of a large differential is an estimate", "[lazy]") {
  Philox rng(3);
  // More samples than the kernel may have rows for p parameters, and too many for a dense problem.
  const auto h = TwoLayer<double, Tanh>({.inputs = 3, .neurons = 50}).on(normal_matrix(3, 300, rng));
  const auto tangent = linearize(h, normal_vector(h.parameter_dim(), rng));
  const Estimate norm = differential_norm(tangent, {.dense_limit = 16}, rng);
  const Estimate dense = differential_norm(tangent, {.dense_limit = 1000}, rng);
  CHECK(norm.provenance() == Provenance::estimated);
  CHECK(dense.certified());
  CHECK_THAT(norm.value(), WithinRel(dense.value(), 1e-7));
}

TEST_CASE("in blocks the norm found in single precision is that of double precision", "[lazy]") {
  Philox rng(40);
  const Index n = 300;
  const auto h = TwoLayer<double, Tanh>({.inputs = 9, .neurons = 35, .scaling = Scaling::sqrt})
                     .on(normal_matrix(9, n, rng));
  const Vector<double> w = normal_vector(h.parameter_dim(), rng);
  const auto parts = linearize(in_blocks(h), w);
  REQUIRE_FALSE(detail::gram_is_small(h.parameter_dim(), n));
  const Estimate exact = differential_norm(linearize(h, w), {.tolerance = 1e-12}, rng);
  const Estimate rough = differential_norm(parts, {.tolerance = 1e-3}, rng);
  const Estimate fine = differential_norm(parts, {.tolerance = 1e-10}, rng);
  CHECK_THAT(fine.value(), WithinRel(exact.value(), 1e-12));
  CHECK(rough.lower() <= exact.value() * (1 + 1e-13));
  CHECK(exact.value() <= rough.upper());
  CHECK(rough.upper() - rough.value() <= 1.01e-3 * exact.value());
  CHECK(rough.provenance() == Provenance::estimated);
}
