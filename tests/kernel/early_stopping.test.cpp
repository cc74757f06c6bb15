#include <kernel/duplicated.hpp>
#include <kernel/reference.hpp>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/kernel/early_stopping.hpp>
#include <lazytrain/loss/square.hpp>
#include <limits>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {
constexpr double forever = std::numeric_limits<double>::infinity();
}

TEST_CASE("the curve is that of the linearized flow", "[kernel]") {
  Example<double> e(6, 12, 2);
  const double alpha = 1.5;
  const auto train = linearize(e.h, e.w);
  const auto test = linearize(e.net.on(normal_matrix(3, 9, e.rng)), e.w);
  const Vector<double> targets = normal_vector(12, e.rng);
  const Vector<double> test_targets = normal_vector(18, e.rng);
  const std::vector<double> times = {0, 0.01, 0.3, 1, 30, 1e6, forever};
  const auto curve = early_stopping(train, targets, test, test_targets, times, alpha);
  const auto flow = linear_flow(e.h, square_loss(targets, e.h.output_space()), e.w, alpha);
  CHECK(curve.times == times);
  // The bounds count the asymmetry that the order of multiplications leaves.
  CHECK_THAT(curve.cutoff, WithinRel(flow.limit().cutoff, 0.1));
  const double condition = flow.eigenvalues()(0) / flow.eigenvalues()(11);
  const double tolerance = roundoff<double>(100) * condition;
  for (Index s = 0; s < 7; ++s) {
    const double t = times[static_cast<std::size_t>(s)];
    CAPTURE(t);
    CHECK_THAT(curve.train_loss(s), WithinRel(flow.loss(t), tolerance) || WithinAbs(flow.loss(t), 1e-30));
    CHECK_THAT(curve.distance(s), WithinRel(flow.distance(t), tolerance));
    const Vector<double> error = alpha * test.value() + test.jvp(flow.displacement(t)) - test_targets;
    CHECK_THAT(curve.test_loss(s), WithinRel(test.output_space().inner(error, error) / 2, tolerance));
  }
  CHECK(curve.test_loss(curve.best()) == curve.test_loss.minCoeff());

  const auto fit = kernel_regression(train, targets, {.alpha = alpha});
  const Vector<double> end = predict(fit, test) - test_targets;
  CHECK_THAT(curve.test_loss(6), WithinRel(test.output_space().inner(end, end) / 2, tolerance));
}

TEST_CASE("stopping early helps against noise", "[kernel]") {
  // Targets of the training set: a function in the kernel's first modes plus noise that only the last can
  // fit.
  Example<double> e(30, 100, 1);
  const auto train = linearize(e.h, e.w);
  const auto test = linearize(e.net.on(normal_matrix(3, 200, e.rng)), e.w);
  const Vector<double> teacher = 3 * train.adjoint(Vector<double>::Ones(30));
  const Vector<double> noise = 0.1 * normal_vector(30, e.rng);
  const Vector<double> targets = train.value() + train.jvp(teacher) + noise;
  const Vector<double> test_targets = test.value() + test.jvp(teacher);
  const auto curve =
      early_stopping(train, targets, test, test_targets, {0, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, forever});
  CHECK(curve.best() > 0);
  CHECK(curve.best() < 8);
  for (Index s = 1; s < 9; ++s) {
    CHECK(curve.train_loss(s) <= curve.train_loss(s - 1));
    CHECK(curve.distance(s) >= curve.distance(s - 1) * (1 - roundoff<double>(100)));
  }
}

TEMPLATE_TEST_CASE("the curve of a singular kernel stays at its end", "[kernel]", float, double) {
  using S = TestType;
  const Duplicated<S> problem;
  const Distinct<S> exact(problem);
  const auto train = linearize(problem.h(), problem.w);
  const Matrix<S> points = problem.X.leftCols(10) * S(0.5);
  const auto test = linearize(problem.net.on(points), problem.w);
  const Vector<S> unknown = Vector<S>::Zero(10);
  const std::vector<double> times = {10, 1e2, 1e6, 1e8, 1e12, 1e300, forever};
  const auto curve = early_stopping(train, problem.targets, test, unknown, times);
  const auto flow =
      linear_flow(problem.h(), square_loss(problem.targets, train.output_space()), problem.w, S(1));
  for (Index s = 0; s < 7; ++s) {
    const double t = times[static_cast<std::size_t>(s)];
    CAPTURE(t);
    // Both round the kernel, each in its order; while null vectors move, they differ by the cutoff times t.
    const double moving = t * curve.cutoff <= std::sqrt(roundoff<S>(1)) ? t * curve.cutoff : 0.0;
    const double tolerance = roundoff<S>(160) * exact.condition() + 2 * moving;
    CHECK_THAT(curve.train_loss(s), WithinRel(flow.loss(t), tolerance));
    CHECK_THAT(curve.distance(s), WithinRel(flow.distance(t), tolerance));
    if (s < 2) continue;
    CHECK_THAT(curve.train_loss(s), WithinRel(curve.train_loss(6), 1e-14 + 2 * moving));
    CHECK_THAT(curve.distance(s), WithinRel(curve.distance(6), 1e-14));
    // The null space's part in the outputs of the test set, of which the cross-kernel leaves eps.
    const double leaked = moving > 0 ? roundoff<S>(40) * t * exact.largest() * exact.start() : 0.0;
    CHECK_THAT(curve.test_loss(s), WithinRel(curve.test_loss(6), roundoff<S>(160) + leaked));
  }
  CHECK_THAT(curve.train_loss(6), WithinRel(exact.floor() * exact.floor() / 2, roundoff<S>(160)));
}

TEST_CASE("the curve refuses what does not fit", "[kernel]") {
  const Example<float> e(4, 5, 1);
  const auto t = linearize(e.h, e.w);
  const Vector<float> y = Vector<float>::Ones(4);
  CHECK(early_stopping(t, y, t, y, {1}).train_loss(0) > 0);
  CHECK_THROWS_AS(early_stopping(t, y, t, y, {}), std::invalid_argument);
  CHECK_THAT(message_of<std::domain_error>([&] { (void)early_stopping(t, y, t, y, {-1}); }),
             ContainsSubstring("a time is -1"));
  CHECK_THROWS_AS(early_stopping(t, y.head(3).eval(), t, y, {1}), std::invalid_argument);
  CHECK_THROWS_AS(early_stopping(t, y, t, y.head(3).eval(), {1}), std::invalid_argument);
  CHECK_THROWS_AS(early_stopping(t, y, t, y, {1}, -1), std::domain_error);
}
