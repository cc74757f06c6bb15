#include <cmath>
#include <lazytrain/model/derivative_report.hpp>
#include <sstream>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double rounding = 1e-13;

/// What is said of differences whose error at step t is `error(t)`.
template <class Error>
DerivativeCheck judged(Error error) {
  return detail::judge_differences("jvp", detail::difference_sequence(0.1, error), rounding);
}

/// What is said of <u, A v> and <A^T u, v>, of size 1.
DerivativeCheck judged(const std::vector<std::pair<double, double>>& pairs) {
  return detail::judge_adjoint("vjp", pairs, std::vector<double>(pairs.size(), 1.0), rounding);
}

}  // namespace

TEST_CASE("differences that converge at order 2 are those of the derivative") {
  const DerivativeCheck check = judged([](double t) { return t * t; });
  CHECK(check.passed);
  CHECK_THAT(check.order, WithinRel(2.0, 1e-12));
  CHECK(check.error == std::pow(0.1 / 512, 2));
  // Down to rounding, which grows as steps shrink.
  CHECK(judged([](double t) { return t * t + 1e-12 / t; }).passed);
  // Of a linear model all of it is rounding, which shows no order.
  const DerivativeCheck linear = judged([](double t) { return 1e-17 / t; });
  CHECK(linear.passed);
  CHECK_THAT(linear.finding, ContainsSubstring("to rounding"));
}

TEST_CASE("differences that are exact from some step on show no order") {
  const DerivativeCheck piecewise = judged([](double t) { return t > 0.02 ? t : 1e-16; });
  CHECK(piecewise.passed);
  CHECK_THAT(piecewise.finding, ContainsSubstring("from some step on, down to 1e-16"));
}

TEST_CASE("differences that stop, or converge at another order, are not") {
  const DerivativeCheck stops = judged([](double t) { return 1e-3 + t * t; });
  CHECK_FALSE(stops.passed);
  CHECK_THAT(stops.finding, ContainsSubstring("do not converge") && ContainsSubstring("where 2 is expected"));
  CHECK_FALSE(judged([](double t) { return t; }).passed);
  CHECK_FALSE(judged([](double) { return std::numeric_limits<double>::infinity(); }).passed);
}

TEST_CASE("a product is transposed, a multiple of the transposed one, or another") {
  const DerivativeCheck right = judged({{0.5, 0.5}, {-0.25, -0.25}});
  CHECK(right.passed);
  CHECK_THAT(right.finding, ContainsSubstring("is the transposed product"));
  const DerivativeCheck weighted = judged({{0.5, 0.1}, {-0.25, -0.05}});
  CHECK_FALSE(weighted.passed);
  CHECK_THAT(weighted.finding, ContainsSubstring("is 0.2 times") && ContainsSubstring("weights of F"));
  const DerivativeCheck other = judged({{0.5, 0.1}, {-0.25, 0.05}});
  CHECK_FALSE(other.passed);
  CHECK_THAT(other.finding, ContainsSubstring("<u, A v> = 0.5 but <A^T u, v> = 0.1"));
  CHECK_FALSE(judged({{0.5, std::numeric_limits<double>::quiet_NaN()}}).passed);
}

TEST_CASE("a report passes if every check does, and prints a line for each") {
  DerivativeReport report{{{.name = "jvp", .passed = true, .finding = "converges"}}};
  CHECK(report.passed());
  report.checks.push_back({.name = "vjp", .finding = "is wrong"});
  CHECK_FALSE(report.passed());
  std::ostringstream out;
  out << report;
  CHECK(out.str() == "  ok     jvp: converges\n  WRONG  vjp: is wrong\n");
}
