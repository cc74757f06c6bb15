#include <kernel/reference.hpp>
#include <lazytrain/kernel/limit_kernel.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("equation (8) agrees with the reference numbers", "[kernel]") {
  for (const auto& row : oracle()["kernels_eq8"]) {
    const double angle = row["phi_value"];
    CAPTURE(angle);
    const Index d = row["d"];
    const double x_norm = row["norm_x"];
    const double y_norm = row["norm_xp"];
    Vector<double> x = Vector<double>::Zero(d);
    Vector<double> y = Vector<double>::Zero(d);
    x(2) = x_norm;
    y(2) = y_norm * std::cos(angle);
    y(7) = y_norm * std::sin(angle);
    const auto k = relu_limit_kernel(x, y, {.inner_square = row["E_a2"], .outer_square = row["E_b2"]});
    const double tolerance = roundoff<double>(16);
    CHECK_THAT(k.inner, WithinRel(row["K_a"].get<double>(), tolerance) ||
                            WithinAbs(row["K_a"].get<double>(), tolerance * x_norm * y_norm));
    CHECK_THAT(k.outer, WithinRel(row["K_b"].get<double>(), tolerance) ||
                            WithinAbs(row["K_b"].get<double>(), tolerance * 1e-16));
    CHECK_THAT(k.sum(), WithinAbs(row["K"].get<double>(), tolerance * x_norm * y_norm));
  }
}

TEST_CASE("Gaussian weights are a rotation invariant law", "[kernel]") {
  Philox rng(1);
  const NeuronDeviations tau{.inner = 0.7, .outer = 1.3};
  for (const Index d : {1, 4}) {
    const Vector<double> x = normal_vector(d, rng);
    const Vector<double> y = normal_vector(d, rng);
    const auto gaussian = limit_kernel<Relu>(x, y, tau);
    const auto general =
        relu_limit_kernel(x, y, {.inner_square = static_cast<double>(d) * 0.49, .outer_square = 1.3 * 1.3});
    CHECK_THAT(gaussian.inner, WithinRel(general.inner, roundoff<double>(16)));
    CHECK_THAT(gaussian.outer, WithinRel(general.outer, roundoff<double>(16)));
  }
}

TEST_CASE("limit kernels keep the homogeneity of the activation", "[kernel]") {
  Philox rng(2);
  const Vector<double> x = normal_vector(4, rng);
  const Vector<double> y = normal_vector(4, rng);
  const auto unit = limit_kernel<Relu>(x, y);
  for (const double size : {0x1p-300, 0x1p300}) {
    // Only the product overflows, which is kept in range.
    const auto scaled = limit_kernel<Relu>((size * x).eval(), (y / size).eval());
    CHECK_THAT(scaled.inner, WithinRel(unit.inner, roundoff<double>(8)));
    CHECK_THAT(scaled.outer, WithinRel(unit.outer, roundoff<double>(8)));
  }
  CHECK(limit_kernel<Relu>(x, Vector<double>::Zero(4)).sum() == 0);
  CHECK(limit_kernel<Relu>(x, -x).inner == 0);
}

TEMPLATE_TEST_CASE("limit kernels are kernels", "[kernel]", Relu, Erf, Tanh, Quadratic) {
  Philox rng(3);
  const Matrix<double> X = normal_matrix(3, 8, rng);
  const auto K = limit_kernel_matrix<TestType>(X, {.inner = 0.5});
  CHECK(K.inner == K.inner.transpose());
  CHECK(K.outer == K.outer.transpose());
  for (const auto& part : {K.inner, K.outer}) {
    const auto eigen = symmetric_eigenvalues(part);
    CHECK(eigen.values(7) >= -eigen.error - 1e-13 * eigen.values(0));
  }
  const auto cross = limit_kernel_matrix<TestType>(X.leftCols(3), X.rightCols(5), {.inner = 0.5});
  CHECK(relative_difference(cross.inner, K.inner.topRightCorner(3, 5).eval()) <= 1e-14);
  CHECK(relative_difference(cross.outer, K.outer.topRightCorner(3, 5).eval()) <= 1e-14);
  CHECK(relative_difference(K.sum(), (K.inner + K.outer).eval()) == 0);
}

TEMPLATE_TEST_CASE("kernels of wide networks tend to the limit at the rate of independent neurons",
                   "[kernel]", Relu, Tanh) {
  Philox rng(4);
  const NeuronDeviations tau{.inner = 0.8, .outer = 1.1};
  Matrix<double> X(3, 2);
  X << 1, 0.5, 0.3, -0.4, -0.2, 0.9;
  const double limit = limit_kernel<TestType>(X.col(0), X.col(1), tau).sum();

  // Means over draws of (K_m - K) and of its square, with standard errors.
  struct Moments {
    double mean, mean_error, square, square_error;
  };
  const auto sample = [&](Index m, Index draws, const auto& initialize) {
    const TwoLayer<double, TestType> net({.inputs = 3, .neurons = m, .scaling = Scaling::sqrt});
    const auto h = net.on(X);
    Vector<double> e(draws);
    for (Index i = 0; i < draws; ++i) {
      e(i) = kernel_parts(linearize(h, initialize(net))).sum()(0, 1) - limit;
    }
    const auto n = static_cast<double>(draws);
    const Vector<double> squares = e.cwiseAbs2();
    return Moments{e.mean(), (e.array() - e.mean()).matrix().norm() / n, squares.mean(),
                   (squares.array() - squares.mean()).matrix().norm() / n};
  };
  const auto independent = [&](const auto& net) { return gaussian(net, tau, rng); };
  const auto doubled = [&](const auto& net) { return symmetrized(net, tau, rng); };

  const Moments one = sample(1, 20000, independent);
  CHECK(std::abs(one.mean) <= 5 * one.mean_error);
  for (const Index m : {8, 64, 512}) {
    CAPTURE(m);
    const auto count = static_cast<double>(m);
    const Moments wide = sample(m, 500, independent);
    CHECK(std::abs(wide.mean) <= 5 * wide.mean_error);
    // E (K_m - K)^2 = Var / m exactly.
    CHECK(std::abs(count * wide.square - one.square) <=
          5 * std::hypot(count * wide.square_error, one.square_error));
    // The doubling trick has m / 2 independent neurons.
    const Moments half = sample(m, 500, doubled);
    CHECK(std::abs(half.mean) <= 5 * half.mean_error);
    CHECK(std::abs(count / 2 * half.square - one.square) <=
          5 * std::hypot(count / 2 * half.square_error, one.square_error));
  }
}

TEST_CASE("limit kernels refuse laws that are none", "[kernel]") {
  const Vector<double> x = Vector<double>::Ones(3);
  CHECK_THAT(message_of<std::domain_error>([&] { (void)relu_limit_kernel(x, x, {.inner_square = -1}); }),
             ContainsSubstring("law.inner_square is -1"));
  CHECK_THROWS_AS(relu_limit_kernel(x, x, {.inner_square = 1, .outer_square = -1}), std::domain_error);
  CHECK_THROWS_AS(relu_limit_kernel(x, x.head(2), {.inner_square = 1}), std::invalid_argument);
  CHECK_THROWS_AS(relu_limit_kernel(x.head(0), x.head(0), {}), std::invalid_argument);
  CHECK_THROWS_AS(limit_kernel<Tanh>(x, x, {.inner = -1}), std::domain_error);
  CHECK_THAT(message_of<std::domain_error>([&] { (void)limit_kernel<Tanh>(x, x, {.outer = -1}); }),
             ContainsSubstring("tau.outer is -1"));
  CHECK_THROWS_AS(limit_kernel_matrix<Relu>(Matrix<double>::Ones(3, 2), Matrix<double>::Ones(2, 2)),
                  std::invalid_argument);
}
