#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/loss/log_sum_exp.hpp>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("log-sum-exp: surprises are -log of the probabilities, far apart and huge", "[loss]") {
  const std::vector<double> z = {1e300, 1e300, -1e300};
  const detail::LogSumExp<double> equal(z.data(), 3);
  CHECK(equal.top == 0);
  CHECK(equal.tail == 1);
  CHECK_THAT(equal.surprise(z[1]), WithinRel(std::log(2.0), roundoff<double>(2)));
  CHECK(equal.surprise(z[2]) == 2e300);

  // -log p of the likeliest class, log(1 + e^-40), is far below the rounding of log p + 40.
  const std::vector<double> certain = {0.0, 40.0};
  const detail::LogSumExp<double> sure(certain.data(), 2);
  CHECK_THAT(sure.surprise(40.0), WithinRel(std::exp(-40.0), roundoff<double>(4)));
  CHECK(sure.surprise(0.0) == 40.0);
}

TEMPLATE_TEST_CASE("log-sum-exp: probabilities sum to 1, and every term but the top is visited", "[loss]",
                   float, double) {
  using S = TestType;
  Philox rng(3);
  for (const Index k : {1, 2, 7}) {
    const Vector<S> z = normal_vector<S>(k, rng);
    Index visits = 0;
    const detail::LogSumExp<S> seen(z.data(), k, [&](Index j, S e) {
      CHECK(e == std::exp(z(j) - z.maxCoeff()));
      ++visits;
    });
    CHECK(visits == k - 1);
    S sum(0);
    for (Index j = 0; j < k; ++j) sum += std::exp(-seen.surprise(z(j)));
    CHECK_THAT(static_cast<double>(sum), WithinAbs(1.0, roundoff<S>(20)));
  }
}

TEST_CASE("log-sum-exp: a number that is not a number is not lost", "[loss]") {
  for (int place = 0; place < 3; ++place) {
    std::vector<double> z = {1, 2, 3};
    z[static_cast<std::size_t>(place)] = std::numeric_limits<double>::quiet_NaN();
    CHECK(std::isnan(detail::LogSumExp<double>(z.data(), 3).surprise(2.0)));
  }
}

TEST_CASE("exp(-r) - 1 + r without cancellation", "[loss]") {
  for (const double r : {-3.0, -0.5, -0.25, -1e-3, -1e-9, 1e-12, 1e-5, 0.1, 0.5, 0.51, 4.0, 50.0}) {
    // Its series in long double where that converges fast, the definition elsewhere.
    long double expected = std::expm1(static_cast<long double>(-r)) + r;
    if (std::abs(r) < 0.6) {
      long double term = 0.5L * r * r;
      expected = 0;
      for (int k = 3; k < 40; ++k) {
        expected += term;
        term *= -static_cast<long double>(r) / k;
      }
    }
    CHECK_THAT(detail::exp_remainder(r), WithinRel(static_cast<double>(expected), roundoff<double>(16)));
  }
  CHECK(detail::exp_remainder(0.0) == 0);
}
