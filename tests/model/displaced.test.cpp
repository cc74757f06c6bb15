#include <lazytrain/model/displaced.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the displaced model obeys the laws", "", float, double) {
  using V = Vector<TestType>;
  for (const TestType epsilon : {TestType(0), TestType(1e-4), TestType(0.3)}) {
    check_model_laws(displaced(Products<TestType>{}, point<TestType>(), epsilon),
                     V(V::LinSpaced(3, TestType(-0.4), TestType(0.5))));
  }
}

/// w + sin(10 w) / 15, by value, jvp and vjp.
struct Wave {
  using Scalar = double;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  Vector<double> operator()(const Vector<double>& w) const { return w.array() + (10 * w.array()).sin() / 15; }
  [[nodiscard]] Vector<double> jvp(const Vector<double>& w, const Vector<double>& v) const {
    return (1 + (10 * w.array()).cos() / 1.5) * v.array();
  }
  [[nodiscard]] Vector<double> vjp(const Vector<double>& w, const Vector<double>& u) const {
    return jvp(w, u);
  }
};

/// relu of each coordinate, in any precision.
template <class S>
struct Rectified {
  using Scalar = S;
  [[nodiscard]] Index parameter_dim() const { return 3; }
  [[nodiscard]] Index output_dim() const { return 3; }
  Vector<S> operator()(const Vector<S>& w) const { return w.cwiseMax(S(0)); }
  [[nodiscard]] Vector<S> jvp(const Vector<S>& w, const Vector<S>& v) const {
    return (w.array() > S(0)).select(v, S(0));
  }
  [[nodiscard]] Vector<S> vjp(const Vector<S>& w, const Vector<S>& u) const { return jvp(w, u); }
};

TEST_CASE("where no quadrature resolves the segment the difference of values is taken") {
  for (const Index nodes : {1, 2, 8}) {
    for (const double epsilon : {1.0, 0.3, 0.02}) {
      CAPTURE(nodes, epsilon);
      const Vector<double> w0 = Vector<double>::Constant(1, 0.1), d = Vector<double>::Constant(1, 2.7);
      const Vector<double> plain = (Wave{}(w0 + epsilon * d) - Wave{}(w0)) / epsilon;
      const auto h = linearize(displaced(Wave{}, w0, epsilon, {.nodes = nodes}), d);
      CHECK_THAT(h.value()(0), WithinAbs(plain(0), roundoff<double>(16) * 3 / epsilon));
    }
  }
}

TEMPLATE_TEST_CASE("a kink between the nodes is seen", "", float, double) {
  using S = TestType;
  using V = Vector<S>;
  const Rectified<S> h;
  for (const S epsilon : {S(1), S(0.01)}) {
    // The kink at a fraction of the segment: near its beginning, within and near its end.
    for (const S fraction : {S(0.003), S(0.4), S(0.998)}) {
      CAPTURE(epsilon, fraction);
      const V d = (V(3) << S(1), S(-2), S(0.5)).finished();
      V w0 = -fraction * epsilon * d;
      w0(2) = S(0.3);
      const V expected = (V(3) << (1 - fraction) * d(0), -fraction * std::abs(d(1)), d(2)).finished();
      const V value = linearize(displaced(h, w0, epsilon), d).value();
      CHECK((value - expected).norm() <= roundoff<S>(40) * (expected.norm() + 1 / epsilon));
    }
  }
}

TEST_CASE("rounding in the values does not pass for a kink") {
  // h = (w + 1000) - 1000 in floats of twelve bits less: the difference has no digit, the quadrature all.
  struct Noisy {
    using Scalar = float;
    [[nodiscard]] Index parameter_dim() const { return 1; }
    [[nodiscard]] Index output_dim() const { return 1; }
    Vector<float> operator()(const Vector<float>& w) const { return (w.array().exp() + 1000.0F) - 1000.0F; }
    [[nodiscard]] Vector<float> jvp(const Vector<float>& w, const Vector<float>& v) const {
      return w.array().exp() * v.array();
    }
    [[nodiscard]] Vector<float> vjp(const Vector<float>& w, const Vector<float>& u) const {
      return jvp(w, u);
    }
  };
  const Vector<float> w0 = Vector<float>::Constant(1, 0.25F), d = Vector<float>::Constant(1, 1.5F);
  for (const float epsilon : {1e-3F, 1e-5F, 1e-8F}) {
    CAPTURE(epsilon);
    const double exact =
        std::exp(0.25) * std::expm1(1.5 * static_cast<double>(epsilon)) / static_cast<double>(epsilon);
    CHECK_THAT(static_cast<double>(linearize(displaced(Noisy{}, w0, epsilon), d).value()(0)),
               WithinRel(exact, roundoff<float>(8)));
  }
}

TEST_CASE("single precision keeps its digits at every alpha") {
  const Vector<long double> w0 = point<long double>();
  const Vector<long double> d = Eigen::Matrix<long double, 3, 1>(1.0L, -0.8L, 0.6L);
  for (long double alpha = 10; alpha <= 1e9L; alpha *= 10) {
    // The reference differs by rounding of w0 to single precision, which is the same for both.
    const Vector<long double> start = w0.cast<float>().cast<long double>();
    const auto exact = linearize(displaced(Products<long double>{}, start, 1 / alpha),
                                 Vector<long double>(d.cast<float>().cast<long double>()));
    const auto single = linearize(
        displaced(Products<float>{}, Vector<float>(w0.cast<float>()), static_cast<float>(1 / alpha)),
        Vector<float>(d.cast<float>()));
    const double error = static_cast<double>((single.value().cast<long double>() - exact.value()).norm() /
                                             exact.value().norm());
    CHECK(error < 1e-5);
  }
}

TEST_CASE("bad displacements are refused") {
  CHECK_THROWS_AS(displaced(Products<double>{}, point<double>(), -1e-3), std::domain_error);
  CHECK_THROWS_AS(displaced(Products<double>{}, Vector<double>(Vector<double>::Ones(2)), 0.1),
                  std::invalid_argument);
  CHECK_THROWS_AS(displaced(Products<double>{}, point<double>(), 0.1, {.nodes = 0}), std::invalid_argument);
}

}  // namespace
