#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/conjugate_gradient.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

auto multiply(const Matrix<double>& a) {
  return [&a](const Vector<double>& x, Vector<double>& out) { out = a * x; };
}

}  // namespace

TEST_CASE("as many steps as there are different eigenvalues", "[linalg]") {
  Philox rng(71);
  Vector<double> values(30);
  for (Index i = 0; i < 30; ++i) values(i) = 1 + static_cast<double>(i % 4);
  const Matrix<double> a = values.asDiagonal();
  const Vector<double> exact = normal_vector(30, rng);
  Vector<double> x = Vector<double>::Zero(30);
  const auto result = conjugate_gradient(multiply(a), Vector<double>(a * exact), x, {.tolerance = 1e-13});
  CHECK(result.converged);
  CHECK(result.iterations <= 4);
  CHECK(result.residuals.size() == static_cast<std::size_t>(result.iterations) + 1);
  CHECK((x - exact).norm() <= 4e-13 * exact.norm());
}

TEST_CASE("the error in the energy norm falls, below the Chebyshev bound", "[linalg]") {
  Philox rng(72);
  Vector<double> values = Vector<double>::LinSpaced(100, 1.0, 100.0);
  const Matrix<double> a = values.asDiagonal();
  const Vector<double> exact = normal_vector(100, rng);
  const Vector<double> b = a * exact;
  const auto energy = [&](const Vector<double>& x) { return std::sqrt((x - exact).dot(a * (x - exact))); };
  double previous = energy(Vector<double>::Zero(100));
  const double initial = previous;
  for (Index m = 1; m <= 40; ++m) {
    Vector<double> x = Vector<double>::Zero(100);
    conjugate_gradient(multiply(a), b, x, {.max_iterations = m, .tolerance = 0});
    CHECK(energy(x) <= previous * (1 + 1e-12));
    previous = energy(x);
    CHECK(previous <= 2 * std::pow(9.0 / 11, static_cast<double>(m)) * initial * (1 + 1e-9));
  }
}

TEST_CASE("the inverse as preconditioner needs one step, a diagonal one helps", "[linalg]") {
  Philox rng(73);
  Vector<double> values(60);
  for (Index i = 0; i < 60; ++i) values(i) = std::pow(10.0, 0.1 * static_cast<double>(i));
  const Matrix<double> a = values.asDiagonal();
  const Vector<double> b = normal_vector(60, rng);
  Vector<double> x = Vector<double>::Zero(60);
  const auto inverse = [&](const Vector<double>& r, Vector<double>& out) { out = r.cwiseQuotient(values); };
  CHECK(conjugate_gradient(multiply(a), b, x, {.tolerance = 1e-12}, inverse).iterations == 1);
  CHECK((x - b.cwiseQuotient(values)).norm() <= 1e-12 * b.norm());
}

TEST_CASE("semidefinite and consistent: a solution, and what the start had in the kernel", "[linalg]") {
  Philox rng(74);
  const Matrix<double> half = normal_matrix(10, 4, rng);
  const Matrix<double> a = half * half.transpose();
  const Vector<double> b = a * normal_vector(10, rng);
  Vector<double> x = Vector<double>::Zero(10);
  CHECK(conjugate_gradient(multiply(a), b, x).converged);
  CHECK((a * x - b).norm() <= 1e-9 * b.norm());
}

TEST_CASE("warm starts, zero right sides and limits", "[linalg]") {
  const Matrix<double> a = 2 * Matrix<double>::Identity(3, 3);
  Vector<double> x = Vector<double>::Ones(3);
  const auto nothing = conjugate_gradient(multiply(a), Vector<double>(Vector<double>::Constant(3, 2)), x);
  CHECK(nothing.iterations == 0);
  CHECK(nothing.converged);
  conjugate_gradient(multiply(a), Vector<double>(Vector<double>::Zero(3)), x);
  CHECK(x.norm() == 0);
  Vector<double> y = Vector<double>::Zero(3);
  const auto cut =
      conjugate_gradient(multiply(a), Vector<double>(Vector<double>::Ones(3)), y, {.max_iterations = 0});
  CHECK_FALSE(cut.converged);
}

TEST_CASE("indefinite operators, numbers that are not finite and sizes are refused", "[linalg]") {
  const Vector<double> b = Vector<double>::Ones(2);
  Vector<double> x = Vector<double>::Zero(2);
  const Matrix<double> indefinite = (Vector<double>(2) << 1, -2).finished().asDiagonal();
  CHECK_THAT(message_of<std::runtime_error>([&] { conjugate_gradient(multiply(indefinite), b, x); }),
             ContainsSubstring("the operator is not positive definite at iteration 1: <d, A d> = -1"));
  const Matrix<double> identity = Matrix<double>::Identity(2, 2);
  const auto negative = [](const Vector<double>& r, Vector<double>& out) { out = -r; };
  CHECK_THAT(
      message_of<std::runtime_error>([&] { conjugate_gradient(multiply(identity), b, x, {}, negative); }),
      ContainsSubstring("the preconditioner is not positive definite at iteration 1"));
  int products = 0;
  const auto broken = [&](const Vector<double>& v, Vector<double>& out) {
    out = v.cwiseProduct(Vector<double>::LinSpaced(2, 1, 2));
    if (++products == 3) out(0) = std::nan("");
  };
  x.setZero();
  CHECK(message_of<std::runtime_error>([&] { conjugate_gradient(broken, b, x); }) ==
        "lazytrain::conjugate_gradient: a number is not finite at iteration 2");
  Vector<double> wrong = Vector<double>::Zero(3);
  CHECK_THROWS_AS(conjugate_gradient(multiply(identity), b, wrong), std::invalid_argument);
  CHECK_THROWS_AS(conjugate_gradient(multiply(identity), b, x, {.max_iterations = -1}),
                  std::invalid_argument);
}
