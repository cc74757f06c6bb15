#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/scattering.hpp>
#include <stdexcept>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using nn::Border;

namespace {

const nn::ImageShape images{2, 8, 16};

nn::Scattering<double> transform_of(Border border, Index threads = 1) {
  return nn::Scattering<double>(images, {.scales = 2, .orientations = 4, .border = border},
                                cpu::Backend<double>({.threads = threads}));
}

/// The image (or the result) whose place (y, x) holds what `shape` has at place(y, x).
template <class Place>
Matrix<double> moved(const Matrix<double>& X, const nn::ImageShape& shape, Place&& place) {
  Matrix<double> out(X.rows(), X.cols());
  const auto c = shape.channels;
  for (Index y = 0; y < shape.height; ++y) {
    for (Index x = 0; x < shape.width; ++x) {
      const auto [fy, fx] = place(y, x);
      const Index from = (fy % shape.height + shape.height) % shape.height * shape.width +
                         (fx % shape.width + shape.width) % shape.width;
      out.middleRows(c * (y * shape.width + x), c) = X.middleRows(c * from, c);
    }
  }
  return out;
}

/// Sum over the filter of f(u) x(p + u) for a map of the torus, by definition.
Matrix<std::complex<double>> correlate(const Matrix<double>& map, const nn::PlaneFilter& filter, Index step) {
  Matrix<std::complex<double>> out(map.rows() / step, map.cols() / step);
  for (Index y = 0; y < out.rows(); ++y) {
    for (Index x = 0; x < out.cols(); ++x) {
      std::complex<double> sum = 0;
      for (Index v = -filter.radius; v <= filter.radius; ++v) {
        for (Index u = -filter.radius; u <= filter.radius; ++u) {
          const Index py = ((y * step + v) % map.rows() + map.rows()) % map.rows();
          const Index px = ((x * step + u) % map.cols() + map.cols()) % map.cols();
          sum += filter.values(v + filter.radius, u + filter.radius) * map(py, px);
        }
      }
      out(y, x) = sum;
    }
  }
  return out;
}

// Roundings of a chain of three filters of at most 441 terms with absolute sums below 3.
const double chain = roundoff<double>(3 * 441 * 3 * 3);

}  // namespace

TEST_CASE("paths of a scattering transform are those of its definition") {
  const auto transform = transform_of(Border::periodic);
  const nn::MorletFamily family(2, 4, images.height, images.width);
  CHECK(transform.paths() == 1 + 8 + 16);
  CHECK(transform.output_shape() == nn::ImageShape{50, 2, 4});
  CHECK(transform.input_shape() == images);
  Philox rng(1);
  const Matrix<double> X = normal_matrix(images.dim(), 1, rng);
  const Matrix<double> result = transform(X);
  const auto check = [&](Index c, Index path, const Matrix<std::complex<double>>& expected) {
    for (Index y = 0; y < 2; ++y) {
      for (Index x = 0; x < 4; ++x) {
        INFO("channel " << c << ", path " << path);
        CHECK(std::abs(result(c * 25 + path + 50 * (4 * y + x), 0) - expected(y, x)) <= chain * 4);
      }
    }
  };
  for (Index c = 0; c < 2; ++c) {
    Matrix<double> map(images.height, images.width);
    for (Index y = 0; y < map.rows(); ++y) {
      for (Index x = 0; x < map.cols(); ++x) map(y, x) = X(c + 2 * (images.width * y + x), 0);
    }
    check(c, 0, correlate(map, family.average_filter(2), 4));
    for (Index l = 0; l < 4; ++l) {
      const Matrix<double> fine = correlate(map, family.wavelet(0, l), 1).cwiseAbs();
      check(c, 1 + l, correlate(fine, family.average_filter(2), 4));
      const Matrix<double> coarse = correlate(map, family.wavelet(1, l), 2).cwiseAbs();
      check(c, 5 + l, correlate(coarse, family.average_filter(1), 2));
      for (Index k = 0; k < 4; ++k) {
        const Matrix<double> twice = correlate(fine, family.wavelet(1, k), 2).cwiseAbs();
        check(c, 9 + 4 * l + k, correlate(twice, family.average_filter(1), 2));
      }
    }
  }
}

TEST_CASE("constants have no wavelet coefficients and keep their averages") {
  const auto border = GENERATE(Border::periodic, Border::reflected);
  const auto transform = transform_of(border);
  const Matrix<double> result = transform(Matrix<double>::Constant(images.dim(), 1, 3.0));
  for (Index i = 0; i < result.rows(); ++i) {
    const bool mean = i % 25 == 0;
    CHECK(std::abs(result(i, 0) - (mean ? 3.0 : 0.0)) <= 3 * chain);
  }
}

TEST_CASE("a scattering transform is non-expansive") {
  const auto border = GENERATE(Border::periodic, Border::reflected);
  const auto transform = transform_of(border);
  Philox rng(2);
  Matrix<double> X = normal_matrix(images.dim(), 8, rng);
  // Single points and a wave too, and neighbours of the others.
  X.col(1).setZero();
  X(37, 1) = 1;
  for (Index i = 0; i < X.rows(); ++i) X(i, 2) = i / 2 % 2 == 0 ? 1 : -1;
  for (Index j = 0; j < 4; ++j) X.col(4 + j) = X.col(j) + 1e-3 * normal_vector(X.rows(), rng);
  const Matrix<double> result = transform(X);
  for (Index a = 0; a < X.cols(); ++a) {
    CHECK(result.col(a).norm() <= X.col(a).norm() * (1 + chain));
    for (Index b = 0; b < a; ++b) {
      const double distance = (X.col(a) - X.col(b)).norm();
      CHECK((result.col(a) - result.col(b)).norm() <= distance + chain * X.col(a).norm());
    }
  }
}

TEST_CASE("translations by 2^J pixels of the torus become translations by one") {
  const auto transform = transform_of(Border::periodic);
  Philox rng(3);
  const Matrix<double> X = normal_matrix(images.dim(), 1, rng);
  const auto shifted = moved(X, images, [](Index y, Index x) { return std::pair(y + 4, x - 8); });
  const auto expected =
      moved(transform(X), transform.output_shape(), [](Index y, Index x) { return std::pair(y + 1, x - 2); });
  CHECK((transform(shifted) - expected).cwiseAbs().maxCoeff() <= 2 * 4 * chain);
}

TEST_CASE("a reflection of the torus reflects positions and angles") {
  const auto transform = transform_of(Border::periodic);
  Philox rng(4);
  const Matrix<double> X = normal_matrix(images.dim(), 1, rng);
  const auto mirrored = moved(X, images, [](Index y, Index x) { return std::pair(-y, x); });
  const auto found = transform(mirrored);
  const auto turned =
      moved(transform(X), transform.output_shape(), [](Index y, Index x) { return std::pair(-y, x); });
  const auto opposite = [](Index l) { return (4 - l) % 4; };
  for (Index i = 0; i < found.rows(); ++i) {
    const Index path = i % 25;
    Index other = path;
    if (path >= 9) {
      other = 9 + 4 * opposite((path - 9) / 4) + opposite((path - 9) % 4);
    } else if (path >= 1) {
      other = 1 + (path - 1) / 4 * 4 + opposite((path - 1) % 4);
    }
    CHECK(std::abs(found(i, 0) - turned(i - path + other, 0)) <= 2 * 4 * chain);
  }
}

TEST_CASE("moduli do not see signs, and averages are linear") {
  const auto transform = transform_of(Border::reflected);
  Philox rng(5);
  const Matrix<double> X = normal_matrix(images.dim(), 1, rng);
  const Matrix<double> plus = transform(X), minus = transform(-X), twice = transform(2 * X);
  CHECK(twice == 2 * plus);  // by powers of two, exactly
  for (Index i = 0; i < plus.rows(); ++i) CHECK(minus(i, 0) == (i % 25 == 0 ? -1 : 1) * plus(i, 0));
}

TEST_CASE("the bits of a transform depend neither on threads nor on the other images") {
  Philox rng(6);
  const Matrix<double> X = normal_matrix(images.dim(), 5, rng);
  const Matrix<double> together = transform_of(Border::reflected, 1)(X);
  CHECK(transform_of(Border::reflected, 3)(X) == together);
  CHECK(transform_of(Border::reflected)(Matrix<double>(X.col(3))) == together.col(3));
  CHECK(transform_of(Border::reflected)(Matrix<double>(images.dim(), 0)).cols() == 0);
}

TEST_CASE("in single precision the transform differs by its roundings") {
  Philox rng(7);
  const Matrix<double> X = normal_matrix(images.dim(), 2, rng);
  const nn::Scattering<float> single(images, {.orientations = 4});
  const Matrix<double> exact = transform_of(Border::reflected)(X.cast<float>().cast<double>());
  const double error = (single(X.cast<float>()).cast<double>() - exact).cwiseAbs().maxCoeff();
  CHECK(error <= 4 * chain / roundoff<double>(1) * roundoff<float>(1));
}

TEST_CASE("a scattering transform refuses sizes that do not fit") {
  CHECK_THROWS_AS(nn::Scattering<double>({1, 8, 6}), std::invalid_argument);
  CHECK_THROWS_AS(nn::Scattering<double>({1, 6, 8}), std::invalid_argument);
  CHECK_THROWS_AS(nn::Scattering<double>({0, 8, 8}), std::invalid_argument);
  CHECK_THROWS_AS(nn::Scattering<double>({1, 8, 8}, {.scales = 0}), std::invalid_argument);
  // Before filters of gigabytes are made.
  CHECK_THAT(message_of<std::invalid_argument>([] {
               nn::Scattering<double>({3, 32, 32}, {.scales = 12});
             }),
             ContainsSubstring("expected a multiple of 2^scales"));
  CHECK_THROWS_AS(nn::Scattering<double>({1, 8, 8}, {.scales = 64}), std::invalid_argument);
  CHECK_THROWS_AS(nn::Scattering<double>({1, 8, 8}, {.orientations = 0}), std::invalid_argument);
  const nn::Scattering<double> transform({1, 8, 8});
  CHECK_THROWS_AS(transform(Matrix<double>::Zero(63, 1)), std::invalid_argument);
}
