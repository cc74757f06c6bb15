#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/tridiagonal.hpp>
#include <numbers>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

Matrix<double> dense(const Vector<double>& d, const Vector<double>& e) {
  Matrix<double> a = d.asDiagonal();
  if (d.size() > 1) {
    a.diagonal(1) = e;
    a.diagonal(-1) = e;
  }
  return a;
}

}  // namespace

TEST_CASE("tridiagonal Laplacian: eigenvalues in closed form", "[linalg]") {
  const Index n = 50;
  const TridiagonalEigen eigen =
      tridiagonal_eigen(Vector<double>::Constant(n, 2), Vector<double>::Constant(n - 1, -1));
  for (Index i = 0; i < n; ++i) {
    const double s = std::sin(static_cast<double>(n - i) * std::numbers::pi / static_cast<double>(2 * n + 2));
    CHECK_THAT(eigen.values(i), WithinAbs(4 * s * s, roundoff<double>(4 * 50)));
  }
}

TEST_CASE("tridiagonal decompositions reproduce random, graded and degenerate matrices", "[linalg]") {
  Philox rng(2);
  for (const Index n : {1, 2, 3, 10, 64}) {
    for (int kind = 0; kind < 4; ++kind) {
      Vector<double> d = normal_vector(n, rng);
      Vector<double> e = normal_vector(n - 1, rng);
      if (kind == 1) {
        for (Index i = 0; i < n; ++i) d(i) *= std::pow(10.0, -0.3 * static_cast<double>(i));
        for (Index i = 0; i + 1 < n; ++i) e(i) *= std::pow(10.0, -0.3 * static_cast<double>(i));
      }
      if (kind == 2) d.setZero();
      if (kind == 3) {
        d.setZero();
        e.setZero();
      }
      const TridiagonalEigen eigen = tridiagonal_eigen(d, e);
      const Matrix<double> a = dense(d, e);
      const double tolerance = roundoff<double>(8 * static_cast<double>(n)) * a.norm();
      CHECK((a * eigen.rows - eigen.rows * eigen.values.asDiagonal()).norm() <= tolerance);
      CHECK((eigen.rows.transpose() * eigen.rows - Matrix<double>::Identity(n, n)).norm() <=
            roundoff<double>(8 * static_cast<double>(n)));
      for (Index i = 1; i < n; ++i) CHECK(eigen.values(i) <= eigen.values(i - 1));
    }
  }
}

TEST_CASE("a zero diagonal gives pairs of opposite eigenvalues, also when some are zero", "[linalg]") {
  Vector<double> e(7);
  e << 1, 0, 0, 2, 0, 1e-9, 1;
  const TridiagonalEigen eigen = tridiagonal_eigen(Vector<double>::Zero(8), e);
  for (Index i = 0; i < 8; ++i)
    CHECK_THAT(eigen.values(i), WithinAbs(-eigen.values(7 - i), roundoff<double>(16)));
}

TEST_CASE("rows of the eigenvectors without the rest of them", "[linalg]") {
  Philox rng(3);
  const Vector<double> d = normal_vector(12, rng);
  const Vector<double> e = normal_vector(11, rng);
  Matrix<double> last = Matrix<double>::Zero(1, 12);
  last(0, 11) = 1;
  const TridiagonalEigen all = tridiagonal_eigen(d, e);
  CHECK(tridiagonal_eigen(d, e, last).rows == all.rows.bottomRows(1));
}

TEST_CASE("tridiagonal_eigen refuses sizes and numbers that are not finite", "[linalg]") {
  CHECK(tridiagonal_eigen(Vector<double>(0), Vector<double>(0)).values.size() == 0);
  CHECK_THAT(message_of<std::invalid_argument>(
                 [] { (void)tridiagonal_eigen(Vector<double>::Ones(3), Vector<double>::Ones(3)); }),
             ContainsSubstring("off_diagonal has size 3, expected 2"));
  CHECK_THROWS_AS(
      tridiagonal_eigen(Vector<double>::Ones(3), Vector<double>::Ones(2), Matrix<double>::Ones(1, 2)),
      std::invalid_argument);
  Vector<double> d = Vector<double>::Ones(2);
  d(1) = std::nan("");
  CHECK_THROWS_AS(tridiagonal_eigen(d, Vector<double>::Ones(1)), std::domain_error);
}
