#include <algorithm>
#include <lazytrain/backend/cuda/maps.hpp>
#include <lazytrain/core/random.hpp>
#include <support/catch.hpp>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;
using namespace lazytrain::cuda::detail;

namespace {

struct Product {
  constexpr double operator()(double a, double b) const { return a * b; }
};
struct Less {
  constexpr bool operator()(double a, double b) const { return a < b; }
};
struct KeepPositions {
  Index* in;
  constexpr void operator()(Index from, Index to) const { in[to] = from; }
};
struct GiveIndex {
  PoolingWindow<int> window;
  struct Share {
    double number;
    constexpr double operator()(int k) const { return number * (k + 1); }
  };
  constexpr Share operator()(Index in, Index out) const {
    return {static_cast<double>(in) + 100 * static_cast<double>(out)};
  }
};

}  // namespace

TEST_CASE("a thread maps, counts, fills, scales, adds", "[backend]") {
  const double a[] = {1, 2}, b[] = {3, -4};
  double out[] = {0, 0};
  const MapEntry<double, Product, 2> map{{}, {a, b}, out};
  map(1);
  CHECK(out[1] == -8);
  const CountEntry<double, Less, 2> less{{}, {a, b}};
  CHECK(less(0) == 1);
  CHECK(less(1) == 0);
  FillEntry<double>{5, out}(0);
  ScaleEntry<double>{2, out}(0);
  AddEntry<double>{0.5, b, out}(0);
  CHECK(out[0] == 11.5);
}

TEST_CASE("a thread finishes a number of a convolution's outputs", "[backend]") {
  const double bias[] = {1, -2}, mask[] = {1, 1, 0, 1};
  double y[] = {3, 1, 3, 5};
  for (Index i = 0; i < 4; ++i) FinishEntry<double>{{.bias = bias, .rectify = true, .mask = mask}, 2, y}(i);
  CHECK(std::equal(y, y + 4, std::vector<double>{4, 0, 0, 3}.begin()));
  double columns[] = {3, 1, 7, -3, 5, 7};
  for (Index i = 0; i < 4; ++i) FinishColumns<double>{{.bias = bias, .rectify = true}, 2, 3, columns}(i);
  CHECK(std::equal(columns, columns + 6, std::vector<double>{4, 0, 7, 0, 3, 7}.begin()));
}

TEST_CASE("threads copy columns, fill strides and mirror a half", "[backend]") {
  const double in[] = {1, 2, 3, 4, 5, 6};
  double out[] = {0, 0, 0, 0, 0, 0, 0};
  // Two columns of two numbers, 3 apart in `in` and 4 in `out`.
  for (Index i = 0; i < 4; ++i) CopyColumns<double>{2, in, 3, out, 4}(i);
  CHECK(std::equal(out, out + 7, std::vector<double>{1, 2, 0, 0, 4, 5, 0}.begin()));
  for (Index i = 0; i < 2; ++i) FillStrided<double>{9, 3, out + 2}(i);
  CHECK(std::equal(out, out + 7, std::vector<double>{1, 2, 9, 0, 4, 9, 0}.begin()));
  Matrix<double> x = (Matrix<double>(2, 2) << 1, 7, 3, 4).finished();
  for (Index i = 0; i < 4; ++i) MirrorEntry<double>{2, x.data()}(i);
  CHECK(x == (Matrix<double>(2, 2) << 1, 3, 3, 4).finished());
}

TEST_CASE("threads of windows are where for_windows and spread_windows are", "[backend]") {
  for (const Index kernel : {1, 2, 3}) {
    for (const Index stride : {1, 2, 3}) {
      CAPTURE(kernel, stride);
      const PoolingShape s{.channels = 3, .height = 7, .width = 5, .kernel = kernel, .stride = stride};
      const Index samples = 2;
      std::vector<Index> in(static_cast<std::size_t>(samples * s.output_dim()), -1);
      for (Index i = 0; i < samples * s.output_dim(); ++i) {
        PooledWindow<KeepPositions>{s, {in.data()}}(i);
      }
      for_windows(s, samples, [&](Index from, Index to) { CHECK(in[static_cast<std::size_t>(to)] == from); });

      const GiveIndex give{{static_cast<int>(kernel), s.channels, s.width}};
      Vector<double> expected(samples * s.input_dim()), found(expected.size());
      spread_windows(s, samples, expected.data(), give);
      for (Index i = 0; i < found.size(); ++i) SpreadEntry<double, GiveIndex>{s, give, found.data()}(i);
      CHECK(found == expected);
    }
  }
}
