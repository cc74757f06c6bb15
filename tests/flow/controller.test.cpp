#include <lazytrain/flow/controller.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("StepController: steady errors of the tolerance's size shorten by the safety factor") {
  const StepController controller;
  CHECK_THAT(controller.after_accepted(1, 1, 5), WithinRel(0.9, 1e-15));
}

TEST_CASE("StepController's fixed point under e = (h / h0)^k is independent of the first step") {
  // e_n = c h^k has the fixed point e^(-0.3 / k) = 1 / safety.
  const StepController controller;
  for (const int k : {2, 5}) {
    for (double h : {0.3, 1.0}) {
      double previous = 1;
      double error = 1;
      for (int i = 0; i < 100; ++i) {
        error = std::pow(h, k);
        h *= controller.after_accepted(error, previous, k);
        previous = error;
      }
      CHECK_THAT(error, WithinRel(std::pow(0.9, k / 0.3), 1e-6));
    }
  }
}

TEST_CASE("StepController reacts to the trend of the error") {
  const StepController controller;
  CHECK(controller.after_accepted(0.5, 0.05, 5) < controller.after_accepted(0.5, 0.5, 5));
  CHECK_THAT(controller.after_accepted(0.5, 0.05, 5),
             WithinRel(0.9 * std::pow(0.5, -0.14) * std::pow(0.05, 0.08), 1e-14));
}

TEST_CASE("StepController stays within its bounds") {
  const StepController controller;
  CHECK(controller.after_accepted(0, 1, 5) == 8);
  CHECK(controller.after_accepted(1, 0, 2) == 0.2);
  CHECK(controller.after_rejected(1e9, 5) == 0.2);
  CHECK_THAT(controller.after_rejected(32, 5), WithinRel(0.45, 1e-14));
  CHECK(controller.after_rejected(1.0001, 5) <= 0.9);
}

TEST_CASE("StepController: steps that grow at a constant rate follow the tolerance where leaps are allowed") {
  // An error that a step's place in time alone decides, growing by rate^k where steps grow by rate.
  const double rate = 4;
  const int k = 4;
  const auto steady_error = [&](const StepController& controller) {
    double h = 1;
    double scale = 1e-3;
    double previous = 1;
    double error = 1;
    for (int i = 0; i < 200; ++i) {
      error = std::pow(h * scale, k);
      h *= controller.after_accepted(error, previous, k);
      scale /= rate;
      previous = error;
    }
    return error;
  };
  // safety e^(-0.3 / k) = rate and safety e^(-1 / k) = rate.
  CHECK_THAT(steady_error({}), WithinRel(std::pow(0.9 / rate, k / 0.3), 1e-6));
  CHECK_THAT(steady_error({.leap = 2}), WithinRel(std::pow(0.9 / rate, k), 1e-6));
}

TEST_CASE("StepController leaps within its bounds, and only from errors far below the tolerance") {
  const StepController controller{.grow = 30, .leap = 2.5};
  CHECK(controller.after_accepted(0, 1, 4) == 30);
  const double just = std::pow(0.9 / 2.5, 4);
  CHECK_THAT(controller.after_accepted(0.99 * just, 1, 4), WithinRel(2.5 * std::pow(0.99, -0.25), 1e-14));
  CHECK(controller.after_accepted(1.01 * just, 1, 4) == StepController{}.after_accepted(1.01 * just, 1, 4));
}
