#include <cmath>
#include <lazytrain/nn/xavier.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("weights have Xavier's variance times the gain squared, biases are 0", "[nn]") {
  using B = cpu::Backend<double>;
  const nn::Network<B> net({16, 8, 8}, nn::Series<B>{nn::Conv{.filters = 32}, nn::Pointwise<>{},
                                                     nn::MaxPool{}, nn::Dense{.outputs = 40}});
  for (const double gain : {1.0, std::sqrt(2.0)}) {
    Philox rng(3);
    const Vector<double> w = nn::xavier_normal(net, rng, gain);
    for (const auto& block : net.parameters()) {
      CAPTURE(block.name, gain);
      const Vector<double> values = w.segment(block.offset, block.size());
      if (block.name.find("bias") != std::string::npos) {
        CHECK(values == Vector<double>::Zero(block.size()));
        continue;
      }
      const double fans = block.name == "conv1.weight" ? 9 * (16 + 32) : 32 * 16 + 40;
      const double variance = gain * gain * 2 / fans, n = static_cast<double>(block.size());
      // Five deviations of the sample's mean and second moment.
      CHECK(std::abs(values.mean()) <= 5 * std::sqrt(variance / n));
      CHECK(std::abs(values.squaredNorm() / n - variance) <= 5 * variance * std::sqrt(2 / n));
    }
  }
  Philox rng(3), again(3);
  CHECK(nn::xavier_normal(net, rng) == nn::xavier_normal(net, again));
  CHECK(nn::xavier_normal(net, rng, 0) == Vector<double>::Zero(net.parameter_dim()));
  CHECK_THROWS_AS(nn::xavier_normal(net, rng, -1), std::domain_error);
}
