#include <lazytrain/nn/maps.hpp>
#include <support/catch.hpp>

using namespace lazytrain;

TEST_CASE("maps of networks are constant expressions, as nvcc asks for devices", "[nn]") {
  static_assert(nn::Same{}(3.0) == 3.0);
  static_assert(nn::Plus{}(1.5f, 2.0f) == 3.5f);
  static_assert(nn::Moved<double>{0.5}(1.0, 4.0) == 3.0);
  CHECK(nn::Moved<float>{0.0f}(2.0f, 4.0f) == 2.0f);
}
