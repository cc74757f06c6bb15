#include <cmath>
#include <Eigen/SVD>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/golub_kahan.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using Process = GolubKahanProcess<Vector<double>, Vector<double>>;

auto forward(const Matrix<double>& a) {
  return [&a](const Vector<double>& x, Vector<double>& y) { y = a * x; };
}

auto backward(const Matrix<double>& a) {
  return [&a](const Vector<double>& y, Vector<double>& x) { x = a.transpose() * y; };
}

Vector<double> singular_values(const Matrix<double>& a) {
  return Eigen::JacobiSVD<Matrix<double>>(a).singularValues();
}

}  // namespace

TEST_CASE("run to its end the process gives all singular values of the start's space", "[linalg]") {
  Philox rng(21);
  for (const auto& [rows, cols] : {std::pair<Index, Index>{12, 7}, {7, 12}, {9, 9}, {1, 5}, {5, 1}}) {
    const Matrix<double> a = normal_matrix(rows, cols, rng);
    Process process(normal_vector(cols, rng));
    const Vector<double> like = Vector<double>::Zero(rows);
    while (process.step(forward(a), backward(a), like)) {
    }
    const Vector<double> exact = singular_values(a);
    const BidiagonalSpectrum spectrum = process.spectrum();
    const Index count = std::min(spectrum.values.size(), exact.size());
    CHECK(count == exact.size());
    for (Index i = 0; i < count; ++i) {
      CHECK_THAT(spectrum.values(i), WithinAbs(exact(i), roundoff<double>(200) * exact(0)));
      const Vector<double> y = process.right_vector(i);
      CHECK_THAT((a * y).norm(), WithinAbs(exact(i), roundoff<double>(400) * exact(0)));
    }
    for (Index i = count; i < spectrum.values.size(); ++i) {
      CHECK(spectrum.values(i) <= roundoff<double>(200) * exact(0));
    }
  }
}

TEST_CASE("singular values are not squared: sixteen digits of a spectrum over ten decades", "[linalg]") {
  Philox rng(22);
  Matrix<double> a = Matrix<double>::Zero(11, 11);
  for (Index i = 0; i < 11; ++i) a(i, i) = std::pow(10.0, -static_cast<double>(i));
  Process process(normal_vector(11, rng));
  while (process.step(forward(a), backward(a), Vector<double>::Zero(11))) {
  }
  for (Index i = 0; i < 11; ++i)
    CHECK_THAT(process.spectrum().values(i), WithinAbs(a(i, i), roundoff<double>(50)));
}

TEST_CASE("within every residual there is a singular value, and the residual is that of the pair",
          "[linalg]") {
  Philox rng(23);
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix<double> a = normal_matrix(30, 40, rng);
    const Vector<double> exact = singular_values(a);
    Process process(normal_vector(40, rng));
    for (int i = 0; i < 8; ++i) process.step(forward(a), backward(a), Vector<double>::Zero(30));
    const BidiagonalSpectrum spectrum = process.spectrum();
    for (Index i = 0; i < 8; ++i) {
      CHECK((exact.array() - spectrum.values(i)).abs().minCoeff() <= spectrum.residuals(i) + 1e-12);
      const Vector<double> y = process.right_vector(i);
      const Vector<double> x = a * y / spectrum.values(i);
      CHECK_THAT((a.transpose() * x - spectrum.values(i) * y).norm(), WithinRel(spectrum.residuals(i), 1e-6));
    }
    CHECK(spectrum.values(0) <= exact(0) * (1 + 1e-13));
  }
}

TEST_CASE("maps of low rank and the zero map end early", "[linalg]") {
  Philox rng(24);
  const Matrix<double> a = normal_matrix(20, 2, rng) * normal_matrix(2, 30, rng);
  Process process(normal_vector(30, rng));
  while (process.step(forward(a), backward(a), Vector<double>::Zero(20))) {
  }
  CHECK(process.size() <= 3);
  const Vector<double> exact = singular_values(a);
  CHECK_THAT(process.spectrum().values(0), WithinRel(exact(0), 1e-13));
  CHECK_THAT(process.spectrum().values(1), WithinRel(exact(1), 1e-12));
  const Matrix<double> zero = Matrix<double>::Zero(3, 4);
  Process nothing(normal_vector(4, rng));
  CHECK_FALSE(nothing.step(forward(zero), backward(zero), Vector<double>::Zero(3)));
  CHECK(nothing.spectrum().values(0) == 0);
}

TEST_CASE("products that are not finite and zero starts are refused", "[linalg]") {
  Matrix<double> a = Matrix<double>::Identity(3, 3);
  CHECK_THROWS_AS(Process(Vector<double>(Vector<double>::Zero(3))), std::domain_error);
  a(1, 1) = std::nan("");
  Process process(Vector<double>(Vector<double>::Ones(3)));
  CHECK(message_of<std::runtime_error>([&] {
          process.step(forward(a), backward(a), Vector<double>::Zero(3));
        }) == "lazytrain::GolubKahanProcess::step: the operator's result is not finite at step 1");
}
