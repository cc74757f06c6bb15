#include <lazytrain/data/teacher.hpp>
#include <lazytrain/flow/batch_problem.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain {
namespace {

TEST_CASE("fresh batches are a teacher's samples, others at every step and the same at every visit") {
  Philox rng(7);
  const auto teacher = data::random_teacher<double>(3, 2, rng);
  const TwoLayer<double, Relu> net({.inputs = 3, .neurons = 4});
  auto problem = fresh_batches(net, teacher, {.size = 6, .steps_per_epoch = 11, .seed = 7});
  STATIC_REQUIRE(BatchProblem<decltype(problem)>);
  CHECK(problem.steps_per_epoch() == 11);
  const auto first = problem.batch(0);
  const auto second = problem.batch(1);
  const auto again = problem.batch(0);
  CHECK(first.model.inputs() == again.model.inputs());
  CHECK(first.loss.targets() == again.loss.targets());
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < 6; ++j) CHECK(first.model.inputs().col(i) != second.model.inputs().col(j));
    CHECK(std::abs(first.model.inputs().col(i).norm() - 1) <= testing::roundoff<double>(4));
  }
  CHECK(first.loss.targets() == teacher(first.model.inputs()).reshaped());
}

TEST_CASE("fresh batches refuse sizes that make none") {
  Philox rng(7);
  const auto teacher = data::random_teacher<double>(3, 2, rng);
  const TwoLayer<double, Relu> net({.inputs = 3, .neurons = 4});
  CHECK(testing::message_of<std::invalid_argument>([&] { (void)fresh_batches(net, teacher, {}); }) ==
        "lazytrain::fresh_batches: options.size is 0, expected at least 1");
  CHECK_THROWS_AS(fresh_batches(net, teacher, {.size = 1, .steps_per_epoch = 0}), std::invalid_argument);
}

struct NoBatches {};
static_assert(!BatchProblem<NoBatches>);

}  // namespace
}  // namespace lazytrain
