#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/core/random.hpp>
#include <sstream>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using D = Dual<double>;
using DD = Dual<D>;

/// A function of two variables that uses every operation.
template <class T>
T composite(const T& x, const T& y) {
  using std::exp;
  using std::log;
  using std::pow;
  using std::sin;
  using std::sqrt;
  using std::tanh;
  return tanh(x * y) / (1 + x * x) - exp(-y) * sin(2 * x) + sqrt(x + 3) * pow(y, 3) + log(y + 2.5) +
         pow(y + 2, x);
}

}  // namespace

TEST_CASE("Dual arithmetic obeys the product and quotient rules") {
  const D x(3, 4);
  const D y(2, -1);
  const auto check = [](const D& z, double value, double tangent) {
    CHECK(z.value == value);
    CHECK(z.tangent == tangent);
  };
  check(x + y, 5, 3);
  check(x - y, 1, 5);
  check(x * y, 6, 5);
  check(x / y, 1.5, 2.75);
  check(+x, 3, 4);
  check(-x, -3, -4);
  check(2 * x + 1, 7, 8);
  check(x * 2.0f - 1L, 5, 8);
  check(1 / y, 0.5, 0.25);
  D z = x;
  z += y;
  z *= 2;
  z -= 1;
  z /= 3;
  check(z, 3, 2);
  std::ostringstream text;
  text << DD(x, y);
  CHECK(text.str() == "((3, 4), (2, -1))");
}

TEST_CASE("Dual comparisons look at values") {
  CHECK(D(1, 5) == D(1, 7));
  CHECK(D(1, 5) != 2);
  CHECK(D(1, 5) < 2);
  CHECK(D(1, 5) <= 1);
  CHECK(D(1, 5) > 0);
  CHECK(D(1, 5) >= 1.0);
}

TEST_CASE("Dual tangents are derivatives: central differences converge to them at order 2") {
  Philox rng(1);
  for (int i = 0; i < 20; ++i) {
    const double x = 2 * uniform(rng) - 1;
    const double y = 2 * uniform(rng) - 1;
    const double u = 1 + uniform(rng);
    const double v = 1 + uniform(rng);
    const double tangent = composite(D(x, u), D(y, v)).tangent;
    const auto error = [&](double h) {
      return std::abs((composite(x + h * u, y + h * v) - composite(x - h * u, y - h * v)) / (2 * h) -
                      tangent);
    };
    if (error(1e-2) > 1e-5) CHECK_THAT(std::log10(error(1e-2) / error(1e-3)), WithinAbs(2.0, 0.1));
    CHECK(error(1e-5) < 1e-8);
  }
}

TEST_CASE("Nested duals carry second derivatives, symmetric in their directions") {
  const double x = 0.3;
  const double y = 0.7;
  const auto second = [&](double u0, double u1, double v0, double v1) {
    return composite(DD(D(x, u0), D(v0)), DD(D(y, u1), D(v1))).tangent.tangent;
  };
  CHECK_THAT(second(1, 2, -3, 0.5), WithinRel(second(-3, 0.5, 1, 2), roundoff<double>(64)));
  const auto slope = [&](double h) { return composite(D(x + h, 1), D(y + 2 * h, 2)).tangent; };
  const auto error = [&](double h) {
    return std::abs((slope(h) - slope(-h)) / (2 * h) - second(1, 2, 1, 2));
  };
  CHECK_THAT(std::log10(error(1e-2) / error(1e-3)), WithinAbs(2.0, 0.1));
}

TEST_CASE("Third derivatives by nesting three times") {
  using D3 = Dual<DD>;
  const double x = 0.4;
  const D3 z = sin(D3(DD(D(x, 1), D(1)), DD(D(1), D(0))));
  CHECK_THAT(z.tangent.tangent.tangent, WithinRel(-std::cos(x), roundoff<double>(8)));
}

TEST_CASE("Conventions where there is no derivative") {
  CHECK(relu(D(0, 1)).tangent == 0);
  CHECK(relu(D(2, 3)).tangent == 3);
  CHECK(relu(D(-2, 3)).tangent == 0);
  CHECK(relu(DD(D(0, 1), D(1))).value.tangent == 0);
  CHECK(abs(D(0, 1)).tangent == 0);
  CHECK(abs(D(-2, 3)).tangent == -3);
  CHECK(max(D(1, 2), D(1, 3)).tangent == 2);
  CHECK(min(D(1, 2), D(1, 3)).tangent == 2);
  CHECK(max(D(1, 2), 4).tangent == 0);
  CHECK(min(0, D(1, 2)).tangent == 0);
  CHECK(std::isnan(relu(D(std::numeric_limits<double>::quiet_NaN(), 1)).value));
  CHECK(pow(D(0, 1), 2).tangent == 0);
  CHECK(pow(D(0, 1), 1).tangent == 1);
  CHECK(pow(D(0, 1), 0).tangent == 0);
  CHECK(pow(D(-2, 1), 3).tangent == 12);
}

TEST_CASE("dual_vector pairs coordinates") {
  const Vector<double> x = Vector<double>::LinSpaced(3, 1, 3);
  const Vector<D> z = dual_vector<double>(x, 2 * x);
  CHECK(z(2).value == 3);
  CHECK(z(2).tangent == 6);
}
