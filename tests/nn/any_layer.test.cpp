#include <lazytrain/nn/affine.hpp>
#include <lazytrain/nn/any_layer.hpp>

#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using B = cpu::Backend<double>;

/// A layer with a block of a wrong size, and calls that do nothing.
struct Wrong {
  using W = nn::LayerParameters<B>;
  Index rows = -1;
  [[nodiscard]] nn::ImageShape output_shape() const { return {1}; }
  [[nodiscard]] std::vector<nn::ParameterBlock> parameters() const {
    return {{"scale", rows, 1}, {"other", 2, 3}};
  }
  void forward(const nn::Chunk<B>&, const W&, const double*, double*) const {}
  void jvp(const nn::Chunk<B>&, const W&, const W&, const double*, const double*, const double*,
           double*) const {}
  void vjp(const nn::Chunk<B>&, const W&, const double*, const double*, const double*, double*,
           double*) const {}
};

}  // namespace

TEST_CASE("any layer tells what it holds", "[nn]") {
  const nn::AnyLayer<B> conv("conv7", nn::Conv{.filters = 3}.bind<B>({2, 5, 5}));
  CHECK(conv.name() == "conv7");
  CHECK(conv.output_shape() == nn::ImageShape{3, 5, 5});
  CHECK(conv.parameter_dim() == 3 * 18 + 3);
  REQUIRE(conv.conv_shape());
  CHECK(conv.conv_shape()->channels == 2);
  CHECK(conv.displaceable());
  CHECK(conv.twice_differentiable());

  const nn::AnyLayer<B> plain("plain1", Wrong{.rows = 4});
  CHECK(plain.parameter_dim() == 10);
  CHECK_FALSE(plain.conv_shape());
  CHECK_FALSE(plain.displaceable());
  CHECK_FALSE(plain.twice_differentiable());
  const B backend;
  B::Workspace scratch;
  CHECK_FALSE(plain.compare_patterns({backend, scratch, 1}, nullptr, nullptr));
}

TEST_CASE("what a layer lacks is refused by the layer's name", "[nn]") {
  const Vector<double> one = Vector<double>::Ones(1), w = Vector<double>::Ones(10);
  LayerCalls<double> plain(nn::AnyLayer<B>("plain1", Wrong{.rows = 4}), {1}, 1);
  CHECK(message_of<std::invalid_argument>([&] { (void)plain.displace(w, w, 0.5, one, one); }) ==
        "lazytrain::plain1: this layer has no displace(chunk, w, dw, epsilon, x_dx, x, y_dy), expected one "
        "that has");
  CHECK(message_of<std::invalid_argument>([&] { (void)plain.second(w, w, w, one, one, one, one); }) ==
        "lazytrain::plain1: this layer has no second and second_vjp, expected one that has");
  CHECK(message_of<std::invalid_argument>([] { nn::AnyLayer<B>("plain1", Wrong{}); }) ==
        "lazytrain::plain1: the size of scale is -1, expected at least 0");
}

TEST_CASE("prepared weights are those of the last call", "[nn]") {
  const nn::AnyLayer<B> layer("dense1", nn::Dense{.outputs = 1}.bind<B>({1}));
  const B backend;
  const Vector<double> first = Eigen::Vector2d(2, 1), then = Eigen::Vector2d(3, 5);
  nn::LayerParameters<B> w;
  typename B::Workspace workspace;
  const nn::Chunk<B> chunk{backend, workspace, 1};
  const double x = 10;
  double y = 0;
  layer.prepare(backend, first.data(), w);
  layer.forward(chunk, w, &x, &y);
  CHECK(y == 21);
  layer.prepare(backend, then.data(), w);
  layer.forward(chunk, w, &x, &y);
  CHECK(y == 35);
}
