#include <kernel/duplicated.hpp>
#include <kernel/reference.hpp>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/kernel/regression.hpp>
#include <lazytrain/loss/square.hpp>
#include <limits>
#include <type_traits>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("regression is where the linearized flow ends", "[kernel]") {
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  for_reference_networks([&](const std::string& name, const auto& h, const Vector<double>& w) {
    CAPTURE(name);
    const double alpha = 3;
    const auto t = linearize(h, w);
    const auto fit = kernel_regression(t, targets, {.alpha = alpha});
    const auto flow = linear_flow(h, square_loss(targets, h.output_space()), w, alpha);
    const double infinity = std::numeric_limits<double>::infinity();
    const double tolerance = roundoff<double>(100) * fit.report.condition;
    CHECK(relative_difference(fit.displacement, flow.displacement(infinity)) <= tolerance);
    CHECK(relative_difference(fit.outputs, flow.outputs(infinity)) <= tolerance);
    CHECK_THAT(fit.norm, WithinRel(flow.distance(infinity), tolerance));
    CHECK(fit.report.rank == flow.limit().rank);
    // The bounds count the asymmetry that the order of multiplications leaves.
    CHECK_THAT(fit.report.cutoff, WithinRel(flow.limit().cutoff, 0.1));
    CHECK(fit.residual <= tolerance * (targets.norm() + alpha * t.value().norm()));
  });
}

TEMPLATE_TEST_CASE("three methods and the normal equations agree", "[kernel]", float, double) {
  using S = TestType;
  // More parameters than outputs, and fewer.
  const Index neurons = GENERATE(12, 2);
  Example<S> e(8, neurons, 2);
  const auto t = linearize(e.h, e.w);
  const OutputSpace& space = t.output_space();
  const Vector<S> targets = normal_vector<S>(16, e.rng);
  const double ridge = 0.125;
  const RegressionOptions options{.ridge = ridge, .alpha = 0.5, .tolerance = roundoff<S>(10)};

  // (Dh^T Dh + λ) d = Dh^T (y* - alpha h(w0)) in double precision.
  const Matrix<double> J = jacobian(t).template cast<double>();
  Vector<double> weights = Vector<double>::Ones(16);
  space.to_cotangent(weights);
  Matrix<double> normal = J.transpose() * weights.asDiagonal() * J;
  normal.diagonal().array() += ridge;
  const Vector<double> right = J.transpose() * weights.cwiseProduct(targets.template cast<double>() -
                                                                    0.5 * t.value().template cast<double>());
  const Vector<double> expected = Eigen::LLT<Matrix<double>>(normal).solve(right);

  RegressionOptions method = options;
  for (const auto m :
       {RegressionMethod::eigen, RegressionMethod::cholesky, RegressionMethod::conjugate_gradient}) {
    CAPTURE(static_cast<int>(m));
    method.method = m;
    const auto fit = kernel_regression(t, targets, method);
    const double tolerance = roundoff<S>(200) * normal.norm() / ridge;
    CHECK(relative_difference(fit.displacement.template cast<double>(), expected) <= tolerance);
    CHECK(fit.report.ridge == ridge);
    CHECK(fit.report.cutoff == 0);
    CHECK(fit.report.converged);
    CHECK_THAT(static_cast<double>(space.norm(Vector<S>(fit.outputs - targets))),
               WithinRel(fit.residual, roundoff<S>(10)));
    if (m == RegressionMethod::conjugate_gradient) {
      CHECK(fit.coefficients.size() == 0);
      CHECK(fit.report.iterations > 0);
    } else {
      CHECK(fit.report.rank == 16);
      CHECK(relative_difference(t.vjp(fit.coefficients), fit.displacement) == 0);
      // λ c = y* - outputs for c = W^(-1) β.
      const Vector<double> c = fit.coefficients.template cast<double>().cwiseQuotient(weights);
      CHECK(relative_difference((ridge * c).eval(), (targets - fit.outputs).template cast<double>().eval()) <=
            tolerance);
    }
  }
}

TEMPLATE_TEST_CASE("predictions by displacement and by the cross-kernel agree", "[kernel]", float, double) {
  using S = TestType;
  Example<S> e(8, 12, 2);
  const auto train = linearize(e.h, e.w);
  const auto test = linearize(e.net.on(normal_matrix<S>(3, 5, e.rng)), e.w);
  const Vector<S> targets = normal_vector<S>(16, e.rng);
  const auto fit = kernel_regression(train, targets, {.ridge = 1e-2, .alpha = 2});
  const Vector<S> by_displacement = predict(fit, test);
  const Matrix<S> cross = cross_kernel(train, test);
  const Vector<S> by_kernel = predict(fit, cross, S(2) * test.value());
  const double size =
      static_cast<double>((cross.cwiseAbs().transpose() * fit.coefficients.cwiseAbs()).maxCoeff());
  CHECK(static_cast<double>((by_displacement - by_kernel).cwiseAbs().maxCoeff()) <= roundoff<S>(200) * size);
  CHECK(predict(fit, train) == fit.outputs);

  auto without = kernel_regression(
      train, targets, {.ridge = 1e-2, .method = RegressionMethod::conjugate_gradient, .tolerance = 1e-3});
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)predict(without, cross, test.value()); }),
             ContainsSubstring("conjugate gradients give none"));
  CHECK_THROWS_AS(predict(fit, cross.topRows(3), test.value()), std::invalid_argument);
  CHECK_THROWS_AS(predict(fit, cross, test.value().head(3)), std::invalid_argument);
}

TEST_CASE("a singular kernel fits what it can, with the least norm", "[kernel]") {
  Philox rng(3);
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 20, .scaling = Scaling::sqrt});
  Matrix<double> X = normal_matrix(3, 6, rng);
  X.col(5) = X.col(0);
  const auto t = linearize(net.on(X), normal_vector(net.parameter_dim(), rng));
  Vector<double> targets = normal_vector(6, rng);
  const auto fit = kernel_regression(t, targets);
  CHECK(fit.report.rank == 5);
  CHECK(fit.report.cutoff > 0);
  // Equal inputs with different targets: the mean is fitted.
  const double tolerance = roundoff<double>(100) * fit.report.condition * targets.norm();
  CHECK_THAT(fit.outputs(0), WithinAbs((targets(0) + targets(5)) / 2, tolerance));
  CHECK_THAT(fit.residual, WithinRel(std::abs(targets(0) - targets(5)) / std::sqrt(12.0), tolerance));
  const auto by_products = kernel_regression(t, targets, {.method = RegressionMethod::conjugate_gradient});
  CHECK(by_products.report.converged);
  CHECK(relative_difference(by_products.displacement, fit.displacement) <= 1e-10 * fit.report.condition);
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { (void)kernel_regression(t, targets, {.method = RegressionMethod::cholesky}); }),
             ContainsSubstring("Sigma + ridge is not positive definite"));
}

TEMPLATE_TEST_CASE("conjugate gradients at the default tolerance are right on a singular kernel", "[kernel]",
                   float, double) {
  using S = TestType;
  const Duplicated<S> problem;
  const Distinct<S> exact(problem);
  const auto t = linearize(problem.h(), problem.w);
  for (const double ridge : {0.0, 1e-30, 1e-14, 1e-8, 1e-4}) {
    CAPTURE(ridge);
    const auto fit = kernel_regression(t, problem.targets,
                                       {.ridge = ridge, .method = RegressionMethod::conjugate_gradient});
    CHECK(fit.report.converged);
    CHECK(fit.report.end ==
          (std::is_same_v<S, float> ? LeastSquaresEnd::rounding : LeastSquaresEnd::tolerance));
    const Vector<double> d = exact.displacement(ridge);
    // Sums over 40 samples and 120 parameters, and the gradient that the tolerance leaves.
    const double tolerance = roundoff<S>(160) * exact.sensitivity(d) +
                             1e-10 * std::sqrt(exact.largest()) * exact.start() / (exact.smallest() + ridge);
    CHECK((fit.displacement.template cast<double>() - d).norm() <= tolerance);
    if (ridge <= 1e-8) CHECK(fit.residual >= exact.floor() * (1 - roundoff<S>(160)));
  }
}

TEMPLATE_TEST_CASE("a ridge that rounding hides is none: no noise in the null space", "[kernel]", float,
                   double) {
  using S = TestType;
  const Duplicated<S> problem;
  const Distinct<S> exact(problem);
  const auto t = linearize(problem.h(), problem.w);
  const auto without = kernel_regression(t, problem.targets);
  CHECK(without.report.rank == 20);
  for (const double ridge : {0.0, 1e-30, 1e-14, 1e-10, 1e-8, 1e-6, 1e-4}) {
    CAPTURE(ridge);
    const auto fit = kernel_regression(t, problem.targets, {.ridge = ridge});
    const bool cut = ridge < without.report.cutoff / 2;
    if (cut) {
      CHECK(fit.report.rank == 20);
      CHECK(fit.report.cutoff == without.report.cutoff);
    } else if (ridge > without.report.cutoff) {
      CHECK(fit.report.rank == 40);
      CHECK(fit.report.cutoff == 0);
    }
    const Vector<double> d = exact.displacement(ridge);
    // Where the ridge resolves them, the null vectors' part in d is (sum over 40 samples) eps ||Dh|| / ridge.
    const double null_space =
        cut ? 0.0 : roundoff<S>(40) * std::sqrt(exact.largest()) * exact.floor() / ridge;
    const double tolerance = roundoff<S>(160) * exact.sensitivity(d) + null_space;
    CHECK((fit.displacement.template cast<double>() - d).norm() <= tolerance);
    CHECK_THAT(fit.norm, WithinAbs(d.norm(), tolerance));
    CHECK_THAT(fit.residual, WithinAbs(std::hypot(exact.floor(), ridge * exact.coefficients(ridge).norm()),
                                       std::sqrt(exact.largest()) * tolerance + roundoff<S>(160)));
    if (cut) CHECK(fit.report.condition <= 1.01 * exact.condition());
  }
}

TEST_CASE("regression refuses what does not fit", "[kernel]") {
  const Example<double> e(4, 5, 1);
  const auto t = linearize(e.h, e.w);
  const Vector<double> targets = Vector<double>::Ones(4);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)kernel_regression(t, targets.head(3).eval()); }),
             ContainsSubstring("kernel_regression: targets has size 3, expected 4"));
  CHECK_THAT(message_of<std::domain_error>([&] { (void)kernel_regression(t, targets, {.ridge = -1}); }),
             ContainsSubstring("ridge is -1"));
  CHECK_THROWS_AS(kernel_regression(t, targets, {.alpha = 0}), std::domain_error);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(kernel_regression(t, targets, {.alpha = infinity}), std::domain_error);
}
