#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/activation_bounds.hpp>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// The largest inflation: (32 + 4 10^4) units of rounding.
constexpr double rounding = 1e-11;

}  // namespace

TEMPLATE_TEST_CASE("bounds over an interval hold on it, are attained and grow with it", "[lazy]", Tanh,
                   Sigmoid, Softplus, Erf, Quadratic, Identity) {
  using Bounds = ActivationBounds<TestType>;
  Philox rng(1);
  for (int draw = 0; draw < 2000; ++draw) {
    const double z = 4 * normal(rng);
    const double radius = draw % 10 == 0 ? 0.0 : 2 * uniform(rng);
    const double first = Bounds::derivative(z, radius);
    const double second = Bounds::second(z, radius);
    const double value = Bounds::value(z, radius);
    double largest = 0, largest_first = 0, largest_second = 0;
    for (int k = -50; k <= 50; ++k) {
      const double x = z + radius * k / 50;
      largest = std::max(largest, std::abs(TestType::value(x)));
      largest_first = std::max(largest_first, std::abs(TestType::derivative(x)));
      largest_second = std::max(largest_second, std::abs(TestType::second(x)));
    }
    REQUIRE(largest <= value);
    // Of |σ| the largest is at an end of the interval.
    REQUIRE(value <= largest * (1 + rounding));
    REQUIRE(value <= Bounds::value(z, radius * 1.01) * (1 + rounding));
    REQUIRE(largest_first <= first);
    REQUIRE(largest_second <= second);
    // On a grid of spacing r / 50 a sup is missed by less than its Lipschitz constant (at most 3) times that.
    REQUIRE(first <= largest_first + 3 * radius / 50 + rounding * first);
    REQUIRE(second <= largest_second + 3 * radius / 50 + rounding * second);
    REQUIRE(first <= Bounds::derivative(z, radius * 1.01) * (1 + rounding));
    REQUIRE(second <= Bounds::second(z, radius * 1.01) * (1 + rounding));
  }
}

TEST_CASE("over the whole line the bounds are the known constants", "[lazy]") {
  const Oracle oracle;
  const auto check = [&](const char* name, auto sigma) {
    using Sigma = decltype(sigma);
    INFO(name);
    const auto& constants = oracle["activation_constants"].at(name);
    if (!constants.at("S1").is_null()) {
      CHECK_THAT(ActivationBounds<Sigma>::derivative(0, 60),
                 WithinRel(constants.at("S1").template get<double>(), rounding));
    }
    CHECK_THAT(ActivationBounds<Sigma>::second(0, 60),
               WithinRel(constants.at("S2").template get<double>(), rounding));
    const double peak = constants.at("S2_at").template get<double>();
    CHECK_THAT(ActivationBounds<Sigma>::second(peak, 0),
               WithinRel(constants.at("S2").template get<double>(), rounding));
  };
  check("tanh", Tanh{});
  check("sigmoid", Sigmoid{});
  check("softplus", Softplus{});
  check("erf", Erf{});
  check("quad", Quadratic{});
}

TEST_CASE("an activation without a specialization has its global constants", "[lazy]") {
  CHECK(ActivationBounds<Relu>::derivative(-3, 0) == 1);
  CHECK(std::isinf(ActivationBounds<Relu>::second(-3, 0)));
  CHECK(ActivationBounds<Relu>::value(-3, 0) == 0);
  CHECK(ActivationBounds<Relu>::value(1, 2) >= 3);
}
