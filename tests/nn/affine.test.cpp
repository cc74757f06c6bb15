#include <lazytrain/nn/affine.hpp>
#include <support/convolution.hpp>

#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("convolutions and dense layers obey the laws of layers on odd shapes", "[nn]", float,
                   double) {
  for (const Index kernel : {1, 3, 5}) {
    for (const Index stride : {1, 2, 3}) {
      for (const Index padding : {0, 2}) {
        CAPTURE(kernel, stride, padding);
        check_description_laws<TestType>(
            nn::Conv{.filters = 4, .kernel = kernel, .stride = stride, .padding = padding}, {3, 7, 5}, 2);
      }
    }
  }
  check_description_laws<TestType>(nn::Conv{.filters = 4, .bias = false}, {3, 7, 5}, 2);
  check_description_laws<TestType>(nn::Dense{.outputs = 3, .bias = false}, {3, 2, 3}, 2);
  CHECK(nn::Dense{.outputs = 3, .bias = false}.bind<cpu::Backend<TestType>>({4}).parameters().size() == 1);
  // Winograd's algorithm.
  check_description_laws<TestType>(nn::Conv{.filters = 17}, {16, 5, 6}, 2);
  check_description_laws<TestType>(nn::Dense{.outputs = 5}, {3, 2, 3}, 3);
  check_description_laws<TestType>(nn::Dense{.outputs = 1}, {1}, 1);
}

TEST_CASE("a convolution's outputs are the definition's plus the bias, its parameters weight and bias",
          "[nn]") {
  using B = cpu::Backend<double>;
  const nn::ImageShape input{3, 7, 5};
  const auto layer = nn::Conv{.filters = 4, .kernel = 3, .stride = 2}.bind<B>(input);
  CHECK(layer.output_shape() == nn::ImageShape{4, 4, 3});
  const auto blocks = layer.parameters();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].name == "weight");
  CHECK(blocks[0].rows == 4);
  CHECK(blocks[0].cols == 27);
  CHECK(blocks[1].name == "bias");
  CHECK(blocks[1].size() == 4);

  Philox rng(1);
  const Vector<double> w = normal_vector(4 * 28, rng), x = normal_vector(2 * input.dim(), rng);
  LayerCalls<double> f(nn::AnyLayer<B>("conv1", layer), input, 2);
  const ConvSums exact = naive_forward<double>(layer.conv_shape(), w.head(4 * 27), x, 2);
  const Vector<double> expected = exact.value + w.tail(4).replicate(24, 1);
  CHECK((f.forward(w, x) - expected).cwiseAbs().maxCoeff() <=
        roundoff<double>(30) * exact.magnitude.maxCoeff());
}

TEST_CASE("a dense layer is its matrix on all coordinates, plus the bias", "[nn]") {
  using B = cpu::Backend<double>;
  const nn::ImageShape input{2, 1, 3};
  LayerCalls<double> f(nn::AnyLayer<B>("dense1", nn::Dense{.outputs = 4}.bind<B>(input)), input, 5);
  Philox rng(2);
  const Matrix<double> A = normal_matrix(4, 6, rng), X = normal_matrix(6, 5, rng);
  const Vector<double> b = normal_vector(4, rng);
  Vector<double> w(28);
  w << A.reshaped(), b;
  const Matrix<double> Y = (A * X).colwise() + b;
  CHECK((f.forward(w, X.reshaped()) - Y.reshaped()).norm() <= roundoff<double>(10) * A.norm() * X.norm());
}

TEST_CASE("affine layers that make no sense are refused", "[nn]") {
  using B = cpu::Backend<double>;
  CHECK(message_of<std::invalid_argument>([] { (void)nn::Dense{.outputs = 0}.bind<B>({3}); }) ==
        "lazytrain::Dense: outputs is 0, expected at least 1");
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)nn::Conv{}.bind<B>({3, 4, 4});
             }),
             ContainsSubstring("Conv: shape.filters is 0"));
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)nn::Conv{.filters = 2, .kernel = 5, .padding = 0}.bind<B>({3, 4, 9});
             }),
             ContainsSubstring("Conv: shape.kernel is 5, expected at most shape.height + 2 shape.padding"));
}
