#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/two_layer_layout.hpp>
#include <limits>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("scalings are functions of the number of neurons", "[nn]") {
  CHECK(Scaling::mean(8) == 0.125);
  CHECK(Scaling::sqrt(16) == 0.25);
  CHECK(Scaling(3)(100) == 3.0);
  const TwoLayerLayout constant({.inputs = 1, .neurons = 7, .scaling = 0.5});
  CHECK(constant.scale() == 0.5);
  CHECK(TwoLayerLayout({.inputs = 1, .neurons = 4}).scale() == 0.25);
}

TEST_CASE("parameters stand neuron after neuron, a_j before b_j", "[nn]") {
  const TwoLayerLayout layout({.inputs = 3, .neurons = 4, .outputs = 2});
  CHECK(layout.parameter_dim() == 20);
  CHECK(layout.stride() == 5);
  Vector<double> w = Vector<double>::LinSpaced(20, 0, 19);
  const auto A = layout.inner(static_cast<const double*>(w.data()));
  const auto B = layout.outer(static_cast<const double*>(w.data()));
  REQUIRE(A.rows() == 3);
  REQUIRE(A.cols() == 4);
  REQUIRE(B.rows() == 2);
  for (Index j = 0; j < 4; ++j) {
    for (Index l = 0; l < 3; ++l) CHECK(A(l, j) == w(layout.inner_offset(j) + l));
    for (Index c = 0; c < 2; ++c) CHECK(B(c, j) == w(layout.outer_offset(j) + c));
  }
  CHECK(layout.inner_offset(2) == 10);
  CHECK(layout.outer_offset(2) == 13);
  layout.outer(w.data())(1, 3) = -1;
  CHECK(w(19) == -1);
}

TEST_CASE("layouts refuse empty networks and infinite factors", "[nn]") {
  const auto message = [](TwoLayerOptions options) {
    return message_of<std::invalid_argument>([&] { TwoLayerLayout layout(options); });
  };
  CHECK_THAT(message({.neurons = 3}),
             ContainsSubstring("TwoLayer: options.inputs is 0, expected at least 1"));
  CHECK_THAT(message({.inputs = 3}), ContainsSubstring("options.neurons is 0"));
  CHECK_THAT(message({.inputs = 3, .neurons = 3, .outputs = -1}), ContainsSubstring("options.outputs is -1"));
  CHECK_THAT(message_of<std::domain_error>([] {
               TwoLayerLayout layout(
                   {.inputs = 1, .neurons = 1, .scaling = std::numeric_limits<double>::infinity()});
             }),
             ContainsSubstring("options.scaling is inf, expected a finite number"));
}
