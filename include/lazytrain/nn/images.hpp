#pragma once

#include <lazytrain/core/random.hpp>
#include <lazytrain/data/dataset.hpp>
#include <lazytrain/nn/image_shape.hpp>
#include <utility>
#include <vector>

/// Images for networks. Files and data:: have them plane after plane, networks channels first: see
/// ImageShape.
namespace lazytrain::nn {

/// Columns of planes, (channel, row, column), as columns of a network's inputs, (row, column, channel).
/// @throws std::invalid_argument if the rows are not those of the shape
template <class S>
[[nodiscard]] Matrix<S> from_planes(const Matrix<S>& planes, const ImageShape& shape) {
  require_size("from_planes", "planes.rows()", planes.rows(), shape.dim(), "the coordinates of an image");
  Matrix<S> out(planes.rows(), planes.cols());
  for (Index j = 0; j < planes.cols(); ++j) {
    Eigen::Map<Matrix<S>>(&out(0, j), shape.channels, shape.positions()) =
        Eigen::Map<const Matrix<S>>(&planes(0, j), shape.positions(), shape.channels).transpose();
  }
  return out;
}

/// The same of a data set with an image shape. The result has none: its layout is a network's.
/// @throws std::invalid_argument if the data set has no image shape
template <class S>
[[nodiscard]] data::LabelledData<S> from_planes(const data::LabelledData<S>& data) {
  require_argument(data.shape.has_value(), "from_planes", "shape", "not set", "a data set of images");
  const ImageShape shape{data.shape->channels, data.shape->height, data.shape->width};
  return data::LabelledData<S>(from_planes(data.inputs, shape), data.labels, data.classes);
}

/// Random changes of a training image that keep its class: the standard ones for CIFAR-10.
struct Augmentation {
  /// Zeros around the image before a window of its size is cut at random.
  Index padding = 4;
  /// Probability of a horizontal reflection.
  double flip = 0.5;
};

/// Augments each column of X, images of `shape` in a network's layout. Draws three numbers an image, in
/// order.
/// @throws std::invalid_argument if a size is wrong or the padding negative, std::domain_error unless flip is
/// in [0, 1]
template <class S>
void augment(Matrix<S>& X, const ImageShape& shape, const Augmentation& options, RandomEngine auto& rng) {
  require_size("augment", "X.rows()", X.rows(), shape.dim(), "the coordinates of an image");
  require_argument(options.padding >= 0, "augment", "options.padding", options.padding, "at least 0");
  require_domain(options.flip >= 0 && options.flip <= 1, "augment", "options.flip", options.flip,
                 "a probability");
  const Index c = shape.channels;
  Vector<S> image(shape.dim());
  for (Index j = 0; j < X.cols(); ++j) {
    const Index dy = random_index(rng, 2 * options.padding + 1) - options.padding;
    const Index dx = random_index(rng, 2 * options.padding + 1) - options.padding;
    const bool flipped = uniform(rng) < options.flip;
    image = X.col(j);
    for (Index y = 0; y < shape.height; ++y) {
      for (Index x = 0; x < shape.width; ++x) {
        const Index from_y = y + dy;
        const Index from_x = (flipped ? shape.width - 1 - x : x) + dx;
        auto pixel = X.col(j).segment(c * (y * shape.width + x), c);
        if (from_y < 0 || from_y >= shape.height || from_x < 0 || from_x >= shape.width) {
          pixel.setZero();
        } else {
          pixel = image.segment(c * (from_y * shape.width + from_x), c);
        }
      }
    }
  }
}

}  // namespace lazytrain::nn
