#include <lazytrain/nn/image_shape.hpp>
#include <support/catch.hpp>

using namespace lazytrain;

TEST_CASE("a shape counts positions and coordinates; a vector is a shape of one position", "[nn]") {
  const nn::ImageShape image{3, 4, 5};
  CHECK(image.positions() == 20);
  CHECK(image.dim() == 60);
  CHECK(to_string(image) == "3 x 4 x 5");
  CHECK(nn::ImageShape{7} == nn::ImageShape{7, 1, 1});
  CHECK_FALSE(nn::ImageShape{3, 4, 5} == nn::ImageShape{3, 5, 4});
}
