#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

struct OneStep {
  double error, estimate, inside;
};

/// Errors at the end of one step and, by dense output, within it.
OneStep one_step(double h) {
  auto field = LogisticPair::field();
  DormandPrince::Method<decltype(field)> method(DormandPrince{}, field, LogisticPair::start());
  method.start(LogisticPair::start());
  method.attempt(h);
  Vector<double> out(2);
  double inside = 0;
  for (int i = 1; i < 20; ++i) {
    method.interpolate(i / 20.0, out);
    inside = std::max(inside, (out - LogisticPair::solution(i / 20.0 * h)).norm());
  }
  return {(method.candidate() - LogisticPair::solution(h)).norm(), method.error(), inside};
}

}  // namespace

TEST_CASE("DormandPrince converges with order 5") {
  auto field = LogisticPair::field();
  const Vector<double> exact = LogisticPair::solution(2);
  double before = 0;
  for (const int steps : {10, 20, 40}) {
    const double error =
        (fixed_steps(DormandPrince{}, field, LogisticPair::start(), 2, steps) - exact).norm();
    if (before > 0) CHECK_THAT(observed_order(before, error), WithinAbs(5, 0.3));
    before = error;
  }
}

TEST_CASE("DormandPrince: local error of order 6, its estimate and the dense output of order 5") {
  const OneStep coarse = one_step(0.2);
  const OneStep fine = one_step(0.1);
  CHECK_THAT(observed_order(coarse.error, fine.error), WithinAbs(6, 0.4));
  CHECK_THAT(observed_order(coarse.estimate, fine.estimate), WithinAbs(DormandPrince::order_of_error(), 0.4));
  CHECK_THAT(observed_order(coarse.inside, fine.inside), WithinAbs(5, 0.4));
}

TEST_CASE("DormandPrince's dense output joins the ends of a step with their slopes") {
  auto field = LogisticPair::field();
  DormandPrince::Method<decltype(field)> method(DormandPrince{}, field, LogisticPair::start());
  method.start(LogisticPair::start());
  const double h = 0.25;
  method.attempt(h);
  Vector<double> out(2);
  method.interpolate(0, out);
  CHECK(out == LogisticPair::start());
  method.interpolate(1, out);
  CHECK((out - method.candidate()).norm() <= roundoff<double>(50));
  const double s = 1e-5;
  Vector<double> near(2);
  method.interpolate(s, near);
  CHECK(((near - method.x()) / (s * h) - method.f()).norm() <= 10 * s);
  method.interpolate(1 - s, near);
  CHECK(((out - near) / (s * h) - method.candidate_f()).norm() <= 10 * s);
}

TEST_CASE("DormandPrince's error follows the tolerance over eight decades") {
  auto field = LogisticPair::field();
  const Vector<double> exact = LogisticPair::solution(10);
  Index steps_before = 0;
  for (const double tolerance : {1e-4, 1e-6, 1e-8, 1e-10, 1e-12}) {
    const auto end = integrate(DormandPrince{}, field, LogisticPair::start(),
                               {.horizon = 10, .relative_tolerance = tolerance});
    INFO(tolerance << ": " << end);
    const double error = (end.x - exact).norm() / (exact - LogisticPair::start()).norm();
    CHECK(error <= 10 * tolerance);
    CHECK(error >= 1e-4 * tolerance);
    // 10^(2/5) = 2.5 times as many steps.
    if (steps_before > 35) {
      CHECK_THAT(double(end.counts.accepted) / double(steps_before), WithinAbs(2.5, 0.6));
    }
    CHECK(end.counts.rejected <= end.counts.accepted / 4 + 2);
    CHECK(end.counts.evaluations == 1 + 6 * (end.counts.accepted + end.counts.rejected));
    steps_before = end.counts.accepted;
  }
}
