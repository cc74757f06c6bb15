#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/autodiff/reverse.hpp>
#include <lazytrain/core/random.hpp>
#include <sstream>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Every operation, with constants on both sides.
template <class T>
T composite(const T& x, const T& y) {
  using std::exp;
  using std::pow;
  using std::tanh;
  T z = tanh(x * y) / (1 + x * x) - exp(-y) * 2 + (3 - x) * (y - 1);
  z += x;
  z *= y / 2;
  z -= 2 / y;
  z /= x - 4;
  return z + max(x, y) * min(x, y) + abs(x - y) + relu(y) + pow(y, 3) + pow(y, x);
}

Vector<double> gradient(double x, double y) {
  Tape<double> tape;
  const auto a = Reverse<double>::input(x, tape);
  const auto b = Reverse<double>::input(y, tape);
  const auto z = composite(a, b);
  Vector<double> adjoints = Vector<double>::Zero(tape.size());
  adjoints(z.variable) = 1;
  tape.reverse(adjoints);
  return adjoints.segment(1, 2);
}

}  // namespace

TEST_CASE("Reverse gradients equal the duals' derivatives") {
  Philox rng(1);
  for (int i = 0; i < 50; ++i) {
    const double x = 0.1 + uniform(rng);
    const double y = 0.1 + uniform(rng);
    const Vector<double> g = gradient(x, y);
    const double scale = 1 + g.norm();
    using D = Dual<double>;
    CHECK_THAT(g(0), WithinAbs(composite(D(x, 1), D(y)).tangent, roundoff<double>(64) * scale));
    CHECK_THAT(g(1), WithinAbs(composite(D(x), D(y, 1)).tangent, roundoff<double>(64) * scale));
  }
}

TEST_CASE("The forward sweep of the tape equals the duals' derivatives") {
  Tape<double> tape;
  const auto x = Reverse<double>::input(0.4, tape);
  const auto y = Reverse<double>::input(0.9, tape);
  const auto z = composite(x, y);
  Vector<double> tangents(tape.size());
  tangents.segment(1, 2) << 2, -3;
  tape.forward(tangents);
  const auto dual = composite(Dual<double>(0.4, 2), Dual<double>(0.9, -3));
  CHECK(z.value == dual.value);
  CHECK_THAT(tangents(z.variable), WithinRel(dual.tangent, roundoff<double>(64)));
}

TEST_CASE("Reverse over dual numbers gives Hessian-vector products") {
  using D = Dual<double>;
  Tape<D> tape;
  const auto x = Reverse<D>::input({0.4, 2}, tape);
  const auto y = Reverse<D>::input({0.9, -3}, tape);
  const auto z = composite(x, y);
  Vector<D> adjoints = Vector<D>::Zero(tape.size());
  adjoints(z.variable) = 1;
  tape.reverse(adjoints);
  const double h = 1e-5;
  const Vector<double> product =
      (gradient(0.4 + 2 * h, 0.9 - 3 * h) - gradient(0.4 - 2 * h, 0.9 + 3 * h)) / (2 * h);
  CHECK_THAT(adjoints(1).tangent, WithinRel(product(0), 1e-8));
  CHECK_THAT(adjoints(2).tangent, WithinRel(product(1), 1e-8));
}

TEST_CASE("Constants are not recorded, and neither are sums with them") {
  Tape<double> tape;
  const auto x = Reverse<double>::input(2, tape);
  const Reverse<double> c = 3;
  CHECK(((c * c + 1) / 2 - 1).tape == nullptr);
  CHECK((x + c).variable == x.variable);
  CHECK((c + x).variable == x.variable);
  CHECK((x - 1).variable == x.variable);
  CHECK(relu(x).variable == x.variable);
  CHECK(abs(x).variable == x.variable);
  CHECK(max(x, c).tape == nullptr);
  CHECK(tape.size() == 2);
  CHECK((c - x).value == 1);
  CHECK(tape.size() == 3);
}

TEST_CASE("reverse: Conventions where there is no derivative") {
  Tape<double> tape;
  const auto zero = Reverse<double>::input(0, tape);
  const auto other = Reverse<double>::input(0, tape);
  CHECK(relu(zero).tape == nullptr);
  CHECK(abs(zero).tape == nullptr);
  CHECK(max(zero, other).variable == zero.variable);
  CHECK(min(zero, other).variable == zero.variable);
  CHECK(std::isnan(relu(Reverse<double>(std::numeric_limits<double>::quiet_NaN())).value));
}

TEST_CASE("Comparisons look at values") {
  Tape<double> tape;
  const auto x = Reverse<double>::input(2, tape);
  CHECK(x == 2);
  CHECK(x != 3);
  CHECK(x < 3);
  CHECK(x <= 2);
  CHECK(x > 1);
  CHECK(x >= 2);
  std::ostringstream text;
  text << x;
  CHECK(text.str() == "2");
}

TEST_CASE("A chain of ten million recorded numbers") {
  Tape<float> tape;
  const auto x = Reverse<float>::input(1, tape);
  auto y = x;
  for (int i = 0; i < 5'000'000; ++i) y = -(y * 1.0f);
  REQUIRE(tape.size() == 10'000'002);
  Vector<float> adjoints = Vector<float>::Zero(tape.size());
  adjoints(y.variable) = 1;
  tape.reverse(adjoints);
  CHECK(adjoints(1) == 1);
}
