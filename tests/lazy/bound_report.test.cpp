#include <lazytrain/lazy/bound_report.hpp>
#include <limits>
#include <sstream>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

BoundReport sound() {
  BoundReport report{.result = "Theorem 0", .form = "sharp"};
  report.constants = {{"L", Estimate::exactly(2)}};
  report.hypotheses = {detail::below("q < 1", 0.5, 1, Provenance::certified)};
  report.times = {1, 2, 3};
  report.inequalities = {{"x", {1, 2, 3}, {1e-6, 1e-6, 1e-6}, {2, 3, 4}}};
  return report;
}

}  // namespace

TEST_CASE("a bound report holds when hypotheses are met and no left side exceeds its right side", "[lazy]") {
  const BoundReport report = sound();
  CHECK(report.verdict() == Verdict::holds);
  CHECK(report.holds());
  CHECK_THAT(report.slack(), WithinRel(4.0 / 3, 1e-15));
  CHECK(report.inequality("x").tightest() == 2);
  CHECK(report.constant("L").value() == 2);
  CHECK_THROWS_AS(report.inequality("y"), std::invalid_argument);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)report.constant("M"); }), ContainsSubstring("M"));
}

TEST_CASE("a hypothesis that fails is never an answer of true", "[lazy]") {
  BoundReport report = sound();
  report.hypotheses.push_back(detail::above("m > 0", 0, 0, Provenance::supplied));
  CHECK(report.verdict() == Verdict::hypotheses_not_met);
  CHECK_FALSE(report.holds());
  CHECK(report.failed_hypotheses() == std::vector<std::string>{"m > 0"});
  // Nor is a violation one of the theorem then.
  report.inequalities[0].rhs = {0, 0, 0};
  CHECK(report.verdict() == Verdict::hypotheses_not_met);
  // A NaN meets no requirement.
  CHECK_FALSE(detail::below("q", std::nan(""), 1, Provenance::certified).met);
  CHECK_FALSE(detail::at_most("q", std::nan(""), 1, Provenance::certified).met);
  CHECK_FALSE(detail::above("q", std::nan(""), 1, Provenance::certified).met);
  CHECK_FALSE(detail::known("L", Estimate()).met);
  // A report without inequalities compares nothing.
  BoundReport empty = sound();
  empty.inequalities.clear();
  CHECK_FALSE(empty.holds());
}

TEST_CASE("a violation never rests on the numerical error, and neither does a proof", "[lazy]") {
  BoundReport report = sound();
  auto& q = report.inequalities[0];
  q.rhs = {2, 2 - 0.5e-6, 4};
  CHECK(q.first_violation() == -1);
  CHECK_FALSE(q.decided());
  CHECK(report.verdict() == Verdict::holds_indicatively);
  q.rhs = {2, 2 - 1.5e-6, 4};
  CHECK(q.first_violation() == 1);
  CHECK(report.verdict() == Verdict::violated);
  CHECK_FALSE(report.holds());
  // Where the left side is not resolved, it can refute but not confirm.
  q = {"x", {1, 2, 3}, {0.5, 1e-6, 1e-6}, {0.6, 3, 4}};
  CHECK(q.decided());
  CHECK(report.verdict() == Verdict::holds);
  q = {"x", {1, 2, 3}, {2, 2, 3}, {0.5, 0.5, 0.5}};
  CHECK(report.verdict() == Verdict::holds_indicatively);
  CHECK(std::isinf(report.slack()));
  q = {"x", {std::nan(""), 2, 3}, {0, 0, 0}, {2, 3, 4}};
  CHECK(report.verdict() == Verdict::violated);
  q = {"x", {1, 2, 3}, {0, 0, 0}, {2, std::nan(""), 4}};
  CHECK(report.verdict() == Verdict::violated);
}

TEST_CASE("what rests on an estimate is an indication", "[lazy]") {
  BoundReport report = sound();
  report.constants.push_back({"M", Estimate::supplied(1)});
  CHECK(report.verdict() == Verdict::holds);
  CHECK(report.provenance() == Provenance::supplied);
  report.constants.push_back({"LD", Estimate::at_least(1)});
  CHECK(report.verdict() == Verdict::holds_indicatively);
  BoundReport guessed = sound();
  guessed.hypotheses[0].provenance = Provenance::estimated;
  CHECK(guessed.verdict() == Verdict::holds_indicatively);
}

TEST_CASE("a bound report prints as one block", "[lazy]") {
  BoundReport report = sound();
  report.hypotheses.push_back(detail::at_most("h(w0) = 0", 0.25, 0, Provenance::certified));
  report.inequalities.push_back({"y", {1, 5, 1}, {0, 0, 0}, {2, 4, 2}});
  std::ostringstream text;
  text << report;
  for (const char* part :
       {"Theorem 0 (sharp): hypotheses not met", "[met]     q < 1: 0.5, required < 1 (certified)",
        "[NOT MET] h(w0) = 0: 0.25, required <= 0", "L = 2 (certified)",
        "[holds]   x = 3 (+- 1e-06) <= 4 at t = 3", "[FAILS]   y = 5 (+- 0) > 4 at t = 2",
        "lower bound of the supremum"}) {
    CHECK_THAT(text.str(), ContainsSubstring(part));
  }
}

TEST_CASE("bounds that estimates offer", "[lazy]") {
  CHECK(detail::upper_bound(Estimate::at_most(3)) == 3);
  CHECK(detail::upper_bound(Estimate::at_least(3)) == 3);
  CHECK(std::isinf(detail::upper_bound(Estimate())));
  CHECK(std::isinf(
      detail::upper_bound(Estimate(1, 0, std::numeric_limits<double>::infinity(), Provenance::certified))));
  CHECK(detail::lower_bound(Estimate(2, 1, 3, Provenance::certified)) == 1);
  CHECK(detail::lower_bound(Estimate(2, 0, 3, Provenance::certified)) == 0);
  CHECK(detail::lower_bound(Estimate(2, 0, 3, Provenance::estimated)) == 2);
  CHECK(detail::lower_bound(Estimate()) == 0);
  CHECK_FALSE(detail::as_constant(std::nan("")).available());
}
