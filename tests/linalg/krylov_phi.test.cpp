#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/krylov_phi.hpp>
#include <limits>

#include "phi_problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double factorial[] = {1, 1, 2, 6};

}  // namespace

TEMPLATE_TEST_CASE("phi-functions of one basis at several times, within the reported error", "[linalg]",
                   float, double) {
  using S = TestType;
  Philox rng(101);
  const Vector<S> values = graded(200, 10, 12).template cast<S>();
  const Vector<S> b = normal_vector<S>(200, rng);
  const std::vector<double> times = {0, 1e-3, 0.3, 2, 20};
  const double tolerance = std::is_same_v<S, float> ? 1e-4 : 1e-10;
  const auto result = krylov_phi(diagonal_operator(values), b, times, 4, {.tolerance = tolerance});
  CHECK(result.report.steps == 1);
  CHECK(result.report.products == result.report.basis);
  CHECK(result.report.basis < 100);
  // Ritz values are Rayleigh quotients; the largest is found soon.
  CHECK(result.report.largest <= 10 * (1 + roundoff<S>(200)));
  CHECK(result.report.largest >= 9.9);
  for (std::size_t i = 0; i < times.size(); ++i) {
    for (int k = 0; k < 4; ++k) {
      const Vector<S> exact = exact_phi(k, times[i], values, b);
      const double error =
          static_cast<double>((result.values[i][static_cast<std::size_t>(k)] - exact).norm());
      const double rounding = roundoff<S>(20 * (1 + times[i] * 10));
      const double size = static_cast<double>(b.norm()) / factorial[k];
      INFO("t = " << times[i] << ", k = " << k);
      CHECK(error <= (result.report.error + rounding) * size);
      CHECK(error <= (tolerance + rounding) * size);
    }
  }
}

TEST_CASE("stiff operators beyond the basis limit are reached in steps", "[linalg]") {
  Philox rng(103);
  const Vector<double> values = graded(300, 2000, 5);
  const Vector<double> b = normal_vector(300, rng);
  const auto result =
      krylov_phi(diagonal_operator(values), b, {1.0}, 4, {.tolerance = 1e-8, .max_basis = 40});
  CHECK(result.report.steps > 1);
  CHECK(result.report.basis <= 40);
  for (int k = 0; k < 4; ++k) {
    const double error =
        (result.values[0][static_cast<std::size_t>(k)] - exact_phi(k, 1.0, values, b)).norm();
    CHECK(error <= 1e-8 / factorial[k] * b.norm());
    CHECK(error <= (result.report.error + roundoff<double>(20 * 2000)) / factorial[k] * b.norm());
  }
}

TEST_CASE("combinations solve u' = -L u + b_1 + t b_2 + t^2/2 b_3, in one step or in many", "[linalg]") {
  Philox rng(104);
  const Vector<double> values = graded(120, 300, 4);
  std::vector<Vector<double>> b;
  for (int k = 0; k < 4; ++k) b.push_back(normal_vector(120, rng));
  const double t = 0.7;
  Vector<double> exact = Vector<double>::Zero(120);
  double size = 0;
  for (int k = 0; k < 4; ++k) {
    exact += std::pow(t, k) * exact_phi(k, t, values, b[static_cast<std::size_t>(k)]);
    size += std::pow(t, k) / factorial[k] * b[static_cast<std::size_t>(k)].norm();
  }
  for (const Index limit : {120, 20}) {
    const auto result =
        phi_combination(diagonal_operator(values), b, t, {.tolerance = 1e-9, .max_basis = limit});
    CHECK((result.value - exact).norm() <= 1e-9 * size);
    CHECK((result.value - exact).norm() <= result.report.error + roundoff<double>(20 * 210) * size);
    CHECK((result.report.steps > 1) == (limit == 20));
  }
  const auto only_third = phi_combination(diagonal_operator(values),
                                          {Vector<double>::Zero(120), Vector<double>::Zero(120), b[2]}, t);
  CHECK((only_third.value - t * t * exact_phi(2, t, values, b[2])).norm() <= 1e-9);
}

TEST_CASE("L = 0, eigenvectors, time 0 and b = 0 are exact", "[linalg]") {
  const Vector<double> b = Vector<double>::LinSpaced(5, 1, 2);
  const auto zero = [](const Vector<double>&, Vector<double>& out) { out.setZero(); };
  const auto constant = krylov_phi(zero, b, {3.0});
  CHECK(constant.report.error == 0);
  CHECK(constant.report.products == 1);
  for (int k = 0; k < 4; ++k) {
    CHECK((constant.values[0][static_cast<std::size_t>(k)] - b / factorial[k]).norm() <=
          roundoff<double>(10));
  }
  const auto growth = phi_combination(zero, {b, b}, 2.0);
  CHECK((growth.value - 3 * b).norm() <= roundoff<double>(50));
  CHECK(phi_combination(zero, {b, b}, 0.0).value == b);
  const Vector<double> nothing = Vector<double>::Zero(5);
  CHECK(krylov_phi(zero, nothing, {1.0}).values[0][2].norm() == 0);
  CHECK(phi_combination(zero, {nothing}, 1.0).value.norm() == 0);
  CHECK(krylov_phi(zero, b, {}).values.empty());
}

TEST_CASE("enormous times give the limit t φ_1(-t L) b -> L^{-1} b", "[linalg]") {
  Philox rng(105);
  const Vector<double> values = Vector<double>::LinSpaced(30, 1, 2);
  const Vector<double> b = normal_vector(30, rng);
  const auto result = krylov_phi(diagonal_operator(values), b, {1e8}, 2);
  CHECK(result.values[0][0].norm() <= 1e-12);
  CHECK((1e8 * result.values[0][1] - b.cwiseQuotient(values)).norm() <= 1e-8 * b.norm());
}

TEST_CASE("krylov_phi refuses negative operators, times, options and numbers that are not finite",
          "[linalg]") {
  const Vector<double> b = Vector<double>::Ones(4);
  const auto apply = diagonal_operator(Vector<double>(Vector<double>::LinSpaced(4, 1, 4)));
  CHECK_THAT(message_of<std::domain_error>([&] {
               (void)krylov_phi(diagonal_operator(Vector<double>(Vector<double>::LinSpaced(4, -1, 4))), b,
                                {1.0});
             }),
             ContainsSubstring("expected a positive semidefinite operator"));
  CHECK_THROWS_AS(krylov_phi(apply, b, {-1.0}), std::domain_error);
  CHECK_THROWS_AS(krylov_phi(apply, b, {1.0}, 5), std::invalid_argument);
  CHECK_THROWS_AS(krylov_phi(apply, b, {1.0}, 4, {.tolerance = 0}), std::domain_error);
  CHECK_THROWS_AS(krylov_phi(apply, b, {1.0}, 4, {.max_basis = 1}), std::invalid_argument);
  CHECK_THROWS_AS(phi_combination(apply, std::vector<Vector<double>>{}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(phi_combination(apply, {b, Vector<double>::Ones(3)}, 1.0), std::invalid_argument);
  CHECK_THAT(
      message_of<std::runtime_error>([&] { (void)krylov_phi(apply, b, {1.0}, 4, {.max_products = 2}); }),
      ContainsSubstring("max_products = 2 were not enough"));
  const auto broken = [](const Vector<double>&, Vector<double>& out) { out.setConstant(std::nan("")); };
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)krylov_phi(broken, b, {1.0}); }),
             ContainsSubstring("not finite at step 1"));
}
