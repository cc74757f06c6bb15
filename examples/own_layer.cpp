// A layer of one's own: y = s * x, a learnable scale s_c for every channel c, in a small convolutional
// network.
#include <iostream>
#include <lazytrain/core/random.hpp>
#include <lazytrain/model/check_derivatives.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>

#include "support/channel_scale.hpp"

int main() {
  using namespace lazytrain;
  using B = cpu::Backend<double>;
  const nn::Series<B> layers{nn::Conv{.filters = 4}, examples::ChannelScale{}, nn::Pointwise<Tanh>{},
                             nn::Dense{.outputs = 2}};
  const nn::Network<B> net({3, 8, 8}, layers);
  Philox rng(1);
  Vector<double> w = nn::xavier_normal(net, rng);
  for (const auto& block : net.parameters()) {
    std::cout << block.name << ": " << block.rows << " x " << block.cols << '\n';
    if (block.name == "channel_scale1.scale") w.segment(block.offset, block.size()).setOnes();
  }
  const auto report = check_derivatives(net.on(normal_matrix(3 * 8 * 8, 10, rng)), w);
  std::cout << report;
  return report.passed() ? 0 : 1;
}
