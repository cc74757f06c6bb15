#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <lazytrain/nn/network.hpp>
#include <utility>

namespace lazytrain::nn {

/// Sizes of `vgg11` and `resnet18`.
struct ImageNetworkOptions {
  /// The shape of an image.
  ImageShape input = {3, 32, 32};
  /// Factor of the number of filters of every layer, rounded.
  double width = 1;
  /// k.
  Index outputs = 10;
};

namespace detail {

/// `filters` times the width, at least 1.
[[nodiscard]] inline Index widened(Index filters, double width) {
  return std::max<Index>(1, static_cast<Index>(std::llround(static_cast<double>(filters) * width)));
}

}  // namespace detail

/// VGG-11 for small images, as in the paper's experiments (Section 3.2): 3x3 convolutions 64 M 128 M 256 256
/// M 512 512 M 512 512 M with relu and 2x2 max-pooling M, and a dense layer; no normalization. On 32 x 32
/// images with 10 outputs it has 9,225,610 parameters.
/// @throws std::domain_error if width is not positive, std::invalid_argument if the image is smaller than 32
/// x 32
template <std::floating_point S, class B = cpu::Backend<S>>
[[nodiscard]] Network<B> vgg11(const ImageNetworkOptions& options = {}, B backend = B(),
                               const NetworkOptions& network = {}) {
  require_positive("vgg11", "options.width", options.width);
  Series<B> layers;
  constexpr Index pool = 0;
  for (const Index filters : {64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}) {
    if (filters == pool) {
      layers.add(MaxPool{});
    } else {
      layers.add(Conv{.filters = detail::widened(filters, options.width)}).add(Pointwise<>{});
    }
  }
  layers.add(Dense{.outputs = options.outputs});
  return Network<B>(options.input, layers, std::move(backend), network);
}

}  // namespace lazytrain::nn
