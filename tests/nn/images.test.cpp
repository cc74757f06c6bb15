#include <cmath>
#include <lazytrain/nn/images.hpp>
#include <stdexcept>
#include <support/catch.hpp>

using namespace lazytrain;

namespace {

/// Pixel (y, x) of channel c of image j holds 1000 j + 100 c + 10 y + x + 1.
Matrix<double> numbered(const nn::ImageShape& shape, Index images) {
  Matrix<double> planes(shape.dim(), images);
  for (Index j = 0; j < images; ++j) {
    for (Index q = 0; q < shape.dim(); ++q) {
      const Index c = q / shape.positions(), p = q % shape.positions();
      planes(q, j) = static_cast<double>(1000 * j + 100 * c + 10 * (p / shape.width) + p % shape.width + 1);
    }
  }
  return planes;
}

}  // namespace

TEST_CASE("planes become channels side by side") {
  const nn::ImageShape shape{3, 4, 5};
  const Matrix<double> X = nn::from_planes(numbered(shape, 2), shape);
  for (Index y = 0; y < 4; ++y) {
    for (Index x = 0; x < 5; ++x) {
      for (Index c = 0; c < 3; ++c) {
        CHECK(X(c + 3 * (5 * y + x), 1) == static_cast<double>(1000 + 100 * c + 10 * y + x + 1));
      }
    }
  }
  CHECK_THROWS_AS(nn::from_planes(numbered(shape, 2), {3, 4, 4}), std::invalid_argument);
  const data::LabelledData<double> data(numbered(shape, 2), {0, 1}, 2, data::ImageShape{3, 4, 5});
  const auto converted = nn::from_planes(data);
  CHECK(converted.inputs == X);
  CHECK(converted.labels == data.labels);
  const data::LabelledData<double> shapeless(numbered(shape, 2), {0, 1}, 2);
  CHECK_THROWS_AS(nn::from_planes(shapeless), std::invalid_argument);
}

TEST_CASE("an augmented image is a window of the padded image, perhaps reflected") {
  const nn::ImageShape shape{2, 5, 4};
  const Matrix<double> X = nn::from_planes(numbered(shape, 1), shape);
  Philox rng(3);
  Index reflected = 0, moved = 0;
  constexpr Index draws = 400, padding = 2;
  for (Index draw = 0; draw < draws; ++draw) {
    Matrix<double> image = X;
    nn::Augmenter(shape, {.padding = padding, .flip = 0.5})(image, rng);
    // Exactly one window and reflection explains it.
    Index matches = 0;
    for (Index dy = -padding; dy <= padding; ++dy) {
      for (Index dx = -padding; dx <= padding; ++dx) {
        for (const bool flipped : {false, true}) {
          bool equal = true;
          for (Index y = 0; y < shape.height; ++y) {
            for (Index x = 0; x < shape.width; ++x) {
              const Index fy = y + dy, fx = (flipped ? shape.width - 1 - x : x) + dx;
              const bool inside = fy >= 0 && fy < shape.height && fx >= 0 && fx < shape.width;
              for (Index c = 0; c < 2; ++c) {
                const double expected = inside ? X(c + 2 * (4 * fy + fx), 0) : 0.0;
                equal = equal && image(c + 2 * (4 * y + x), 0) == expected;
              }
            }
          }
          if (!equal) continue;
          ++matches;
          reflected += flipped ? 1 : 0;
          moved += dy != 0 || dx != 0 ? 1 : 0;
        }
      }
    }
    CHECK(matches == 1);
  }
  // Binomial: five standard deviations.
  CHECK(std::abs(static_cast<double>(reflected) - 0.5 * draws) < 5 * std::sqrt(0.25 * draws));
  CHECK(std::abs(static_cast<double>(moved) - 24.0 / 25 * draws) < 5 * std::sqrt(24.0 / 625 * draws));
}

TEST_CASE("augmentation without padding and reflection changes nothing, and refuses what makes no sense") {
  const nn::ImageShape shape{1, 3, 3};
  Matrix<double> X = numbered(shape, 3);
  const Matrix<double> before = X;
  Philox rng(1);
  nn::Augmenter(shape, {.padding = 0, .flip = 0})(X, rng);
  CHECK(X == before);
  CHECK_THROWS_AS(nn::Augmenter({1, 3, 2})(X, rng), std::invalid_argument);
  CHECK_THROWS_AS(nn::Augmenter(shape, {.padding = -1}), std::invalid_argument);
  CHECK_THROWS_AS(nn::Augmenter(shape, {.flip = 1.5}), std::domain_error);
}
