#include <flow/problems.hpp>
#include <lazytrain/flow/euler.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Euler converges with order 1") {
  auto field = LogisticPair::field();
  const Vector<double> exact = LogisticPair::solution(2);
  double before = 0;
  for (const int steps : {200, 400, 800}) {
    const double error = (fixed_steps(Euler{}, field, LogisticPair::start(), 2, steps) - exact).norm();
    if (before > 0) CHECK_THAT(observed_order(before, error), WithinAbs(1, 0.03));
    before = error;
  }
}

TEST_CASE("Euler on a gradient field is gradient descent") {
  const auto h = oracle_network<Tanh>();
  Vector<double> w = oracle_parameters("w_sym");
  const auto R = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  auto field = parameter_field(h, R, w, 2.0);
  const double eta = 0.3;
  const auto end = integrate(Euler{}, field, w, {.horizon = 10 * eta, .step = eta});
  CHECK(end.counts.accepted == 10);
  for (int i = 0; i < 10; ++i) {
    const auto tangent = linearize(h, w);
    const Vector<double> y = 2.0 * tangent.value();
    w -= eta / 2 * tangent.adjoint(R.gradient(y));
  }
  CHECK((end.x - w).norm() <= roundoff<double>(200) * w.norm());
}

TEST_CASE("Euler interpolates by cubic Hermite polynomials") {
  // x' = -x: a step to (1 - h) x; the cubic with the values and slopes of both ends, at theta.
  auto field = PlainField{[](const Vector<double>& x, Vector<double>& f) { f = -x; }};
  const Vector<double> start = Vector<double>::Ones(100);
  Euler::Method<decltype(field)> method(Euler{}, field, start);
  method.start(start);
  const double h = 0.5;
  method.attempt(h);
  Vector<double> out(100);
  for (const double theta : {0.0, 0.25, 0.6, 1.0}) {
    method.interpolate(theta, out);
    const double p = 2 * std::pow(theta, 3) - 3 * theta * theta + 1;
    const double m = std::pow(theta, 3) - 2 * theta * theta + theta;
    const double q = 3 * theta * theta - 2 * std::pow(theta, 3);
    const double n = std::pow(theta, 3) - theta * theta;
    CHECK_THAT(out(0), WithinAbs(p - m * h + q * (1 - h) - n * h * (1 - h), roundoff<double>(20)));
  }
}
