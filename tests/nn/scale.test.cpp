#include <lazytrain/nn/scale.hpp>
#include <limits>

#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("a scale multiplies every coordinate and has no parameters", "[nn]", float, double) {
  using B = cpu::Backend<TestType>;
  const nn::ImageShape input{3, 2, 5};
  check_description_laws<TestType>(nn::Scale{-1.5}, input, 3);
  LayerCalls<TestType> f(nn::AnyLayer<B>("scale1", nn::Scale{0.25}.bind<B>(input)), input, 2);
  CHECK(f.layer().output_shape() == input);
  CHECK(f.layer().parameter_dim() == 0);
  const Vector<TestType> x = Vector<TestType>::LinSpaced(60, 1, 60);
  CHECK(f.forward({}, x) == TestType(0.25) * x);
}

TEST_CASE("a scale that is no finite number is refused", "[nn]") {
  using B = cpu::Backend<double>;
  CHECK_THROWS_AS(nn::Scale{std::numeric_limits<double>::infinity()}.bind<B>({1}), std::domain_error);
}
