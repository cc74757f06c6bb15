#include <cmath>
#include <lazytrain/linalg/operator_norm_by_square.hpp>
#include <linalg/maps.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("with a product of its own for the square the norm is the same", "[linalg]") {
  Philox rng(59);
  for (int kind = 0; kind < 3; ++kind) {
    const Map<double> map = random_map<double>(15, 30, kind, rng);
    const auto square = [&](const Vector<double>& g, Vector<double>& out) {
      Vector<double> v(30);
      map.adjoint()(g, v);
      map.apply()(v, out);
    };
    Philox one(1), two(1);
    const auto direct =
        operator_norm(map.apply(), map.adjoint(), 30, map.space, {.tolerance = 1e-3, .dense_limit = 0}, one);
    const auto estimate =
        operator_norm_by_square(square, map.adjoint(), 30, map.space, {.tolerance = 1e-3}, two);
    CHECK_THAT(estimate.value, WithinRel(direct.value, 1e-13));
    CHECK_THAT(estimate.lower, WithinRel(direct.lower, 1e-13));
    CHECK_THAT(estimate.residual, WithinAbs(direct.residual, 1e-12 * direct.value));
    CHECK_THAT(estimate.probable_upper, WithinRel(direct.probable_upper, 1e-12));
    CHECK(estimate.products == direct.products);
    CHECK(estimate.lower <= map.norm());
    CHECK_THROWS_AS(operator_norm_by_square(square, map.adjoint(), 14, map.space, {}, two),
                    std::invalid_argument);
  }
}

TEST_CASE("a rough square finds a vector, of which the exact square tells the value", "[linalg]") {
  Philox rng(60);
  for (int kind = 0; kind < 3; ++kind) {
    const Map<double> map = random_map<double>(25, 40, kind, rng);
    const auto square = [&](const Vector<double>& g, Vector<double>& out) {
      Vector<double> v(40);
      map.adjoint()(g, v);
      map.apply()(v, out);
    };
    // Errors of 1e-6 and of 5 %: with the large ones Lanczos has to go on with the exact map.
    for (const double error : {1e-6, 0.05}) {
      Index exact_products = 0;
      const auto counted = [&](const Vector<double>& g, Vector<double>& out) {
        ++exact_products;
        square(g, out);
      };
      const Vector<double> factors = Vector<double>::Ones(25) + error * normal_vector(25, rng);
      const auto rough = [&](const Vector<double>& g, Vector<double>& out) {
        square(g.cwiseProduct(factors), out);
        out.array() *= factors.array();
      };
      const auto estimate = operator_norm_by_rough_square(rough, counted, map.adjoint(), 40, map.space,
                                                          {.tolerance = 1e-3}, rng);
      const double exact = map.norm();
      CHECK(estimate.converged);
      CHECK(estimate.residual <= 1e-3 * estimate.value);
      // Second order in the residual, up to the distance to the next singular value.
      CHECK_THAT(estimate.value, WithinRel(exact, 1e-3));
      CHECK(estimate.lower <= exact);
      CHECK(estimate.upper >= exact);
      CHECK(std::isinf(estimate.probable_upper));
      CHECK((exact_products == 1) == (error == 1e-6));
    }
    CHECK_THROWS_AS(operator_norm_by_rough_square(square, square, map.adjoint(), 24, map.space, {}, rng),
                    std::invalid_argument);
  }
}
