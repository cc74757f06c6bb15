#include <flow/problems.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("RungeKutta4 converges with order 4") {
  auto field = LogisticPair::field();
  const Vector<double> exact = LogisticPair::solution(2);
  double before = 0;
  for (const int steps : {20, 40, 80}) {
    const double error = (fixed_steps(RungeKutta4{}, field, LogisticPair::start(), 2, steps) - exact).norm();
    if (before > 0) CHECK_THAT(observed_order(before, error), WithinAbs(4, 0.1));
    before = error;
  }
}

TEST_CASE("RungeKutta4 multiplies linear modes by the Taylor polynomial of exp of degree 4") {
  auto field = PlainField{[](const Vector<double>& x, Vector<double>& f) { f = -3 * x; }};
  const double z = -3 * 0.2;
  const double factor = 1 + z + z * z / 2 + z * z * z / 6 + z * z * z * z / 24;
  CHECK_THAT(fixed_steps(RungeKutta4{}, field, vector({2.0}), 0.2, 1)(0),
             WithinRel(2 * factor, roundoff<double>(20)));
}

TEST_CASE("RungeKutta4 interpolates with an error of order 4") {
  auto field = PlainField{[](const Vector<double>& x, Vector<double>& f) { f = -x; }};
  double before = 0;
  for (const double h : {0.04, 0.02, 0.01}) {
    RungeKutta4::Method<decltype(field)> method(RungeKutta4{}, field, vector({1.0}));
    method.start(vector({1.0}));
    method.attempt(h);
    Vector<double> out(1);
    method.interpolate(0.5, out);
    const double error = std::abs(out(0) - std::exp(-0.5 * h));
    if (before > 0) CHECK_THAT(observed_order(before, error), WithinAbs(4, 0.2));
    before = error;
  }
}

TEST_CASE("RungeKutta4 takes four evaluations a step and reaches the horizon in whole steps") {
  auto field = LogisticPair::field();
  const auto end = integrate(RungeKutta4{}, field, LogisticPair::start(), {.horizon = 1, .step = 0.1});
  CHECK(end.t == 1);
  CHECK(end.counts.accepted == 10);
  CHECK(end.counts.evaluations == 1 + 4 * 10);
}
