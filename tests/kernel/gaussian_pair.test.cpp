#include <kernel/reference.hpp>
#include <lazytrain/kernel/gaussian_pair.hpp>
#include <limits>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using std::numbers::pi;

GaussianPair pair_at(double first, double second, double angle) {
  return {.first = first, .second = second, .angle = angle, .supplement = pi - angle};
}

/// E f(g) for a standard normal number g: the trapezoidal rule in one dimension.
template <class F>
double normal_mean(F&& f) {
  double sum = 0;
  for (int i = -900; i <= 900; ++i) {
    const double g = 0.01 * i;
    sum += std::exp(-g * g / 2) * f(g);
  }
  return 0.01 * sum / std::sqrt(2 * pi);
}

}  // namespace

TEST_CASE("angles are exact at every angle and every size", "[kernel]") {
  const double size = GENERATE(1.0, 1e-200, 1e200);
  for (const double angle : {1e-100, 1e-12, 1e-5, 0.3, pi / 2, 3.0}) {
    CAPTURE(size, angle);
    const Vector<double> x = Eigen::Vector2d(size, 0);
    const Vector<double> y = 0.7 * size * Eigen::Vector2d(std::cos(angle), std::sin(angle));
    const GaussianPair pair = gaussian_pair(x, y, 2);
    CHECK_THAT(pair.angle, WithinRel(angle, roundoff<double>(8)));
    CHECK_THAT(pair.first, WithinRel(2 * size, roundoff<double>(4)));
    CHECK_THAT(pair.second, WithinRel(1.4 * size, roundoff<double>(8)));
    CHECK_THAT(gaussian_pair(x, -y).supplement, WithinRel(angle, roundoff<double>(8)));
  }
  const Vector<double> x = Eigen::Vector3d(0.1, 0.2, -0.3);
  CHECK(gaussian_pair(x, x).angle == 0);
  CHECK(gaussian_pair(x, -x).supplement == 0);
  CHECK(gaussian_pair(x, -x).angle == pi);
  CHECK(gaussian_pair(x, Vector<double>::Zero(3)).angle == pi / 2);
}

TEST_CASE("closed forms at equal and opposite numbers are moments of one", "[kernel]") {
  for (const double r : {0.1, 1.0, 3.0}) {
    CAPTURE(r);
    const auto equal = pair_at(r, r, 0);
    const GaussianPair opposite{.first = r, .second = r, .angle = pi, .supplement = 0};
    CHECK_THAT(gaussian_product<Relu>(equal), WithinRel(r * r / 2, roundoff<double>(8)));
    CHECK(gaussian_product<Relu>(opposite) == 0);
    CHECK(gaussian_slope_product<Relu>(equal) == 0.5);
    CHECK(gaussian_slope_product<Relu>(opposite) == 0);
    CHECK_THAT(gaussian_product<Quadratic>(equal), WithinRel(3 * std::pow(r, 4), roundoff<double>(8)));
    const auto check = [&](auto sigma) {
      using Sigma = decltype(sigma);
      for (const double sign : {1.0, -1.0}) {
        const auto& pair = sign > 0 ? equal : opposite;
        CHECK_THAT(
            gaussian_product<Sigma>(pair),
            WithinRel(normal_mean([&](double g) { return Sigma::value(r * g) * Sigma::value(sign * r * g); }),
                      1e-13));
        CHECK_THAT(gaussian_slope_product<Sigma>(pair), WithinRel(normal_mean([&](double g) {
                                                                    return Sigma::derivative(r * g) *
                                                                           Sigma::derivative(sign * r * g);
                                                                  }),
                                                                  1e-13));
      }
    };
    check(Erf{});
    check(Tanh{});
    check(Sigmoid{});
    check(Softplus{});
  }
}

TEST_CASE("quadrature reproduces the closed forms", "[kernel]") {
  for (const double r : {0.05, 0.4, 1.0, 8.0}) {
    for (const double angle : {0.0, 1e-3, 0.9, pi / 2, 2.5}) {
      CAPTURE(r, angle);
      const auto pair = pair_at(r, 0.6 * r, angle);
      const double product =
          detail::gaussian_mean(pair, [](double u, double v) { return std::erf(u) * std::erf(v); });
      const double size = gaussian_product<Erf>(pair_at(r, r, 0));
      CHECK_THAT(gaussian_product<Erf>(pair), WithinAbs(product, 1e-14 * size));
      const double slopes =
          detail::gaussian_mean(pair, [](double u, double v) { return 4 / pi * std::exp(-u * u - v * v); });
      CHECK_THAT(gaussian_slope_product<Erf>(pair), WithinRel(slopes, 1e-13));
      const double squares = detail::gaussian_mean(pair, [](double u, double v) { return u * u * v * v; });
      CHECK_THAT(gaussian_product<Quadratic>(pair), WithinRel(squares, 1e-13));
    }
  }
}

TEST_CASE("quadrature keeps what is exact", "[kernel]") {
  for (const double r : {0.2, 1.0, 5.0}) {
    for (const double angle : {0.2, 1.5, 2.8}) {
      CAPTURE(r, angle);
      const auto pair = pair_at(0.8 * r, r, angle);
      // sigmoid(z) = (1 + tanh(z/2)) / 2 with tanh odd.
      const auto half = pair_at(0.4 * r, 0.5 * r, angle);
      CHECK_THAT(gaussian_product<Sigmoid>(pair),
                 WithinRel((1 + gaussian_product<Tanh>(half)) / 4, roundoff<double>(100)));
      CHECK_THAT(gaussian_slope_product<Sigmoid>(pair),
                 WithinRel(gaussian_slope_product<Tanh>(half) / 16, roundoff<double>(100)));
      // softplus(z) = z/2 + an even function, softplus(z) - softplus(-z) = z.
      const auto turned = pair_at(0.8 * r, r, pi - angle);
      CHECK_THAT(gaussian_product<Softplus>(pair) - gaussian_product<Softplus>(turned),
                 WithinAbs(gaussian_product<Identity>(pair) / 2,
                           roundoff<double>(100) * gaussian_product<Softplus>(pair)));
      CHECK(gaussian_product<Tanh>(pair) == gaussian_product<Tanh>(pair_at(r, 0.8 * r, angle)));
    }
  }
}

TEMPLATE_TEST_CASE("the derivative in the covariance is the product of slopes", "[kernel]", Relu, Erf, Tanh,
                   Softplus, Identity, Quadratic) {
  // Price's theorem; differences in the angle, of order 2.
  const double r = 1.2, s = 0.7, angle = 1.1;
  const auto error = [&](double step) {
    const double change = gaussian_product<TestType>(pair_at(r, s, angle - step)) -
                          gaussian_product<TestType>(pair_at(r, s, angle + step));
    const double covariance = r * s * (std::cos(angle - step) - std::cos(angle + step));
    return std::abs(change / covariance - gaussian_slope_product<TestType>(pair_at(r, s, angle)));
  };
  const double rounding = roundoff<double>(100) / 1e-3;
  CHECK(error(0.01) <= 0.3 * error(0.02) + rounding);
  CHECK(error(0.001) <= 1e-5);
}

TEST_CASE("the ReLU products are exact near opposite inputs", "[kernel]") {
  // sin ψ - ψ cos ψ = ψ^3/3 (1 - ψ^2/10 + ...).
  for (const double psi : {1e-100, 1e-8, 1e-4}) {
    const GaussianPair pair{.first = 1, .second = 1, .angle = pi - psi, .supplement = psi};
    CHECK_THAT(gaussian_product<Relu>(pair),
               WithinRel(psi * psi * psi / (6 * pi) * (1 - psi * psi / 10), roundoff<double>(20)));
  }
  // The series and the formula meet.
  CHECK_THAT(detail::sine_minus_chord(1), WithinRel(std::sin(1.0) - std::cos(1.0), roundoff<double>(20)));
  CHECK_THAT(detail::sine_minus_chord(0.5),
             WithinRel(std::sin(0.5) - 0.5 * std::cos(0.5), roundoff<double>(100)));
}

TEST_CASE("angles near 0 and pi are those of the numbers given", "[kernel]") {
  Philox rng(7);
  for (const double eta : {1e-3, 1e-6, 1e-8, 1e-12}) {
    const Vector<double> x = normal_vector(5, rng);
    const Vector<double> y = -0.37 * x + eta * normal_vector(5, rng);
    // sin of the angle from the area that x and y span, of which products of two doubles are exact in long
    // double but for 64 bits.
    long double area = 0, xx = 0, yy = 0;
    for (Index i = 0; i < 5; ++i) {
      const long double a = x(i), b = y(i);
      xx += a * a;
      yy += b * b;
      for (Index j = 0; j < i; ++j) {
        const long double minor = a * y(j) - b * x(j);
        area += minor * minor;
      }
    }
    const auto psi = static_cast<double>(std::asin(std::sqrt(area / xx / yy)));
    // The minors cancel to about eta of their terms.
    const double tolerance =
        roundoff<double>(16) + 4 * static_cast<double>(std::numeric_limits<long double>::epsilon()) / eta;
    CHECK_THAT(gaussian_pair(x, y).supplement, WithinRel(psi, tolerance));
    CHECK_THAT(gaussian_pair(x, -y).angle, WithinRel(psi, tolerance));
  }
}

TEST_CASE("products neither underflow nor overflow on the way", "[kernel]") {
  const GaussianPair small{.first = 1e-170, .second = 1e-170, .angle = 1, .supplement = pi - 1};
  CHECK_THAT(gaussian_slope_product<Relu>(small), WithinRel((pi - 1) / (2 * pi), roundoff<double>(8)));
  const GaussianPair large{.first = 1e160, .second = 1e160, .angle = pi / 3, .supplement = 2 * pi / 3};
  CHECK_THAT(gaussian_product<Erf>(large), WithinRel(1.0 / 3, roundoff<double>(8)));
  CHECK(std::isfinite(
      gaussian_slope_product<Erf>({.first = 1e160, .second = 1e160, .angle = 0, .supplement = pi})));
}

TEST_CASE("pairs refuse what is no number", "[kernel]") {
  const Vector<double> x = Vector<double>::Ones(3);
  Vector<double> bad = x;
  bad(1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<std::domain_error>([&] { (void)gaussian_pair(x, bad); }),
             ContainsSubstring("y is nan at (1, 0)"));
  CHECK_THROWS_AS(gaussian_pair(bad, x), std::domain_error);
  CHECK_THROWS_AS(gaussian_pair(x, x.head(2)), std::invalid_argument);
  CHECK_THROWS_AS(gaussian_pair(x, x, -1), std::domain_error);
  CHECK_THAT(message_of<std::domain_error>([] { (void)gaussian_product<Tanh>(pair_at(1, 101, 1)); }),
             ContainsSubstring("the deviation of a pre-activation is 101, expected at most 100"));
}
