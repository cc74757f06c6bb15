#pragma once

#include <concepts>
#include <lazytrain/nn/vgg11.hpp>
#include <utility>

namespace lazytrain::nn {

/// ResNet-18 for small images, as in the paper's experiments (Section 3.2): a 3x3 convolution with 64
/// filters, basic blocks [2, 2, 2, 2] of 64, 128, 256 and 512 filters, the first of the last three groups
/// with stride 2, 4x4 average pooling and a dense layer; no normalization, a bias in every convolution. A
/// block is
///
///     x -> relu(conv(relu(conv(x))) + shortcut(x)),
///
/// its shortcut the identity, or a 1x1 convolution where the shape changes.
/// @throws std::domain_error if width is not positive, std::invalid_argument if the image is smaller than 25
/// x 25, for which the last map is smaller than 4 x 4
template <std::floating_point S, class B = cpu::Backend<S>>
[[nodiscard]] Network<B> resnet18(const ImageNetworkOptions& options = {}, B backend = B(),
                                  const NetworkOptions& network = {}) {
  require_positive("resnet18", "options.width", options.width);
  Index channels = detail::widened(64, options.width);
  Series<B> layers{Conv{.filters = channels}, Pointwise<>{}};
  for (const Index group : {64, 128, 256, 512}) {
    const Index filters = detail::widened(group, options.width);
    for (int block = 0; block < 2; ++block) {
      const Index stride = group > 64 && block == 0 ? 2 : 1;
      Series<B> shortcut;
      if (stride != 1 || filters != channels) {
        shortcut.add(Conv{.filters = filters, .kernel = 1, .stride = stride, .padding = 0});
      }
      layers
          .add_residual(
              Series<B>{Conv{.filters = filters, .stride = stride}, Pointwise<>{}, Conv{.filters = filters}},
              shortcut)
          .add(Pointwise<>{});
      channels = filters;
    }
  }
  layers.add(AveragePool{.kernel = 4, .stride = 4}).add(Dense{.outputs = options.outputs});
  return Network<B>(options.input, layers, std::move(backend), network);
}

}  // namespace lazytrain::nn
