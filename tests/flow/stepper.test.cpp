#include <flow/problems.hpp>
#include <lazytrain/flow/chebyshev.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/euler.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/exponential_adams.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <lazytrain/flow/stepper.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

using Plain = decltype(LogisticPair::field());
using Gradient = decltype(linearized_field(std::declval<TwoLayerOnData<double, Tanh>>(),
                                           std::declval<SquareLoss<double>>(), Vector<double>(), 1.0));

TEST_CASE("Every stepper runs on a gradient field, explicit ones on any field") {
  STATIC_REQUIRE(Stepper<Euler, Plain>);
  STATIC_REQUIRE(Stepper<RungeKutta4, Plain>);
  STATIC_REQUIRE(Stepper<DormandPrince, Plain>);
  STATIC_REQUIRE(Stepper<Chebyshev, Plain>);
  STATIC_REQUIRE(Stepper<Euler, Gradient>);
  STATIC_REQUIRE(Stepper<Exponential, Gradient>);
  STATIC_REQUIRE(Stepper<ExponentialAdams, Gradient>);
  STATIC_REQUIRE_FALSE(Stepper<int, Plain>);
}

TEMPLATE_TEST_CASE("An attempt that is not accepted leaves no trace", "", Euler, RungeKutta4, DormandPrince,
                   Chebyshev) {
  auto field = LogisticPair::field();
  using Method = typename TestType::template Method<Plain>;
  Method once(TestType{}, field, LogisticPair::start());
  Method twice(TestType{}, field, LogisticPair::start());
  once.start(LogisticPair::start());
  twice.start(LogisticPair::start());
  twice.attempt(0.7);
  once.attempt(0.1);
  twice.attempt(0.1);
  CHECK(once.candidate() == twice.candidate());
  CHECK(once.candidate_f() == twice.candidate_f());
  CHECK(once.error() == twice.error());
  Vector<double> f(2);
  field(once.candidate(), f);
  CHECK(once.candidate_f() == f);
  const Vector<double> candidate = once.candidate();
  once.accept();
  CHECK(once.x() == candidate);
  CHECK(once.f() == f);
}
