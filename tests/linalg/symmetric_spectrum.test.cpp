#include <algorithm>
#include <cmath>
#include <functional>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <limits>
#include <numbers>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Q diag(values) Q^T with Q a product of Householder reflections in long double, rounded once.
Matrix<double> with_spectrum(const Vector<double>& values, Philox& rng) {
  using M = Matrix<long double>;
  M a = values.cast<long double>().asDiagonal();
  for (int i = 0; i < 3; ++i) {
    const Vector<long double> u = normal_vector<long double>(values.size(), rng).normalized();
    const M reflection = M::Identity(values.size(), values.size()) - 2 * u * u.transpose();
    a = reflection * a * reflection;
  }
  return a.cast<double>();
}

}  // namespace

TEST_CASE("eigenvalues of the discrete Laplacian are 4 sin^2", "[linalg]") {
  const Index n = 40;
  Matrix<double> a = Matrix<double>::Zero(n, n);
  a.diagonal().setConstant(2);
  a.diagonal(1).setConstant(-1);
  a.diagonal(-1).setConstant(-1);
  const auto spectrum = symmetric_eigen(a);
  for (Index i = 0; i < n; ++i) {
    const double s = std::sin(static_cast<double>(n - i) * std::numbers::pi / static_cast<double>(2 * n + 2));
    CHECK_THAT(spectrum.values(i), WithinAbs(4 * s * s, spectrum.error));
  }
  CHECK((a * spectrum.vectors - spectrum.vectors * spectrum.values.asDiagonal()).norm() <=
        spectrum.error * 7);
  CHECK((spectrum.vectors.transpose() * spectrum.vectors - Matrix<double>::Identity(n, n)).norm() < 1e-13);
}

TEMPLATE_TEST_CASE("eigenvectors of full matrices diagonalize them, whatever their size and unit", "[linalg]",
                   float, double) {
  using S = TestType;
  Philox rng(2);
  // Reflectors are applied in groups of 32.
  for (const Index n : {1, 2, 3, 32, 33, 34, 70}) {
    const Matrix<S> half = normal_matrix<S>(n, n, rng);
    const Matrix<S> a = half + half.transpose();
    const double bound = roundoff<S>(8 * static_cast<double>(n));
    for (const double unit : {1.0, std::sqrt(double(std::numeric_limits<S>::max())),
                              std::sqrt(double(std::numeric_limits<S>::min()))}) {
      const auto spectrum = symmetric_eigen((static_cast<S>(unit) * a).eval());
      const Matrix<S>& v = spectrum.vectors;
      const Vector<S> values = spectrum.values / static_cast<S>(unit);
      CHECK((a * v - v * values.asDiagonal()).norm() <= bound * a.norm());
      CHECK((v.transpose() * v - Matrix<S>::Identity(n, n)).norm() <= bound * std::sqrt(double(n)));
      CHECK(spectrum.error <= static_cast<S>(unit * bound) * a.norm());
      CHECK(std::is_sorted(values.begin(), values.end(), std::greater<>()));
    }
  }
}

TEST_CASE("the bound brackets graded and multiple eigenvalues", "[linalg]") {
  Philox rng(1);
  for (const Index n : {1, 2, 5, 20, 60}) {
    Vector<double> graded(n);
    for (Index i = 0; i < n; ++i)
      graded(i) = std::pow(10.0, -12.0 * static_cast<double>(i / 2) / static_cast<double>(n));
    const auto spectrum = symmetric_eigenvalues(with_spectrum(graded, rng));
    CHECK((spectrum.values - graded).cwiseAbs().maxCoeff() <= spectrum.error);
    CHECK(spectrum.error <= 1e-12 * static_cast<double>(n * n));
    CHECK(spectrum.vectors.size() == 0);
  }
}

TEST_CASE("asymmetry enters the bound and is refused when it is not rounding", "[linalg]") {
  Matrix<double> a = Matrix<double>::Identity(2, 2);
  a(0, 1) = 1e-10;
  const auto spectrum = symmetric_eigenvalues(a);
  CHECK(spectrum.error >= 0.5e-10);
  a(0, 1) = 1e-3;
  CHECK_THAT(message_of<std::domain_error>([&] { (void)symmetric_eigen(a); }),
             ContainsSubstring("expected a symmetric matrix"));
}

TEST_CASE("symmetric spectra of nothing, of numbers that are not finite, of rectangles", "[linalg]") {
  CHECK(symmetric_eigen(Matrix<double>(0, 0)).values.size() == 0);
  CHECK_THROWS_AS(symmetric_eigenvalues(Matrix<double>::Zero(2, 3)), std::invalid_argument);
  Matrix<double> a = Matrix<double>::Identity(3, 3);
  a(2, 1) = std::numeric_limits<double>::infinity();
  CHECK_THAT(message_of<std::domain_error>([&] { (void)symmetric_eigen(a); }), ContainsSubstring("(2, 1)"));
}
