#include <cmath>
#include <cstdio>
#include <filesystem>
#include <lazytrain/data/teacher.hpp>
#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/flow/descent.hpp>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/flow/stochastic_descent.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain {
namespace {

using testing::ContainsSubstring;
using testing::roundoff;
using testing::WithinRel;

template <class S, class Sigma = Tanh>
struct Problem {
  TwoLayer<S, Sigma> net{{.inputs = 3, .neurons = 8}};
  data::RegressionData<S> data = make_data();
  Vector<S> w0 = make_start();
  Vector<S> zero = 0 * w0;

  static data::RegressionData<S> make_data() {
    Philox rng(1, 1);
    const Matrix<float> inputs = normal_matrix<float>(3, 20, rng);
    const Matrix<float> targets = normal_matrix<float>(1, 20, rng);
    return {inputs.cast<S>(), targets.cast<S>()};
  }
  Vector<S> make_start() const {
    Philox rng(1, 2);
    const TwoLayer<float, Sigma> single({.inputs = 3, .neurons = 8});
    return gaussian(single, 1.0, rng).template cast<S>();
  }
  [[nodiscard]] auto batched(Index size) const { return batches(net, data, {.size = size, .seed = 3}); }
};

TEST_CASE("with the whole data set for a batch it is gradient descent") {
  const Problem<double> p;
  auto stochastic = batch_displacement_field(p.batched(20), p.w0, 2.0);
  const auto full = p.batched(20).full_batch();
  auto field = displacement_field(full.model, full.loss, p.w0, 2.0);
  const auto schedule = StepDecay({.factor = 0.5, .every = 10});
  const auto end = stochastic_descent(stochastic, p.zero,
                                      {.step = 0.5, .momentum = 0.9, .schedule = schedule, .epochs = 50});
  const auto expected = gradient_descent(
      field, p.zero, {.step = 0.5, .momentum = 0.9, .schedule = schedule, .max_iterations = 50});
  REQUIRE(expected.x.norm() > 0.1);
  // Sums over samples in the order of the permutations, 50 steps.
  CHECK((end.x - expected.x).norm() <= roundoff<double>(50 * 50) * expected.x.norm());
  CHECK(end.iterations == 50);
  CHECK(end.evaluations == 50);
  CHECK(end.step_choice == "step 0.5 given");
}

TEST_CASE("a step size in w is the same step size in displacements, batch by batch") {
  const Problem<double> p;
  const double alpha = GENERATE(0.5, 10.0);
  const Start start = GENERATE(Start::as_is, Start::centred);
  auto in_w = batch_parameter_field(p.batched(6), p.w0, alpha, start);
  auto in_d = batch_displacement_field(p.batched(6), p.w0, alpha, start);
  const StochasticDescentOptions options{
      .step = 0.2, .momentum = 0.8, .schedule = InverseTimeDecay(0.1), .epochs = 20};
  const auto w = stochastic_descent(in_w, p.w0, options);
  const auto d = stochastic_descent(in_d, p.zero, options);
  REQUIRE(d.succeeded());
  REQUIRE(d.x.norm() > 0.1);
  CHECK(d.iterations == 80);
  const Vector<double> moved = alpha * (w.x - p.w0);
  CHECK((moved - d.x).norm() <= roundoff<double>(400) * (d.x.norm() + alpha * p.w0.norm()));
  CHECK_THAT(w.loss, WithinRel(d.loss, 1e-9));
}

TEST_CASE(
    "stochastic descent: single precision follows double precision in displacements at alpha = 1e7, and not "
    "in w") {
  const Problem<float> single;
  const Problem<double> exact;
  const bool symmetric = GENERATE(false, true);
  const Start start = symmetric ? Start::as_is : Start::centred;
  const Vector<float> w0 = symmetric ? symmetrized(single.net, single.w0) : single.w0;
  const Vector<double> w0_exact = w0.cast<double>();
  auto field = batch_displacement_field(single.batched(5), w0, 1e7F, start);
  auto exact_field = batch_displacement_field(exact.batched(5), w0_exact, 1e7, start);
  auto plain_field = batch_parameter_field(single.batched(5), w0, 1e7F, start);
  const StochasticDescentOptions options{.step = 0.2, .momentum = 0.9, .epochs = 20};
  const auto result = stochastic_descent(field, single.zero, options);
  const auto expected = stochastic_descent(exact_field, exact.zero, options);
  const auto plain = stochastic_descent(plain_field, w0, options);
  REQUIRE(expected.x.norm() > 0.1);
  CHECK((result.x.cast<double>() - expected.x).norm() <= 1e-5 * expected.x.norm());
  CHECK_THAT(result.loss, WithinRel(expected.loss, 1e-5));
  const Vector<double> moved = 1e7 * (plain.x.cast<double>() - w0_exact);
  CHECK((moved - expected.x).norm() > 0.1 * expected.x.norm());
}

TEST_CASE("descent on fresh samples lowers the population risk of a teacher") {
  Philox rng(11);
  const auto teacher = data::random_teacher<double>(5, 2, rng);
  const TwoLayer<double, Relu> net({.inputs = 5, .neurons = 40});
  const Vector<double> w0 = symmetrized(net, 1.0, rng);
  auto field = batch_displacement_field(
      fresh_batches(net, teacher, {.size = 50, .steps_per_epoch = 50, .seed = 2}), w0, 1.0);
  std::vector<double> losses;
  const auto end = stochastic_descent(field, 0 * w0, {.step = 10, .epochs = 20},
                                      [&](const auto& view) { losses.push_back(view.mean_loss); });
  CHECK(end.iterations == 1000);
  REQUIRE(losses.size() == 20);
  CHECK(losses.back() < 0.1 * losses.front());
  CHECK(end.loss == losses.back());
}

TEST_CASE("metrics: the mean loss is over the samples met, the step is the schedule's") {
  const Problem<double> p;
  auto field = batch_displacement_field(p.batched(8), p.w0, 1.0);
  // With a step that moves nothing the batches' losses add up to the loss of the data set.
  const auto full = p.batched(8).full_batch();
  const Objective objective(full.model, full.loss, 1.0);
  Index epochs = 0;
  const auto end = stochastic_descent(
      field, p.zero, {.step = 1e-300, .schedule = InverseTimeDecay(0.5), .epochs = 3}, [&](const auto& view) {
        ++epochs;
        CHECK(view.epoch == epochs);
        CHECK(view.steps == 3 * epochs);
        CHECK_THAT(view.mean_loss, WithinRel(objective(p.w0), roundoff<double>(100)));
        CHECK_THAT(view.step, WithinRel(1e-300 / (1 + 0.5 * static_cast<double>(epochs - 1)), 1e-15));
      });
  CHECK(epochs == 3);
  CHECK_THAT(end.message, ContainsSubstring("the last epoch ended at iteration 9"));
}

TEST_CASE("a schedule may count steps") {
  const Problem<double> p;
  auto field = batch_displacement_field(p.batched(5), p.w0, 1.0);
  std::vector<double> steps;
  (void)stochastic_descent(
      field, p.zero,
      {.step = 0.1, .schedule = InverseTimeDecay(1), .clock = ScheduleClock::steps, .epochs = 2},
      [&](const auto& view) { steps.push_back(view.step); });
  REQUIRE(steps.size() == 2);
  CHECK_THAT(steps[0], WithinRel(0.1 / 4, 1e-15));
  CHECK_THAT(steps[1], WithinRel(0.1 / 8, 1e-15));
}

TEST_CASE("a run that was interrupted, also within an epoch, ends with the same bits") {
  const Problem<double, Relu> p;
  const std::string path = (std::filesystem::temp_directory_path() / "lazytrain-stochastic-resume").string();
  std::remove(path.c_str());
  const auto draw = GENERATE(BatchDraw::without_replacement, BatchDraw::with_replacement);
  const auto run = [&](Index max_steps, const std::string& checkpoint, std::vector<double>& losses) {
    auto field =
        batch_displacement_field(batches(p.net, p.data, {.size = 3, .draw = draw, .seed = 9}), p.w0, 5.0);
    return stochastic_descent(field, p.zero,
                              {.step = 0.1,
                               .momentum = 0.9,
                               .schedule = InverseTimeDecay(0.1),
                               .epochs = 10,
                               .max_steps = max_steps,
                               .checkpoint = checkpoint,
                               .checkpoint_every = 4},
                              [&](const auto& view) { losses.push_back(view.mean_loss); });
  };
  std::vector<double> whole;
  std::vector<double> parts;
  const auto expected = run(1000, "", whole);
  for (const Index until : {3, 7, 16, 33, 40}) {
    const auto part = run(until, path, parts);
    CHECK(part.iterations == until);
    CHECK_THAT(part.message, ContainsSubstring("the budget of steps ended at iteration "));
  }
  const auto resumed = run(1000, path, parts);
  CHECK(resumed.x == expected.x);
  CHECK(resumed.loss == expected.loss);
  CHECK(resumed.iterations == 70);
  CHECK(resumed.evaluations == 30);
  CHECK(parts == whole);
  CHECK(whole.size() == 10);

  auto field = batch_displacement_field(p.batched(3), p.w0, 5.0);
  CHECK_THAT(testing::message_of<std::invalid_argument>([&] {
               (void)stochastic_descent(field, p.zero,
                                        {.step = 0.2, .momentum = 0.9, .epochs = 10, .checkpoint = path});
             }),
             ContainsSubstring("options.step is 0.2, expected 0.1, that of the checkpoint '"));
  std::remove(path.c_str());
}

TEST_CASE("failures keep the last good state") {
  const Problem<double> p;
  auto field = batch_displacement_field(p.batched(5), p.w0, 1.0);
  const StochasticDescentOptions options{.step = 1e6, .epochs = 100, .divergence_norm = 1e8};
  const auto end = stochastic_descent(field, p.zero, options);
  CHECK(end.reason == DescentStop::diverged);
  CHECK(end.x.norm() <= 1e8);
  CHECK_THAT(end.message, ContainsSubstring("diverged to iteration " + std::to_string(end.iterations + 1)));
  CHECK_THAT(end.message, ContainsSubstring(", after a step 1000000 along a gradient of norm "));
  StochasticDescentOptions shorter = options;
  shorter.max_steps = end.iterations;
  CHECK(stochastic_descent(field, p.zero, shorter).x == end.x);

  const double infinity = std::numeric_limits<double>::infinity();
  const Vector<double> bad = Vector<double>::Constant(p.w0.size(), infinity);
  const auto never = stochastic_descent(field, bad, options);
  CHECK(never.reason == DescentStop::not_finite);
  CHECK(never.iterations == 0);
}

TEST_CASE("observers and budgets of time end a run") {
  const Problem<double> p;
  auto field = batch_displacement_field(p.batched(5), p.w0, 1.0);
  const auto stopped = stochastic_descent(field, p.zero, {.step = 0.1, .epochs = 100},
                                          [](const auto& view) { return view.epoch < 3; });
  CHECK(stopped.reason == DescentStop::observer);
  CHECK(stopped.iterations == 12);
  const auto late = stochastic_descent(field, p.zero, {.step = 0.1, .epochs = 100, .max_seconds = 0});
  CHECK(late.reason == DescentStop::seconds);
  CHECK(late.x == p.zero);
  CHECK(std::isnan(late.loss));
}

TEST_CASE("stochastic descent: options that make no sense are refused with their names") {
  const Problem<double> p;
  auto field = batch_displacement_field(p.batched(5), p.w0, 1.0);
  const auto refusal = [&](const StochasticDescentOptions& options) {
    try {
      (void)stochastic_descent(field, p.zero, options);
    } catch (const std::logic_error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(refusal({.epochs = 1}) ==
        "lazytrain::stochastic_descent: options.step is 0, expected a finite number > 0");
  CHECK(refusal({.step = 1}) == "lazytrain::stochastic_descent: options.epochs is 0, expected at least 1");
  CHECK_THAT(refusal({.step = 1, .momentum = -0.5, .epochs = 1}),
             ContainsSubstring("options.momentum is -0.5"));
  CHECK_THAT(refusal({.step = 1, .epochs = 1, .max_steps = -1}),
             ContainsSubstring("options.max_steps is -1"));
}

}  // namespace
}  // namespace lazytrain
