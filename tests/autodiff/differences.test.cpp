#include <lazytrain/autodiff/differences.hpp>
#include <lazytrain/core/random.hpp>
#include <numbers>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// A function with the interval of its arguments, the error that its own condition number allows, in
/// roundings (libm's argument of the far end is rounded once), and its derivative.
template <class F>
struct Case {
  F f;
  const char* name;
  double low;
  double high;
  double (*condition)(double x);
  long double (*slope)(long double x);
};

double one(double) { return 1; }
double linear(double x) { return 1 + std::abs(x); }
double square(double x) { return 1 + x * x; }

template <class Visit>
void for_each_case(Visit visit) {
  visit(Case<detail::Exp>{{}, "exp", -30, 30, linear, [](long double x) { return std::exp(x); }});
  visit(Case<detail::Expm1>{{}, "expm1", -30, 30, linear, [](long double x) { return std::exp(x); }});
  visit(Case<detail::Log>{{}, "log", 1e-3, 50, one, [](long double x) { return 1 / x; }});
  visit(Case<detail::Log1p>{{}, "log1p", -0.999, 50, one, [](long double x) { return 1 / (1 + x); }});
  visit(Case<detail::Sqrt>{{}, "sqrt", 1e-3, 50, one, [](long double x) { return 1 / (2 * std::sqrt(x)); }});
  visit(Case<detail::Tanh>{
      {}, "tanh", -9, 9, linear, [](long double x) { return 1 / (std::cosh(x) * std::cosh(x)); }});
  visit(Case<detail::Tan>{
      {}, "tan", -1.2, 1.2, one, [](long double x) { return 1 / (std::cos(x) * std::cos(x)); }});
  visit(Case<detail::Atan>{{}, "atan", -30, 30, one, [](long double x) { return 1 / (1 + x * x); }});
  visit(Case<detail::Sinh>{{}, "sinh", -30, 30, linear, [](long double x) { return std::cosh(x); }});
  visit(Case<detail::Cosh>{{}, "cosh", 0.1, 30, linear, [](long double x) { return std::sinh(x); }});
  visit(Case<detail::Sigmoid>{
      {}, "sigmoid", -30, 30, linear, [](long double x) { return 1 / (2 + 2 * std::cosh(x)); }});
  visit(Case<detail::Softplus>{
      {}, "softplus", -30, 30, linear, [](long double x) { return 1 / (1 + std::exp(-x)); }});
  visit(Case<detail::Erf>{{}, "erf", -4, 4, square, [](long double x) {
                            return std::exp(-x * x) * 2 * std::numbers::inv_sqrtpi_v<long double>;
                          }});
}

/// A pair (x, d, epsilon) whose ends lie in [low, high]; steps of every size, down to nothing.
template <class S>
struct Step {
  S x;
  S d;
  S epsilon;
  Step(double low, double high, Philox& rng) {
    x = static_cast<S>(low + (high - low) * uniform(rng));
    const double reach = std::min(x - low, high - x) * 0.99;
    const double size = reach * std::pow(10.0, -14 * uniform(rng));
    epsilon = static_cast<S>(std::pow(10.0, -10 * uniform(rng)));
    d = static_cast<S>((uniform(rng) < 0.5 ? -1 : 1) * size / static_cast<double>(epsilon));
  }
};

}  // namespace

TEST_CASE("Scaled differences in float have a relative error of a few roundings for steps of all sizes") {
  for_each_case([](const auto& c) {
    Philox rng(1);
    double worst = 0;
    for (int i = 0; i < 20000; ++i) {
      const Step<float> s(c.low, c.high, rng);
      const float y = c.f.value(s.x);
      const float computed = detail::difference(c.f, s.x, y, s.d, s.epsilon);
      const auto x = static_cast<long double>(s.x);
      const auto exact = detail::difference(c.f, x, c.f.value(x), static_cast<long double>(s.d),
                                            static_cast<long double>(s.epsilon));
      if (std::abs(exact) < 1e-36L) continue;  // below float's normal numbers
      const auto error = std::abs(static_cast<double>((computed - exact) / exact));
      const double at = std::max(std::abs(c.condition(s.x)), std::abs(c.condition(s.x + s.epsilon * s.d)));
      worst = std::max(worst, error / at);
    }
    INFO(c.name);
    CHECK(worst < roundoff<float>(8));
  });
}

TEST_CASE("Scaled differences agree with the plain difference in long double where it can be trusted") {
  for_each_case([](const auto& c) {
    Philox rng(2);
    int trusted = 0;
    double worst = 0;
    for (int i = 0; i < 20000; ++i) {
      const Step<double> s(c.low, c.high, rng);
      const double computed = detail::difference(c.f, s.x, c.f.value(s.x), s.d, s.epsilon);
      const auto x = static_cast<long double>(s.x);
      const auto e = static_cast<long double>(s.d) * static_cast<long double>(s.epsilon);
      const long double change = c.f.value(x + e) - c.f.value(x);
      // Rounding of the two values and of x + e.
      const long double lost =
          std::numeric_limits<long double>::epsilon() *
          (std::abs(c.f.value(x)) + std::abs(c.f.value(x + e)) + std::abs(change * x / e));
      if (!(lost < std::abs(change) * 1e-16L)) continue;
      ++trusted;
      const long double exact = change / static_cast<long double>(s.epsilon);
      const double at = std::max(c.condition(s.x), c.condition(s.x + s.epsilon * s.d));
      worst = std::max(worst, static_cast<double>(std::abs((computed - exact) / exact)) / at);
    }
    INFO(c.name);
    CHECK(trusted > 1000);
    CHECK(worst < roundoff<double>(8));
  });
}

TEST_CASE("Scaled differences in long double agree with those in double") {
  for_each_case([](const auto& c) {
    Philox rng(3);
    double worst = 0;
    for (int i = 0; i < 20000; ++i) {
      const Step<double> s(c.low, c.high, rng);
      const double computed = detail::difference(c.f, s.x, c.f.value(s.x), s.d, s.epsilon);
      const auto x = static_cast<long double>(s.x);
      const auto exact = detail::difference(c.f, x, c.f.value(x), static_cast<long double>(s.d),
                                            static_cast<long double>(s.epsilon));
      const double at = std::max(c.condition(s.x), c.condition(s.x + s.epsilon * s.d));
      worst = std::max(worst, static_cast<double>(std::abs((computed - exact) / exact)) / at);
    }
    INFO(c.name);
    CHECK(worst < roundoff<double>(8));
  });
}

TEST_CASE(
    "Scaled differences of sine and cosine have an error of a few roundings of the two terms of cos(x + h)") {
  Philox rng(4);
  for (int i = 0; i < 20000; ++i) {
    const Step<float> s(-20, 20, rng);
    const auto x = static_cast<long double>(s.x);
    const long double h = static_cast<long double>(s.d) * static_cast<long double>(s.epsilon) / 2;
    const long double chord = static_cast<long double>(s.d) * detail::sinc(h);
    const auto scale = static_cast<double>(
        std::abs(chord) * (std::abs(std::cos(x) * std::cos(h)) + std::abs(std::sin(x) * std::sin(h))));
    const auto other = static_cast<double>(
        std::abs(chord) * (std::abs(std::sin(x) * std::cos(h)) + std::abs(std::cos(x) * std::sin(h))));
    const float sine = detail::difference(detail::Sin{}, s.x, std::sin(s.x), s.d, s.epsilon);
    const float cosine = detail::difference(detail::Cos{}, s.x, std::cos(s.x), s.d, s.epsilon);
    // h is rounded, which the chord d sin(h) / h sees with the factor |cos(h) - sin(h) / h| <= min(2, h^2).
    const double size = std::abs(static_cast<double>(h));
    const double relative = roundoff<float>(8) * (1 + size);
    const double rounded =
        roundoff<float>(1) * std::min(2.0, size * size) * std::abs(static_cast<double>(s.d));
    REQUIRE_THAT(sine, WithinAbs(static_cast<double>(chord * std::cos(x + h)), relative * scale + rounded));
    REQUIRE_THAT(cosine,
                 WithinAbs(static_cast<double>(-chord * std::sin(x + h)), relative * other + rounded));
  }
}

TEST_CASE("Scaled differences of powers") {
  const double exponent = GENERATE(2.0, 3.0, 5.0, -1.0, -3.0, 0.0, 1.0, 0.5, -0.75, 2.5);
  const detail::Power<float> f{static_cast<float>(exponent)};
  const detail::Power<long double> g{static_cast<long double>(exponent)};
  const bool integer = exponent == std::trunc(exponent);
  Philox rng(5);
  for (int i = 0; i < 5000; ++i) {
    Step<float> s(1e-2, 10, rng);
    if (integer && i % 2 == 1) {
      s.x = -s.x;
      s.d = -s.d;
    }
    const auto x = static_cast<long double>(s.x);
    const auto exact = detail::difference(g, x, g.value(x), static_cast<long double>(s.d),
                                          static_cast<long double>(s.epsilon));
    const float computed = detail::difference(f, s.x, f.value(s.x), s.d, s.epsilon);
    REQUIRE_THAT(computed,
                 WithinRel(static_cast<double>(exact), roundoff<float>(8 * (2 + std::abs(exponent)))));
  }
}

TEST_CASE("Powers of numbers that change sign or vanish") {
  // ((x + e)^3 - x^3) / epsilon and ((x + e)^-3 - x^-3) / epsilon at x = 1, e = -3.
  const double d = -6;
  const double epsilon = 0.5;
  CHECK(detail::difference(detail::Power<double>{3}, 1.0, 1.0, d, epsilon) == (-8 - 1) / epsilon);
  CHECK_THAT(detail::difference(detail::Power<double>{-3}, 1.0, 1.0, d, epsilon),
             WithinRel((-0.125 - 1) / epsilon, roundoff<double>(8)));
  CHECK(detail::difference(detail::Power<double>{2}, 0.0, 0.0, 3.0, 0.5) == 4.5);
  CHECK(detail::difference(detail::Power<double>{2}, 0.0, 0.0, 3.0, 0.0) == 0);
  CHECK(detail::difference(detail::Power<double>{1}, 0.0, 0.0, 3.0, 0.0) == 3);
  CHECK(detail::difference(detail::Power<double>{0.5}, 0.0, 0.0, 4.0, 1.0) == 2);
}

TEST_CASE("At epsilon = 0 a scaled difference is the derivative") {
  for_each_case([](const auto& c) {
    Philox rng(6);
    for (int i = 0; i < 1000; ++i) {
      const double x = c.low + (c.high - c.low) * uniform(rng);
      const double d = normal(rng);
      const auto slope = static_cast<double>(c.slope(static_cast<long double>(x)));
      INFO(c.name << " at " << x);
      REQUIRE_THAT(detail::difference(c.f, x, c.f.value(x), d, 0.0),
                   WithinRel(slope * d, roundoff<double>(8) * c.condition(x)));
    }
  });
}

TEST_CASE("Scaled differences do not overflow where the function does not") {
  CHECK(detail::difference(detail::Tanh{}, 1000.0, 1.0, -2000.0, 1.0) == -2);
  CHECK(detail::difference(detail::Tanh{}, 1e300, 1.0, 1e300, 1.0) == 0);
  CHECK(detail::difference(detail::Sigmoid{}, -2000.0, 0.0, 4000.0, 1.0) == 1);
  CHECK(detail::difference(detail::Softplus{}, -1e4, 0.0, 2e4, 1.0) == 1e4);
  CHECK(detail::difference(detail::Softplus{}, 1e4, 1e4, -2e4, 1.0) == -1e4);
  CHECK(detail::difference(detail::Erf{}, -100.0, -1.0, 200.0, 1.0) == 2);
  CHECK_THAT(detail::difference(detail::Exp{}, -800.0, 0.0, 801.0, 1.0),
             WithinRel(std::exp(1.0), roundoff<double>(8)));
}

TEST_CASE("Scaled differences of long steps do not overflow on the way") {
  // In double, what overflows in float.
  const auto check = [](const auto& f, float x, float d, float epsilon, double roundings) {
    const double exact = detail::difference(f, static_cast<double>(x), f.value(static_cast<double>(x)),
                                            static_cast<double>(d), static_cast<double>(epsilon));
    CAPTURE(x, d, epsilon, exact);
    CHECK_THAT(detail::difference(f, x, f.value(x), d, epsilon),
               WithinRel(exact, roundoff<float>(roundings)));
  };
  // The end is rounded once, and its power c times that.
  for (const auto& [x, d] : {std::pair(1e-4f, 1.0f), {1.7e-4f, 9673.0f}, {1e-2f, 3.0f}}) {
    check(detail::Power<float>{7.25f}, x, d, 1.0f, 8 * (2 + 7.25));
  }
  check(detail::Power<float>{10.5f}, 1e-4f, 1.0f, 1.0f, 8 * (2 + 10.5));
  // The product of the ends underflows.
  check(detail::Power<float>{0.5f}, 1e-25f, 1e-22f, 1e-10f, 8);
  // The argument of exp is rounded once, relatively to 88 or 80.
  check(detail::Exp{}, 0.0f, 88.0f, 1.0f, 2 * 88);
  check(detail::Exp{}, 80.0f, -3e4f, 1.0f, 2 * 80);
  check(detail::Log{}, 1e-30f, 1e9f, 1.0f, 8);
  check(detail::Log{}, 1e-5f, 1e-3f, 1e8f, 8);
  check(detail::Atan{}, 1e30f, 1e28f, 1.0f, 8);
  check(detail::Atan{}, -3.0f, -1e30f, 1.0f, 8);
  CHECK_THAT(detail::difference(detail::Power<double>{300.5}, 0.05, std::pow(0.05, 300.5), 1.0, 1.0),
             WithinRel(std::pow(1.05, 300.5), roundoff<double>(2 * 300.5)));
}

TEST_CASE("Scaled differences outside the domain are not numbers") {
  CHECK(std::isnan(detail::difference(detail::Log{}, -1.0, std::log(-1.0), -1.0, 0.5)));
  CHECK(std::isnan(detail::difference(detail::Log{}, 1.0, 0.0, -4.0, 0.5)));
  CHECK(std::isnan(detail::difference(detail::Sqrt{}, 1.0, 1.0, -4.0, 0.5)));
  CHECK(std::isnan(detail::difference(detail::Power<double>{0.5}, -1.0, std::pow(-1.0, 0.5), 1.0, 0.5)));
}
