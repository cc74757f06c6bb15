#include <cmath>
#include <lazytrain/nn/pooling_maps.hpp>
#include <limits>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::nn::detail;

namespace {

constexpr double x[] = {1, 5, 5, 2}, z[] = {1, 2, 5, 5};
constexpr PoolingWindow<int> window{2, 1, 2};

/// What a window's function writes for the only window of a 2 x 2 map.
template <class F>
constexpr double written(F f) {
  double out = 0;
  f.out = &out;
  f(0, 0);
  return out;
}

}  // namespace

TEST_CASE("functions of windows are constant expressions, as nvcc asks for devices", "[nn]") {
  static_assert(largest(window, x) == 1);
  static_assert(largest(window, z) == 2);
  static_assert(written(ChooseLargest<int, double>{window, x, z, nullptr}) == 2);
  static_assert(written(MeanOfWindow<double>{window, 0.25, x, nullptr}) == 3.25);
  static_assert(!SameLargest<int, double>{window, x, z}(0, 0));
  static_assert(SameLargest<int, double>{window, x, x}(0, 0));
  static_assert(GiveLargest<int, double>{window, x, z}(0, 3)(1) == 5);
  static_assert(GiveLargest<int, double>{window, x, z}(0, 3)(2) == 0);
  static_assert(GiveMean<double>{window, 0.25, x}(0, 1)(3) == 1.25);
  // The largest of (1 - 5) / 2 + 1, 2, 5, (2 - 5) / 2 + 5.
  constexpr double largest_x = 5;
  static_assert(written(LargestChange<int, double>{window, 2.0, x, z, &largest_x, nullptr}) == 5);
  SUCCEED("at compile time");
}

TEST_CASE("a window of two is known at compile time, others are not", "[nn]") {
  with_window({.channels = 3, .height = 4, .width = 5}, [](const auto& two) {
    CHECK(std::is_same_v<decltype(two.kernel), std::integral_constant<int, 2>>);
    CHECK(two.offset(1, 1) == 3 * 6);
  });
  with_window({.channels = 3, .height = 4, .width = 5, .kernel = 3}, [](const auto& three) {
    CHECK(std::is_same_v<decltype(three.kernel), int>);
    CHECK(three.offset(2, 1) == 3 * 11);
  });
}

TEST_CASE("a NaN in a window comes through a pooling, wherever it stands", "[nn]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (int place = 0; place < 4; ++place) {
    CAPTURE(place);
    double with_nan[] = {1, 5, 5, 2};
    with_nan[place] = nan;
    CHECK(largest(window, with_nan) == place);
    CHECK(std::isnan(written(ChooseLargest<int, double>{window, with_nan, with_nan, nullptr})));
    const double zero[] = {0, 0, 0, 0}, five = 5;
    CHECK(std::isnan(written(LargestChange<int, double>{window, 2.0, x, with_nan, &five, nullptr})));
    CHECK(std::isnan(written(LargestChange<int, double>{window, 2.0, with_nan, zero, &five, nullptr})));
  }
  const double all[] = {nan, 1, nan, nan};
  CHECK(largest(window, all) == 3);
}
