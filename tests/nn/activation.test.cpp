#include <lazytrain/core/random.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/nn/activation.hpp>
#include <limits>
#include <string>
#include <support/catch.hpp>
#include <support/tolerance.hpp>
#include <type_traits>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr long double pi = 3.141592653589793238462643383279502884L;

// The definitions, from the standard library in long double.
long double definition(Relu, long double z) { return z > 0 ? z : 0; }
long double definition(Tanh, long double z) { return std::tanh(z); }
long double definition(Sigmoid, long double z) { return 1 / (1 + std::exp(-z)); }
long double definition(Softplus, long double z) {
  return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z));
}
long double definition(Erf, long double z) { return std::erf(z); }
long double definition(Quadratic, long double z) { return z * z; }
long double definition(Identity, long double z) { return z; }

long double slope(Relu, long double z) { return z > 0 ? 1 : 0; }
long double slope(Tanh, long double z) { return 1 / (std::cosh(z) * std::cosh(z)); }
long double slope(Sigmoid, long double z) { return 1 / (2 + 2 * std::cosh(z)); }
long double slope(Softplus, long double z) { return definition(Sigmoid{}, z); }
long double slope(Erf, long double z) { return 2 / std::sqrt(pi) * std::exp(-z * z); }
long double slope(Quadratic, long double z) { return 2 * z; }
long double slope(Identity, long double) { return 1; }

long double curvature(Relu, long double) { return 0; }
long double curvature(Tanh, long double z) { return -2 * std::tanh(z) * slope(Tanh{}, z); }
long double curvature(Sigmoid, long double z) { return -std::tanh(z / 2) * slope(Sigmoid{}, z); }
long double curvature(Softplus, long double z) { return slope(Sigmoid{}, z); }
long double curvature(Erf, long double z) { return -2 * z * slope(Erf{}, z); }
long double curvature(Quadratic, long double) { return 2; }
long double curvature(Identity, long double) { return 0; }

std::vector<double> points() {
  std::vector<double> z = {0.0, 1e-30, -1e-9, 3e-5, 0.1,  -0.35, 0.6931,
                           1.0, -1.7,  2.5,   6.0,  -9.0, 19.0,  -40.0};
  Philox rng(3);
  for (int i = 0; i < 300; ++i) z.push_back(2 * normal(rng));
  return z;
}

}  // namespace

#define SCALARS_AND_ACTIVATIONS                                                              \
  (std::pair<float, Relu>), (std::pair<float, Tanh>), (std::pair<float, Sigmoid>),           \
      (std::pair<float, Softplus>), (std::pair<float, Erf>), (std::pair<float, Quadratic>),  \
      (std::pair<float, Identity>), (std::pair<double, Relu>), (std::pair<double, Tanh>),    \
      (std::pair<double, Sigmoid>), (std::pair<double, Softplus>), (std::pair<double, Erf>), \
      (std::pair<double, Quadratic>), (std::pair<double, Identity>)

TEMPLATE_TEST_CASE("activations are exact to a few units in the last place", "[nn]",
                   SCALARS_AND_ACTIVATIONS) {
  using S = typename TestType::first_type;
  using Sigma = typename TestType::second_type;
  for (const double point : points()) {
    const S z = static_cast<S>(point);
    const long double exact = z;
    CAPTURE(Sigma::name, z);
    const auto close = [](S computed, long double reference, double operations, double scale) {
      const double tolerance = roundoff<S>(operations) * (std::abs(static_cast<double>(reference)) + scale);
      CHECK_THAT(static_cast<double>(computed), WithinAbs(static_cast<double>(reference), tolerance));
    };
    // About four roundings; exponents carry an error of |z|^2 for erf, whose derivatives are small there.
    const double tiny = static_cast<double>(std::numeric_limits<S>::min()) / roundoff<S>(1);
    close(Sigma::value(z), definition(Sigma{}, exact), 4, tiny);
    close(Sigma::derivative(z), slope(Sigma{}, exact), 8, 1e-3);
    close(Sigma::second(z), curvature(Sigma{}, exact), 12, 1e-3);
  }
}

TEMPLATE_TEST_CASE("differences do not cancel at any epsilon", "[nn]", SCALARS_AND_ACTIVATIONS) {
  using S = typename TestType::first_type;
  using Sigma = typename TestType::second_type;
  Philox rng(5);
  for (const double point : points()) {
    for (const double size : {0.0, 1e-12, 1e-7, 1e-4, 0.03, 1.0, 30.0}) {
      const S z = static_cast<S>(point);
      const S d = static_cast<S>(normal(rng));
      const S epsilon = static_cast<S>(size);
      CAPTURE(Sigma::name, z, d, epsilon);
      const long double e = static_cast<long double>(epsilon) * d;
      // Reference: the derivative where the segment is too short for long double, with the next Taylor term.
      const long double a = z;
      const long double reference =
          std::abs(e) > 1e-6L && std::abs(e) > 1e-6L * std::abs(a)
              ? (definition(Sigma{}, a + e) - definition(Sigma{}, a)) / epsilon
              : (Sigma::is_smooth || (a > 0) == (a + e > 0)
                     ? d * (slope(Sigma{}, a) + e / 2 * curvature(Sigma{}, a))
                     : (definition(Sigma{}, a + e) - definition(Sigma{}, a)) / epsilon);
      // Twelve roundings, those of z and b amplified by no more than sup|σ''| |z| where σ' has its scale; the
      // reference adds 1e-12 (a difference that cancels in long double, or e^2 times a third derivative).
      const double scale =
          std::abs(static_cast<double>(reference)) +
          std::abs(static_cast<double>(d)) * (0.1 + (Sigma::homogeneity == 2 ? std::abs(point) : 0));
      CHECK_THAT(static_cast<double>(Sigma::difference(z, d, epsilon)),
                 WithinAbs(static_cast<double>(reference), (roundoff<S>(16) + 1e-12) * scale));
    }
    CHECK(Sigma::difference(S(point), S(0), S(0.5)) == S(0));
  }
}

TEST_CASE("relu switches at zero exactly", "[nn]") {
  CHECK(Relu::derivative(0.0) == 0.0);
  CHECK(Relu::difference(0.0, 2.0, 0.0) == 0.0);
  CHECK(Relu::difference(0.0, 2.0, 1e-3) == 2.0);
  CHECK(Relu::difference(0.0, -2.0, 1e-3) == 0.0);
  CHECK(Relu::difference(1.0, -2.0, 0.0) == -2.0);
  CHECK(Relu::difference(1.0, -4.0, 1.0) == -1.0);
  CHECK(Relu::difference(-1.0, 4.0, 1.0) == 3.0);
  CHECK(Relu::difference(1e-20f, -3.0f, 1e-9f) == -1e-20f / 1e-9f);
}

TEMPLATE_TEST_CASE("activations keep NaN and survive infinite and huge arguments", "[nn]", float, double) {
  using S = TestType;
  const S nan = std::numeric_limits<S>::quiet_NaN();
  const S huge = std::numeric_limits<S>::max();
  const S infinity = std::numeric_limits<S>::infinity();
  for (const char* name : {"relu", "tanh", "erf", "softplus", "sigmoid", "quadratic", "identity"}) {
    CAPTURE(name);
    with_activation(name, [&](auto sigma) {
      CHECK(std::isnan(sigma.value(nan)));
      CHECK(std::isnan(sigma.difference(nan, S(1), S(0.5))) == (sigma.name != "identity"));
      CHECK(std::isnan(sigma.difference(S(-1), nan, S(0.5))));
      CHECK(std::isnan(sigma.difference(S(1), nan, S(0.5))));
    });
  }
  for (const S z : {S(100), S(1000), huge, infinity}) {
    CHECK(Tanh::value(z) == S(1));
    CHECK(Tanh::value(-z) == S(-1));
    CHECK(Sigmoid::value(z) == S(1));
    CHECK_THAT(static_cast<double>(Sigmoid::value(-z)), WithinAbs(0, 1e-37));
    CHECK(Softplus::value(z) == z);
    CHECK_THAT(static_cast<double>(Softplus::value(-z)), WithinAbs(0, 1e-37));
    CHECK_THAT(static_cast<double>(Tanh::derivative(z)), WithinAbs(0, 1e-37));
    CHECK_THAT(static_cast<double>(Erf::derivative(z)), WithinAbs(0, 1e-37));
    CHECK_THAT(static_cast<double>(Erf::second(z)), WithinAbs(0, 1e-31));
  }
  CHECK_THAT(static_cast<double>(Tanh::difference(S(-500), S(1000), S(1))), WithinRel(2.0, roundoff<S>(8)));
  CHECK_THAT(static_cast<double>(Sigmoid::difference(S(-5000), S(1), S(1e4))),
             WithinRel(1e-4, roundoff<S>(8)));
  CHECK_THAT(static_cast<double>(Softplus::difference(S(-5000), S(2), S(5000))),
             WithinRel(1.0, roundoff<S>(8)));
}

TEST_CASE("the constants are the suprema of the derivatives", "[nn]") {
  for (const char* name : {"relu", "tanh", "erf", "softplus", "sigmoid", "identity"}) {
    CAPTURE(name);
    with_activation(name, [&](auto sigma) {
      double slopes = 0;
      double curvatures = 0;
      for (int i = -8000; i <= 8000; ++i) {
        slopes = std::max(slopes, std::abs(sigma.derivative(i * 1e-3)));
        curvatures = std::max(curvatures, std::abs(sigma.second(i * 1e-3)));
      }
      // A maximum on a grid of step 1e-3 is short by no more than 1e-6 times half the next derivative.
      const double shortfall = sigma.name == "softplus" ? 4e-4 : 1e-5;
      CHECK(slopes <= sigma.sup_derivative * (1 + roundoff<double>(8)));
      CHECK(slopes >= sigma.sup_derivative * (1 - shortfall));
      if (sigma.is_smooth) {
        CHECK(curvatures <= sigma.sup_second * (1 + roundoff<double>(8)));
        CHECK(curvatures >= sigma.sup_second * (1 - 1e-5));
      }
    });
  }
  CHECK(Quadratic::sup_second == 2);
  CHECK(std::isinf(Quadratic::sup_derivative));
  CHECK(std::isinf(Relu::sup_second));
}

TEST_CASE("suprema are rounded up, to the next double", "[nn]") {
  const auto check = [](double bound, long double exact) {
    CHECK(static_cast<long double>(bound) >= exact);
    CHECK(static_cast<long double>(std::nextafter(bound, 0.0)) < exact);
  };
  const long double e = std::exp(1.0L);
  check(Tanh::sup_second, 4 / (3 * std::sqrt(3.0L)));
  check(Sigmoid::sup_second, 1 / (6 * std::sqrt(3.0L)));
  check(Erf::sup_derivative, 2 / std::sqrt(pi));
  check(Erf::sup_second, 2 * std::sqrt(2 / (e * pi)));
}

TEST_CASE("the degree of homogeneity is that of the function", "[nn]") {
  for (const char* name : {"relu", "tanh", "erf", "softplus", "sigmoid", "quadratic", "identity"}) {
    CAPTURE(name);
    with_activation(name, [](auto sigma) {
      bool homogeneous = false;
      for (const int q : {0, 1, 2, 3}) {
        const bool degree_q = sigma.value(2.0 * 0.75) == std::pow(2.0, q) * sigma.value(0.75) &&
                              sigma.value(2.0 * -0.75) == std::pow(2.0, q) * sigma.value(-0.75);
        CHECK(degree_q == (sigma.homogeneity == q));
        homogeneous = homogeneous || degree_q;
      }
      CHECK(homogeneous == sigma.homogeneity.has_value());
    });
  }
}

TEST_CASE("an activation is chosen by name", "[nn]") {
  CHECK(with_activation("erf", [](auto sigma) { return std::is_same_v<decltype(sigma), Erf>; }));
  CHECK(with_activation("identity", [](auto sigma) { return sigma.value(2.5); }) == 2.5);
  const std::string message =
      message_of<std::invalid_argument>([] { with_activation("swish", [](auto) {}); });
  CHECK_THAT(message, ContainsSubstring("with_activation: name is swish, expected one of relu, tanh, erf, "
                                        "softplus, sigmoid, quadratic, identity"));
}
