#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/euler.hpp>
#include <lazytrain/flow/integration.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <limits>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

auto run(const FlowOptions& options) {
  auto field = LogisticPair::field();
  return integrate(DormandPrince{}, field, LogisticPair::start(), options);
}

}  // namespace

TEST_CASE("A field that is not finite beyond a point stops before it") {
  auto field =
      PlainField{[](const Vector<double>& x, Vector<double>& f) { f(0) = x(0) < 1.5 ? 1 : not_a_number; }};
  const auto end = integrate(DormandPrince{}, field, vector({0.5}), {.horizon = 10});
  CHECK(end.reason == StopReason::not_finite);
  CHECK_THAT(end.t, WithinAbs(1, 1e-10));
  CHECK_THAT(end.message, ContainsSubstring("not finite after a step ") &&
                              ContainsSubstring("where ||x|| = 1.5") && ContainsSubstring("and ||x'|| = 1"));
  const auto fixed = integrate(RungeKutta4{}, field, vector({0.5}), {.horizon = 10, .step = 0.3});
  CHECK(fixed.reason == StopReason::not_finite);
  CHECK_THAT(fixed.t, WithinAbs(0.9, 1e-14));
  const auto start = integrate(Euler{}, field, vector({2.0}), {.horizon = 10});
  CHECK(start.reason == StopReason::not_finite);
  CHECK(start.message == "x' is not finite at the start, where ||x|| = 2");
}

TEST_CASE("Blow-up in finite time is noticed") {
  auto square = PlainField{[](const Vector<double>& x, Vector<double>& f) { f(0) = x(0) * x(0); }};
  const auto limited =
      integrate(DormandPrince{}, square, vector({1.0}), {.horizon = 2, .divergence_norm = 1e6});
  CHECK(limited.reason == StopReason::diverged);
  CHECK(limited.x(0) > 1e6);
  CHECK_THAT(limited.t, WithinAbs(1, 1e-4));
  CHECK_THAT(limited.message,
             ContainsSubstring("diverged with the step ") && ContainsSubstring("where ||x|| = "));
  const auto free = integrate(DormandPrince{}, square, vector({1.0}), {.horizon = 2});
  CHECK_FALSE(free.succeeded());
  CHECK_THAT(free.t, WithinAbs(1, 1e-4));
  auto growth = PlainField{[](const Vector<double>& x, Vector<double>& f) { f = x; }};
  const auto exponential = integrate(DormandPrince{}, growth, vector({1.0}), {.horizon = 1e4});
  CHECK(exponential.reason == StopReason::diverged);
  CHECK_THAT(exponential.t, WithinAbs(100 * std::log(10), 1));
  const auto euler = integrate(Euler{}, growth, vector({1.0}), {.horizon = 1e4, .step = 1});
  CHECK(euler.reason == StopReason::diverged);
}

TEST_CASE("A tolerance that cannot be met ends with the step size") {
  // A field with a jump across which no step is accurate to 1e-18.
  auto jump = PlainField{[](const Vector<double>& x, Vector<double>& f) { f(0) = x(0) < 1.5 ? 1 : 3; }};
  const auto end =
      integrate(DormandPrince{}, jump, vector({0.5}), {.horizon = 10, .relative_tolerance = 1e-18});
  CHECK(end.reason == StopReason::step_size);
  CHECK_THAT(end.message,
             ContainsSubstring("the tolerance needs a step below the resolution of time: step "));
}

TEST_CASE("Options that make no sense are refused with their value") {
  const auto refusal = [](FlowOptions options) {
    return message_of<std::domain_error>([&] { (void)run(options); });
  };
  const auto argument = [](FlowOptions options) {
    return message_of<std::invalid_argument>([&] { (void)run(options); });
  };
  CHECK(refusal({}) == "lazytrain::integrate: options.horizon is 0, expected a finite number > 0");
  for (const double bad : {-1.0, not_a_number, infinity}) {
    CHECK_THAT(refusal({.horizon = bad}), ContainsSubstring("options.horizon is "));
    CHECK_THAT(refusal({.horizon = 1, .relative_tolerance = bad}),
               ContainsSubstring("options.relative_tolerance is "));
    CHECK_THAT(refusal({.horizon = 1, .absolute_tolerance = bad}),
               ContainsSubstring("options.absolute_tolerance is "));
    CHECK_THAT(refusal({.horizon = 1, .step = bad}), ContainsSubstring("options.step is "));
  }
  CHECK_THAT(refusal({.horizon = 1, .relative_tolerance = 0}),
             ContainsSubstring("is 0, expected a number > 0"));
  for (const double bad : {0.0, -1.0, not_a_number}) {
    CHECK_THAT(refusal({.horizon = 1, .max_step = bad}), ContainsSubstring("options.max_step is "));
    CHECK_THAT(refusal({.horizon = 1, .divergence_norm = bad}),
               ContainsSubstring("options.divergence_norm is "));
    CHECK_THAT(refusal({.horizon = 1, .event_tolerance = bad}),
               ContainsSubstring("options.event_tolerance is "));
  }
  CHECK_THAT(refusal({.horizon = 1, .max_seconds = not_a_number}),
             ContainsSubstring("options.max_seconds is nan"));
  CHECK_THAT(refusal({.horizon = 1, .sample_times = {0.5, 0.25}}),
             ContainsSubstring("options.sample_times[1] is 0.25, expected ascending times in [0, horizon]"));
  CHECK_THAT(refusal({.horizon = 1, .sample_times = {1.5}}),
             ContainsSubstring("options.sample_times[0] is 1.5"));
  CHECK_THAT(refusal({.horizon = 1, .sample_times = {not_a_number}}),
             ContainsSubstring("options.sample_times[0] is nan"));
  CHECK_THAT(argument({.horizon = 1, .max_steps = -1}), ContainsSubstring("options.max_steps is -1"));
  CHECK_THAT(argument({.horizon = 1, .max_evaluations = -1}),
             ContainsSubstring("options.max_evaluations is -1"));
  CHECK_THAT(argument({.horizon = 1, .locate_kinks_up_to = -1}),
             ContainsSubstring("options.locate_kinks_up_to is -1"));
  CHECK_THAT(argument({.horizon = 1, .checkpoint_every = 0}),
             ContainsSubstring("options.checkpoint_every is 0, expected at least 1"));
}
