#include <cmath>
#include <lazytrain/linalg/gauss_legendre.hpp>
#include <lazytrain/linalg/phi.hpp>
#include <limits>
#include <span>
#include <vector>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// φ_k by its series, with arguments reduced by φ_k(2z) = 2^{-k} (e^z φ_k(z) + Σ_{j=1}^k φ_j(z) / (k-j)!),
/// a sum of positive numbers: the relative error does not grow.
long double reference(int k, long double z) {
  long double values[max_phi_order + 1];
  int halvings = 0;
  while (std::abs(z) > 0.25L) {
    z /= 2;
    ++halvings;
  }
  const long double factorial[] = {1, 1, 2, 6, 24};
  for (int j = 0; j <= max_phi_order; ++j) {
    long double term = 1 / factorial[j];
    long double sum = 0;
    for (int i = 1; i < 30; ++i) {
      sum += term;
      term *= z / (i + j);
    }
    values[j] = sum;
  }
  for (; halvings > 0; --halvings) {
    long double doubled[max_phi_order + 1];
    for (int j = 0; j <= max_phi_order; ++j) {
      doubled[j] = values[0] * values[j];
      for (int i = 1; i <= j; ++i) doubled[j] += values[i] / factorial[j - i];
      doubled[j] /= std::pow(2.0L, j);
    }
    for (int j = 0; j <= max_phi_order; ++j) values[j] = doubled[j];
  }
  return values[k];
}

}  // namespace

TEMPLATE_TEST_CASE("phi is accurate to a few units of rounding on a dense range", "[linalg]", float, double) {
  for (int k = 1; k <= max_phi_order; ++k) {
    double worst = 0;
    for (int sign = -1; sign <= 1; sign += 2) {
      for (double size = 1e-30; size < (sign < 0 ? 1e12 : 60.0); size *= 1.003) {
        const auto z = static_cast<TestType>(sign * size);
        const long double exact = reference(k, static_cast<long double>(z));
        const long double error = (static_cast<long double>(phi(k, z)) - exact) / exact;
        worst = std::max(worst, static_cast<double>(std::abs(error)));
      }
    }
    INFO("k = " << k << ", worst = " << worst / std::numeric_limits<TestType>::epsilon() << " eps");
    CHECK(worst <= roundoff<TestType>(6));
  }
}

TEST_CASE("phi has its limits: 1/k! at 0, 1/((k-1)! |z|) far left, 0 at minus infinity", "[linalg]") {
  const double factorial[] = {1, 1, 2, 6, 24};
  const double denormal = std::numeric_limits<double>::denorm_min();
  for (int k = 0; k <= max_phi_order; ++k) {
    CHECK_THAT(phi(k, 0.0), WithinRel(1 / factorial[k], roundoff<double>(1)));
    CHECK_THAT(phi(k, -denormal), WithinRel(1 / factorial[k], roundoff<double>(1)));
    CHECK_THAT(phi(k, denormal), WithinRel(1 / factorial[k], roundoff<double>(1)));
    CHECK(phi(k, -std::numeric_limits<double>::infinity()) == 0.0);
    if (k > 0) CHECK_THAT(phi(k, -1e300) * 1e300, WithinRel(1 / factorial[k - 1], roundoff<double>(4)));
    CHECK(std::isnan(phi(k, std::numeric_limits<double>::quiet_NaN())));
  }
  CHECK(phi(0, -1e300) == 0.0);
}

TEST_CASE("phi is the moment integral of the exponential", "[linalg]") {
  const QuadratureRule rule = gauss_legendre(40);
  const double factorial[] = {1, 1, 2, 6};
  for (const double z : {-20.0, -3.0, -2.2, -1.5, -0.3, 0.7, 2.9, 5.0}) {
    for (int k = 1; k <= max_phi_order; ++k) {
      double integral = 0;
      for (Index i = 0; i < 40; ++i) {
        const double theta = rule.nodes(i);
        integral += rule.weights(i) * std::exp((1 - theta) * z) * std::pow(theta, k - 1) / factorial[k - 1];
      }
      // A sum of 40 positive terms, each with an exponential of argument up to |z|.
      CHECK_THAT(phi(k, z), WithinRel(integral, roundoff<double>(40 + std::abs(z))));
    }
  }
}

TEST_CASE("A sequence of phi-functions is each of them", "[linalg]") {
  std::vector<double> values(10);
  for (double size = 1e-12; size < 1e12; size *= 1.01) {
    detail::phi_sequence(-size, std::span(values));
    for (int k = 0; k <= max_phi_order; ++k) {
      CHECK_THAT(values[static_cast<std::size_t>(k)], WithinRel(phi(k, -size), roundoff<double>(12)));
    }
  }
  // Above max_phi_order: the moment integral, a sum of positive terms.
  const QuadratureRule rule = gauss_legendre(40);
  for (const double z : {-20.0, -7.0, -6.0, -5.0, -3.0, -0.3, 0.0, 0.7, 5.0}) {
    detail::phi_sequence(z, std::span(values));
    for (int k = max_phi_order + 1; k < 10; ++k) {
      double integral = 0;
      for (Index i = 0; i < 40; ++i) {
        const double theta = rule.nodes(i);
        integral += rule.weights(i) * std::exp((1 - theta) * z) * std::pow(theta, k - 1) / std::tgamma(k);
      }
      CHECK_THAT(values[static_cast<std::size_t>(k)],
                 WithinRel(integral, roundoff<double>(60 + std::abs(z))));
    }
  }
}

TEST_CASE("phi of an array is phi of its entries", "[linalg]") {
  Matrix<double> z(2, 3);
  z << 0, -1, -2, 1, -1e10, 2.5;
  Matrix<double> in_place = z;
  phi_in_place(2, in_place);
  phi_in_place(3, z.col(1));
  CHECK(in_place(0, 2) == phi(2, -2.0));
  CHECK(in_place(1, 1) == phi(2, -1e10));
  CHECK(z(0, 1) == phi(3, -1.0));
  CHECK(z(0, 2) == -2.0);
}

TEST_CASE("phi refuses orders that it does not have", "[linalg]") {
  CHECK(message_of<std::invalid_argument>([] { (void)phi(5, 1.0); }) ==
        "lazytrain::phi: k is 5, expected an order from 0 to 4");
  CHECK_THROWS_AS(phi(-1, 1.0), std::invalid_argument);
  Vector<double> z = Vector<double>::Zero(1);
  CHECK_THROWS_AS(phi_in_place(7, z), std::invalid_argument);
}
