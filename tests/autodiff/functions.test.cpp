#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/autodiff/functions.hpp>
#include <lazytrain/autodiff/reverse.hpp>
#include <lazytrain/autodiff/scaled_difference.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using Real = long double;

/// f for every scalar, with its first two derivatives written by hand.
template <class F>
struct Function {
  F f;
  const char* name;
  double low;
  double high;
  Real (*slope)(Real);
  Real (*curvature)(Real);
};

template <class F>
Function(F, const char*, double, double, Real (*)(Real), Real (*)(Real)) -> Function<F>;

Real sech2(Real x) { return 1 / (std::cosh(x) * std::cosh(x)); }
Real bell(Real x) { return std::exp(-x * x) * 2 * std::numbers::inv_sqrtpi_v<Real>; }
Real logistic(Real x) { return 1 / (1 + std::exp(-x)); }

double value_of(double x) { return x; }
template <ActiveScalar T>
double value_of(const T& x) {
  return value_of(x.value);
}

/// 2, but no compiler sees it: it would make exp2(x) of pow(2, x), with other last digits, where it can.
double two() {
  static volatile double value = 2;
  return value;
}

template <class Visit>
void for_each_function(Visit visit) {
  using std::abs;
  using std::atan;
  using std::cos;
  using std::cosh;
  using std::erf;
  using std::exp;
  using std::expm1;
  using std::log;
  using std::log1p;
  using std::max;
  using std::min;
  using std::pow;
  using std::sin;
  using std::sinh;
  using std::sqrt;
  using std::tan;
  using std::tanh;
  const auto e = [](Real x) { return std::exp(x); };
  visit(Function{[](auto x) { return exp(x); }, "exp", -3, 3, +e, +e});
  visit(Function{[](auto x) { return expm1(x); }, "expm1", -3, 3, +e, +e});
  visit(Function{[](auto x) { return log(x); }, "log", 0.1, 5, +[](Real x) { return 1 / x; },
                 +[](Real x) { return -1 / (x * x); }});
  visit(Function{[](auto x) { return log1p(x); }, "log1p", -0.9, 5, +[](Real x) { return 1 / (1 + x); },
                 +[](Real x) { return -1 / ((1 + x) * (1 + x)); }});
  visit(Function{[](auto x) { return sqrt(x); }, "sqrt", 0.1, 5,
                 +[](Real x) { return 1 / (2 * std::sqrt(x)); },
                 +[](Real x) { return -1 / (4 * x * std::sqrt(x)); }});
  visit(Function{[](auto x) { return sin(x); }, "sin", -4, 4, +[](Real x) { return std::cos(x); },
                 +[](Real x) { return -std::sin(x); }});
  visit(Function{[](auto x) { return cos(x); }, "cos", -4, 4, +[](Real x) { return -std::sin(x); },
                 +[](Real x) { return -std::cos(x); }});
  visit(Function{[](auto x) { return tan(x); }, "tan", -1.2, 1.2,
                 +[](Real x) { return 1 + std::tan(x) * std::tan(x); },
                 +[](Real x) { return 2 * std::tan(x) * (1 + std::tan(x) * std::tan(x)); }});
  visit(Function{[](auto x) { return atan(x); }, "atan", -4, 4, +[](Real x) { return 1 / (1 + x * x); },
                 +[](Real x) { return -2 * x / ((1 + x * x) * (1 + x * x)); }});
  visit(Function{[](auto x) { return sinh(x); }, "sinh", -4, 4, +[](Real x) { return std::cosh(x); },
                 +[](Real x) { return std::sinh(x); }});
  visit(Function{[](auto x) { return cosh(x); }, "cosh", -4, 4, +[](Real x) { return std::sinh(x); },
                 +[](Real x) { return std::cosh(x); }});
  visit(Function{[](auto x) { return tanh(x); }, "tanh", -4, 4, +[](Real x) { return sech2(x); },
                 +[](Real x) { return -2 * std::tanh(x) * sech2(x); }});
  visit(Function{[](auto x) { return erf(x); }, "erf", -3, 3, +[](Real x) { return bell(x); },
                 +[](Real x) { return -2 * x * bell(x); }});
  visit(Function{[](auto x) { return sigmoid(x); }, "sigmoid", -5, 5,
                 +[](Real x) { return logistic(x) * logistic(-x); },
                 +[](Real x) { return logistic(x) * logistic(-x) * (1 - 2 * logistic(x)); }});
  visit(Function{[](auto x) { return softplus(x); }, "softplus", -5, 5, +[](Real x) { return logistic(x); },
                 +[](Real x) { return logistic(x) * logistic(-x); }});
  visit(Function{[](auto x) { return relu(x); }, "relu", -2, 2, +[](Real x) { return Real(x > 0); },
                 +[](Real) { return Real(0); }});
  visit(Function{[](auto x) { return abs(x); }, "abs", -2, 2, +[](Real x) { return Real(x > 0 ? 1 : -1); },
                 +[](Real) { return Real(0); }});
  visit(Function{[](auto x) { return max(x, decltype(x)(0.5)); }, "max", -2, 2,
                 +[](Real x) { return Real(x > 0.5L); }, +[](Real) { return Real(0); }});
  visit(Function{[](auto x) { return min(x, decltype(x)(0.5)); }, "min", -2, 2,
                 +[](Real x) { return Real(x < 0.5L); }, +[](Real) { return Real(0); }});
  visit(Function{[](auto x) { return pow(x, 3); }, "cube", -2, 2, +[](Real x) { return 3 * x * x; },
                 +[](Real x) { return 6 * x; }});
  visit(Function{[](auto x) { return pow(x, -1.5); }, "power", 0.2, 3,
                 +[](Real x) { return -1.5L * std::pow(x, -2.5L); },
                 +[](Real x) { return 3.75L * std::pow(x, -3.5L); }});
  visit(Function{[](auto x) { return pow(two(), x); }, "exponential", -2, 2,
                 +[](Real x) { return std::log(2.0L) * std::pow(2.0L, x); },
                 +[](Real x) { return std::log(2.0L) * std::log(2.0L) * std::pow(2.0L, x); }});
  visit(Function{[](auto x) { return pow(x, x); }, "self power", 0.2, 3,
                 +[](Real x) { return std::pow(x, x) * (1 + std::log(x)); },
                 +[](Real x) { return std::pow(x, x) * ((1 + std::log(x)) * (1 + std::log(x)) + 1 / x); }});
}

}  // namespace

TEST_CASE("Every function has its value and derivatives in closed form over every scalar") {
  for_each_function([](const auto& function) {
    Philox rng(1);
    for (int i = 0; i < 200; ++i) {
      const double x = function.low + (function.high - function.low) * uniform(rng);
      const auto wide = static_cast<Real>(x);
      const auto slope = static_cast<double>(function.slope(wide));
      const auto curvature = static_cast<double>(function.curvature(wide));
      const double value = function.f(x);
      const double tolerance = roundoff<double>(32) * (1 + std::abs(slope) + std::abs(curvature));
      INFO(function.name << " at " << x);

      const auto dual = function.f(Dual<double>(x, 2));
      CHECK(dual.value == value);
      CHECK_THAT(dual.tangent, WithinAbs(2 * slope, tolerance));

      const auto nested = function.f(Dual<Dual<double>>({x, 2}, {3, 0}));
      CHECK_THAT(nested.tangent.value, WithinAbs(3 * slope, tolerance));
      CHECK_THAT(nested.tangent.tangent, WithinAbs(6 * curvature, 8 * tolerance));

      const auto difference = function.f(ScaledDifference<double>(x, 2, 0));
      CHECK(difference.value == value);
      CHECK_THAT(difference.difference, WithinAbs(2 * slope, tolerance));

      Tape<double> tape;
      const auto output = function.f(Reverse<double>::input(x, tape));
      CHECK(output.value == value);
      Vector<double> adjoints = Vector<double>::Zero(tape.size());
      adjoints(output.variable) = 2;
      tape.reverse(adjoints);
      CHECK_THAT(output.tape ? adjoints(1) : 0.0, WithinAbs(2 * slope, tolerance));

      Tape<Dual<double>> second_tape;
      const auto second = function.f(Reverse<Dual<double>>::input({x, 3}, second_tape));
      Vector<Dual<double>> duals = Vector<Dual<double>>::Zero(second_tape.size());
      duals(second.variable) = 2;
      second_tape.reverse(duals);
      CHECK_THAT(second.tape ? duals(1).tangent : 0.0, WithinAbs(6 * curvature, 8 * tolerance));
    }
  });
}

TEST_CASE("sigmoid and softplus are accurate and finite for all arguments") {
  CHECK(sigmoid(0.0) == 0.5);
  CHECK(sigmoid(1e4) == 1);
  CHECK(sigmoid(-1e4) == 0);
  CHECK_THAT(sigmoid(-40.0), WithinRel(std::exp(-40.0), roundoff<double>(4)));
  CHECK_THAT(sigmoid(2.0f), WithinRel(1 / (1 + std::exp(-2.0)), roundoff<float>(4)));
  CHECK(softplus(1e4) == 1e4);
  CHECK(softplus(-1e4) == 0);
  CHECK_THAT(softplus(0.0), WithinRel(std::log(2.0), roundoff<double>(2)));
  CHECK_THAT(softplus(-40.0), WithinRel(std::exp(-40.0), roundoff<double>(4)));
  CHECK(relu(-1.0) == 0);
  CHECK(relu(2.0f) == 2.0f);
  CHECK(std::isnan(relu(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("Outside their domains functions are NaN") {
  CHECK(std::isnan(log(Dual<double>(-1, 1)).value));
  CHECK(std::isnan(sqrt(Dual<double>(-1, 1)).tangent));
  CHECK(std::isnan(log(ScaledDifference<double>(-1, 1, 0.5)).difference));
}

TEMPLATE_TEST_CASE("Eigen's coefficient-wise functions reach every scalar", "", Dual<double>,
                   Dual<Dual<double>>, ScaledDifference<double>, Reverse<double>, Reverse<Dual<double>>) {
  using T = TestType;
  Vector<double> plain(3);
  plain << 0.3, 1.5, 0.8;
  const Vector<T> x = plain.cast<T>();
  const auto check = [](const auto& active, const auto& expected) {
    const Vector<T> values = active;
    for (Index i = 0; i < values.size(); ++i) CHECK(values(i) == expected(i));
  };
  const auto a = x.array();
  const auto p = plain.array();
  check(a.exp(), p.unaryExpr([](double z) { return std::exp(z); }));
  check(a.log(), p.unaryExpr([](double z) { return std::log(z); }));
  check(a.log1p(), p.unaryExpr([](double z) { return std::log1p(z); }));
  check(a.expm1(), p.unaryExpr([](double z) { return std::expm1(z); }));
  check(a.sqrt(), p.sqrt());
  check(a.sin(), p.unaryExpr([](double z) { return std::sin(z); }));
  check(a.cos(), p.unaryExpr([](double z) { return std::cos(z); }));
  check(a.tan(), p.unaryExpr([](double z) { return std::tan(z); }));
  check(a.atan(), p.unaryExpr([](double z) { return std::atan(z); }));
  check(a.sinh(), p.unaryExpr([](double z) { return std::sinh(z); }));
  check(a.cosh(), p.unaryExpr([](double z) { return std::cosh(z); }));
  check(a.tanh(), p.unaryExpr([](double z) { return std::tanh(z); }));
  check(a.abs(), p.abs());
  check(a.square(), p.square());
  check(a.cube(), p.cube());
  check(a.inverse(), p.inverse());
  check(a.pow(2), p.square());
  check(x.cwiseAbs(), plain.cwiseAbs());
  check(x.cwiseMax(T(1)), plain.cwiseMax(1.0));
  check(x.cwiseMin(T(1)), plain.cwiseMin(1.0));
  check(x.cwiseProduct(x), plain.cwiseProduct(plain));
  check(x.cwiseQuotient(x), plain.cwiseQuotient(plain));
  check(x.unaryExpr([](const T& z) { return softplus(z); }),
        plain.unaryExpr([](double z) { return softplus(z); }));
  CHECK_THAT(value_of(x.sum()), WithinRel(plain.sum(), roundoff<double>(3)));
  CHECK_THAT(value_of(x.prod()), WithinRel(plain.prod(), roundoff<double>(3)));
  CHECK(x.maxCoeff() == 1.5);
  CHECK(x.minCoeff() == 0.3);
  CHECK(x.norm() == sqrt(x.squaredNorm()));
}
