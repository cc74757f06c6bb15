#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/nn/affine.hpp>
#include <lazytrain/nn/graph.hpp>
#include <lazytrain/nn/pointwise.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using B = cpu::Backend<double>;
using nn::Conv, nn::Series, nn::Pointwise;

TEST_CASE("residual blocks are unrolled into layers and sums, each after what it reads", "[nn]") {
  const nn::Graph<B> graph({2, 4, 4},
                           Series<B>{Conv{.filters = 3}}
                               .add_residual(Series<B>{Conv{.filters = 3}, Pointwise<>{}},
                                             Series<B>{Conv{.filters = 3, .kernel = 1, .padding = 0}})
                               .add_residual(Series<B>{Pointwise<>{}}));
  // input, conv1, conv2, relu1, conv3, sum, relu2, sum.
  REQUIRE(graph.size() == 8);
  const auto reads = [&](Index i, Index source, Index other, Index readers) {
    CAPTURE(i);
    CHECK(graph[i].source == source);
    CHECK(graph[i].other == other);
    CHECK(graph[i].readers == readers);
    CHECK(graph[i].layer.has_value() == (i > 0 && other < 0));
  };
  reads(0, -1, -1, 1);
  reads(1, 0, -1, 2);
  reads(2, 1, -1, 1);
  reads(3, 2, -1, 1);
  reads(4, 1, -1, 1);
  reads(5, 3, 4, 2);
  reads(6, 5, -1, 1);
  reads(7, 6, 5, 0);
  CHECK(graph[4].layer->name() == "conv3");
  CHECK(graph[4].offset == 3 * 18 + 3 + 3 * 27 + 3);
  CHECK(graph.parameter_dim() == graph[4].offset + 3 * 3 + 3);
  CHECK(graph.parameters().back().name == "conv3.bias");
  CHECK_FALSE(graph.without_displacement());
  CHECK_FALSE(graph.without_second());
}

TEST_CASE("a relu that alone reads a convolution is computed by it", "[nn]") {
  const nn::Graph<B> graph({2, 4, 4},
                           Series<B>{Conv{.filters = 3}, Pointwise<>{}, Pointwise<>{}, Conv{.filters = 3}}
                               .add_residual(Series<B>{Pointwise<>{}})
                               .add(Series<B>{Conv{.filters = 3}, Pointwise<Tanh>{}}));
  // input, conv1, relu1, relu2, conv2 (read twice), relu3, sum, conv3, tanh1.
  REQUIRE(graph.size() == 9);
  for (Index i = 0; i < graph.size(); ++i) {
    CAPTURE(i);
    CHECK(graph[i].merged == (i == 2));
    CHECK(graph[i].rectified == (i == 1));
  }
}

namespace {

/// A layer of outputs and parameters that are given.
struct Shaped {
  static constexpr std::string_view name = "shaped";
  template <class Backend>
  struct Bound : nn::PointwiseLayer<Backend, Relu> {
    Bound(const nn::ImageShape& input, const Shaped& description)
        : nn::PointwiseLayer<Backend, Relu>(input), shape(description.shape), block(description.block) {}
    nn::ImageShape shape;
    nn::ParameterBlock block;
    [[nodiscard]] nn::ImageShape output_shape() const { return shape; }
    [[nodiscard]] std::vector<nn::ParameterBlock> parameters() const { return {block}; }
  };
  template <class Backend>
  [[nodiscard]] Bound<Backend> bind(const nn::ImageShape& input) const {
    return {input, *this};
  }
  nn::ImageShape shape;
  nn::ParameterBlock block;
};

}  // namespace

TEST_CASE("outputs without coordinates and blocks of negative size are refused by the layer's name", "[nn]") {
  const auto refusal = [](const nn::ImageShape& shape, const nn::ParameterBlock& block) {
    return message_of<std::invalid_argument>([&] {
      nn::Graph<B>({2, 4, 4}, Series<B>{Conv{.filters = 3}, Shaped{shape, block}});
    });
  };
  CHECK_THAT(refusal({3, 4, 0}, {"shift", 1, 1}),
             ContainsSubstring("shaped1: output_shape() is 3 x 4 x 0, expected sizes of at least 1"));
  CHECK_THAT(refusal({3, 4, 4}, {"shift", 2, -1}),
             ContainsSubstring("shaped1: the size of shift is -2, expected at least 0"));
}

TEST_CASE("branches that do not fit are refused by the number of their block, counted from the inside",
          "[nn]") {
  const auto inner = Series<B>().add_residual(Series<B>{Conv{.filters = 5}});
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               nn::Graph<B>({2, 4, 4}, Series<B>().add_residual(inner));
             }),
             ContainsSubstring("shortcut has outputs 2 x 4 x 4, expected 5 x 4 x 4"));
}
