#pragma once

#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/data/cifar10.hpp>
#include <lazytrain/data/normalize.hpp>
#include <lazytrain/nn/images.hpp>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace examples {

/// Images for training and testing, normalized per channel over the training set, in a network's layout.
template <class S>
struct ImageData {
  lazytrain::data::LabelledData<S> train;
  lazytrain::data::LabelledData<S> test;
  std::string name;
};

/// 32 x 32 colour images of ten classes, made up: waves of a class's own directions and colours at random
/// phases and amplitudes, and as much noise. A stand-in for CIFAR-10 where that is not at hand.
template <class S>
lazytrain::data::LabelledData<S> generated_images(lazytrain::Index count, lazytrain::Philox rng) {
  using namespace lazytrain;
  constexpr Index classes = 10, side = 32, waves = 3;
  struct Wave {
    double x, y;
    double colour[3];
  };
  Philox shapes(17);
  std::vector<Wave> all;
  for (Index i = 0; i < classes * waves; ++i) {
    Wave wave{0.6 * normal(shapes), 0.6 * normal(shapes), {normal(shapes), normal(shapes), normal(shapes)}};
    all.push_back(wave);
  }
  Matrix<S> images(3 * side * side, count);
  std::vector<Index> labels;
  for (Index i = 0; i < count; ++i) {
    const Index label = random_index(rng, classes);
    labels.push_back(label);
    auto image = images.col(i);
    for (Index q = 0; q < image.size(); ++q) image(q) = static_cast<S>(1.5 * normal(rng));
    for (Index k = 0; k < waves; ++k) {
      const Wave& wave = all[static_cast<std::size_t>(label * waves + k)];
      const double phase = 2 * std::numbers::pi * uniform(rng);
      const double size = normal(rng);
      for (Index channel = 0; channel < 3; ++channel) {
        for (Index y = 0; y < side; ++y) {
          for (Index x = 0; x < side; ++x) {
            const double angle = wave.x * static_cast<double>(x) + wave.y * static_cast<double>(y) + phase;
            image(side * (side * channel + y) + x) +=
                static_cast<S>(size * wave.colour[channel] * std::cos(angle));
          }
        }
      }
    }
  }
  return data::LabelledData<S>(std::move(images), std::move(labels), classes, data::cifar10_shape);
}

/// The first samples of CIFAR-10 in the folder `source`, which may be written `cifar10:folder`, or generated
/// ones if it is empty.
template <class S>
ImageData<S> load_images(const std::string& source, lazytrain::Index train, lazytrain::Index test) {
  using namespace lazytrain;
  constexpr std::string_view prefix = "cifar10:";
  const std::string folder = source.starts_with(prefix) ? source.substr(prefix.size()) : source;
  const bool generated = folder.empty();
  const auto part = [&](data::Part which, Index count, std::uint64_t stream) {
    if (generated) return generated_images<S>(count, Philox(5, stream));
    auto all = data::load_cifar10<S>(folder, which);
    return data::take(all, std::min(count, all.samples()));
  };
  const auto training = part(data::Part::train, train, 0);
  const auto normalization = data::fit_channels(training);
  return {nn::from_planes(normalization.apply(training)),
          nn::from_planes(normalization.apply(part(data::Part::test, test, 1))),
          generated ? "generated images" : "CIFAR-10"};
}

}  // namespace examples
