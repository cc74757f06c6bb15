#include <lazytrain/nn/linear_pointwise.hpp>

#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Half of every coordinate, in another shape.
struct Half {
  static constexpr std::string_view name = "half";
  template <class B>
  [[nodiscard]] nn::LinearPointwise<B, nn::Times<scalar_t<B>>> bind(const nn::ImageShape& input) const {
    return {nn::ImageShape{input.channels, input.width, input.height}, {scalar_t<B>(0.5)}};
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a linear function of coordinates obeys the laws of layers", "[nn]", float, double) {
  check_description_laws<TestType>(Half{}, {3, 2, 5}, 3);
  CHECK(Half{}.bind<cpu::Backend<TestType>>({3, 2, 5}).output_shape() == nn::ImageShape{3, 5, 2});
}
