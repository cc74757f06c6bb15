#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/nn/image_shape.hpp>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace lazytrain::nn {

/// Sizes of `RandomPatches`.
struct RandomPatchesOptions {
  /// Number of filters q: random patches of the images.
  Index filters = 256;
  /// Side of a patch.
  Index kernel = 6;
  /// Results are averaged over cells x cells windows.
  Index cells = 2;
  /// Patches from which the whitening is estimated.
  Index samples = 10000;
  /// Added to the variance of a patch.
  double contrast = 0.01;
  /// Added to the eigenvalues of the patches' covariance.
  double whitening = 0.1;
  /// b of the two sides max(z - b, 0) and max(-z - b, 0).
  double threshold = 0.25;
};

/// Random features of images that no label has seen (Coates, Ng and Lee 2011; Coates and Ng 2011): responses
/// of random patches of the training images, whitened, as filters,
///
///     z_f(p) = <v_f, W (n(p) - μ)>,    v_f = W (n(p_f) - μ) / ||W (n(p_f) - μ)||,
///     n(p) = (p - mean p) / sqrt(var p + contrast),    W = (covariance of n + whitening)^(-1/2),
///
/// for every patch p of an image, then max(z - b, 0) and max(-z - b, 0), averaged over cells x cells windows
/// (which overlap by a few lines where they must): 2 q cells^2 features. Adding a constant to an image
/// changes nothing, and neither does a positive factor if contrast = 0.
///
/// z_f is a convolution with W v_f less its mean, divided by the local deviation, which takes convolutions of
/// x and x^2 with a constant, less <v_f, W μ>. Images go through one by one: the bits depend neither on
/// the number of threads nor on the images beside.
template <std::floating_point S>
class RandomPatches {
 public:
  /// Of the whitening and the filters: at least double.
  using Real = std::common_type_t<double, S>;

  /// Draws patches from the columns of X, images of the shape in a network's layout, first those for the
  /// whitening and then the filters: three numbers each.
  /// @throws std::invalid_argument if a size or count is below 1, a patch larger than an image, cells more
  /// than positions, or X has no column or not the image's rows; std::domain_error if a number is negative,
  /// or if a whitened patch vanishes (constant images)
  RandomPatches(const ImageShape& input, const Matrix<S>& X, const RandomPatchesOptions& options,
                RandomEngine auto& rng, cpu::Backend<S> backend = cpu::Backend<S>())
      : input_(input), options_(options), backend_(std::move(backend)) {
    require_options(X);
    const Matrix<Real> seen = draw(X, options.samples, rng);
    mean_ = seen.rowwise().mean();
    const Matrix<Real> centred = seen.colwise() - mean_;
    const auto spectrum = symmetric_eigen(centred * centred.transpose() / static_cast<Real>(options.samples));
    // What rounding leaves of the direction that centring has removed is none.
    const Real smallest = std::max(spectrum.error, std::numeric_limits<Real>::min());
    const Vector<Real> scales = spectrum.values.unaryExpr(
        [&](Real value) { return value > smallest ? 1 / std::sqrt(value + options.whitening) : Real(0); });
    whitening_ = spectrum.vectors * scales.asDiagonal() * spectrum.vectors.transpose();
    Matrix<Real> patches = whitening_ * (draw(X, options.filters, rng).colwise() - mean_);
    for (Index f = 0; f < patches.cols(); ++f) {
      const Real norm = patches.col(f).norm();
      require_positive("RandomPatches", "the norm of a whitened patch", norm);
      patches.col(f) /= norm;
    }
    make_filters(whitening_ * patches);
  }

  [[nodiscard]] ImageShape input_shape() const { return input_; }
  /// Channel f is the side z > b of filter f, channel q + f the side z < -b.
  [[nodiscard]] ImageShape output_shape() const {
    return {2 * options_.filters, options_.cells, options_.cells};
  }
  /// μ, in the order of a patch: (row, column, channel).
  [[nodiscard]] const Vector<Real>& mean() const { return mean_; }
  /// W.
  [[nodiscard]] const Matrix<Real>& whitening() const { return whitening_; }
  /// W v_f as columns.
  [[nodiscard]] const Matrix<Real>& filters() const { return filters_; }

  /// The features of the columns of X, images in a network's layout.
  /// @throws std::invalid_argument if X has not the input's rows
  [[nodiscard]] Matrix<S> operator()(const Matrix<S>& X) const {
    require_size("RandomPatches", "X.rows()", X.rows(), input_.dim(), "the coordinates of an image");
    const ConvShape convolution = shape(options_.filters + 1);
    const cpu::ConvWeights<S> weights = backend_.weights(convolution, weights_.data());
    const Vector<S> constant =
        Vector<S>::Constant(convolution.patch_dim(), S(1) / static_cast<S>(patch_dim()));
    const cpu::ConvWeights<S> box = backend_.weights(shape(1), constant.data());
    Matrix<S> out(output_shape().dim(), X.cols());
    std::vector<Workspace> workspaces(static_cast<std::size_t>(backend_.threads()));
    backend_.for_chunks(X.cols(), [&](Index i, Index worker) {
      Workspace& w = workspaces[static_cast<std::size_t>(worker)];
      if (w.responses.size() == 0) {
        w.responses.resize(options_.filters + 1, convolution.positions());
        w.sides.resize(2 * options_.filters, convolution.positions());
        w.squares.resize(convolution.positions());
      }
      // Features do not depend on the mean, but the variances of patches would cancel.
      w.image = X.col(i).array() - X.col(i).mean();
      backend_.convolve(weights, w.image.data(), 1, w.responses.data(), Write::assign, w.scratch);
      w.image = w.image.cwiseAbs2();
      backend_.convolve(box, w.image.data(), 1, w.squares.data(), Write::assign, w.scratch);
      rectify(w);
      pool(w.sides.data(), out.data() + i * out.rows());
    });
    return out;
  }

 private:
  struct Workspace {
    cpu::ConvWorkspace<S> scratch;
    Vector<S> image, squares;
    Matrix<S> responses, sides;
  };

  void require_options(const Matrix<S>& X) const {
    constexpr const char* here = "RandomPatches";
    require_argument(options_.filters >= 1, here, "options.filters", options_.filters, "at least 1");
    require_argument(options_.samples >= 1, here, "options.samples", options_.samples, "at least 1");
    require_nonnegative(here, "options.contrast", options_.contrast);
    require_nonnegative(here, "options.whitening", options_.whitening);
    require_nonnegative(here, "options.threshold", options_.threshold);
    require_conv_shape(here, shape(1));
    require_argument(options_.cells >= 1 && options_.cells <= shape(1).output_height() &&
                         options_.cells <= shape(1).output_width(),
                     here, "options.cells", options_.cells, "from 1 to the patches in a line of an image");
    require_size(here, "X.rows()", X.rows(), input_.dim(), "the coordinates of an image");
    require_argument(X.cols() >= 1, here, "the number of images", X.cols(), "at least 1");
  }

  [[nodiscard]] ConvShape shape(Index filters) const {
    return {.channels = input_.channels,
            .height = input_.height,
            .width = input_.width,
            .filters = filters,
            .kernel = options_.kernel,
            .stride = 1,
            .padding = 0};
  }
  [[nodiscard]] Index patch_dim() const { return options_.kernel * options_.kernel * input_.channels; }

  /// Random patches, normalized, as columns.
  [[nodiscard]] Matrix<Real> draw(const Matrix<S>& X, Index count, RandomEngine auto& rng) const {
    const Index run = options_.kernel * input_.channels;
    Matrix<Real> patches(patch_dim(), count);
    for (Index j = 0; j < count; ++j) {
      const Index image = random_index(rng, X.cols());
      const Index y = random_index(rng, shape(1).output_height());
      const Index x = random_index(rng, shape(1).output_width());
      for (Index k = 0; k < options_.kernel; ++k) {
        const Index first = ((y + k) * input_.width + x) * input_.channels;
        patches.col(j).segment(k * run, run) = X.col(image).segment(first, run).template cast<Real>();
      }
      auto patch = patches.col(j).array();
      patch -= patch.mean();
      // A constant patch is left at 0.
      const Real variance = patch.square().mean() + options_.contrast;
      if (variance > 0) patch /= std::sqrt(variance);
    }
    return patches;
  }

  /// The weights of the convolution: a row for every filter less its mean, and one that takes the mean.
  void make_filters(Matrix<Real> filters) {
    filters_ = std::move(filters);
    offsets_ = (filters_.transpose() * mean_).template cast<S>();
    weights_.resize(filters_.cols() + 1, filters_.rows());
    for (Index f = 0; f < filters_.cols(); ++f) {
      weights_.row(f) = (filters_.col(f).array() - filters_.col(f).mean()).template cast<S>();
    }
    weights_.row(filters_.cols()).setConstant(S(1) / static_cast<S>(filters_.rows()));
  }

  /// sides = the two sides of z, from the responses and the means of squares.
  void rectify(Workspace& w) const {
    const Index q = options_.filters;
    const S b = static_cast<S>(options_.threshold), contrast = static_cast<S>(options_.contrast);
    for (Index p = 0; p < w.responses.cols(); ++p) {
      const S mean = w.responses(q, p);
      const S variance = std::max(w.squares(p) - mean * mean, S(0)) + contrast;
      const S factor = variance > S(0) ? 1 / std::sqrt(variance) : S(0);
      const auto z = w.responses.col(p).head(q).array() * factor - offsets_.array();
      w.sides.col(p).head(q) = (z - b).max(S(0));
      w.sides.col(p).tail(q) = (-z - b).max(S(0));
    }
  }

  /// out = the mean over every window. Windows are as long as they must be to reach the last position.
  void pool(const S* sides, S* out) const {
    const Index channels = 2 * options_.filters;
    const Index height = shape(1).output_height(), width = shape(1).output_width();
    const auto begin = [this](Index cell, Index size) { return cell * size / options_.cells; };
    const auto end = [this](Index cell, Index size) {
      return ((cell + 1) * size + options_.cells - 1) / options_.cells;
    };
    for (Index cy = 0; cy < options_.cells; ++cy) {
      for (Index cx = 0; cx < options_.cells; ++cx, out += channels) {
        Eigen::Map<Vector<S>> mean(out, channels);
        mean.setZero();
        for (Index y = begin(cy, height); y < end(cy, height); ++y) {
          for (Index x = begin(cx, width); x < end(cx, width); ++x) {
            mean += Eigen::Map<const Vector<S>>(sides + channels * (y * width + x), channels);
          }
        }
        mean /= static_cast<S>((end(cy, height) - begin(cy, height)) * (end(cx, width) - begin(cx, width)));
      }
    }
  }

  ImageShape input_;
  RandomPatchesOptions options_;
  cpu::Backend<S> backend_;
  Vector<Real> mean_;
  Matrix<Real> whitening_, filters_;
  Matrix<S> weights_;
  Vector<S> offsets_;
};

}  // namespace lazytrain::nn
