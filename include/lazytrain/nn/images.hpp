#pragma once

#include <lazytrain/backend/image_move.hpp>
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

/// Augments images of a shape, in a network's layout, at random: `augmenter(X, rng)` on the host, or by moves
/// that it draws, wherever the images are. The same engine gives the same images in both ways.
class Augmenter {
 public:
  /// @throws std::invalid_argument if the padding is negative, std::domain_error unless flip is in [0, 1]
  explicit Augmenter(const ImageShape& shape, const Augmentation& options = {})
      : shape_(shape), options_(options) {
    require_argument(options.padding >= 0, "Augmenter", "options.padding", options.padding, "at least 0");
    require_domain(options.flip >= 0 && options.flip <= 1, "Augmenter", "options.flip", options.flip,
                   "a probability");
  }

  [[nodiscard]] const ImageShape& shape() const { return shape_; }

  /// Moves for `count` images: three numbers each, in order.
  [[nodiscard]] std::vector<ImageMove> moves(Index count, RandomEngine auto& rng) const {
    std::vector<ImageMove> all;
    const Index window = 2 * options_.padding + 1;
    for (Index i = 0; i < count; ++i) {
      const Index down = random_index(rng, window) - options_.padding;
      const Index right = random_index(rng, window) - options_.padding;
      all.push_back({down, right, uniform(rng) < options_.flip});
    }
    return all;
  }

  /// Moves each column of X.
  /// @throws std::invalid_argument if a column is no image of the shape
  template <class S>
  void operator()(Matrix<S>& X, RandomEngine auto& rng) const {
    require_size("Augmenter", "X.rows()", X.rows(), shape_.dim(), "the coordinates of an image");
    const std::vector<ImageMove> all = moves(X.cols(), rng);
    Vector<S> image(X.rows());
    for (Index j = 0; j < X.cols(); ++j) {
      const ImageMove& move = all[static_cast<std::size_t>(j)];
      image = X.col(j);
      for (Index i = 0; i < X.rows(); i += shape_.channels) {
        const Index from = move.source(i, shape_.channels, shape_.height, shape_.width);
        auto pixel = X.col(j).segment(i, shape_.channels);
        if (from < 0) {
          pixel.setZero();
        } else {
          pixel = image.segment(from, shape_.channels);
        }
      }
    }
  }

 private:
  ImageShape shape_;
  Augmentation options_;
};

}  // namespace lazytrain::nn
