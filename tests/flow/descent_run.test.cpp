#include <lazytrain/flow/descent_run.hpp>
#include <limits>
#include <sstream>
#include <string>

#include "support/catch.hpp"

namespace lazytrain {
namespace {

TEST_CASE("a result says how the run ended and whether a number failed") {
  DescentResult<Vector<double>> result;
  result.message = "the budget of iterations ended at iteration 3, where ||x|| = 1";
  result.loss = 0.5;
  result.gradient_norm = 0.25;
  result.evaluations = 4;
  result.step_choice = "step 2 given";
  std::ostringstream out;
  out << result;
  CHECK(out.str() ==
        "the budget of iterations ended at iteration 3, where ||x|| = 1; loss 0.5, gradient norm 0.25; 4 "
        "evaluations; step 2 given");
  for (const auto reason : {DescentStop::iterations, DescentStop::gradient, DescentStop::loss,
                            DescentStop::observer, DescentStop::seconds}) {
    result.reason = reason;
    CHECK(result.succeeded());
  }
  for (const auto reason : {DescentStop::not_finite, DescentStop::diverged}) {
    result.reason = reason;
    CHECK_FALSE(result.succeeded());
  }
}

struct Options {
  double step = 1;
  double momentum = 0;
  double max_seconds = std::numeric_limits<double>::infinity();
  double divergence_norm = 10;
  std::string checkpoint = {};
  Index checkpoint_every = 1;
};

/// Opens what descents use.
struct Run : detail::DescentRun<Vector<double>, Options> {
  using DescentRun::advance, DescentRun::gradient_is_finite, DescentRun::ball_, DescentRun::result_;
  using DescentRun::DescentRun;
};

TEST_CASE("a step beyond the limit is taken back, one up to it is not") {
  const Options options;
  const Index size = GENERATE(Index(1), Index(5));
  Vector<double> x = Vector<double>::Zero(size);
  x(0) = 6;
  Run run(x, options);
  run.ball_.f()(0) = 4;
  REQUIRE(run.gradient_is_finite(0));
  REQUIRE(run.advance(1.0));
  CHECK(run.ball_.x()(0) == 10.0);
  REQUIRE(run.gradient_is_finite(1));
  CHECK_FALSE(run.advance(0.5));
  CHECK(run.ball_.x()(0) == 10.0);
  CHECK(run.result_.iterations == 1);
  CHECK(run.result_.message ==
        "diverged to iteration 2, where ||x|| = 12, after a step 0.5 along a gradient of norm 4");
}

}  // namespace
}  // namespace lazytrain
