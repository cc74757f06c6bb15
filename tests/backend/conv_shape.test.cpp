#include <lazytrain/backend/conv_shape.hpp>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr ConvShape sound{.channels = 16, .height = 8, .width = 6, .filters = 32};

std::string refusal(const ConvShape& shape) {
  return message_of<std::invalid_argument>([&] { require_conv_shape("conv", shape); });
}

ConvShape with(Index ConvShape::*member, Index value) {
  ConvShape shape = sound;
  shape.*member = value;
  return shape;
}

}  // namespace

TEST_CASE("A convolution keeps the size of its maps, or divides it by the stride") {
  CHECK(sound.output_height() == 8);
  CHECK(sound.output_width() == 6);
  CHECK(sound.positions() == 48);
  CHECK(sound.input_dim() == 16 * 48);
  CHECK(sound.output_dim() == 32 * 48);
  CHECK(sound.patch_dim() == 144);
  CHECK(sound.weight_dim() == 32 * 144);
  constexpr ConvShape strided{.channels = 1, .height = 8, .width = 7, .filters = 1, .stride = 2};
  CHECK(strided.output_height() == 4);
  CHECK(strided.output_width() == 4);
  constexpr ConvShape narrow{.channels = 1, .height = 8, .width = 5, .filters = 1, .kernel = 5, .padding = 0};
  CHECK(narrow.output_height() == 4);
  CHECK(narrow.output_width() == 1);
}

TEST_CASE("Shapes that make no sense are refused by the name of the member") {
  CHECK_NOTHROW(require_conv_shape("conv", sound));
  CHECK(refusal(with(&ConvShape::channels, 0)) ==
        "lazytrain::conv: shape.channels is 0, expected at least 1");
  CHECK(refusal(with(&ConvShape::height, -1)) == "lazytrain::conv: shape.height is -1, expected at least 1");
  CHECK(refusal(with(&ConvShape::width, 0)) == "lazytrain::conv: shape.width is 0, expected at least 1");
  CHECK(refusal(with(&ConvShape::filters, 0)) == "lazytrain::conv: shape.filters is 0, expected at least 1");
  CHECK(refusal(with(&ConvShape::kernel, 0)) == "lazytrain::conv: shape.kernel is 0, expected at least 1");
  CHECK(refusal(with(&ConvShape::stride, 0)) == "lazytrain::conv: shape.stride is 0, expected at least 1");
  CHECK(refusal(with(&ConvShape::padding, -1)) ==
        "lazytrain::conv: shape.padding is -1, expected at least 0");
  CHECK(refusal(with(&ConvShape::kernel, 11)) ==
        "lazytrain::conv: shape.kernel is 11, expected at most shape.height + 2 shape.padding");
  CHECK(refusal(with(&ConvShape::kernel, 9)) ==
        "lazytrain::conv: shape.kernel is 9, expected at most shape.width + 2 shape.padding");
}

TEST_CASE("Winograd's algorithm is chosen where it pays and refused where it does not exist") {
  CHECK(conv_algorithm(sound, ConvAlgorithm::automatic) == ConvAlgorithm::winograd);
  CHECK(conv_algorithm(sound, ConvAlgorithm::im2col) == ConvAlgorithm::im2col);
  CHECK(conv_algorithm(with(&ConvShape::height, 2), ConvAlgorithm::automatic) == ConvAlgorithm::im2col);
  CHECK(conv_algorithm(with(&ConvShape::height, 2), ConvAlgorithm::winograd) == ConvAlgorithm::winograd);
  CHECK(conv_algorithm(with(&ConvShape::channels, 3), ConvAlgorithm::automatic) == ConvAlgorithm::im2col);
  CHECK(conv_algorithm(with(&ConvShape::stride, 2), ConvAlgorithm::automatic) == ConvAlgorithm::im2col);
  CHECK(conv_algorithm(with(&ConvShape::kernel, 1), ConvAlgorithm::automatic) == ConvAlgorithm::im2col);
  CHECK(
      message_of<std::invalid_argument>(
          [] { (void)conv_algorithm(with(&ConvShape::stride, 2), ConvAlgorithm::winograd); }) ==
      "lazytrain::conv_algorithm: shape.stride is 2, expected 1, the only stride of ConvAlgorithm::winograd");
  CHECK(
      message_of<std::invalid_argument>(
          [] { (void)conv_algorithm(with(&ConvShape::kernel, 5), ConvAlgorithm::winograd); }) ==
      "lazytrain::conv_algorithm: shape.kernel is 5, expected 3, the only kernel of ConvAlgorithm::winograd");
  CHECK_THROWS_AS(conv_algorithm(with(&ConvShape::width, 0), ConvAlgorithm::automatic),
                  std::invalid_argument);
}
