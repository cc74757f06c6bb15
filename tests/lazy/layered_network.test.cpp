#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/layered_network.hpp>
#include <limits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("a layered network computes what its layers say", "[lazy]") {
  const Matrix<double> first{{1, -2}, {0, 3}, {2, 1}};
  const Vector<double> bias{{0.5, 0, -1}};
  const Matrix<double> second{{1, 1, -1}};
  const LayeredNetwork network({{.weights = first, .bias = bias, .activation = activation_rules("tanh")},
                                {.weights = second, .factor = 2}});
  CHECK(network.inputs() == 2);
  CHECK(network.outputs() == 1);
  CHECK(network.parameter_dim() == 12);
  const Vector<double> x{{0.3, -0.4}};
  const double expected = 2 * (std::tanh(0.3 + 0.8 + 0.5) + std::tanh(-1.2) - std::tanh(0.6 - 0.4 - 1));
  CHECK_THAT(network(x)(0, 0), WithinRel(expected, 1e-15));
}

TEST_CASE("rules of an activation are those of its type", "[lazy]") {
  const ActivationRules by_name = activation_rules("softplus"), by_type = activation_rules<Softplus>();
  CHECK(by_name.name == "softplus");
  CHECK(by_name.is_smooth);
  CHECK_FALSE(activation_rules("relu").is_smooth);
  for (const double z : {-3.0, 0.0, 0.7}) {
    CHECK(by_name.value(z) == Softplus::value(z));
    CHECK(by_type.value_bound(z, 0.5) == ActivationBounds<Softplus>::value(z, 0.5));
    CHECK(by_name.derivative_bound(z, 0.5) == ActivationBounds<Softplus>::derivative(z, 0.5));
    CHECK(by_type.second_bound(z, 0.5) == ActivationBounds<Softplus>::second(z, 0.5));
  }
  CHECK_THROWS_AS((void)activation_rules("step"), std::invalid_argument);
}

TEST_CASE("layers that do not fit each other are refused", "[lazy]") {
  const Matrix<double> two_by_three = Matrix<double>::Ones(2, 3);
  CHECK_THROWS_AS(LayeredNetwork({}), std::invalid_argument);
  CHECK_THROWS_AS(LayeredNetwork({{.weights = Matrix<double>(0, 0)}}), std::invalid_argument);
  const auto message = message_of<std::invalid_argument>([&] {
    (void)LayeredNetwork({{.weights = two_by_three}, {.weights = two_by_three}});
  });
  CHECK_THAT(message, ContainsSubstring("LayeredNetwork: weights.cols() has size 3"));
  CHECK_THROWS_AS(LayeredNetwork({{.weights = two_by_three, .bias = Vector<double>::Ones(3)}}),
                  std::invalid_argument);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(LayeredNetwork({{.weights = nan * two_by_three}}), std::domain_error);
  CHECK_THROWS_AS(LayeredNetwork({{.weights = two_by_three, .factor = nan}}), std::domain_error);
  const ConvShape shape{.channels = 1, .height = 3, .width = 4, .filters = 2};
  const auto refused = [](std::vector<LayerDescription> layers) {
    return message_of<std::invalid_argument>([&] { (void)LayeredNetwork(std::move(layers)); });
  };
  const Matrix<double> taps = Matrix<double>::Ones(2, 9);
  CHECK_THAT(refused({{.weights = two_by_three, .convolution = shape}}),
             ContainsSubstring("kernel^2 channels"));
  CHECK_THAT(refused({{.weights = Matrix<double>::Ones(3, 9), .convolution = shape}}),
             ContainsSubstring("the filters"));
  CHECK_THAT(refused({{.weights = taps, .convolution = shape}, {.weights = two_by_three}}),
             ContainsSubstring("weights.cols() has size 3"));
  CHECK_THAT(refused({{.weights = Matrix<double>::Ones(11, 2)}, {.weights = taps, .convolution = shape}}),
             ContainsSubstring("the input of a convolution has size 12"));
  CHECK_THAT(
      refused({{.weights = taps, .convolution = shape, .pooling = WindowPooling{.shape = {2, 3, 3, 1, 1}}}}),
      ContainsSubstring("the input of pooling"));
  CHECK_THAT(
      refused({{.weights = taps, .convolution = shape, .pooling = WindowPooling{.shape = {1, 6, 4, 1, 1}}}}),
      ContainsSubstring("the channels of pooling"));
  CHECK_THAT(
      refused({{.weights = taps, .convolution = shape, .pooling = WindowPooling{.shape = {2, 4, 3, 1, 1}}}}),
      ContainsSubstring("the height of pooling"));
  const LayeredNetwork network({{.weights = two_by_three}});
  CHECK_THROWS_AS((void)network(Matrix<double>(Matrix<double>::Ones(2, 1))), std::invalid_argument);
}
