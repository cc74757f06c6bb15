#include <flow/problems.hpp>
#include <lazytrain/flow/chebyshev.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// x_i' = -lambda_i x_i, lambda_i from 1 to 10^decades.
auto decay(double decades) {
  Vector<double> rates(9);
  for (Index i = 0; i < 9; ++i) rates(i) = std::pow(10.0, decades * double(i) / 8);
  return PlainField{[rates](const Vector<double>& x, Vector<double>& f) { f = -rates.cwiseProduct(x); }};
}

Vector<double> ones() { return Vector<double>::Ones(9); }

/// Evaluations of one attempt at h, without those of the spectral radius.
template <class F>
Index stages(F& field, double h) {
  using Method = typename Chebyshev::template Method<detail::CountedField<F>>;
  detail::CountedField<F> counted(field);
  Method method(Chebyshev{}, counted, ones());
  method.start(ones());
  method.attempt(h);
  const Index before = counted.evaluations();
  method.attempt(h);
  return counted.evaluations() - before;
}

}  // namespace

TEST_CASE("Chebyshev converges with order 2") {
  auto field = LogisticPair::field();
  const Vector<double> exact = LogisticPair::solution(2);
  double before = 0;
  for (const int steps : {40, 80, 160}) {
    const double error = (fixed_steps(Chebyshev{}, field, LogisticPair::start(), 2, steps) - exact).norm();
    if (before > 0) CHECK_THAT(observed_order(before, error), WithinAbs(2, 0.15));
    before = error;
  }
}

TEST_CASE("Chebyshev's error estimate has order 3") {
  auto field = LogisticPair::field();
  double before = 0;
  for (const double h : {0.2, 0.1, 0.05}) {
    Chebyshev::Method<decltype(field)> method(Chebyshev{}, field, LogisticPair::start());
    method.start(LogisticPair::start());
    method.attempt(h);
    if (before > 0) CHECK_THAT(observed_order(before, method.error()), WithinAbs(3, 0.3));
    before = method.error();
  }
}

TEST_CASE("Chebyshev is stable at steps far beyond explicit limits") {
  // Explicit methods need h < 2e-6 or so; every mode must decay at every step.
  auto field = decay(6);
  for (const double h : {1e-3, 1e-2, 1e-1}) {
    Chebyshev::Method<decltype(field)> method(Chebyshev{}, field, ones());
    method.start(ones());
    double size = ones().norm();
    for (int i = 0; i < 5; ++i) {
      method.attempt(h);
      method.accept();
      CHECK(method.x().norm() <= size);
      size = method.x().norm();
    }
    CHECK(method.spectral_radius() >= 1e6);
    CHECK(method.spectral_radius() <= 1.3e6);
  }
}

TEST_CASE("Chebyshev's stages grow as the square root of the stiffness") {
  auto field = decay(6);
  const auto few = static_cast<double>(stages(field, 1e-4));
  const auto many = static_cast<double>(stages(field, 1e-2));
  CHECK_THAT(many / few, WithinAbs(10, 1));
  CHECK_THAT(many, WithinAbs(std::sqrt(1.54 * 1.2 * 1e4), 5));
}

TEST_CASE("Chebyshev integrates a stiff linear problem to its exact solution") {
  auto field = decay(5);
  Vector<double> exact(9);
  for (Index i = 0; i < 9; ++i) exact(i) = std::exp(-std::pow(10.0, 5 * double(i) / 8));
  double before = 0;
  for (const double tolerance : {1e-3, 1e-5}) {
    const auto end = integrate(Chebyshev{}, field, ones(), {.horizon = 1, .relative_tolerance = tolerance});
    INFO(end);
    CHECK(end.reason == StopReason::horizon);
    const double error = (end.x - exact).norm() / (exact - ones()).norm();
    CHECK(error <= 10 * tolerance);
    // An explicit method takes 1e5 / 3.3 steps.
    CHECK(end.counts.evaluations < 10000);
    // The error goes with the power 2/3 of the tolerance: 100^(2/3) = 21.
    if (before > 0) CHECK(error < before / 10);
    before = error;
  }
}

TEST_CASE("Chebyshev bounds the step by its most stages") {
  auto field = decay(6);
  Chebyshev::Method<decltype(field)> method(Chebyshev{.max_stages = 20}, field, ones());
  method.start(ones());
  const double longest = method.max_step();
  CHECK_THAT(longest * method.spectral_radius(), WithinAbs((20.0 * 20 - 1) / 1.54, 1e-6));
  for (int i = 0; i < 20; ++i) {
    method.attempt(longest);
    method.accept();
  }
  CHECK(method.x().norm() <= ones().norm());
  // Also in a run whose first step is far too long.
  const auto end = integrate(Chebyshev{.max_stages = 20}, field, ones(),
                             {.horizon = 1e-2, .relative_tolerance = 1e-2, .step = 1e-2});
  CHECK(end.reason == StopReason::horizon);
  CHECK(end.x.norm() <= ones().norm());
}

TEST_CASE("Chebyshev refuses a single stage") {
  auto field = decay(1);
  const std::string message = message_of<std::invalid_argument>(
      [&] { (void)integrate(Chebyshev{.max_stages = 1}, field, ones(), {.horizon = 1}); });
  CHECK(message == "lazytrain::Chebyshev: max_stages is 1, expected at least 2");
}
