#include <lazytrain/backend/image_move.hpp>
#include <support/catch.hpp>
#include <vector>

using namespace lazytrain;

namespace {

/// A 2 x 3 image of two channels, moved; its coordinates are 1, 2, ..., row by row.
std::vector<int> moved(const ImageMove& move) {
  std::vector<int> image;
  for (Index i = 0; i < 12; ++i) image.push_back(static_cast<int>(move.source(i, 2, 2, 3)) + 1);
  return image;
}

}  // namespace

TEST_CASE("no move leaves an image as it is", "[backend]") {
  CHECK(moved({}) == std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TEST_CASE("the window moves down and to the right, and sees zeros outside", "[backend]") {
  CHECK(moved({.down = 1, .right = 1}) == std::vector<int>{9, 10, 11, 12, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(moved({.down = -1, .right = 0}) == std::vector<int>{0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("a reflection turns the window's rows round, not its channels", "[backend]") {
  CHECK(moved({.reflected = true}) == std::vector<int>{5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8});
  CHECK(moved({.down = 0, .right = 1, .reflected = true}) ==
        std::vector<int>{0, 0, 5, 6, 3, 4, 0, 0, 11, 12, 9, 10});
}
