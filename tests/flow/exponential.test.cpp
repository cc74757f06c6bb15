#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <limits>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

auto tanh_field(double alpha) {
  return displacement_field(oracle_network<Tanh>(),
                            square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5)),
                            oracle_parameters("w_sym"), alpha);
}

Vector<double> zero() { return Vector<double>::Zero(24); }

}  // namespace

TEST_CASE("Exponential converges with order 4 with a frozen reference point") {
  auto field = tanh_field(1);
  const Vector<double> exact = vector_of(oracle_flow("tanh_sym", "square", 1, 2)["u_T"]);
  double before = 0;
  for (const int steps : {8, 16, 32}) {
    const double error = (fixed_steps(Exponential{}, field, zero(), 2, steps) - exact).norm();
    if (before > 0) CHECK_THAT(observed_order(before, error), WithinAbs(4, 0.4));
    before = error;
  }
}

TEST_CASE("Exponential is exact in one step of any length on the linearized flow of the square loss") {
  auto field = tanh_field(std::numeric_limits<double>::infinity());
  for (const double horizon : {0.5, 2.0, 10.0}) {
    const Vector<double> end = fixed_steps(Exponential{}, field, zero(), horizon, 1);
    const Vector<double> exact = vector_of(oracle_flow("tanh_sym", "square", 1, horizon)["ubar_T"]);
    CHECK((end - exact).norm() <= 1e-13 * exact.norm());
  }
}

TEST_CASE("Exponential's error follows the tolerance at every alpha") {
  for (const double alpha : {1.0, 10.0, 100.0, 1000.0}) {
    const Vector<double> exact = vector_of(oracle_flow("tanh_sym", "square", alpha, 10)["u_T"]);
    for (const double tolerance : {1e-6, 1e-8, 1e-10}) {
      auto field = tanh_field(alpha);
      const auto end =
          integrate(Exponential{}, field, zero(), {.horizon = 10, .relative_tolerance = tolerance});
      INFO("alpha " << alpha << ", tolerance " << tolerance << ": " << end);
      CHECK((end.x - exact).norm() <= 30 * tolerance * exact.norm());
    }
  }
}
