#include <chrono>
#include <flow/problems.hpp>
#include <lazytrain/flow/chebyshev.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/integration_run.hpp>
#include <support/catch.hpp>
#include <thread>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class Observer>
auto run(const FlowOptions& options, Observer&& observer) {
  auto field = LogisticPair::field();
  return integrate(DormandPrince{}, field, LogisticPair::start(), options, {}, observer);
}
auto run(const FlowOptions& options) {
  return run(options, [](const auto&) {});
}

}  // namespace

TEST_CASE("Budgets end a run with its last state") {
  const auto steps = run({.horizon = 3, .max_steps = 3});
  CHECK(steps.reason == StopReason::steps);
  CHECK(steps.counts.accepted == 3);
  CHECK((steps.x - LogisticPair::solution(steps.t)).norm() <= 1e-4);
  CHECK_THAT(steps.message, ContainsSubstring("the budget of steps ended at t = "));
  const auto evaluations = run({.horizon = 3, .max_evaluations = 20});
  CHECK(evaluations.reason == StopReason::evaluations);
  CHECK(evaluations.counts.evaluations >= 20);
  CHECK(evaluations.counts.evaluations < 20 + 6);
  CHECK_THAT(evaluations.message, ContainsSubstring("the budget of evaluations ended"));
  const auto seconds = run({.horizon = 3, .max_seconds = 1e-3},
                           [](const auto&) { std::this_thread::sleep_for(std::chrono::milliseconds(2)); });
  CHECK(seconds.reason == StopReason::seconds);
  CHECK(run({.horizon = 3, .max_steps = 0}).x == LogisticPair::start());
}

TEST_CASE("Evaluations are counted for fields that do not count") {
  Index calls = 0;
  auto field = PlainField{[&](const Vector<double>& x, Vector<double>& f) {
    f = -x;
    ++calls;
  }};
  const auto end = integrate(Chebyshev{}, field, vector({1.0, 2.0}), {.horizon = 3});
  CHECK(end.counts.evaluations == calls);
}

TEST_CASE("A stepper may bring its own controller") {
  STATIC_REQUIRE(detail::controller_of<Exponential>().grow == Exponential::controller().grow);
  STATIC_REQUIRE(detail::controller_of<Exponential>().leap == Exponential::controller().leap);
  STATIC_REQUIRE(detail::controller_of<DormandPrince>().grow == StepController{}.grow);
  STATIC_REQUIRE(detail::controller_of<DormandPrince>().leap == StepController{}.leap);
}
