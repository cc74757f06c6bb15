#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/rounding.hpp>

#include "support/catch.hpp"

using namespace lazytrain;

TEST_CASE("quotients of single precision norms stay within the bound", "[linalg]") {
  Philox rng(6);
  for (const Index n : {1, 7, 100, 10000}) {
    const Vector<float> x = normal_vector<float>(n, rng);
    const Vector<float> y = normal_vector<float>(n, rng);
    const double exact = x.cast<double>().norm() / y.cast<double>().norm();
    const double computed = static_cast<double>(x.norm()) / static_cast<double>(y.norm());
    CHECK(std::abs(computed / exact - 1) <= quotient_rounding<float>(n, true));
    CHECK(quotient_rounding<float>(n, true) <= quotient_rounding<float>(n, false));
    CHECK(quotient_rounding<double>(n, true) < quotient_rounding<float>(n, true));
  }
}
