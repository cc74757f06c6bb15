#include <cmath>
#include <lazytrain/data/teacher.hpp>
#include <lazytrain/flow/batch_field.hpp>
#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <limits>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain {
namespace {

using testing::roundoff;

struct Problem {
  TwoLayer<double, Tanh> net{{.inputs = 3, .neurons = 4}};
  data::RegressionData<double> data = make_data();
  Vector<double> w0 = make(1);
  Vector<double> d = make(2);

  static data::RegressionData<double> make_data() {
    Philox rng(1, 1);
    const Matrix<double> inputs = normal_matrix(3, 12, rng);
    const Matrix<double> targets = normal_matrix(1, 12, rng);
    return {inputs, targets};
  }
  Vector<double> make(std::uint64_t seed) const {
    Philox rng(seed, 2);
    return gaussian(net, 1.0, rng);
  }
  [[nodiscard]] auto batched(const BatchOptions& options) const { return batches(net, data, options); }
};

TEST_CASE("on the full batch the fields are minus the gradient of F_alpha, times alpha in displacements") {
  const Problem p;
  const double alpha = GENERATE(0.5, 2.0, 8.0);
  const auto problem = p.batched({.size = 12});
  const auto full = problem.full_batch();
  const Objective objective(full.model, full.loss, alpha);
  const Vector<double> w = p.w0 + p.d / alpha;
  const Vector<double> gradient = objective.gradient(w);
  auto in_w = batch_parameter_field(problem, p.w0, alpha);
  auto in_d = batch_displacement_field(problem, p.w0, alpha);
  STATIC_REQUIRE(BatchField<decltype(in_w)>);
  STATIC_REQUIRE(BatchField<decltype(in_d)>);
  Vector<double> f(p.w0.size());
  in_w(0, w, f);
  // Outputs alpha h(w) of size up to 20 alpha are summed over 12 samples in another order.
  const double tolerance = roundoff<double>(400) * (1 + alpha) / alpha;
  CHECK((f + gradient).norm() <= tolerance);
  CHECK(std::abs(in_w.loss_value() / (alpha * alpha) - objective(w)) <= tolerance);
  in_d(0, p.d, f);
  CHECK((f + alpha * gradient).norm() <= alpha * tolerance);
  CHECK(std::abs(in_d.loss_value() / (alpha * alpha) - objective(w)) <= tolerance);
  CHECK(in_d.batch_samples() == 12);
}

TEST_CASE("centred outputs are alpha (h(w) - h(w0)), in both coordinates") {
  const Problem p;
  const double alpha = 3;
  const auto problem = p.batched({.size = 12});
  const auto full = problem.full_batch();
  const Vector<double> w = p.w0 + p.d / alpha;
  const Vector<double> outputs =
      alpha * (linearize(full.model, w).value() - linearize(full.model, p.w0).value());
  const Vector<double> expected =
      -linearize(full.model, w).adjoint(Vector<double>(full.loss.gradient(outputs)));
  auto in_d = batch_displacement_field(problem, p.w0, alpha, Start::centred);
  auto in_w = batch_parameter_field(problem, p.w0, alpha, Start::centred);
  Vector<double> f(p.w0.size());
  in_d(0, p.d, f);
  CHECK((f - expected).norm() <= roundoff<double>(1000));
  in_w(0, w, f);
  CHECK((alpha * f - expected).norm() <= roundoff<double>(1000));
}

TEST_CASE("batches of one epoch average to the full gradient") {
  const Problem p;
  auto field = batch_displacement_field(p.batched({.size = 4, .seed = 5}), p.w0, 2.0);
  auto whole = batch_displacement_field(p.batched({.size = 12}), p.w0, 2.0);
  Vector<double> f(p.w0.size());
  Vector<double> mean = 0 * f.setZero();
  double loss = 0;
  for (Index step = 3; step < 6; ++step) {
    field(step, p.d, f);
    mean += f / 3;
    loss += field.loss_value() / 3;
  }
  whole(0, p.d, f);
  CHECK((mean - f).norm() <= roundoff<double>(1000));
  CHECK(std::abs(loss - whole.loss_value()) <= roundoff<double>(1000));
}

/// Checks that the mean of `steps` batch gradients is `expected` within five standard errors in every
/// coordinate, and that they vary.
template <class F>
void check_unbiased(F field, const Vector<double>& d, const Vector<double>& expected,
                    const Vector<double>& error, Index steps) {
  Vector<double> f(d.size());
  Vector<double> sum = Vector<double>::Zero(d.size());
  Vector<double> squares = sum;
  for (Index step = 0; step < steps; ++step) {
    field(step, d, f);
    sum += f;
    squares += f.cwiseAbs2();
  }
  const auto count = static_cast<double>(steps);
  const Vector<double> mean = sum / count;
  const Vector<double> variance = squares / count - mean.cwiseAbs2();
  CHECK(variance.minCoeff() > 0);
  for (Index i = 0; i < d.size(); ++i) {
    const double standard_error = std::sqrt(variance(i) / count) + error(i);
    CHECK(std::abs(mean(i) - expected(i)) <= 5 * standard_error);
    CHECK(standard_error <= 0.1 * expected.norm());
  }
}

TEST_CASE("batches with replacement are unbiased") {
  const Problem p;
  auto whole = batch_displacement_field(p.batched({.size = 12}), p.w0, 2.0);
  Vector<double> expected(p.d.size());
  whole(0, p.d, expected);
  check_unbiased(batch_displacement_field(
                     p.batched({.size = 3, .draw = BatchDraw::with_replacement, .seed = 4}), p.w0, 2.0),
                 p.d, expected, 0 * p.d, 20000);
}

TEST_CASE("fresh batches are unbiased: their mean is that of a large independent sample") {
  const Problem p;
  Philox rng(5);
  const auto teacher = data::random_teacher<double>(3, 2, rng);
  constexpr Index many = 20000;
  auto sample = fresh_batches(p.net, teacher, {.size = 1, .seed = 100});
  auto one = batch_displacement_field(sample, p.w0, 2.0);
  Vector<double> f(p.d.size());
  Vector<double> sum = Vector<double>::Zero(p.d.size());
  Vector<double> squares = sum;
  for (Index step = 0; step < many; ++step) {
    one(step, p.d, f);
    sum += f / many;
    squares += f.cwiseAbs2() / many;
  }
  const Vector<double> error = ((squares - sum.cwiseAbs2()) / many).cwiseSqrt();
  check_unbiased(batch_displacement_field(fresh_batches(p.net, teacher, {.size = 10, .seed = 1}), p.w0, 2.0),
                 p.d, sum, error, 2000);
}

TEST_CASE("alpha = infinity is the linearized model, centred or from h(w0) = 0") {
  const Problem p;
  const double infinity = std::numeric_limits<double>::infinity();
  const auto problem = p.batched({.size = 4, .seed = 5});
  const Start start = GENERATE(Start::centred, Start::as_is);
  const Vector<double> w0 = start == Start::centred ? p.w0 : symmetrized(p.net, p.w0);
  auto limit = batch_displacement_field(problem, w0, infinity, start);
  auto near = batch_displacement_field(problem, w0, 1e9, start);
  Vector<double> f(p.d.size());
  Vector<double> g(p.d.size());
  limit(1, p.d, f);
  near(1, p.d, g);
  // They differ by O(1 / alpha).
  CHECK((f - g).norm() <= 1e-7 * f.norm());
  CHECK((f - g).norm() > 0);
}

TEST_CASE("scales that make no objective are refused") {
  const Problem p;
  const auto problem = p.batched({.size = 4});
  const double infinity = std::numeric_limits<double>::infinity();
  Vector<double> f(p.d.size());
  CHECK(testing::message_of<std::domain_error>([&] { (void)batch_displacement_field(problem, p.w0, 0); }) ==
        "lazytrain::batch_displacement_field: alpha is 0, expected a number in (0, infinity]");
  CHECK(testing::message_of<std::domain_error>([&] {
          (void)batch_parameter_field(problem, p.w0, infinity);
        }) == "lazytrain::batch_parameter_field: alpha is inf, expected a finite number > 0");
  auto field = batch_displacement_field(problem, p.w0, infinity);
  CHECK_THAT(testing::message_of<std::domain_error>([&] { field(0, p.d, f); }),
             testing::ContainsSubstring("alpha is infinite and ||h(w0)|| is "));
}

}  // namespace
}  // namespace lazytrain
