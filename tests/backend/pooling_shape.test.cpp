#include <lazytrain/backend/pooling_shape.hpp>
#include <lazytrain/core/random.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

std::string refusal(const PoolingShape& shape) {
  return message_of<std::invalid_argument>([&] { require_pooling_shape("MaxPool", shape); });
}

}  // namespace

TEST_CASE("a pooled map has a position for every window that fits", "[backend]") {
  constexpr PoolingShape halved{.channels = 3, .height = 7, .width = 6};
  CHECK(halved.output_height() == 3);
  CHECK(halved.output_width() == 3);
  CHECK(halved.input_dim() == 126);
  CHECK(halved.output_dim() == 27);
  constexpr PoolingShape overlapping{.channels = 1, .height = 7, .width = 6, .kernel = 3, .stride = 1};
  CHECK(overlapping.output_height() == 5);
  CHECK(overlapping.output_width() == 4);
}

TEST_CASE("windows visit channels next to each other, positions by rows, then samples", "[backend]") {
  for (const Index kernel : {1, 2, 3}) {
    for (const Index stride : {1, 2, 3}) {
      const PoolingShape s{.channels = 2, .height = 5, .width = 4, .kernel = kernel, .stride = stride};
      Index expected = 0;
      for_windows(s, 3, [&](Index in, Index out) {
        CHECK(out == expected++);
        const Index channel = out % 2, position = out / 2 % (s.output_height() * s.output_width());
        const Index y = position / s.output_width(), x = position % s.output_width();
        CHECK(in == channel + 2 * (y * stride * s.width + x * stride) + out / s.output_dim() * s.input_dim());
        CHECK(y * stride + kernel <= s.height);
        CHECK(x * stride + kernel <= s.width);
      });
      CHECK(expected == 3 * s.output_dim());
    }
  }
}

namespace {

/// Gives place k of a window the window's number times k + 1.
struct GiveMultiples {
  PoolingWindow<int> window;
  const double* numbers;
  struct Share {
    double number;
    double operator()(int k) const { return number * (k + 1); }
  };
  Share operator()(Index, Index out) const { return {numbers[out]}; }
};

}  // namespace

TEST_CASE("spreading over windows is the transpose of a sum over windows, whatever was there", "[backend]") {
  for (const Index kernel : {1, 2, 3}) {
    for (const Index stride : {1, 2, 3}) {
      const PoolingShape s{.channels = 2, .height = 5, .width = 4, .kernel = kernel, .stride = stride};
      const PoolingWindow<int> window{static_cast<int>(kernel), s.channels, s.width};
      Philox rng(1);
      const Vector<double> x = normal_vector(3 * s.input_dim(), rng),
                           u = normal_vector(3 * s.output_dim(), rng);
      Vector<double> sums = Vector<double>::Zero(u.size()), spread = Vector<double>::Constant(x.size(), 7);
      for_windows(s, 3, [&](Index in, Index out) {
        for (int k = 0; k < kernel * kernel; ++k) {
          const int row = k / static_cast<int>(kernel), column = k % static_cast<int>(kernel);
          sums(out) += (k + 1) * x(in + window.offset(row, column));
        }
      });
      spread_windows(s, 3, spread.data(), GiveMultiples{window, u.data()});
      CHECK_THAT(spread.dot(x), WithinAbs(u.dot(sums), roundoff<double>(100) * spread.norm() * x.norm()));
    }
  }
}

TEST_CASE("pooling shapes that make no sense are refused by the name of the member", "[backend]") {
  CHECK_NOTHROW(require_pooling_shape("MaxPool", {.channels = 1, .height = 2, .width = 2}));
  CHECK(refusal({.channels = 0, .height = 2, .width = 2}) ==
        "lazytrain::MaxPool: channels is 0, expected at least 1");
  CHECK(refusal({.channels = 1, .height = 2, .width = 2, .kernel = 0}) ==
        "lazytrain::MaxPool: kernel is 0, expected at least 1");
  CHECK(refusal({.channels = 1, .height = 2, .width = 2, .kernel = 2, .stride = 0}) ==
        "lazytrain::MaxPool: stride is 0, expected at least 1");
  CHECK(refusal({.channels = 1, .height = 1, .width = 2}) ==
        "lazytrain::MaxPool: kernel is 2, expected at most the height of the input");
  CHECK(refusal({.channels = 1, .height = 2, .width = 1}) ==
        "lazytrain::MaxPool: kernel is 2, expected at most the width of the input");
}
