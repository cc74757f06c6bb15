#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/spectral_density.hpp>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
auto diagonal_map(const Vector<S>& values) {
  return [values](const Vector<S>& x, Vector<S>& out) { out = values.cwiseProduct(x); };
}

/// Eigenvalues that spread evenly over three decades.
template <class S>
Vector<S> decades(Index n) {
  Vector<S> values(n);
  for (Index i = 0; i < n; ++i) {
    values(i) = static_cast<S>(std::pow(10.0, -3 * static_cast<double>(i) / static_cast<double>(n - 1)));
  }
  return values;
}

}  // namespace

TEMPLATE_TEST_CASE("as many steps as dimensions give every probe's own average", "[linalg]", float, double) {
  using S = TestType;
  const Index n = 12, probes = 3;
  const Vector<S> values = decades<S>(n);
  const auto density = spectral_density<S>(diagonal_map<S>(values), n, {.probes = probes, .steps = n}, 7);
  CHECK(density.products() == n * probes);
  CHECK(density.probes() == probes);
  double root = 0, inverse = 0;
  for (Index k = 0; k < probes; ++k) {
    Philox rng(7, static_cast<std::uint64_t>(k));
    const Vector<double> v = normal_vector<S>(n, rng).template cast<double>().normalized();
    const Vector<double> weights = v.cwiseAbs2() / static_cast<double>(probes);
    root += weights.dot(values.template cast<double>().cwiseSqrt());
    inverse += weights.dot(values.template cast<double>().cwiseInverse());
  }
  CHECK_THAT(density.average([](double x) { return std::sqrt(x); }).value,
             WithinRel(root, roundoff<S>(100 * 12)));
  // Roundings of nodes are relative to the largest, and 1/x has the slope 1e6 at the smallest.
  CHECK_THAT(density.average([](double x) { return 1 / x; }).value,
             WithinAbs(inverse, roundoff<S>(100 * 12) * 1e6));
}

TEST_CASE("a multiple of the identity has one eigenvalue and no deviation", "[linalg]") {
  const Index n = 30;
  const auto density = spectral_density(diagonal_map<double>(Vector<double>::Constant(n, 3.0)), n);
  CHECK(density.products() == density.probes());
  CHECK_THAT(density.largest(), WithinRel(3.0, roundoff<double>(n)));
  CHECK_THAT(density.smallest(), WithinRel(3.0, roundoff<double>(n)));
  const ProbedValue cube = density.average([](double x) { return x * x * x; });
  CHECK_THAT(cube.value, WithinRel(27.0, roundoff<double>(100 * n)));
  CHECK(cube.standard_error <= roundoff<double>(100 * n) * 27);
  CHECK(density.fraction_above(2.9).value == 1);
  CHECK(density.fraction_above(3.1).value == 0);
}

TEST_CASE("averages of functions are unbiased and their errors are what they say", "[linalg]") {
  // Of v uniform on the sphere of R^n, v^T B v has the mean tr B / n and the variance
  // 2 / (n + 2) ((1/n) Σ μ_i^2 - ((1/n) Σ μ_i)^2) with B's eigenvalues μ_i.
  const Index n = 60, probes = 400;
  const Vector<double> values = decades<double>(n);
  const auto density = spectral_density(diagonal_map<double>(values), n, {.probes = probes, .steps = 25}, 3);
  const auto check = [&](auto f) {
    const Vector<double> image = values.unaryExpr(f);
    const double mean = image.mean();
    const double variance = 2 / static_cast<double>(n + 2) * (image.cwiseAbs2().mean() - mean * mean);
    const ProbedValue found = density.average(f);
    CHECK(std::abs(found.value - mean) <= 5 * found.standard_error);
    // A sample's variance over K draws of a nearly normal law deviates by sqrt(2/K).
    CHECK_THAT(static_cast<double>(probes) * found.standard_error * found.standard_error,
               WithinRel(variance, 5 * std::sqrt(2 / static_cast<double>(probes))));
  };
  check([](double x) { return x; });
  check([](double x) { return std::exp(-5 * x); });
  check([](double x) { return x / (x + 0.1); });
}

TEST_CASE("densities integrate to one and count eigenvalues", "[linalg]") {
  const Index n = 200;
  const auto density = spectral_density(diagonal_map<double>(decades<double>(n)), n, {.probes = 40}, 5);
  double mass = 0, log_mass = 0;
  const double step = 0.01;
  for (double x = -2; x <= 3; x += step) mass += step * density.density(x, 0.1).value;
  for (double u = -6; u <= 3; u += step) log_mass += step * density.log_density(std::pow(10.0, u), 0.1).value;
  // The trapezoidal rule of a normal density with ten points a deviation errs by exp(-2 (10 π)^2).
  CHECK_THAT(mass, WithinRel(1.0, roundoff<double>(1000)));
  CHECK_THAT(log_mass, WithinRel(1.0, roundoff<double>(1000)));
  // Evenly spread over three decades: the density of log10 is 1/3 in the middle.
  const ProbedValue middle = density.log_density(std::pow(10.0, -1.5), 0.2);
  CHECK(std::abs(middle.value - 1.0 / 3) <= 5 * middle.standard_error);
  CHECK(middle.standard_error < 0.05);
  const ProbedValue half = density.fraction_above(std::pow(10.0, -1.5));
  // Half of them, and a node, with its weight of a few eigenvalues, on either side of the bound.
  CHECK(std::abs(half.value - 0.5) <= 5 * half.standard_error + 1.0 / 40);
}

TEST_CASE("more probes extend what fewer gave", "[linalg]") {
  const Index n = 20;
  const auto apply = diagonal_map<double>(decades<double>(n));
  const auto mean = [](const SpectralDensity& d) { return d.average([](double x) { return x; }).value; };
  const double two = mean(spectral_density(apply, n, {.probes = 2}, 9));
  const double three = mean(spectral_density(apply, n, {.probes = 3}, 9));
  Philox rng(9, 2);
  const Vector<double> v = normal_vector<double>(n, rng).normalized();
  const double third = v.cwiseAbs2().dot(decades<double>(n));
  CHECK_THAT(3 * three - 2 * two, WithinRel(third, roundoff<double>(100 * n)));
}

TEST_CASE("spectral densities refuse what they cannot do", "[linalg]") {
  const auto apply = diagonal_map<double>(Vector<double>::Ones(4));
  CHECK_THROWS_AS(spectral_density(apply, 0), std::invalid_argument);
  CHECK_THROWS_AS(spectral_density(apply, 4, {.probes = 1}), std::invalid_argument);
  CHECK_THROWS_AS(spectral_density(apply, 4, {.steps = 0}), std::invalid_argument);
  const auto density = spectral_density(apply, 4);
  CHECK_THROWS_AS(density.density(1, 0), std::domain_error);
  CHECK_THROWS_AS(density.log_density(0, 1), std::domain_error);
  const auto broken = [](const Vector<double>& x, Vector<double>& out) {
    out = x * std::numeric_limits<double>::quiet_NaN();
  };
  CHECK_THROWS_AS(spectral_density(broken, 4), std::runtime_error);
}
