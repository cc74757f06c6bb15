#include <lazytrain/backend/cpu/winograd_tiles.hpp>
#include <numeric>
#include <vector>

#include "support/catch.hpp"

using namespace lazytrain;
using cpu::detail::WinogradMatrices;
using cpu::detail::WinogradTiles;

namespace {

constexpr ConvShape shape{.channels = 2, .height = 7, .width = 10, .filters = 3};

}  // namespace

TEST_CASE("Tiles of outputs cover every pixel once") {
  const Index n = 2;
  const WinogradTiles tiles(shape);
  CHECK(tiles.per_image() == 2 * 3);
  std::vector<int> y(static_cast<std::size_t>(shape.output_dim() * n), 0);
  for (Index t = 0; t < n * tiles.per_image(); ++t) {
    for (int* pixel : tiles.outputs<int>(y.data(), t, nullptr)) {
      if (pixel != nullptr) ++*pixel;
    }
  }
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == (i % 3 == 0 ? 1 : 0));
}

TEST_CASE("A tile of inputs is what its outputs see") {
  const WinogradTiles tiles(shape);
  std::vector<int> x(static_cast<std::size_t>(2 * shape.input_dim()));
  std::iota(x.begin(), x.end(), 0);
  const int outside = -1;
  for (Index t = 0; t < 2 * tiles.per_image(); ++t) {
    const Index image = t / 6, row = t % 6 / 3, column = t % 3;
    const auto pixels = tiles.inputs<const int>(x.data(), t, &outside);
    for (Index i = 0; i < 36; ++i) {
      const Index iy = 4 * row + i / 6 - 1, ix = 4 * column + i % 6 - 1;
      const bool inside = iy >= 0 && iy < 7 && ix >= 0 && ix < 10;
      CHECK(*pixels[static_cast<std::size_t>(i)] == (inside ? 2 * (iy * 10 + ix + 70 * image) : outside));
    }
  }
}

TEST_CASE("Transformed matrices do not overlap, and begin in different cache lines") {
  std::vector<float> memory(static_cast<std::size_t>(WinogradMatrices<float>::size(3, 5)));
  const WinogradMatrices<float> matrices{memory.data(), 3, 5};
  for (Index i = 0; i < cpu::winograd_points; ++i) matrices(i).setConstant(static_cast<float>(i));
  for (Index i = 0; i < cpu::winograd_points; ++i) {
    CHECK((matrices(i).array() == static_cast<float>(i)).all());
    CHECK(matrices.column(i, 4) == matrices(i).col(4).data());
  }
  CHECK(WinogradMatrices<float>::stride(64, 64) == 64 * 64 + 16);
}

TEST_CASE("Groups of tiles and channels are not empty and not more than there are") {
  for (const Index channels : {1, 64, 4096}) {
    const ConvShape s{.channels = channels, .height = 8, .width = 8, .filters = channels};
    CHECK(cpu::detail::tiles_at_a_time(s, 3) == 3);
    CHECK(cpu::detail::tiles_at_a_time(s, 1000000) >= 64);
    CHECK(cpu::detail::channels_at_a_time(s) >= 1);
    CHECK(cpu::detail::channels_at_a_time(s) <= channels);
  }
}
