#include <cmath>
#include <lazytrain/flow/linear_flow_matrix_free.hpp>
#include <limits>
#include <vector>

#include "kernel/duplicated.hpp"
#include "problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// 30 points of R^3 and 6 neurons: p = 24 < N = 30, so that the kernel is singular.
auto wide_problem(const OutputSpace& space) {
  Philox rng(5);
  return TwoLayer<double, Tanh>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt})
      .on(normal_matrix(3, space.dim(), rng), space);
}

}  // namespace

TEST_CASE("Without a matrix the linear flow is the same, in the order of the times, within its own bound") {
  Philox rng(6);
  const Vector<double> weights = normal_vector(30, rng).array().square() + 0.1;
  const auto space = GENERATE_COPY(empirical(30), OutputSpace::weighted(weights));
  const double alpha = GENERATE(1.0, 50.0);
  const auto h = wide_problem(space);
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto loss = square_loss(normal_vector(30, rng), space);
  const auto dense = linear_flow(h, loss, w0, alpha);
  const double start = std::sqrt(2 * dense.loss(0));
  const std::vector<double> times = {3.0, 0.0, 0.2, 500.0};
  const auto states = linear_flow_matrix_free(h, loss, w0, alpha, times, {.tolerance = 1e-10});
  REQUIRE(states.size() == times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto& state = states[i];
    CHECK(state.t == times[i]);
    CHECK(state.error <= 1e-10);
    // Rounding of phi(-t Sigma) is of the order of eps t ||Sigma||.
    const double rounding = roundoff<double>(100) * (1 + state.t * dense.eigenvalues()(0));
    CHECK(space.norm(Vector<double>(state.outputs - dense.outputs(state.t))) <=
          (state.error + rounding) * start);
    const double length = state.t * std::sqrt(dense.eigenvalues()(0)) * start;
    CHECK((state.displacement - dense.displacement(state.t)).norm() <= (1e-10 + rounding) * length);
  }
}

TEST_CASE("Without a matrix the limit is the least-norm regression") {
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto h = oracle_network<Tanh>();
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const auto dense = linear_flow(h, loss, w0, 1.0);
  const auto states =
      linear_flow_matrix_free(h, loss, w0, 1.0, {infinity, 1.0, infinity}, {.tolerance = 1e-12});
  const double condition = dense.eigenvalues()(0) / dense.eigenvalues()(4);
  for (const auto* state : {&states[0], &states[2]}) {
    CHECK(std::isinf(state->t));
    CHECK(state->error <= 1e-12);
    CHECK((state->displacement - dense.displacement(infinity)).norm() <=
          1e-12 * condition * dense.distance(infinity));
  }
  CHECK((states[1].displacement - dense.displacement(1.0)).norm() <= 1e-11 * dense.distance(1.0));
}

TEMPLATE_TEST_CASE(
    "Without a matrix, on a singular kernel, the error counts rounding and late times are the limit", "",
    float, double) {
  using S = TestType;
  const Duplicated<S> problem;
  const Distinct<S> exact(problem);
  const auto h = problem.h();
  const auto loss = square_loss(problem.targets, h.output_space());
  const auto dense = linear_flow(h, loss, problem.w, S(1));
  const std::vector<double> times = {1.0, 1e3, 1e6, 1e8, 1e12, 1e20, 1e300, infinity};
  const auto states = linear_flow_matrix_free(h, loss, problem.w, S(1), times, {.tolerance = 1e-6});
  const double root = std::sqrt(exact.largest());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double t = times[i];
    CAPTURE(t);
    const auto& state = states[i];
    CHECK(state.t == t);
    const double rounding = roundoff<S>(1) * t * exact.largest();
    if (rounding >= -1.1 * std::log(roundoff<S>(1))) {
      CHECK(state.displacement == states.back().displacement);
      CHECK(state.outputs == states.back().outputs);
      const Vector<double> least = exact.displacement(0);
      CHECK((state.displacement.template cast<double>() - least).norm() <=
            roundoff<S>(160) * exact.sensitivity(least) + 1e-6 * root * exact.start() / exact.smallest());
    } else if (rounding <= -0.9 * std::log(roundoff<S>(1))) {
      CHECK(state.error >= 0.9 * rounding);
      CHECK(state.error <= 1e-6 + roundoff<S>(40) + 1.1 * rounding);
      const Vector<S> difference = state.outputs - dense.outputs(t);
      CHECK(static_cast<double>(h.output_space().norm(difference)) <=
            (state.error + roundoff<S>(160)) * exact.start());
    }
  }
}

TEST_CASE("A basis that is too small is replaced by several shorter times") {
  const auto space = empirical(30);
  const auto h = wide_problem(space);
  const Vector<double> w0 = oracle_parameters("w_sym");
  Philox rng(8);
  const auto loss = square_loss(normal_vector(30, rng), space);
  const auto dense = linear_flow(h, loss, w0, 1.0);
  const auto states = linear_flow_matrix_free(h, loss, w0, 1.0, {5.0}, {.tolerance = 1e-8, .max_basis = 4});
  CHECK((states[0].outputs - dense.outputs(5.0)).norm() <=
        2e-8 * (dense.outputs(0) - loss.minimizer()).norm());
}

TEST_CASE("In single precision, without a matrix") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const auto dense = linear_flow(h, square_loss(targets, empirical(5)), w0, 1.0);
  const auto single = TwoLayer<float, Tanh>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt})
                          .on(Matrix<float>(h.inputs().cast<float>()));
  const auto states =
      linear_flow_matrix_free(single, square_loss(Vector<float>(targets.cast<float>()), empirical(5)),
                              Vector<float>(w0.cast<float>()), 1.0f, {2.0}, {.tolerance = 1e-6});
  CHECK((states[0].displacement.cast<double>() - dense.displacement(2.0)).norm() <=
        (1e-6 + roundoff<float>(100)) * 2 * std::sqrt(dense.eigenvalues()(0) * 2 * dense.loss(0)));
}

TEST_CASE("The matrix-free linear flow refuses what it cannot do") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const auto run = [&](double alpha, double t, const MatrixFreeOptions& options = {}) {
    (void)linear_flow_matrix_free(h, loss, w0, alpha, {t}, options);
  };
  CHECK_THAT(message_of<std::domain_error>([&] { run(0, 1); }), ContainsSubstring("alpha is 0"));
  CHECK_THAT(message_of<std::domain_error>([&] { run(infinity, 1); }),
             ContainsSubstring("expected h(w0) = 0"));
  CHECK_THAT(message_of<std::domain_error>([&] { run(1, -1); }),
             ContainsSubstring("linear_flow_matrix_free: a time is -1"));
  CHECK_THAT(message_of<std::domain_error>([&] { run(1, 1, {.tolerance = 0}); }),
             ContainsSubstring("tolerance is 0"));
  CHECK_THAT(message_of<std::runtime_error>([&] { run(1, 10, {.max_products = 2}); }),
             ContainsSubstring("max_products = 2 were not enough"));
}
