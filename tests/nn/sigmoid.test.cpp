#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/sigmoid.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the sigmoid, tanh and softplus satisfy their identities", "[nn]", float, double) {
  using S = TestType;
  Philox rng(9);
  for (int i = 0; i < 300; ++i) {
    const auto z = static_cast<S>(4 * normal(rng));
    CAPTURE(z);
    const auto same = [](S a, S b, double scale) {
      CHECK_THAT(static_cast<double>(a), WithinAbs(static_cast<double>(b), roundoff<S>(8) * scale));
    };
    same(Sigmoid::value(z) + Sigmoid::value(-z), S(1), 1);
    same(Tanh::value(z), S(2) * Sigmoid::value(S(2) * z) - S(1), 1);
    same(Softplus::value(z) - Softplus::value(-z), z, 1 + std::abs(static_cast<double>(z)));
    same(Sigmoid::derivative(z), Sigmoid::value(z) * Sigmoid::value(-z), 1);
    CHECK(Softplus::derivative(z) == Sigmoid::value(z));
  }
}

// (σ(z + 2εd) - σ(z)) / ε is what two differences make of it: their ends meet at one number.
TEMPLATE_TEST_CASE("scaled differences of adjacent segments add up", "[nn]", (std::pair<float, Sigmoid>),
                   (std::pair<float, Tanh>), (std::pair<float, Softplus>), (std::pair<double, Sigmoid>),
                   (std::pair<double, Tanh>), (std::pair<double, Softplus>)) {
  using S = typename TestType::first_type;
  using Sigma = typename TestType::second_type;
  Philox rng(10);
  for (const double size : {0.0, 1e-3, 0.25, 8.0}) {
    for (int i = 0; i < 50; ++i) {
      const auto z = static_cast<S>(2 * normal(rng));
      const auto d = static_cast<S>(normal(rng));
      const auto epsilon = static_cast<S>(size);
      CAPTURE(z, d, epsilon);
      const S middle = z + epsilon * d;
      const S sum = Sigma::difference(z, d, epsilon) + Sigma::difference(middle, d, epsilon);
      // The middle is rounded: |σ'| changes by less than |σ''| of that, and both differences by eps |d|
      // |middle|.
      const double scale = std::abs(static_cast<double>(d)) * (2 + std::abs(static_cast<double>(middle)));
      CHECK_THAT(
          static_cast<double>(sum),
          WithinAbs(static_cast<double>(Sigma::difference(z, S(2) * d, epsilon)), roundoff<S>(16) * scale));
    }
  }
}
