#include <cmath>
#include <lazytrain/linalg/operator_norm.hpp>
#include <limits>
#include <linalg/maps.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the bounds bracket the norm, dense and matrix-free, in every space", "[linalg]", float,
                   double) {
  using S = TestType;
  Philox rng(51);
  for (int trial = 0; trial < 30; ++trial) {
    const Index n = 1 + random_index(rng, 40);
    const Index p = 1 + random_index(rng, 40);
    const Map<S> map = random_map<S>(n, p, trial % 3, rng);
    const double exact = map.norm();
    for (const Index dense_limit : {Index{0}, Index{64}}) {
      const auto estimate = operator_norm<S>(map.apply(), map.adjoint(), p, map.space,
                                             {.tolerance = 1e-4, .dense_limit = dense_limit}, rng);
      INFO("n = " << n << ", p = " << p << ", dense limit " << dense_limit);
      // What single precision products lose is not in the lower bound of a matrix-free estimate.
      const double slack = estimate.proved ? 0 : roundoff<S>(20) * exact;
      CHECK(estimate.lower <= exact + slack);
      CHECK(estimate.upper >= exact - slack);
      CHECK(estimate.probable_upper >= exact - slack);
      CHECK_THAT(estimate.value, WithinRel(exact, 2e-4));
      CHECK(estimate.converged);
      CHECK(estimate.proved == (dense_limit == 64));
    }
  }
}

TEST_CASE("after m steps the probable bound holds although the Ritz value is far off", "[linalg]") {
  Philox rng(52);
  int below = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Map<double> map = random_map<double>(60, 80, 0, rng);
    const double exact = map.norm();
    const auto estimate =
        operator_norm(map.apply(), map.adjoint(), 80, map.space,
                      {.max_steps = 5, .tolerance = 0, .dense_limit = 0, .failure_probability = 0.01}, rng);
    CHECK(estimate.lower <= exact);
    CHECK(estimate.value < exact);
    CHECK_FALSE(estimate.converged);
    below += estimate.probable_upper < exact ? 1 : 0;
  }
  // 200 trials of probability at most 0.01: more than 10 happen with probability 1e-5.
  CHECK(below <= 10);
}

TEST_CASE("the probable bound is not vacuous: a small failure probability is reached by chance", "[linalg]") {
  // An outlier that one step from a random start of R^n sees with weight b_1^2: the law of the bound is sharp
  // up to a constant when the rest of the spectrum is 0 and m = 1.
  Philox rng(53);
  const Index n = 50;
  const auto apply = [](const Vector<double>& x, Vector<double>& out) {
    out.setZero();
    out(0) = x(0);
  };
  const SingularValueOptions options{.max_steps = 1, .dense_limit = 0, .failure_probability = 0.2};
  int below = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const auto estimate = operator_norm(apply, apply, n, euclidean(n), options, rng);
    below += estimate.probable_upper < 1 ? 1 : 0;
  }
  // Frequency at most 0.2 up to four standard deviations of 0.0126, and not far from it.
  CHECK(below <= 251);
  CHECK(below >= 50);
}

TEST_CASE("graded spectra and low rank", "[linalg]") {
  Philox rng(54);
  Vector<double> values(300);
  for (Index i = 0; i < 300; ++i) values(i) = 7 * std::pow(10.0, -12.0 * static_cast<double>(i) / 299);
  const auto apply = [&](const Vector<double>& x, Vector<double>& out) { out = values.cwiseProduct(x); };
  const auto estimate = operator_norm(apply, apply, 300, euclidean(300), {}, rng);
  CHECK(estimate.converged);
  CHECK_THAT(estimate.value, WithinRel(7.0, 1e-12));
  CHECK(estimate.products < 100);
  const Map<double> low{normal_matrix(200, 1, rng) * normal_matrix(1, 150, rng), empirical(200)};
  const auto one = operator_norm(low.apply(), low.adjoint(), 150, low.space, {}, rng);
  CHECK_THAT(one.value, WithinRel(low.norm(), 1e-12));
  CHECK(one.products <= 5);
}

TEMPLATE_TEST_CASE("very small and very large maps keep their digits", "[linalg]", float, double) {
  using S = TestType;
  Philox rng(57);
  // The squares of these sizes are beyond the range of S.
  for (const double power : {-0.3, 0.3}) {
    const double size = std::pow(static_cast<double>(std::numeric_limits<S>::max()), power) * 1e3;
    const Map<S> map{normal_matrix<S>(20, 30, rng), euclidean(20)};
    const auto apply = [&](const Vector<S>& v, Vector<S>& out) { out = static_cast<S>(size) * (map.a * v); };
    const auto adjoint = [&](const Vector<S>& g, Vector<S>& out) {
      out = static_cast<S>(size) * (map.a.transpose() * g);
    };
    const auto estimate = operator_norm<S>(apply, adjoint, 30, map.space, {.dense_limit = 0}, rng);
    CHECK_THAT(estimate.value, WithinRel(size * map.norm(), static_cast<double>(roundoff<S>(1000))));
    CHECK(std::isfinite(estimate.upper));
  }
}

TEST_CASE("the residual is that of the singular pair", "[linalg]") {
  // One step from v: θ = |M v|^2 and r = M*M v - θ v.
  Philox rng(58);
  const Map<double> map = random_map<double>(12, 9, 0, rng);
  Vector<double> v = normal_vector(9, rng);
  v /= v.norm();
  const auto one = operator_norm_from(map.apply(), map.adjoint(), v, Vector<double>(12), {.max_steps = 1});
  const Vector<double> image = map.a * v;
  CHECK_THAT(one.value, WithinRel(image.norm(), 1e-14));
  const Vector<double> rest = map.a.transpose() * image / image.norm() - image.norm() * v;
  CHECK_THAT(one.residual, WithinRel(rest.norm(), 1e-13));
  CHECK_THAT(one.lower, WithinRel(image.norm(), 1e-12));
}

TEST_CASE("the zero map has norm 0", "[linalg]") {
  Philox rng(55);
  const auto zero = [](const Vector<double>&, Vector<double>& out) { out.setZero(); };
  for (const Index limit : {Index{0}, Index{10}}) {
    const auto estimate = operator_norm(zero, zero, 3, empirical(4), {.dense_limit = limit}, rng);
    CHECK(estimate.value == 0);
    CHECK(estimate.lower == 0);
    CHECK(estimate.upper == 0);
  }
}

TEST_CASE("operator_norm refuses options, sizes and products that are not finite", "[linalg]") {
  Philox rng(56);
  const auto identity = [](const Vector<double>& x, Vector<double>& out) { out = x; };
  const auto broken = [](const Vector<double>&, Vector<double>& out) { out.setConstant(std::nan("")); };
  CHECK_THROWS_AS(operator_norm(identity, identity, 0, euclidean(3), {}, rng), std::invalid_argument);
  CHECK_THROWS_AS(operator_norm(identity, identity, 3, euclidean(3), {.max_steps = 0}, rng),
                  std::invalid_argument);
  CHECK_THAT(message_of<std::domain_error>([&] {
               (void)operator_norm(identity, identity, 3, euclidean(3), {.failure_probability = 0}, rng);
             }),
             ContainsSubstring("failure_probability is 0, expected a number in (0, 1)"));
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { (void)operator_norm(identity, broken, 3, euclidean(3), {.dense_limit = 0}, rng); }),
             ContainsSubstring("not finite at step 1"));
}
