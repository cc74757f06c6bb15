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

TEST_CASE("the quadrature converges at order 2q in epsilon") {
  using V = Vector<long double>;
  const Products<long double> h;
  const V w0 = point<long double>();
  const V d = Eigen::Matrix<long double, 3, 1>(1.0L, -0.8L, 0.6L);
  for (const Index nodes : {1, 2, 3}) {
    const auto error = [&](long double epsilon) {
      const V plain = (h(w0 + epsilon * d) - h(w0)) / epsilon;
      return static_cast<double>(
          (linearize(displaced(h, w0, epsilon, {.nodes = nodes}), d).value() - plain).norm());
    };
    const double order = std::log2(error(0.25L) / error(0.125L));
    CHECK_THAT(order, WithinAbs(2.0 * static_cast<double>(nodes), 0.35));
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
