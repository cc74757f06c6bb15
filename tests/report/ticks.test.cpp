#include <lazytrain/core/random.hpp>
#include <lazytrain/report/ticks.hpp>
#include <limits>
#include <set>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::report;
using namespace lazytrain::testing;

namespace {

std::vector<std::string> labels(Range range, Scale scale, int most) {
  std::vector<std::string> result;
  for (const Tick& tick : axis_ticks(range, scale, most)) {
    if (tick.major()) result.push_back(tick.label);
  }
  return result;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("linear ticks are round numbers") {
  CHECK(labels({0, 10}, Scale::linear, 5) == Strings{"0", "2", "4", "6", "8", "10"});
  CHECK(labels({-1, 1}, Scale::linear, 4) == Strings{"−1.0", "−0.5", "0.0", "0.5", "1.0"});
  CHECK(labels({0, 0.3}, Scale::linear, 3) == Strings{"0.0", "0.1", "0.2", "0.3"});
  CHECK(labels({0, 3e-6}, Scale::linear, 3) == Strings{"0", "10^{−6}", "2×10^{−6}", "3×10^{−6}"});
  CHECK(labels({0, 4e7}, Scale::linear, 4) == Strings{"0", "10^{7}", "2×10^{7}", "3×10^{7}", "4×10^{7}"});
}

TEST_CASE("logarithmic ticks are decades, with 2 and 5 where decades are few") {
  CHECK(labels({0.5, 2000}, Scale::log, 8) == Strings{"10^{0}", "10^{1}", "10^{2}", "10^{3}"});
  CHECK(labels({1e-12, 1}, Scale::log, 4) == Strings{"10^{−12}", "10^{−9}", "10^{−6}", "10^{−3}", "10^{0}"});
  CHECK(labels({1.5, 60}, Scale::log, 8) == Strings{"2", "5", "10", "20", "50"});
  CHECK(labels({6, 9}, Scale::log, 3) == Strings{"6", "7", "8", "9"});
  std::size_t minor = 0;
  for (const Tick& tick : axis_ticks({1, 100}, Scale::log, 8)) minor += tick.major() ? 0 : 1;
  CHECK(minor == 16);
}

TEST_CASE("labels differ, lie in the range and are few, whatever the range") {
  Philox rng(3);
  const Scale scale = GENERATE(Scale::linear, Scale::log);
  for (int i = 0; i < 500; ++i) {
    const double low = std::pow(10.0, 400 * uniform(rng) - 200);
    const double high = low * (1 + std::pow(10.0, 20 * uniform(rng) - 9));
    const auto ticks = axis_ticks({low, high}, scale, 6);
    std::set<std::string> seen;
    int major = 0;
    for (const Tick& tick : ticks) {
      const double slack = 1e-8 * (high - low);
      REQUIRE((tick.at >= low - slack && tick.at <= high + slack));
      if (!tick.major()) continue;
      seen.insert(tick.label);
      ++major;
    }
    INFO(low << " to " << high);
    REQUIRE(seen.size() == static_cast<std::size_t>(major));
    REQUIRE(major >= 1);
    REQUIRE(major <= 9);
  }
}

TEST_CASE("a range holds the data with some room and keeps what the axis asks for") {
  const Range linear = axis_range({}, 1, 2);
  CHECK_THAT(linear.low, WithinRel(0.96, 1e-14));
  CHECK_THAT(linear.high, WithinRel(2.04, 1e-14));
  CHECK(axis_range({}, 0, 5).low == 0);
  const Range log = axis_range({.scale = Scale::log}, 1e-3, 1e3);
  CHECK((log.low < 1e-3 && log.low > 1e-4 && log.high > 1e3 && log.high < 1e4));
  const Range own = axis_range({.low = -1, .high = 7}, 1, 100);
  CHECK((own.low == -1 && own.high == 7));
  const Range half = axis_range({.low = -1}, 0, 1);
  CHECK((half.low == -1 && half.high > 1));
}

TEST_CASE("a range has an inside without data, with one point, and with data beyond its ends") {
  const double inf = std::numeric_limits<double>::infinity();
  const Scale scale = GENERATE(Scale::linear, Scale::log);
  const auto check = [](Range range) {
    CHECK(range.low < range.high);
    CHECK(std::isfinite(range.high - range.low));
  };
  check(axis_range({.scale = scale}, inf, -inf));
  check(axis_range({.scale = scale}, 5, 5));
  check(axis_range({.scale = scale, .low = 10}, 1, 2));
  check(axis_range({.scale = scale, .high = 0.5}, 1, 2));
  check(axis_range({.scale = scale, .high = 0.5}, inf, -inf));
  check(axis_range({.scale = scale, .low = 0.5}, inf, -inf));
  check(axis_range({.scale = scale}, 1e-300, 1e300));
  check(axis_range({}, 0, 0));
  check(axis_range({}, -1e300, 1e300));
}

TEST_CASE("ends that make no sense are refused") {
  CHECK_THAT(
      message_of<std::invalid_argument>([] { return axis_range({.label = "α", .low = 2, .high = 1}, 0, 1); }),
      ContainsSubstring("the low end of axis α is 2"));
  CHECK_THROWS_AS(axis_range({.scale = Scale::log, .low = 0}, 1, 2), std::invalid_argument);
  CHECK_THROWS_AS(axis_range({.high = std::numeric_limits<double>::quiet_NaN()}, 1, 2),
                  std::invalid_argument);
}

TEST_CASE("drawable points are finite, and positive on a logarithmic axis") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(drawable(-1, Scale::linear));
  CHECK(drawable(1e-200, Scale::log));
  CHECK_FALSE(drawable(0, Scale::log));
  CHECK_FALSE(drawable(-1, Scale::log));
  CHECK_FALSE(drawable(inf, Scale::linear));
  CHECK_FALSE(drawable(inf, Scale::log));
  CHECK_FALSE(drawable(-inf, Scale::linear));
  CHECK_FALSE(drawable(std::numeric_limits<double>::quiet_NaN(), Scale::linear));
}
