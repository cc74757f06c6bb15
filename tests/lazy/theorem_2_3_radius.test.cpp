#include <lazytrain/lazy/theorem_2_3_radius.hpp>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// L(r) = 1 + r, LD = 1.
LipschitzBounds line() {
  return {[](double r) { return Estimate::exactly(1 + r); }, [](double) { return Estimate::exactly(1); },
          "hand"};
}

ProblemConstants constants(double alpha, double N) {
  ProblemConstants c;
  c.alpha = alpha;
  c.residual = Estimate::exactly(N);
  return c;
}

}  // namespace

TEST_CASE("the least radius of an increasing function is found from above", "[lazy]") {
  const auto square = [](double r) { return r * r; };
  const double r = detail::least_radius(square, 2.0);
  CHECK(r * r >= 2.0);
  CHECK_THAT(r, WithinRel(std::sqrt(2.0), 1e-14));
  CHECK(std::isnan(detail::least_radius([](double) { return 1.0; }, 2.0)));
  CHECK(std::isnan(detail::least_radius([](double) { return std::nan(""); }, 2.0)));
}

TEST_CASE("the least radius is found where the function is known near 0 alone", "[lazy]") {
  const auto known_below = [](double end) {
    return [end](double r) { return r <= end ? r * r : std::nan(""); };
  };
  CHECK_THAT(detail::least_radius(known_below(0.9), 0.25), WithinRel(0.5, 1e-14));
  CHECK_THAT(detail::least_radius(known_below(5.0), 16.0), WithinRel(4.0, 1e-14));
  CHECK_THAT(detail::least_radius(known_below(1e-6), 1e-14), WithinRel(1e-7, 1e-14));
  CHECK(std::isnan(detail::least_radius(known_below(0.9), 1.0)));
  CHECK(std::isnan(detail::least_radius(known_below(5.0), 26.0)));
  CHECK(detail::least_radius(known_below(1.0), 0.0) == 0);
}

TEST_CASE("constants that are known on small balls alone serve the K iterations that stay there", "[lazy]") {
  // alpha r L = 100 r = 0.5.
  const LipschitzBounds bounds([](double r) { return r <= 0.9 ? Estimate::exactly(1) : Estimate(); },
                               [](double r) { return r <= 0.9 ? Estimate::exactly(8) : Estimate(); }, "hand");
  const auto ball = detail::ball_for_iterations(constants(100, 1), 0.5, bounds);
  CHECK_THAT(ball.radius, WithinRel(0.005, 1e-14));
  CHECK(ball.left >= ball.right);
}

TEST_CASE("the radius for K iterations solves alpha r L(r) = K N", "[lazy]") {
  // 2 r (1 + r) = 3 * 1.
  const auto ball = detail::ball_for_iterations(constants(2, 1), 3, line());
  CHECK_THAT(ball.radius, WithinRel((std::sqrt(7.0) - 1) / 2, 1e-14));
  CHECK(ball.left >= ball.right);
  const auto none = detail::ball_for_iterations(constants(2, 1), 3, LipschitzBounds::none("no reason"));
  CHECK(std::isnan(none.radius));
  CHECK_FALSE(none.left >= none.right);
  CHECK_THAT(none.reason, ContainsSubstring("no reason"));
}

TEST_CASE("the radius for a horizon is the least fixed point, or there is none", "[lazy]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  // r = T (1 + r) N / alpha: r = 1/3 for T N / alpha = 1/4, and none for T N / alpha >= 1.
  const auto ball = detail::ball_for_horizon(constants(4, 1), 1, infinity, line());
  CHECK_THAT(ball.radius, WithinRel(1.0 / 3, 1e-10));
  CHECK(ball.left >= ball.right);
  const auto none = detail::ball_for_horizon(constants(1, 1), 2, infinity, line());
  CHECK_FALSE(none.left >= none.right);
  // sqrt(T / 2) N / alpha caps it.
  const auto capped = detail::ball_for_horizon(constants(1, 1), 2, 1.0, line());
  CHECK_THAT(capped.radius, WithinRel(1.0, 1e-10));
  CHECK(capped.left >= capped.right);
}
