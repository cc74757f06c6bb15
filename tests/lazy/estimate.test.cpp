#include <cmath>
#include <lazytrain/lazy/estimate.hpp>
#include <limits>
#include <sstream>
#include <support/catch.hpp>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

std::string text(const Estimate& e) {
  std::ostringstream out;
  out << e;
  return out.str();
}

const Estimate certified(2, 1.5, 3, Provenance::certified);
const Estimate searched = Estimate::at_least(4);
const Estimate given = Estimate::supplied(5);

}  // namespace

TEST_CASE("a formula is known as badly as its worst part", "[lazy]") {
  CHECK((certified * certified).provenance() == Provenance::certified);
  CHECK((certified * given).provenance() == Provenance::supplied);
  CHECK((given + searched).provenance() == Provenance::estimated);
  CHECK(max(searched, certified).provenance() == Provenance::estimated);
  for (const Estimate& e :
       {Estimate() + certified, certified * Estimate(), certified / Estimate(), sqrt(Estimate())}) {
    CHECK_FALSE(e.available());
    CHECK(std::isnan(e.value()));
  }
}

TEST_CASE("bounds of a formula hold the formula of every number between the bounds", "[lazy]") {
  const Estimate other(0.7, 0.1, 0.9, Provenance::certified);
  const auto inside = [](const Estimate& e, double x) { return e.lower() <= x && x <= e.upper(); };
  const Estimate sum = certified + other, product = certified * other, quotient = certified / other,
                 root = sqrt(certified), larger = max(certified, 3.5 * other);
  for (double x = 1.5; x <= 3; x += 0.125) {
    CHECK(inside(root, std::sqrt(x)));
    for (const double y : {0.1, 0.2, 0.35, 0.5, 0.8, 0.9}) {
      CHECK(inside(sum, x + y));
      CHECK(inside(product, x * y));
      CHECK(inside(quotient, x / y));
      CHECK(inside(larger, std::max(x, 3.5 * y)));
    }
  }
}

TEST_CASE("bounds are rounded outwards, exact zeros stay zero", "[lazy]") {
  const Estimate third = Estimate::exactly(1) / Estimate::exactly(3);
  CHECK(third.lower() < third.value());
  CHECK(third.value() < third.upper());
  const Estimate zero = Estimate::exactly(0) * certified;
  CHECK(zero.lower() == 0);
  CHECK(zero.upper() == 0);
  CHECK((Estimate::exactly(0) * searched).upper() == 0);
}

TEST_CASE("a quotient by what may be zero has no upper bound, by zero no value", "[lazy]") {
  const Estimate quotient = certified / Estimate::at_most(2);
  CHECK(quotient.value() == 1);
  CHECK(std::isinf(quotient.upper()));
  CHECK_FALSE((certified / Estimate::exactly(0)).available());
  CHECK((certified / searched).lower() == 0);
}

TEST_CASE("what overflows is not available", "[lazy]") {
  CHECK_FALSE((Estimate::exactly(1e300) * Estimate::exactly(1e300)).available());
}

TEST_CASE("estimates refuse bounds that do not hold the value", "[lazy]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(Estimate(1, 2, 3, Provenance::certified), std::domain_error);
  CHECK_THROWS_AS(Estimate(1, 0, 0.5, Provenance::estimated), std::domain_error);
  CHECK_THROWS_AS(Estimate(-1, -2, 0, Provenance::certified), std::domain_error);
  CHECK_THROWS_AS(Estimate(nan, 0, 1, Provenance::certified), std::domain_error);
  CHECK_THROWS_AS(Estimate::exactly(nan), std::domain_error);
  CHECK_THROWS_AS(Estimate::at_most(std::numeric_limits<double>::infinity()), std::domain_error);
  CHECK_THAT(message_of<std::domain_error>([] { (void)Estimate(1, 2, 3, Provenance::certified); }),
             ContainsSubstring("lower <= value <= upper"));
}

TEST_CASE("estimates print in words", "[lazy]") {
  CHECK(text(certified) == "2 (certified, in [1.5, 3])");
  CHECK(text(searched) == "4 (estimated, at least 4)");
  CHECK(text(given) == "5 (supplied)");
  CHECK(text(Estimate::at_most(2)) == "2 (certified, at most 2)");
  CHECK(text(Estimate()) == "not available");
  CHECK(name(weaker(Provenance::certified, Provenance::supplied)) == "supplied");
}
