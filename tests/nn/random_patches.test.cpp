#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/random_patches.hpp>
#include <stdexcept>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

const nn::ImageShape images{2, 7, 6};
const nn::RandomPatchesOptions small{.filters = 5, .kernel = 3, .cells = 2, .samples = 60};

Matrix<double> data(Index n) {
  Philox rng(1);
  return normal_matrix(images.dim(), n, rng);
}

nn::RandomPatches<double> features_of(const nn::RandomPatchesOptions& options, Index threads = 1) {
  Philox rng(2);
  return nn::RandomPatches<double>(images, data(10), options, rng,
                                   cpu::Backend<double>({.threads = threads}));
}

/// The patch at (y, x), less its mean, over its deviation.
Vector<double> normalized(const Vector<double>& image, Index y, Index x, double contrast) {
  Vector<double> patch(18);
  for (Index k = 0; k < 18; ++k) {
    patch(k) = image(k % 2 + 2 * ((y + k / 6) * images.width + x + k / 2 % 3));
  }
  patch.array() -= patch.mean();
  return patch / std::sqrt(patch.squaredNorm() / 18 + contrast);
}

}  // namespace

TEST_CASE("random features are those of their definition") {
  const auto features = features_of(small);
  CHECK(features.input_shape() == images);
  CHECK(features.output_shape() == nn::ImageShape{10, 2, 2});
  const Matrix<double> X = data(12).rightCols(2);
  const Matrix<double> result = features(X);
  // 5 x 4 positions: rows 0-2 and 2-4, columns 0-1 and 2-3.
  for (Index i = 0; i < 2; ++i) {
    Matrix<double> expected = Matrix<double>::Zero(10, 4);
    for (Index cell = 0; cell < 4; ++cell) {
      for (Index y = 2 * (cell / 2); y < 2 * (cell / 2) + 3; ++y) {
        for (Index x = 2 * (cell % 2); x < 2 * (cell % 2) + 2; ++x) {
          const Vector<double> z =
              features.filters().transpose() * (normalized(X.col(i), y, x, small.contrast) - features.mean());
          expected.col(cell).head(5) += (z.array() - small.threshold).max(0).matrix() / 6;
          expected.col(cell).tail(5) += (-z.array() - small.threshold).max(0).matrix() / 6;
        }
      }
    }
    // Filters have norms below 1 / sqrt(whitening), normalized patches below sqrt(18).
    const double size = std::sqrt(18 / small.whitening);
    CHECK((result.col(i) - expected.reshaped()).cwiseAbs().maxCoeff() <= roundoff<double>(200) * size);
  }
}

TEST_CASE("the whitening whitens the patches that it has seen") {
  nn::RandomPatchesOptions options = small;
  options.whitening = 0;
  options.contrast = 0;
  const auto features = features_of(options);
  Philox rng(2);
  const Matrix<double> X = data(10);
  Matrix<double> seen(18, options.samples);
  for (Index j = 0; j < seen.cols(); ++j) {
    const Index image = random_index(rng, 10), y = random_index(rng, 5), x = random_index(rng, 4);
    seen.col(j) = normalized(X.col(image), y, x, 0);
  }
  const Matrix<double> white = features.whitening() * (seen.colwise() - features.mean());
  const Matrix<double> covariance = white * white.transpose() / static_cast<double>(options.samples);
  // All directions but that of the constants, which normalization removes.
  const Matrix<double> expected =
      Matrix<double>::Identity(18, 18) - Matrix<double>::Constant(18, 18, 1.0 / 18);
  CHECK((covariance - expected).cwiseAbs().maxCoeff() <= roundoff<double>(1e4) * 18);
  // Filters are W v with unit vectors v that have no mean.
  const Matrix<double> v = features.whitening().completeOrthogonalDecomposition().solve(features.filters());
  for (Index f = 0; f < v.cols(); ++f) CHECK_THAT(v.col(f).norm(), WithinRel(1.0, roundoff<double>(1e4)));
}

TEST_CASE("random features do not see brightness, nor contrast unless asked to") {
  const Matrix<double> X = data(3);
  const auto features = features_of(small);
  const double size = std::sqrt(18 / small.whitening);
  // The variance is the difference of two means of squares of about 5^2 + 1.
  const Matrix<double> brighter = (X.array() + 5).matrix();
  CHECK((features(brighter) - features(X)).cwiseAbs().maxCoeff() <= roundoff<double>(26 * 200) * size);
  CHECK((features(2 * X) - features(X)).cwiseAbs().maxCoeff() > 1e-4);
  nn::RandomPatchesOptions options = small;
  options.contrast = 0;
  const auto blind = features_of(options);
  CHECK((blind(4 * X) - blind(X)).cwiseAbs().maxCoeff() <= roundoff<double>(200) * size);
}

TEST_CASE("random features do not see brightness in single precision", "[nn]") {
  // Multiples of 1/64, exact also when 1024 is added.
  const Matrix<float> X = (64 * data(10)).array().round().matrix().cast<float>() / 64;
  Philox rng(2);
  const nn::RandomPatches<float> features(images, X, small, rng, cpu::Backend<float>({.threads = 1}));
  const Matrix<float> brighter = (X.array() + 1024).matrix();
  const double size = std::sqrt(18 / small.whitening);
  CHECK((features(brighter) - features(X)).cwiseAbs().maxCoeff() <= roundoff<float>(200) * size);
}

TEST_CASE("a constant image has the features of a patch that is 0") {
  const auto features = features_of(small);
  const Matrix<double> result = features(Matrix<double>::Constant(images.dim(), 1, 0.5));
  const Vector<double> z = -features.filters().transpose() * features.mean();
  // What rounding leaves of the response is divided by the deviation, sqrt(contrast).
  const double tolerance = roundoff<double>(200) * std::sqrt(18 / small.whitening / small.contrast);
  for (Index cell = 0; cell < 4; ++cell) {
    for (Index f = 0; f < 5; ++f) {
      CHECK_THAT(result(10 * cell + f, 0), WithinAbs(std::max(z(f) - 0.25, 0.0), tolerance));
      CHECK_THAT(result(10 * cell + 5 + f, 0), WithinAbs(std::max(-z(f) - 0.25, 0.0), tolerance));
    }
  }
}

TEST_CASE("the bits of random features depend neither on threads nor on the other images") {
  const Matrix<double> X = data(5);
  const Matrix<double> together = features_of(small)(X);
  CHECK(features_of(small, 3)(X) == together);
  CHECK(features_of(small)(Matrix<double>(X.col(3))) == together.col(3));
}

TEST_CASE("random patches refuse what makes no sense") {
  const auto with = [](auto&& change) {
    nn::RandomPatchesOptions options = small;
    change(options);
    return options;
  };
  using O = nn::RandomPatchesOptions;
  CHECK_THROWS_AS(features_of(with([](O& o) { o.filters = 0; })), std::invalid_argument);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.samples = 0; })), std::invalid_argument);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.kernel = 0; })), std::invalid_argument);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.kernel = 7; })), std::invalid_argument);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.cells = 0; })), std::invalid_argument);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.cells = 5; })), std::invalid_argument);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.contrast = -1; })), std::domain_error);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.whitening = -1; })), std::domain_error);
  CHECK_THROWS_AS(features_of(with([](O& o) { o.threshold = -1; })), std::domain_error);
  CHECK_THROWS_AS(features_of(small)(Matrix<double>::Zero(5, 1)), std::invalid_argument);
  Philox rng(1);
  using Features = nn::RandomPatches<double>;
  CHECK_THROWS_AS(Features(images, Matrix<double>(images.dim(), 0), small, rng), std::invalid_argument);
  CHECK_THROWS_AS(Features(images, Matrix<double>::Zero(5, 3), small, rng), std::invalid_argument);
  CHECK_THROWS_AS(Features(images, Matrix<double>::Ones(images.dim(), 3), small, rng), std::domain_error);
}
