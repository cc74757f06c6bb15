#include <cmath>
#include <lazytrain/linalg/gauss_legendre.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Gauss-Legendre rules integrate polynomials of degree 2n - 1 exactly", "[linalg]") {
  for (Index n = 1; n <= 64; ++n) {
    const QuadratureRule rule = gauss_legendre(n);
    for (Index degree = 0; degree < 2 * n; ++degree) {
      double sum = 0;
      for (Index i = 0; i < n; ++i) {
        sum += rule.weights(i) * std::pow(rule.nodes(i), static_cast<double>(degree));
      }
      // x^d turns an error of the node of half a unit into d halves; the sum has positive terms.
      CHECK_THAT(sum * static_cast<double>(degree + 1),
                 WithinRel(1.0, roundoff<double>(4 + static_cast<double>(n + degree))));
    }
  }
}

TEST_CASE("Gauss-Legendre rules are not exact beyond degree 2n - 1", "[linalg]") {
  // The error for x^{2n} is (n!)^4 / ((2n+1) ((2n)!)^2), for n = 3: 1/2800.
  const QuadratureRule rule = gauss_legendre(3);
  const double sum = rule.weights.dot(rule.nodes.array().pow(6).matrix());
  CHECK_THAT(1.0 / 7 - sum, WithinRel(1.0 / 2800, 1e-12));
}

TEST_CASE("Gauss-Legendre nodes are inside, ascending and symmetric, and weights positive", "[linalg]") {
  for (Index n = 1; n <= 64; ++n) {
    const QuadratureRule rule = gauss_legendre(n);
    CHECK(rule.nodes(0) > 0);
    CHECK(rule.nodes(n - 1) < 1);
    CHECK(rule.weights.minCoeff() > 0);
    for (Index i = 0; i < n; ++i) {
      if (i > 0) CHECK(rule.nodes(i) > rule.nodes(i - 1));
      CHECK_THAT(rule.nodes(i) + rule.nodes(n - 1 - i), WithinAbs(1, roundoff<double>(1)));
    }
  }
  CHECK_THAT(gauss_legendre(2).nodes(0), WithinRel((1 - 1 / std::sqrt(3.0)) / 2, roundoff<double>(2)));
}

TEST_CASE("Gauss-Legendre refuses numbers of nodes out of range", "[linalg]") {
  CHECK(message_of<std::invalid_argument>([] { (void)gauss_legendre(65); }) ==
        "lazytrain::gauss_legendre: n is 65, expected a number of nodes from 1 to 64");
  CHECK_THROWS_AS(gauss_legendre(0), std::invalid_argument);
}
