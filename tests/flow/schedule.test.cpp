#include <cmath>
#include <lazytrain/flow/schedule.hpp>
#include <limits>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <string>
#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain {
namespace {

using testing::roundoff;
using testing::WithinAbs;
using testing::WithinRel;

TEST_CASE("schedules are their formulas") {
  const auto t =
      GENERATE(Index(0), Index(1), Index(7), Index(29), Index(30), Index(31), Index(90), Index(1000));
  const auto time = static_cast<double>(t);
  CHECK(ConstantSchedule{}(t) == 1);
  CHECK_THAT(InverseTimeDecay(0.25)(t), WithinRel(1 / (1 + time / 4), roundoff<double>(4)));
  CHECK_THAT(StepDecay({.factor = 0.1, .every = 30})(t),
             WithinRel(std::pow(10.0, -std::floor(time / 30)), roundoff<double>(100)));
  const double angle = std::numbers::pi * std::min(time, 60.0) / 60;
  CHECK_THAT(CosineDecay({.length = 60, .last = 0.2})(t),
             WithinAbs(0.2 + 0.8 * std::pow(std::cos(angle / 2), 2), roundoff<double>(8)));
}

TEST_CASE("every schedule begins with the factor 1 and never grows") {
  const AnySchedule schedule =
      GENERATE(AnySchedule(), AnySchedule(InverseTimeDecay(0.3)),
               AnySchedule(StepDecay({.factor = 0.5, .every = 3})), AnySchedule(CosineDecay({.length = 17})));
  CHECK(schedule(0) == 1);
  for (Index t = 0; t < 40; ++t) CHECK(schedule(t + 1) <= schedule(t));
}

TEST_CASE("a decay of rate 0 and a drop by the factor 1 are constant") {
  for (Index t = 0; t < 100; t += 9) {
    CHECK(InverseTimeDecay(0)(t) == 1);
    CHECK(StepDecay({.factor = 1, .every = 1})(t) == 1);
  }
}

TEST_CASE("schedules say what they are") {
  const auto printed = [](const auto& schedule) {
    std::ostringstream out;
    out << schedule;
    return out.str();
  };
  CHECK(printed(ConstantSchedule{}) == "constant");
  CHECK(printed(InverseTimeDecay(0.5)) == "1 / (1 + 0.5 t)");
  CHECK(printed(StepDecay({.factor = 0.1, .every = 30})) == "0.1^floor(t / 30)");
  CHECK(printed(CosineDecay({.length = 70, .last = 0.01})) == "cosine from 1 to 0.01 at t = 70");
  CHECK(printed(AnySchedule()) == "constant");
  CHECK(printed(AnySchedule(InverseTimeDecay(2))) == "1 / (1 + 2 t)");
}

struct Warmup {
  double operator()(Index t) const { return std::min(1.0, 0.1 * static_cast<double>(t + 1)); }
  std::string name() const { return "warmup"; }
};

TEST_CASE("any callable with a name is a schedule") {
  const AnySchedule schedule = Warmup{};
  CHECK(schedule(4) == 0.5);
  CHECK(schedule(99) == 1.0);
  CHECK(schedule.name() == "warmup");
}

TEST_CASE("schedules refuse numbers that make no schedule") {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(InverseTimeDecay(nan), std::domain_error);
  CHECK_THROWS_AS(StepDecay({.factor = 0}), std::domain_error);
  CHECK_THROWS_AS(StepDecay({.factor = 1.5}), std::domain_error);
  CHECK_THROWS_AS(CosineDecay({.length = 5, .last = nan}), std::domain_error);
  CHECK(testing::message_of<std::domain_error>([] { InverseTimeDecay(-1.0); }) ==
        "lazytrain::InverseTimeDecay: beta is -1, expected a finite number >= 0");
  CHECK(testing::message_of<std::invalid_argument>([] { StepDecay({.every = 0}); }) ==
        "lazytrain::StepDecay: options.every is 0, expected at least 1");
  CHECK(testing::message_of<std::invalid_argument>([] { CosineDecay({}); }) ==
        "lazytrain::CosineDecay: options.length is 0, expected at least 1");
}

}  // namespace
}  // namespace lazytrain
