#include <lazytrain/nn/pointwise.hpp>

#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("every activation obeys the laws of layers", "[nn]", float, double) {
  const auto check = [](auto description) { check_description_laws<TestType>(description, {3, 1, 2}, 3); };
  check(nn::Pointwise<>{});
  check(nn::Pointwise<Tanh>{});
  check(nn::Pointwise<Sigmoid>{});
  check(nn::Pointwise<Softplus>{});
  check(nn::Pointwise<Erf>{});
  check(nn::Pointwise<Quadratic>{});
  check(nn::Pointwise<Identity>{});
}

TEST_CASE("a relu's displacement takes the sign cases, however small epsilon", "[nn]") {
  using B = cpu::Backend<float>;
  const nn::ImageShape input{4};
  LayerCalls<float> f(nn::AnyLayer<B>("relu1", nn::Pointwise<>{}.bind<B>(input)), input, 1);
  const Vector<float> none;
  for (const float epsilon : {1.0f, 1e-3f, 1e-9f}) {
    // Stays above, stays below, comes up from -epsilon, goes down from epsilon.
    const Vector<float> x = Eigen::Vector4f(2, -2, -epsilon, epsilon), d = Eigen::Vector4f(0.5f, 0.5f, 3, -3);
    const auto [y, dy] = f.displace(none, none, epsilon, x, d);
    CAPTURE(epsilon);
    CHECK(y == Vector<float>(Eigen::Vector4f(2, 0, 0, epsilon)));
    CHECK((dy - Vector<float>(Eigen::Vector4f(0.5f, 0, 2, -1))).norm() <= 1e-6f);
  }
}

TEST_CASE("only an activation with a kink has a pattern", "[nn]") {
  using B = cpu::Backend<double>;
  const Vector<double> x = Eigen::Vector4d(1, -1, 2, 0), z = Eigen::Vector4d(3, 1, 2, -1);
  LayerCalls<double> relu(nn::AnyLayer<B>("relu1", nn::Pointwise<>{}.bind<B>({2})), {2}, 2);
  const auto agreement = relu.compare_patterns(x, z);
  REQUIRE(agreement);
  CHECK(agreement->same == 3);
  CHECK(agreement->total == 4);
  LayerCalls<double> tanh(nn::AnyLayer<B>("tanh1", nn::Pointwise<Tanh>{}.bind<B>({2})), {2}, 2);
  CHECK_FALSE(tanh.compare_patterns(x, z));
}
