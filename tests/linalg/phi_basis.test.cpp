#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/phi_basis.hpp>

#include "phi_problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("the error bound holds for every basis size, and is not much larger than the error", "[linalg]") {
  Philox rng(102);
  const Vector<double> values = graded(150, 40, 6);
  const Vector<double> b = normal_vector(150, rng);
  const auto apply = diagonal_operator(values);
  for (const double t : {0.1, 1.0, 10.0}) {
    detail::PhiBasis<Vector<double>> basis(b);
    Index products = 0;
    for (Index m = 1; m <= 40; ++m) {
      basis.extend(apply, m, products, {});
      if (basis.size() < m) continue;
      basis.close();
      for (int k = 0; k < 4; ++k) {
        Vector<double> y = Vector<double>::Zero(150);
        basis.add(k, t, 1, y);
        const double error = (y - exact_phi(k, t, values, b)).norm();
        const double rounding = roundoff<double>(50 * (1 + 40 * t)) * b.norm();
        CHECK(error <= basis.error(k, t) + rounding);
        CHECK(basis.error(k, t) <= 300 * error + rounding);
      }
    }
  }
}
