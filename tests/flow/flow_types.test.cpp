#include <lazytrain/flow/flow_types.hpp>
#include <sstream>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("A result prints its end, its cost and its first step") {
  FlowResult<Vector<double>> result;
  result.message = "reached t = 2";
  result.step_choice = "step 0.5 given";
  result.counts = {.evaluations = 25, .accepted = 4, .rejected = 1};
  std::ostringstream out;
  out << result;
  CHECK(out.str() == "reached t = 2; 4 steps accepted, 1 rejected, 25 evaluations; step 0.5 given");
  result.counts.refreshes = 2;
  result.counts.kinks = 3;
  std::ostringstream more;
  more << result;
  CHECK_THAT(more.str(), ContainsSubstring("25 evaluations, 2 kernel refreshes, 3 kinks crossed; "));
}

TEST_CASE("A run succeeds by its horizon or a stopping event") {
  FlowResult<Vector<double>> result;
  for (const auto reason : {StopReason::horizon, StopReason::event}) {
    result.reason = reason;
    CHECK(result.succeeded());
  }
  for (const auto reason :
       {StopReason::observer, StopReason::steps, StopReason::evaluations, StopReason::seconds,
        StopReason::not_finite, StopReason::diverged, StopReason::step_size, StopReason::sliding}) {
    result.reason = reason;
    CHECK_FALSE(result.succeeded());
  }
}

TEST_CASE("Numbers in messages keep twelve digits and small ones") {
  CHECK(detail::text(1e-8) == "1e-08");
  CHECK(detail::text(1.0 / 3) == "0.333333333333");
}
