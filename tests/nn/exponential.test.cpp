#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/exponential.hpp>
#include <limits>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("e^x and e^x - 1 are exact to rounding in the whole range", "[nn]", float, double) {
  using S = TestType;
  Philox rng(8);
  const double limit = std::is_same_v<S, float> ? 87 : 708;
  for (int i = 0; i < 2000; ++i) {
    // Sizes from 1e-9 to the limit.
    const double size = limit * std::pow(10.0, -11.0 * uniform(rng) * (i % 2));
    const auto x = static_cast<S>((2 * uniform(rng) - 1) * size);
    CAPTURE(x);
    const detail::Exponential<S> e = detail::exponential(x);
    const auto exact = static_cast<double>(std::exp(static_cast<long double>(x)));
    const auto less_one = static_cast<double>(std::expm1(static_cast<long double>(x)));
    CHECK_THAT(static_cast<double>(e.exp()), WithinRel(exact, roundoff<S>(3)));
    CHECK_THAT(static_cast<double>(e.expm1()), WithinRel(less_one, roundoff<S>(3)));
    const double ratio = x == 0 ? 1.0 : less_one / static_cast<double>(x);
    CHECK_THAT(static_cast<double>(detail::relative_expm1(x)), WithinRel(ratio, roundoff<S>(4)));
  }
}

TEMPLATE_TEST_CASE("e^x stays finite and positive beyond the range, and (e^x - 1) / x is 1 at 0", "[nn]",
                   float, double) {
  using S = TestType;
  for (const S x : {S(1e4), std::numeric_limits<S>::max(), std::numeric_limits<S>::infinity()}) {
    CHECK(std::isfinite(detail::exponential(x).exp()));
    CHECK(detail::exponential(-x).exp() > 0);
    CHECK(detail::exponential(-x).exp() < std::numeric_limits<S>::epsilon());
  }
  CHECK(std::isnan(detail::exponential(std::numeric_limits<S>::quiet_NaN()).exp()));
  CHECK(detail::relative_expm1(S(0)) == 1);
}
