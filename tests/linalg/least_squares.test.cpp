#include <algorithm>
#include <cmath>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/least_squares.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

struct Problem {
  Matrix<double> a;
  OutputSpace space;
  Vector<double> b;

  auto apply() const {
    return [this](const Vector<double>& v, Vector<double>& out) { out = a * v; };
  }
  auto adjoint() const {
    return [this](const Vector<double>& g, Vector<double>& out) {
      Vector<double> cotangent = g;
      space.to_cotangent(cotangent);
      out = a.transpose() * cotangent;
    };
  }
  /// Solution of (A^T W A + λ) x = A^T W b of least norm.
  Vector<double> exact(double damping) const {
    Vector<double> weighted = b;
    space.to_cotangent(weighted);
    Matrix<double> normal(a.cols(), a.cols());
    for (Index j = 0; j < a.cols(); ++j) {
      Vector<double> column = a.col(j);
      space.to_cotangent(column);
      normal.col(j) = a.transpose() * column;
    }
    normal.diagonal().array() += damping;
    return normal.completeOrthogonalDecomposition().solve(a.transpose() * weighted);
  }
};

Problem random_problem(Index n, Index p, Philox& rng) {
  return {normal_matrix(n, p, rng),
          OutputSpace::weighted((normal_vector(n, rng).cwiseAbs().array() + 0.2).matrix()),
          normal_vector(n, rng)};
}

}  // namespace

TEST_CASE("overdetermined, underdetermined and damped problems in weighted spaces", "[linalg]") {
  Philox rng(81);
  for (const auto& [n, p] : {std::pair<Index, Index>{20, 6}, {6, 20}, {8, 8}}) {
    for (const double damping : {0.0, 0.5}) {
      if (n == p && damping == 0) continue;
      const Problem problem = random_problem(n, p, rng);
      Vector<double> x = Vector<double>::Zero(p);
      const auto result = least_squares(problem.apply(), problem.adjoint(), problem.b, x, problem.space,
                                        {.tolerance = 1e-12, .damping = damping});
      CHECK(result.converged);
      const Vector<double> exact = problem.exact(damping);
      CHECK((x - exact).norm() <= 1e-8 * exact.norm());
    }
  }
}

TEST_CASE("an exact solution as start needs no step, another start gives the same minimum", "[linalg]") {
  Philox rng(82);
  const Problem problem = random_problem(20, 5, rng);
  Vector<double> x = normal_vector(5, rng);
  CHECK(least_squares(problem.apply(), problem.adjoint(), problem.b, x, problem.space).converged);
  CHECK((x - problem.exact(0)).norm() <= 1e-8);
  CHECK(least_squares(problem.apply(), problem.adjoint(), problem.b, x, problem.space, {.tolerance = 1e-9})
            .iterations == 0);
}

TEST_CASE("steps one by one and from a kept state are those of least_squares, to the bit", "[linalg]") {
  Philox rng(84);
  const Problem problem = random_problem(12, 30, rng);
  for (const double damping : {0.0, 0.5}) {
    const Vector<double> zero = Vector<double>::Zero(30);
    LeastSquaresIteration whole(problem.apply(), problem.adjoint(), problem.b, zero, problem.space, damping);
    for (Index i = 0; i < 3; ++i) whole.step(problem.apply(), problem.adjoint());
    LeastSquaresIteration rest(problem.adjoint(), whole.state(), problem.space, damping);
    double previous = static_cast<double>(problem.space.norm(problem.b)) + 1;
    for (Index i = 0; i < 4; ++i) {
      whole.step(problem.apply(), problem.adjoint());
      rest.step(problem.apply(), problem.adjoint());
      CHECK(rest.x() == whole.x());
      CHECK(rest.gradient_norm() == whole.gradient_norm());
      // The residual of the recurrence is that of x, and without damping it falls.
      const Vector<double> residual = problem.b - problem.a * whole.x();
      CHECK((whole.state().residual - residual).norm() <=
            roundoff<double>(7 * 30) * (problem.b.norm() + problem.a.norm() * whole.x().norm()));
      if (damping == 0) CHECK(problem.space.norm(residual) < previous);
      previous = problem.space.norm(residual);
    }
    Vector<double> x = zero;
    const auto result = least_squares(problem.apply(), problem.adjoint(), problem.b, x, problem.space,
                                      {.max_iterations = 7, .tolerance = 0, .damping = damping});
    CHECK(result.iterations == 7);
    CHECK(whole.state().iterations == 7);
    CHECK(x == whole.x());
    CHECK(result.residuals.back() == whole.gradient_norm());
  }
}

TEMPLATE_TEST_CASE("below its rounding a gradient is not asked to go, and x is exact up to the condition",
                   "[linalg]", float, double) {
  using S = TestType;
  Philox rng(85);
  // Every row twice, with different values: the null space is met by rounding alone.
  const Index n = 20, p = 60;
  const Matrix<double> half = normal_matrix<S>(n, p, rng).template cast<double>();
  const Vector<double> b = normal_vector<S>(2 * n, rng).template cast<double>();
  Matrix<double> whole(2 * n, p);
  whole << half, half;
  const Matrix<S> a = whole.cast<S>();
  const Vector<double> mean = (b.head(n) + b.tail(n)) / 2;
  const Vector<double> singular = Eigen::JacobiSVD<Matrix<double>>(whole).singularValues();
  for (const double damping : {0.0, 1e-12, 1.0}) {
    CAPTURE(damping);
    // In the coordinates of the mean A* A is 2 B^T B.
    Matrix<double> normal = 2 * half * half.transpose();
    normal.diagonal().array() += damping;
    const Vector<double> exact = 2 * half.transpose() * normal.ldlt().solve(mean);
    for (const double tolerance : {0.0, 1e-10, 1e-300}) {
      Vector<S> x = Vector<S>::Zero(p);
      const auto result = least_squares([&](const Vector<S>& v, Vector<S>& out) { out = a * v; },
                                        [&](const Vector<S>& g, Vector<S>& out) { out = a.transpose() * g; },
                                        Vector<S>(b.cast<S>()), x, euclidean(2 * n),
                                        {.tolerance = tolerance, .damping = damping});
      CHECK(result.end != LeastSquaresEnd::max_iterations);
      CHECK(result.converged ==
            (result.end == LeastSquaresEnd::tolerance || result.end == LeastSquaresEnd::rounding));
      CHECK(result.residuals.size() == static_cast<std::size_t>(result.iterations) + 1);
      // Sums of p and 2 n products round the gradient by (p + 2 n) eps a (||r|| + a ||x||), and 1 / s_n^2 is
      // what the error of x is of it.
      const double largest = singular(0), least = singular(n - 1);
      const double gradient = largest * (b.norm() + largest * exact.norm());
      const double error = (x.template cast<double>() - exact).norm();
      CHECK(error <= roundoff<S>(static_cast<double>(p + 2 * n)) * gradient / (least * least) +
                         (tolerance > 1e-20 ? tolerance * (a.transpose() * b.cast<S>()).norm() : 0.0) /
                             (least * least));
    }
  }
}

TEST_CASE("products less exact than the vectors: stagnation, with the best x", "[linalg]") {
  Philox rng(86);
  const Problem problem = random_problem(20, 6, rng);
  const auto adjoint = problem.adjoint();
  const auto in_single = [&](const Vector<double>& g, Vector<double>& out) {
    Vector<double> cotangent = g;
    problem.space.to_cotangent(cotangent);
    out = (problem.a.cast<float>().transpose() * cotangent.cast<float>()).cast<double>();
  };
  Vector<double> x = Vector<double>::Zero(6);
  const auto result =
      least_squares(problem.apply(), in_single, problem.b, x, problem.space, {.tolerance = 0});
  CHECK(result.end == LeastSquaresEnd::stagnation);
  CHECK(!result.converged);
  CHECK(result.iterations < 1000);
  Vector<double> gradient(6);
  adjoint(problem.b - problem.a * x, gradient);
  // The least gradient met is returned, up to the rounding of the comparison, and it is that of x.
  const double largest = problem.a.norm() * 2;
  const double size = largest * (problem.b.norm() + largest * x.norm());
  CHECK(result.residual <=
        *std::min_element(result.residuals.begin(), result.residuals.end()) + roundoff<double>(10) * size);
  CHECK(std::abs(gradient.norm() - result.residual) <= roundoff<float>(1) * size);
  CHECK((x - problem.exact(0)).norm() <= 1e-5 * x.norm());
}

TEST_CASE("ill-conditioned problems, whose gradient rises for long, are not given up", "[linalg]") {
  Philox rng(87);
  const Index n = 60;
  const Matrix<double> left = Eigen::HouseholderQR<Matrix<double>>(normal_matrix(n, n, rng)).householderQ();
  const Matrix<double> right = Eigen::HouseholderQR<Matrix<double>>(normal_matrix(n, n, rng)).householderQ();
  Vector<double> singular(n);
  for (Index i = 0; i < n; ++i) singular(i) = std::pow(10.0, -5.0 * static_cast<double>(i) / (n - 1.0));
  const Problem problem{left * singular.asDiagonal() * right, euclidean(n), normal_vector(n, rng)};
  Vector<double> x = Vector<double>::Zero(n);
  const auto result = least_squares(problem.apply(), problem.adjoint(), problem.b, x, problem.space,
                                    {.max_iterations = 20000, .tolerance = 1e-12});
  CHECK(result.converged);
  // Not monotone: more than n steps without a smaller gradient, far from the end.
  CHECK(result.iterations > 5 * n);
  const Vector<double> exact =
      right.transpose() * singular.cwiseInverse().asDiagonal() * (left.transpose() * problem.b);
  // The gradient's error over the square of the least singular value, 1e-5.
  const double gradient = std::max(1e-12 * problem.b.norm(), roundoff<double>(1) * exact.norm());
  CHECK((x - exact).norm() <=
        (gradient + roundoff<double>(2 * n) * (problem.b.norm() + exact.norm())) * 1e10);
}

TEST_CASE("a step from the solution is none", "[linalg]") {
  // Every number is exact here.
  const Vector<double> b = (Vector<double>(3) << 3, 4, 0).finished();
  const auto twice = [](const Vector<double>& v, Vector<double>& out) { out = 2 * v; };
  const Vector<double> zero = Vector<double>::Zero(3);
  LeastSquaresIteration iteration(twice, twice, b, zero, euclidean(3));
  CHECK(iteration.rounding() == 0);
  iteration.step(twice, twice);
  CHECK(!iteration.stalled());
  CHECK(iteration.gradient_norm() == 0);
  // a = 2 and ||x|| = 2.5.
  CHECK_THAT(iteration.rounding(), WithinRel(roundoff<double>(4 * 2.5), 1e-15));
  iteration.step(twice, twice);
  CHECK(iteration.stalled());
  CHECK(iteration.state().iterations == 1);
  CHECK(iteration.x() == b / 2);
}

TEST_CASE("least_squares refuses sizes, options, wrong adjoints and numbers that are not finite",
          "[linalg]") {
  Philox rng(83);
  const Problem problem = random_problem(6, 4, rng);
  Vector<double> x = Vector<double>::Zero(4);
  CHECK_THROWS_AS(least_squares(problem.apply(), problem.adjoint(), x, x, problem.space),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      least_squares(problem.apply(), problem.adjoint(), problem.b, x, problem.space, {.damping = -1}),
      std::domain_error);
  CHECK_THROWS_AS(LeastSquaresIteration(problem.apply(), problem.adjoint(), x, x, problem.space),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      LeastSquaresIteration(problem.apply(), problem.adjoint(), problem.b, x, problem.space, -1.0),
      std::domain_error);
  const auto zero = [](const Vector<double>&, Vector<double>& out) { out.setZero(); };
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { least_squares(zero, problem.adjoint(), problem.b, x, problem.space); }),
             ContainsSubstring("they are not adjoint to each other"));
  const auto broken = [](const Vector<double>&, Vector<double>& out) { out.setConstant(std::nan("")); };
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { least_squares(problem.apply(), broken, problem.b, x, problem.space); }),
             ContainsSubstring("not finite at iteration 0"));
}
