#include <cmath>
#include <Eigen/QR>
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
