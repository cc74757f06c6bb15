#include <lazytrain/nn/vgg11.hpp>
#include <support/long_tests.hpp>

#include "paper_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("VGG-11 has the paper's 9,225,610 parameters", "[nn]") {
  const auto conv = [](Index from, Index to) { return to * (9 * from + 1); };
  const Index dense = 10 * (512 + 1);
  const Index by_hand = conv(3, 64) + conv(64, 128) + conv(128, 256) + conv(256, 256) + conv(256, 512) +
                        3 * conv(512, 512) + dense;
  CHECK(by_hand == 9225610);
  const auto net = nn::vgg11<float>();
  CHECK(net.parameter_dim() == by_hand);
  CHECK(net.outputs() == 10);
  CHECK(net.input_shape() == nn::ImageShape{3, 32, 32});
}

TEMPLATE_TEST_CASE("VGG-11 of reduced width is differentiable end to end", "[nn]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  check_network_end_to_end(
      nn::vgg11<TestType>({.width = short_tests ? 0.04 : 0.07}, cpu::Backend<TestType>({.chunk = 2})));
}

TEST_CASE("VGG-11: widths, outputs and refusals", "[nn]") {
  const auto net = nn::vgg11<double>({.input = {1, 33, 40}, .width = 1e-6, .outputs = 3});
  CHECK(net.parameter_dim() == 8 * (9 + 1) + 3 * 2);
  CHECK_THROWS_AS(nn::vgg11<float>({.width = 0}), std::domain_error);
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)nn::vgg11<float>({.input = {3, 31, 32}});
             }),
             ContainsSubstring("layer max_pool5 does not fit its input 512 x 1 x 2"));
}
