#include <lazytrain/nn/resnet18.hpp>
#include <support/long_tests.hpp>

#include "paper_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("ResNet-18 has the parameters that one counts by hand", "[nn]") {
  const auto conv = [](Index from, Index to, Index kernel = 3) { return to * (kernel * kernel * from + 1); };
  // A group of two blocks of two convolutions; the first changes the shape, with a 1x1 convolution beside it.
  const auto group = [&](Index from, Index to) {
    return conv(from, to) + 3 * conv(to, to) + conv(from, to, 1);
  };
  const Index by_hand =
      conv(3, 64) + 4 * conv(64, 64) + group(64, 128) + group(128, 256) + group(256, 512) + 10 * (512 + 1);
  CHECK(by_hand == 1792 + 147712 + 524928 + 2098432 + 8391168 + 5130);
  CHECK(by_hand == 11169162);
  const auto net = nn::resnet18<float>();
  CHECK(net.parameter_dim() == by_hand);
  CHECK(net.outputs() == 10);
}

TEMPLATE_TEST_CASE("ResNet-18 of reduced width is differentiable end to end", "[nn]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  check_network_end_to_end(
      nn::resnet18<TestType>({.width = short_tests ? 0.04 : 0.07}, cpu::Backend<TestType>({.chunk = 2})));
}

TEST_CASE("ResNet-18: the smallest image, and refusals", "[nn]") {
  CHECK(nn::resnet18<double>({.input = {1, 25, 25}, .width = 0.01, .outputs = 3}).outputs() == 3);
  CHECK_THROWS_AS(nn::resnet18<float>({.width = -1}), std::domain_error);
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)nn::resnet18<float>({.input = {3, 24, 32}});
             }),
             ContainsSubstring("layer average_pool1 does not fit its input 512 x 3 x 4"));
}
