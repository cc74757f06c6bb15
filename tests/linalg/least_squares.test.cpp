#include <cmath>
#include <Eigen/QR>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/least_squares.hpp>

#include "support/catch.hpp"

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
  const auto zero = [](const Vector<double>&, Vector<double>& out) { out.setZero(); };
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { least_squares(zero, problem.adjoint(), problem.b, x, problem.space); }),
             ContainsSubstring("they are not adjoint to each other"));
  const auto broken = [](const Vector<double>&, Vector<double>& out) { out.setConstant(std::nan("")); };
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { least_squares(problem.apply(), broken, problem.b, x, problem.space); }),
             ContainsSubstring("not finite at iteration 0"));
}
