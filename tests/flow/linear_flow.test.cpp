#include <algorithm>
#include <cmath>
#include <Eigen/QR>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/loss/log_cosh.hpp>
#include <lazytrain/model/jacobian.hpp>
#include <limits>

#include "kernel/duplicated.hpp"
#include "problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The oracle's tanh network on inputs and weights of one's own.
auto network(const Matrix<double>& X, const OutputSpace& space) {
  return TwoLayer<double, Tanh>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt}).on(X, space);
}

/// exp(A) by scaling, the Taylor series and squaring.
Matrix<double> exponential(const Matrix<double>& A) {
  const int halvings = std::max(0, static_cast<int>(std::ceil(std::log2(A.norm() + 1))));
  const Matrix<double> B = std::ldexp(1.0, -halvings) * A;
  Matrix<double> term = Matrix<double>::Identity(A.rows(), A.rows());
  Matrix<double> sum = term;
  for (int k = 1; k <= 24; ++k) {
    term = (B * term / k).eval();
    sum += term;
  }
  for (int i = 0; i < halvings; ++i) sum = (sum * sum).eval();
  return sum;
}

/// d(t) by the exponential of the matrix of the affine equation d' = -A d - b.
template <class H>
Vector<double> displacement_by_exponential(const H& h, const SquareLoss<double>& loss,
                                           const Vector<double>& w0, double alpha, double t) {
  const OutputSpace space = output_space(h);
  const auto tangent = linearize(h, w0);
  const Matrix<double> J = jacobian(tangent);
  Vector<double> weights(J.rows());
  for (Index i = 0; i < weights.size(); ++i) weights(i) = space.weight(i);
  const Vector<double> residual = alpha * tangent.value() - loss.minimizer();
  const Index p = J.cols();
  Matrix<double> A = Matrix<double>::Zero(p + 1, p + 1);
  A.topLeftCorner(p, p) = -t * J.transpose() * weights.asDiagonal() * J;
  A.col(p).head(p) = -t * J.transpose() * weights.asDiagonal() * residual;
  const Matrix<double> E = exponential(A);
  return E.col(p).head(p);
}

/// The least-norm minimizer of || W^(1/2) (J d - r) ||.
Vector<double> least_norm(const Matrix<double>& J, const Vector<double>& weights, const Vector<double>& r) {
  const Vector<double> root = weights.cwiseSqrt();
  Eigen::CompleteOrthogonalDecomposition<Matrix<double>> solver;
  solver.setThreshold(1e-7);
  solver.compute(root.asDiagonal() * J);
  return solver.solve(Vector<double>(root.cwiseProduct(r)));
}

}  // namespace

TEST_CASE("The linear flow is the oracle's") {
  int compared = 0;
  for (const auto& flow : oracle()["flows"]) {
    if (flow["loss"] != "square") continue;
    const double alpha = flow["alpha"];
    const double T = flow["T"];
    with_network(flow["net"], [&](const auto& h, const Vector<double>& w0) {
      const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
      const auto linear = linear_flow(h, loss, w0, alpha);
      const Vector<double> u = vector_of(flow["ubar_T"]);
      const Vector<double> y = vector_of(flow["ybar_T"]);
      // The file's numbers are good to 2e-12; alpha h(w0) rounds.
      const double scale = 1 + alpha * linearize(h, w0).value().norm();
      CHECK((linear.displacement(T) - u).norm() <= 2e-12 * u.norm() + roundoff<double>(100) * scale);
      CHECK((linear.outputs(T) - y).norm() <= 2e-12 * y.norm() + roundoff<double>(100) * scale);
      CHECK_THAT(linear.loss(T), WithinRel(flow["Rbar_T"].get<double>(), 1e-11));
      ++compared;
    });
  }
  CHECK(compared >= 48);
}

TEST_CASE("The linear flow is the matrix exponential, in every space F") {
  const Matrix<double> X = oracle_network<Tanh>().inputs();
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto space =
      GENERATE(empirical(5), euclidean(5), OutputSpace::weighted(vector({0.1, 0.9, 0.2, 0.5, 2.0})));
  const double t = GENERATE(1e-3, 0.7, 40.0);
  const auto h = network(X, space);
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), space);
  const auto linear = linear_flow(h, loss, w0, 1.5);
  const Vector<double> d = displacement_by_exponential(h, loss, w0, 1.5, t);
  // Scaling and squaring of exp(tA) amplifies rounding by about t ||A||.
  const double amplified = roundoff<double>(100) * (1 + t * linear.eigenvalues()(0));
  CHECK((linear.displacement(t) - d).norm() <= amplified * d.norm());
  CHECK_THAT(linear.distance(t), WithinRel(d.norm(), amplified));
  const Vector<double> y = 1.5 * linearize(h, w0).value() + linearize(h, w0).jvp(d);
  CHECK((linear.outputs(t) - y).norm() <= amplified * (1 + y.norm()));
  CHECK_THAT(linear.loss(t), WithinRel(loss.value(y), 1e3 * amplified));
}

TEST_CASE("The linear flow is what an integrator finds") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  auto field = linearized_field(h, loss, w0, 3.0);
  const auto end = integrate(DormandPrince{}, field, Vector<double>(Vector<double>::Zero(w0.size())),
                             {.horizon = 10, .relative_tolerance = 1e-12});
  REQUIRE(end.succeeded());
  const auto linear = linear_flow(h, loss, w0, 3.0);
  CHECK((linear.displacement(10) - end.x).norm() <= 1e-10 * end.x.norm());
  CHECK((linear.outputs(10) - field.outputs()).norm() <= 1e-10 * field.outputs().norm());
}

TEST_CASE("The linear flow begins at w0 and ends at the least-norm interpolation with offset") {
  const Matrix<double> X = oracle_network<Tanh>().inputs();
  const Vector<double> w0 = oracle_parameters("w_uns");
  const Vector<double> weights = vector({0.1, 0.9, 0.2, 0.5, 2.0});
  const auto h = network(X, OutputSpace::weighted(weights));
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const auto linear = linear_flow(h, square_loss(targets, h.output_space()), w0, 2.0);
  const auto tangent = linearize(h, w0);
  const Vector<double> start = 2.0 * tangent.value();
  CHECK(linear.displacement(0).norm() == 0);
  CHECK((linear.outputs(0) - start).norm() <= roundoff<double>(100) * (start.norm() + targets.norm()));

  const Matrix<double> J = jacobian(tangent);
  const Vector<double> d = least_norm(J, weights, targets - start);
  const double condition = linear.eigenvalues()(0) / linear.eigenvalues()(4);
  CHECK((linear.displacement(infinity) - d).norm() <= roundoff<double>(100) * condition * d.norm());
  CHECK((linear.outputs(infinity) - targets).norm() <= roundoff<double>(100) * targets.norm());
  CHECK(linear.loss(infinity) == 0);
  const LimitReport report = linear.limit();
  CHECK(report.rank == 5);
  CHECK(report.residual == 0);
  CHECK(report.cutoff < linear.eigenvalues()(4));
  // It is the limit: at 40 times the slowest time scale only rounding is left.
  const double late = 40 / linear.eigenvalues()(4);
  CHECK((linear.displacement(late) - linear.displacement(infinity)).norm() <= 1e-12 * condition * d.norm());
}

TEST_CASE("Two equal inputs: the kernel is singular and the limit says so") {
  Matrix<double> X = oracle_network<Tanh>().inputs();
  X.col(3) = X.col(1);
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto h = network(X, empirical(5));
  const Vector<double> targets = vector({0.3, 1.0, -0.2, -1.0, 0.5});
  const auto loss = square_loss(targets, empirical(5));
  const auto linear = linear_flow(h, loss, w0, 1.0);
  const double t = GENERATE(0.5, 1e3);
  const Vector<double> d = displacement_by_exponential(h, loss, w0, 1.0, t);
  CHECK((linear.displacement(t) - d).norm() <= roundoff<double>(1000) * (1 + t) * d.norm());

  const LimitReport report = linear.limit();
  CHECK(report.rank == 4);
  // Half of the difference 2 between the targets, on two samples of weight 1/5.
  CHECK_THAT(report.residual, WithinRel(std::sqrt(2.0 / 5), 1e-7));
  const auto tangent = linearize(h, w0);
  const Vector<double> least = least_norm(jacobian(tangent), Vector<double>::Constant(5, 0.2), targets);
  CHECK((linear.displacement(infinity) - least).norm() <= 1e-9 * least.norm());
  CHECK((linear.outputs(infinity) - vector({0.3, 0.0, -0.2, 0.0, 0.5})).norm() <= 1e-7);
  CHECK_THAT(linear.loss(infinity), WithinRel(0.5 * report.residual * report.residual, 1e-12));
}

TEMPLATE_TEST_CASE("A singular kernel: moderate times are exact, long ones stay at the limit", "", float,
                   double) {
  using S = TestType;
  const Duplicated<S> problem;
  const Distinct<S> exact(problem);
  const auto h = problem.h();
  const auto linear = linear_flow(h, square_loss(problem.targets, h.output_space()), problem.w, S(1));
  const auto tangent = linearize(h, problem.w);
  const Vector<double> least = exact.displacement(0);
  const double root = std::sqrt(exact.largest());
  CHECK(linear.limit().rank == 20);

  for (const double t : {0.1, 1.0, 10.0, 1e2, 1e3}) {
    CAPTURE(t);
    // Eigenvalues are wrong by eps ||Sigma|| times the number of operations, and t multiplies it.
    const double relative = roundoff<S>(160) * (1 + t * exact.largest());
    const double length = std::min(t * root, 1 / std::sqrt(exact.smallest())) * exact.start();
    const Vector<double> d = exact.flow(t);
    CHECK((linear.displacement(t).template cast<double>() - d).norm() <= relative * length);
    CHECK_THAT(linear.distance(t), WithinAbs(d.norm(), relative * length));
    CHECK_THAT(linear.loss(t), WithinAbs(exact.loss(t), relative * exact.start() * exact.start()));
  }

  const Vector<S> end = linear.displacement(infinity);
  const double tolerance = roundoff<S>(160) * exact.sensitivity(least);
  CHECK((end.template cast<double>() - least).norm() <= tolerance);
  for (const double t : {1e6, 1e8, 1e12, 1e300}) {
    CAPTURE(t);
    // The slowest mode has decayed; where modes of eigenvalue 0 still move, eps ||Dh|| t is their part in d.
    REQUIRE(t * exact.smallest() > 50);
    const bool moving = t * linear.limit().cutoff <= std::sqrt(roundoff<S>(1));
    const double null_space = moving ? roundoff<S>(40) * t * root * exact.floor() : 0.0;
    CHECK((linear.displacement(t) - end).norm() <= roundoff<S>(10) * end.norm() + null_space);
    CHECK_THAT(linear.distance(t), WithinRel(linear.distance(infinity), 1e-14));
    const double outputs = moving ? roundoff<S>(160) * t * exact.largest() : 0.0;
    CHECK((linear.outputs(t) - linear.outputs(infinity)).norm() <=
          roundoff<S>(100) + outputs * exact.start() * std::sqrt(40.0));
    CHECK_THAT(linear.loss(t), WithinRel(linear.loss(infinity), 1e-14 + 2 * outputs));
    CHECK_THAT(linear.loss(t), WithinRel(exact.floor() * exact.floor() / 2, roundoff<S>(160) + 2 * outputs));
    const Vector<S> reached = tangent.value() + tangent.jvp(linear.displacement(t));
    CHECK(static_cast<double>(h.output_space().norm(Vector<S>(reached - linear.outputs(t)))) <=
          root * (tolerance + null_space) + outputs * exact.start());
  }
}

TEST_CASE("Nearly equal inputs: exact at finite times, ranked by what rounding can tell") {
  Matrix<double> X = oracle_network<Tanh>().inputs();
  const double distance = GENERATE(1e-3, 1e-6, 1e-10);
  X.col(3) = X.col(1);
  X(0, 3) += distance;
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto h = network(X, empirical(5));
  const auto loss = square_loss(vector({0.3, 1.0, -0.2, -1.0, 0.5}), empirical(5));
  const auto linear = linear_flow(h, loss, w0, 1.0);
  for (const double t : {1.0, 1e3}) {
    const Vector<double> d = displacement_by_exponential(h, loss, w0, 1.0, t);
    CHECK((linear.displacement(t) - d).norm() <= roundoff<double>(1000) * (1 + t) * d.norm());
  }
  // The smallest eigenvalue is of the order of distance^2.
  CHECK(linear.limit().rank == (distance > 1e-9 ? 5 : 4));
  CHECK(linear.displacement(infinity).allFinite());
}

TEST_CASE("In single precision the linear flow keeps single precision") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const auto exact = linear_flow(h, square_loss(targets, empirical(5)), w0, 10.0);
  const auto single = TwoLayer<float, Tanh>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt})
                          .on(Matrix<float>(h.inputs().cast<float>()));
  const auto linear = linear_flow(single, square_loss(Vector<float>(targets.cast<float>()), empirical(5)),
                                  Vector<float>(w0.cast<float>()), 10.0f);
  for (const double t : {0.1, 2.0, 50.0}) {
    const Vector<double> d = linear.displacement(t).cast<double>();
    CHECK((d - exact.displacement(t)).norm() <= roundoff<float>(100) * (1 + t) * exact.distance(t));
  }
}

TEST_CASE("The linear flow of a centred model does not depend on alpha, infinity included") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(oracle_network<Tanh>(), w0);
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const auto one = linear_flow(h, loss, w0, 1.0);
  for (const double alpha : {1e3, infinity}) {
    const auto other = linear_flow(h, loss, w0, alpha);
    CHECK(other.displacement(2.0) == one.displacement(2.0));
    CHECK(other.outputs(2.0) == one.outputs(2.0));
  }
}

TEST_CASE("The linear flow refuses what it cannot do") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_uns");
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const auto loss = square_loss(targets, empirical(5));
  const auto linear = linear_flow(h, loss, w0, 1.0);
  for (const double t : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
    for (const auto& text : {message_of<std::domain_error>([&] { (void)linear.displacement(t); }),
                             message_of<std::domain_error>([&] { (void)linear.outputs(t); }),
                             message_of<std::domain_error>([&] { (void)linear.loss(t); }),
                             message_of<std::domain_error>([&] { (void)linear.distance(t); })}) {
      CHECK_THAT(text,
                 ContainsSubstring("LinearFlow: t is ") && ContainsSubstring("a time in [0, infinity]"));
    }
  }
  CHECK_THAT(message_of<std::domain_error>([&] { (void)linear_flow(h, loss, w0, 0.0); }),
             ContainsSubstring("alpha is 0"));
  CHECK_THAT(message_of<std::domain_error>([&] { (void)linear_flow(h, loss, w0, infinity); }),
             ContainsSubstring("expected h(w0) = 0"));
  CHECK_THAT(message_of<std::domain_error>([&] {
               (void)linear_flow(
                   h, log_cosh_loss(targets, empirical(5), {.strong_convexity = 0.5, .smoothness = 2.0}), w0,
                   1.0);
             }),
             ContainsSubstring("is 4") && ContainsSubstring("the square loss"));
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { (void)linear_flow(h, square_loss(targets, euclidean(5)), w0, 1.0); }),
             ContainsSubstring("expected the loss's space"));
}

TEST_CASE("A linear flow from outputs that are not finite is refused") {
  const auto h = differentiable<double>(
      []<class T>(const Vector<T>& w) -> Vector<T> { return w.array() + T(std::nan("")); }, 2, 2);
  const auto loss = square_loss(Vector<double>(Vector<double>::Ones(2)), euclidean(2));
  CHECK_THAT(message_of<std::domain_error>(
                 [&] { (void)linear_flow(h, loss, Vector<double>(Vector<double>::Zero(2)), 1.0); }),
             ContainsSubstring("alpha h(w0) is nan"));
}

TEST_CASE("What a closed form hides of slow modes is bounded, however they mix with those that are 0") {
  // J = Q (1, s)^T with s far below rounding, in more outputs than parameters: the slow mode moves by
  // s t r / (1 + ...) and the decomposition cannot tell its direction from the null space's.
  Philox rng(31);
  const auto check = [&](Index n, double slow, double t) {
    const Matrix<double> Q = Eigen::HouseholderQR<Matrix<double>>(normal_matrix(n, n, rng)).householderQ();
    const Matrix<double> J = Q.leftCols(2) * Eigen::Vector2d(1, slow).asDiagonal();
    const Vector<double> target = normal_vector(n, rng);
    const auto h = differentiable<double>(
        [J]<class T>(const Vector<T>& w) -> Vector<T> { return J.template cast<T>() * w; }, 2, n);
    const auto flow =
        linear_flow(h, square_loss(target, euclidean(n)), Vector<double>(Vector<double>::Zero(2)), 1.0);
    const Vector<double> exact{{(Q.col(0).dot(target)) * -std::expm1(-t),
                                Q.col(1).dot(target) * -std::expm1(-t * slow * slow) / slow}};
    CAPTURE(n, slow, t);
    CHECK((flow.displacement(t) - exact).norm() <= flow.hidden_displacement(t) + 1e-8 * exact.norm());
    CHECK((flow.outputs(t) - J * exact).norm() <= flow.hidden_outputs(t) + 1e-8 * target.norm());
  };
  for (int trial = 0; trial < 20; ++trial) {
    for (const Index n : {2, 3, 12}) {
      check(n, 1e-8, 1e8);
      check(n, 3e-9, 1e9);
      check(n, 1e-9, 1e7);
    }
  }
  // Resolved: nothing is hidden at any time.
  const Matrix<double> X = normal_matrix(3, 2, rng);
  const auto full = differentiable<double>(
      [X]<class T>(const Vector<T>& w) -> Vector<T> { return X.template cast<T>() * w; }, 2, 3);
  const auto flow = linear_flow(full, square_loss(Vector<double>(Vector<double>::Ones(3)), euclidean(3)),
                                Vector<double>(Vector<double>::Zero(2)), 1.0);
  CHECK(flow.hidden_displacement(1e12) == 0);
  CHECK(flow.hidden_outputs(1e12) == 0);
}
