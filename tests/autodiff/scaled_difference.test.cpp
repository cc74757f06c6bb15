#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/autodiff/scaled_difference.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using D = ScaledDifference<double>;

/// A network of two or three layers with 4 inputs, 7 neurons a layer and one output on 5 samples.
template <class S>
struct Network {
  int layers;
  int activation;
  Matrix<S> inputs;

  static constexpr Index width = 7;
  static constexpr Index inputs_dim = 4;
  static constexpr Index samples = 5;

  [[nodiscard]] Index parameters() const { return width * inputs_dim + (layers - 2) * width * width + width; }

  template <class T>
  Vector<T> operator()(const Vector<T>& w) const {
    Matrix<T> x = inputs.template cast<T>();
    Index offset = 0;
    for (int layer = 1; layer < layers; ++layer) {
      const Eigen::Map<const Matrix<T>> weights(w.data() + offset, width, x.rows());
      offset += weights.size();
      x = (weights * x).unaryExpr([this](const T& z) { return apply(z); }).eval();
    }
    return x.transpose() * w.tail(width);
  }

  template <class T>
  T apply(const T& z) const {
    using std::erf;
    using std::tanh;
    switch (activation) {
      case 0:
        return tanh(z);
      case 1:
        return relu(z);
      case 2:
        return softplus(z);
      case 3:
        return erf(z);
      default:
        return sigmoid(z);
    }
  }

  template <class S2>
  [[nodiscard]] Network<S2> cast() const {
    return {layers, activation, inputs.template cast<S2>()};
  }
};

template <class S, class F>
Vector<S> scaled(const F& f, const Vector<S>& w0, const Vector<S>& delta, S epsilon) {
  return f(scaled_difference_vector<S>(w0, delta, epsilon)).unaryExpr([](const ScaledDifference<S>& y) {
    return y.difference;
  });
}

}  // namespace

TEST_CASE("Arithmetic carries exact differences") {
  // Small integers and powers of two: every rule is exact.
  const double epsilon = 0.25;
  const D x(3, 4, epsilon);   // 3 -> 4
  const D y(2, -4, epsilon);  // 2 -> 1
  const auto check = [&](const D& z, double base, double end) {
    CHECK(z.value == base);
    CHECK(z.difference == (end - base) / epsilon);
    CHECK(z.epsilon == epsilon);
    CHECK(z.end() == end);
  };
  check(x + y, 5, 5);
  check(x - y, 1, 3);
  check(x * y, 6, 4);
  check(x / y, 1.5, 4);
  check(-x, -3, -4);
  check(2 * x + 1, 7, 9);
  check(1 / y, 0.5, 1);
  check(pow(x, 2), 9, 16);
  check(x * x * x, 27, 64);
  CHECK(D(5).epsilon == 0);
  CHECK((D(5) * D(2)).difference == 0);
  D z = x;
  z += y;
  z *= y;
  z -= x;
  z /= y;
  check(z, 3.5, 1);
}

TEST_CASE("max, min, abs and relu are exact on both sides of their kinks and across") {
  const double epsilon = GENERATE(1.0, 0.25, 0x1p-30);
  const double ends[] = {-3, -1, 0, 1, 2};
  for (const double p : ends) {
    for (const double q : ends) {
      const D x(p * epsilon, q - p, epsilon);
      CHECK(abs(x).difference == std::abs(q) - std::abs(p));
      CHECK(relu(x).difference == std::max(q, 0.0) - std::max(p, 0.0));
      CHECK(relu(x).value == std::max(p, 0.0) * epsilon);
      for (const double r : ends) {
        for (const double s : ends) {
          const D y(r * epsilon, s - r, epsilon);
          CHECK(max(x, y).difference == std::max(q, s) - std::max(p, r));
          CHECK(min(x, y).difference == std::min(q, s) - std::min(p, r));
          CHECK(max(x, y).value == std::max(p, r) * epsilon);
          CHECK(min(x, y).value == std::min(p, r) * epsilon);
        }
      }
    }
  }
}

TEST_CASE("At epsilon = 0 the kinks follow the conventions of derivatives") {
  CHECK(relu(D(0, 1, 0)).difference == 0);
  CHECK(abs(D(0, 1, 0)).difference == 0);
  CHECK(max(D(1, 2, 0), D(1, 3, 0)).difference == 2);
  CHECK(min(D(1, 2, 0), D(1, 3, 0)).difference == 2);
}

TEST_CASE("NaN passes through relu, abs and max") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(relu(D(nan, 1, 0.5)).value));
  CHECK(std::isnan(relu(D(-1, nan, 0.5)).difference));
  CHECK(std::isnan(abs(D(nan, 1, 0.5)).value));
  CHECK(std::isnan(max(D(nan, 1, 0.5), D(1)).value));
}

TEST_CASE("A comparison with one answer gives it, one with two throws") {
  const D low(1, 1, 0.5);     // 1 -> 1.5
  const D high(2, 1, 0.5);    // 2 -> 2.5
  const D rising(1, 4, 0.5);  // 1 -> 3
  CHECK(low < high);
  CHECK(high > low);
  CHECK(low <= high);
  CHECK(high >= low);
  CHECK(low != high);
  CHECK_FALSE(low == high);
  CHECK(low == low);
  CHECK(high > 0);
  CHECK(D(1, 1, 0) < D(2, -100, 0));
  CHECK_THROWS_AS(rising < high, std::domain_error);
  CHECK_THROWS_AS(rising > high, std::domain_error);
  CHECK_THROWS_AS(rising <= high, std::domain_error);
  CHECK_THROWS_AS(rising >= high, std::domain_error);
  CHECK_THROWS_AS(low == D(1, 2, 0.5), std::domain_error);
  CHECK_THROWS_AS(low != D(1, 2, 0.5), std::domain_error);
  CHECK_THAT(
      message_of<std::domain_error>([&] { (void)(rising < high); }),
      ContainsSubstring("lazytrain::ScaledDifference: the comparison (1, 4; 0.5) < (2, 1; 0.5) has two") &&
          ContainsSubstring("the functor branches differently") &&
          ContainsSubstring("use max, min, relu or abs"));
}

TEST_CASE("A comparison sees steps that the rounding of the value hides") {
  CHECK_THROWS_AS(ScaledDifference<float>(1, 1, 1e-12f) == 1, std::domain_error);
  CHECK(ScaledDifference<float>(1, 1, 0) == 1);
}

TEST_CASE("x^y with both moving") {
  const double epsilon = GENERATE(1.0, 1e-3, 1e-9, 0.0);
  const D x(1.5, 0.7, epsilon);
  const D y(2.2, -0.4, epsilon);
  const D z = pow(x, y);
  CHECK(z.value == std::pow(1.5, 2.2));
  if (epsilon == 0) {
    const auto dual = pow(Dual<double>(1.5, 0.7), Dual<double>(2.2, -0.4));
    CHECK_THAT(z.difference, WithinRel(dual.tangent, roundoff<double>(16)));
    return;
  }
  const auto e = static_cast<long double>(epsilon);
  const long double plain =
      (std::pow(1.5L + e * static_cast<long double>(0.7), 2.2L + e * -0.4L) - std::pow(1.5L, 2.2L)) / e;
  CHECK_THAT(z.difference, WithinRel(static_cast<double>(plain), roundoff<double>(32) + 1e-18 / epsilon));
}

TEST_CASE("Networks in float have small relative errors at every alpha") {
  const int layers = GENERATE(2, 3);
  const int activation = GENERATE(0, 1, 2, 3, 4);
  Philox rng(11, static_cast<std::uint64_t>(5 * layers + activation));
  const Network<float> net{layers, activation,
                           normal_matrix<float>(Network<float>::inputs_dim, Network<float>::samples, rng)};
  const Vector<float> w0 = 0.6f * normal_vector<float>(net.parameters(), rng);
  const Vector<float> delta = 0.3f * normal_vector<float>(net.parameters(), rng);
  const auto wide = net.cast<long double>();
  const Vector<long double> w = w0.cast<long double>();
  const Vector<long double> d = delta.cast<long double>();
  for (float alpha = 1; alpha < 2e9f; alpha *= 10) {
    const float epsilon = 1 / alpha;
    const auto e = static_cast<long double>(epsilon);
    const Vector<long double> exact = scaled<long double>(wide, w, d, e);
    const Vector<float> computed = scaled<float>(net, w0, delta, epsilon);
    INFO("layers " << layers << ", activation " << activation << ", alpha " << alpha);
    const auto error = static_cast<double>((computed.cast<long double>() - exact).norm() / exact.norm());
    CHECK(error < 1e-5);
    // The reference, against the plain difference, which loses a factor alpha.
    const Vector<long double> plain = (wide(Vector<long double>(w + e * d)) - wide(w)) / e;
    CHECK(static_cast<double>((plain - exact).norm() / exact.norm()) <
          roundoff<long double>(64) * static_cast<double>(alpha) * 10);
  }
}

TEST_CASE("At epsilon = 0 networks give the product with the Jacobian") {
  const int layers = GENERATE(2, 3);
  const int activation = GENERATE(0, 1, 2, 3, 4);
  Philox rng(12);
  const Network<double> net{layers, activation,
                            normal_matrix(Network<double>::inputs_dim, Network<double>::samples, rng)};
  const Vector<double> w0 = normal_vector(net.parameters(), rng);
  const Vector<double> delta = normal_vector(net.parameters(), rng);
  const Vector<Dual<double>> dual = net(dual_vector<double>(w0, delta));
  const Vector<double> at_zero = scaled<double>(net, w0, delta, 0);
  const Vector<double> jvp = dual.unaryExpr([](const Dual<double>& y) { return y.tangent; });
  CHECK((at_zero - jvp).norm() < roundoff<double>(100) * jvp.norm());
}

TEST_CASE("h_epsilon converges to the linearization at first order") {
  Philox rng(13);
  const Network<double> net{3, 0, normal_matrix(Network<double>::inputs_dim, Network<double>::samples, rng)};
  const Vector<double> w0 = normal_vector(net.parameters(), rng);
  const Vector<double> delta = normal_vector(net.parameters(), rng);
  const Vector<double> limit = scaled<double>(net, w0, delta, 0);
  const auto error = [&](double epsilon) { return (scaled<double>(net, w0, delta, epsilon) - limit).norm(); };
  for (const double epsilon : {1e-3, 1e-5, 1e-7}) {
    CHECK_THAT(std::log10(error(epsilon) / error(epsilon / 10)), WithinAbs(1.0, 0.03));
  }
}
