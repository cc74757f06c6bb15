#include <lazytrain/core/error.hpp>
#include <limits>
#include <locale>
#include <string>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("raise prefixes the function, joins the parts and throws the type asked for") {
  CHECK(message_of<std::runtime_error>([] {
          raise<std::runtime_error>("integrate", "step ", 3, " failed");
        }) == "lazytrain::integrate: step 3 failed");
  CHECK_THROWS_AS(raise<std::domain_error>("f", "x"), std::domain_error);
}

TEST_CASE("numbers in messages have ten digits") {
  CHECK(message_of<std::domain_error>([] { raise<std::domain_error>("f", 1.0 / 3.0); }) ==
        "lazytrain::f: 0.3333333333");
}

TEST_CASE("a wrong size is an invalid argument, with both sizes") {
  CHECK_NOTHROW(require_size("jvp", "w", 3, 3, "parameter_dim()"));
  CHECK(message_of<std::invalid_argument>([] { require_size("jvp", "w", 2, 3, "parameter_dim()"); }) ==
        "lazytrain::jvp: w has size 2, expected 3 (parameter_dim())");
}

TEST_CASE("a senseless option is an invalid argument, with its value") {
  CHECK_NOTHROW(require_argument(true, "f", "steps", 0, "at least 1"));
  CHECK(message_of<std::invalid_argument>([] { require_argument(false, "f", "steps", 0, "at least 1"); }) ==
        "lazytrain::f: steps is 0, expected at least 1");
}

TEST_CASE("a number outside the mathematics is a domain error, with its value") {
  CHECK_NOTHROW(require_domain(true, "f", "p", 0.5, "a number in (0, 1)"));
  CHECK(message_of<std::domain_error>([] { require_domain(false, "f", "p", 1.5, "a number in (0, 1)"); }) ==
        "lazytrain::f: p is 1.5, expected a number in (0, 1)");
}

TEMPLATE_TEST_CASE("positive means finite and above zero", "", float, double) {
  using S = TestType;
  const auto accepts = [](double x) { require_positive("f", "alpha", static_cast<S>(x)); };
  CHECK_NOTHROW(accepts(1));
  CHECK_NOTHROW(require_positive("f", "alpha", std::numeric_limits<S>::denorm_min()));
  CHECK_NOTHROW(require_positive("f", "alpha", std::numeric_limits<S>::max()));
  const double bad = GENERATE(0.0, -0.0, -1.0, infinity, -infinity, not_a_number);
  CAPTURE(bad);
  CHECK_THROWS_AS(accepts(bad), std::domain_error);
  CHECK_THAT(
      message_of<std::domain_error>([&] { accepts(bad); }),
      ContainsSubstring("lazytrain::f: alpha is ") && ContainsSubstring(", expected a finite number > 0"));
}

TEMPLATE_TEST_CASE("nonnegative means finite and not below zero", "", float, double) {
  using S = TestType;
  const auto accepts = [](double x) { require_nonnegative("f", "time", static_cast<S>(x)); };
  CHECK_NOTHROW(accepts(0));
  CHECK_NOTHROW(accepts(-0.0));
  CHECK_NOTHROW(accepts(2));
  const double bad = GENERATE(-1.0, infinity, -infinity, not_a_number);
  CAPTURE(bad);
  CHECK_THAT(
      message_of<std::domain_error>([&] { accepts(bad); }),
      ContainsSubstring("lazytrain::f: time is ") && ContainsSubstring(", expected a finite number >= 0"));
}

TEST_CASE("the first entry that is not finite is named, column by column") {
  Matrix<double> a = Matrix<double>::Zero(3, 2);
  CHECK_NOTHROW(require_finite("f", "inputs", a));
  a(0, 1) = infinity;
  a(2, 0) = not_a_number;
  CHECK_THAT(message_of<std::domain_error>([&] { require_finite("f", "inputs", a); }),
             ContainsSubstring("nan at (2, 0), expected finite numbers"));
  a(2, 0) = 0;
  CHECK(message_of<std::domain_error>([&] { require_finite("f", "inputs", a); }) ==
        "lazytrain::f: inputs is inf at (0, 1), expected finite numbers");
  CHECK_NOTHROW(require_finite("f", "inputs", a.col(0)));
}

TEST_CASE("messages look alike whatever the program's locale") {
  struct Grouping : std::numpunct<char> {
    [[nodiscard]] char do_decimal_point() const override { return ','; }
    [[nodiscard]] char do_thousands_sep() const override { return '.'; }
    [[nodiscard]] std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouping));
  const std::string message =
      message_of<std::invalid_argument>([] { require_argument(false, "f", "x", 1234567, "0.5"); });
  const std::string number = message_of<std::domain_error>([] { raise<std::domain_error>("f", -0.5); });
  std::locale::global(before);
  CHECK(message == "lazytrain::f: x is 1234567, expected 0.5");
  CHECK(number == "lazytrain::f: -0.5");
}
