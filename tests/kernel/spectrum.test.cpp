#include <kernel/reference.hpp>
#include <lazytrain/kernel/spectrum.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Checks that the columns are orthonormal eigenvectors in F.
template <class S, class H>
void check_eigenvectors(const Tangent<H>& t, const Spectrum<S>& s, double tolerance) {
  const KernelOperator<H> kernel(t);
  const OutputSpace& space = t.output_space();
  REQUIRE(s.vectors.cols() == s.values.size());
  for (Index i = 0; i < s.vectors.cols(); ++i) {
    const Vector<S> u = s.vectors.col(i);
    const Vector<S> rest = kernel(u) - static_cast<S>(s.values(i)) * u;
    CHECK(static_cast<double>(space.norm(rest)) <= s.errors(i) + tolerance * s.values(0));
    for (Index j = 0; j <= i; ++j) {
      const Vector<S> v = s.vectors.col(j);
      CHECK_THAT(static_cast<double>(space.inner(u, v)), WithinAbs(i == j ? 1.0 : 0.0, tolerance));
    }
  }
}

}  // namespace

TEST_CASE("spectra agree with the reference numbers", "[kernel]") {
  for_reference_networks([](const std::string& name, const auto& h, const Vector<double>& w) {
    CAPTURE(name);
    Philox rng(1);
    const Vector<double> expected = vector_of(oracle()["static"][name]["Sigma_eigs_desc"]);
    const auto t = linearize(h, w);
    const auto dense = spectrum(t, {}, rng);
    CHECK(rng.position() == 0);
    CHECK(dense.method == SpectrumMethod::dense);
    CHECK(dense.complete());
    CHECK(((dense.values - expected).array().abs() <= dense.errors.array() + 1e-15).all());
    CHECK(relative_difference(dense.values, expected) <= 1e-12);
    CHECK_THAT(dense.trace, WithinRel(expected.sum(), 1e-12));
    CHECK(dense.trace_error == 0);
    CHECK(dense.vectors.cols() == 0);
    const auto top = spectrum(t, {.dense_limit = 4, .count = 2, .trace_probes = 0}, rng);
    CHECK(top.method == SpectrumMethod::lanczos);
    CHECK(top.converged);
    CHECK_FALSE(top.complete());
    CHECK(relative_difference(top.values, expected.head(2).eval()) <= 1e-12);
    CHECK_THAT(top.trace, WithinRel(expected.sum(), 1e-12));
  });
}

TEMPLATE_TEST_CASE("dense decomposition and Lanczos agree", "[kernel]", float, double) {
  using S = TestType;
  Example<S> e(60, 20, 2);
  const auto t = linearize(e.h, e.w);
  const auto dense = dense_spectrum(t, Eigenvectors::wanted);
  check_eigenvectors<S>(t, dense, roundoff<S>(1000));
  const auto top = top_spectrum(
      t, {.count = 8, .eigenvectors = Eigenvectors::wanted, .tolerance = 1e-6, .trace_probes = 20}, e.rng);
  REQUIRE(top.converged);
  REQUIRE(top.values.size() == 8);
  check_eigenvectors<S>(t, top, roundoff<S>(1000));
  for (Index i = 0; i < 8; ++i) {
    CHECK_THAT(top.values(i), WithinAbs(dense.values(i), top.errors(i) + dense.errors(i)));
  }
  // The trace of what Lanczos leaves is a mean of 20 probes: five standard errors.
  CHECK(top.trace_error > 0);
  CHECK_THAT(top.trace, WithinAbs(dense.trace, 5 * top.trace_error));
  // The part that is exact leaves little: far below the error of probes of the whole, (2/20 sum σ²)^(1/2).
  CHECK(top.trace_error < 0.2 * std::sqrt(dense.values.squaredNorm() / 10));

  CHECK_THAT(dense.explained()(dense.dim - 1), WithinRel(1.0, roundoff<S>(1000)));
  CHECK_THAT(top.explained()(3), WithinRel(top.values.head(4).sum() / top.trace, 1e-12));
  const auto exact = top_spectrum(t, {.count = 8, .trace_probes = 0}, e.rng);
  for (const double lambda : {1e-4, 1e-2, 1.0}) {
    const Bracket all = dense.effective_dimension(lambda);
    const Bracket some = exact.effective_dimension(lambda);
    CHECK(all.lower == all.upper);
    CHECK(some.lower <= all.lower * (1 + roundoff<S>(1000)));
    CHECK(some.upper >= all.upper * (1 - roundoff<S>(1000)));
  }
}

TEST_CASE("counts of modes of known spectra", "[kernel]") {
  const Spectrum<double> s{
      .values = Vector<double>::Constant(4, 2.0), .errors = {}, .vectors = {}, .trace = 8, .dim = 4};
  CHECK(s.effective_dimension(2).lower == 2);
  CHECK(s.participation_ratio() == 4);
  CHECK(s.explained()(0) == 0.25);
  // Missing eigenvalues add up to 4 and none exceeds 2: two of 2 at least, six equal ones at most.
  const Spectrum<double> part{
      .values = Vector<double>::Constant(2, 2.0), .errors = {}, .vectors = {}, .trace = 8, .dim = 8};
  CHECK(part.effective_dimension(2).lower == 2);
  CHECK(part.effective_dimension(2).upper == 2.5);
  // The trace may be 6 to 10: two to six are missing.
  const Spectrum<double> estimated{.values = Vector<double>::Constant(2, 2.0),
                                   .errors = {},
                                   .vectors = {},
                                   .trace = 8,
                                   .trace_error = 2.0 / 3.0,
                                   .dim = 8};
  CHECK_THAT(estimated.effective_dimension(2).lower, WithinRel(1.5, roundoff<double>(8)));
  CHECK_THAT(estimated.effective_dimension(2).upper, WithinRel(3.0, roundoff<double>(8)));
  const Spectrum<double> zero{
      .values = Vector<double>::Zero(2), .errors = {}, .vectors = {}, .trace = 0, .dim = 2};
  CHECK(zero.explained()(0) == 1);
  CHECK(zero.participation_ratio() == 0);
  CHECK(zero.effective_dimension(1).upper == 0);
}

TEST_CASE("a kernel of low rank has zeros and nothing below", "[kernel]") {
  Example<double> e(40, 2, 1);
  const auto t = linearize(e.h, e.w);
  const auto s = dense_spectrum(t);
  CHECK((s.values.array() >= 0).all());
  CHECK(s.values(7) > s.errors(7));
  CHECK(s.values(8) <= s.errors(8));
  const auto top = top_spectrum(t, {.count = 8}, e.rng);
  CHECK_THAT(top.trace, WithinRel(s.trace, 1e-12));
}

TEST_CASE("spectra refuse options without sense", "[kernel]") {
  Example<double> e(6, 2, 1);
  const auto t = linearize(e.h, e.w);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)top_spectrum(t, {.count = 7}, e.rng); }),
             ContainsSubstring("k is 7, expected a number of eigenpairs from 1 to n"));
  CHECK_THROWS_AS(top_spectrum(t, {.count = 0}, e.rng), std::invalid_argument);
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { (void)top_spectrum(t, {.count = 1, .trace_probes = 1}, e.rng); }),
             ContainsSubstring("trace_probes is 1, expected 0 or at least 2"));
  CHECK_THROWS_AS(dense_spectrum(t).effective_dimension(0), std::domain_error);
}
