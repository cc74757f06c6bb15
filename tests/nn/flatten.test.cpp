#include <lazytrain/nn/flatten.hpp>

#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("flatten obeys the laws of layers and keeps the order of coordinates", "[nn]", float,
                   double) {
  using B = cpu::Backend<TestType>;
  const nn::ImageShape input{3, 2, 5};
  check_description_laws<TestType>(nn::Flatten{}, input, 3);
  LayerCalls<TestType> f(nn::AnyLayer<B>("flatten1", nn::Flatten{}.bind<B>(input)), input, 2);
  CHECK(f.layer().output_shape() == nn::ImageShape{30, 1, 1});
  CHECK(f.layer().parameter_dim() == 0);
  const Vector<TestType> x = Vector<TestType>::LinSpaced(60, 1, 60);
  CHECK(f.forward({}, x) == x);
}
