#include <lazytrain/lazy/lipschitz.hpp>
#include <limits>
#include <sstream>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("constants of the caller say so and hold on every ball", "[lazy]") {
  const auto bounds = LipschitzBounds::supplied(2, 3);
  CHECK(bounds.available());
  for (const double r : {0.0, 1.0, 1e9}) {
    CHECK(bounds.of_h(r).upper() == 2);
    CHECK(bounds.of_dh(r).upper() == 3);
    CHECK(bounds.of_dh(r).provenance() == Provenance::supplied);
  }
}

TEST_CASE("where there are no constants there is no number but a reason", "[lazy]") {
  const auto bounds = LipschitzBounds::none("the model has kinks");
  CHECK_FALSE(bounds.available());
  CHECK_FALSE(bounds.of_h(1).available());
  CHECK_FALSE(bounds.of_dh(1).available());
  std::ostringstream text;
  text << bounds;
  CHECK(text.str() == "no Lipschitz constants: the model has kinks");
}

TEST_CASE("radii and constants outside the mathematics are refused", "[lazy]") {
  const auto bounds = LipschitzBounds::supplied(2, 3);
  CHECK_THROWS_AS((void)bounds.of_h(-1), std::domain_error);
  CHECK_THROWS_AS((void)bounds.of_dh(std::numeric_limits<double>::quiet_NaN()), std::domain_error);
  CHECK_THROWS_AS((void)bounds.of_dh(std::numeric_limits<double>::infinity()), std::domain_error);
  CHECK_THROWS_AS((void)LipschitzBounds::supplied(-1, 1), std::domain_error);
}
