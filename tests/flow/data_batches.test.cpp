#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain {
namespace {

data::RegressionData<double> regression(Index samples) {
  Philox rng(1);
  const Matrix<double> inputs = normal_matrix(3, samples, rng);
  const Matrix<double> targets = normal_matrix(2, samples, rng);
  return {inputs, targets};
}

const TwoLayer<double, Tanh>& network() {
  static const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 4, .outputs = 2});
  return net;
}

TEST_CASE("a batch is the model and the loss on the sampled columns, in the batch's own space") {
  const auto data = regression(10);
  const BatchOptions options{.size = 4, .seed = 2};
  auto problem = batches(network(), data, options);
  STATIC_REQUIRE(BatchProblem<decltype(problem)>);
  CHECK(problem.steps_per_epoch() == 3);
  BatchSampler sampler(10, options);
  for (Index step = 0; step < 6; ++step) {
    const auto batch = problem.batch(step);
    const auto indices = sampler(step);
    const auto count = static_cast<Index>(indices.size());
    REQUIRE(batch.model.inputs().cols() == count);
    for (Index j = 0; j < count; ++j) {
      const Index i = indices[static_cast<std::size_t>(j)];
      CHECK(batch.model.inputs().col(j) == data.inputs.col(i));
      CHECK(batch.loss.targets().segment(2 * j, 2) == data.targets.col(i));
    }
    CHECK(batch.model.output_space() == empirical(count, 2));
    CHECK(batch.loss.output_space() == empirical(count, 2));
  }
}

TEST_CASE("the full batch is the data set") {
  const auto data = regression(5);
  const auto batch = batches(network(), data, {.size = 2}).full_batch();
  CHECK(batch.model.inputs() == data.inputs);
  CHECK(batch.loss.targets() == data.targets.reshaped());
}

TEST_CASE("labels make any loss of labels") {
  Philox rng(3);
  const data::LabelledData<double> data(normal_matrix(3, 4, rng), {0, 1, 1, 0}, 2);
  const auto make_loss = [](const std::vector<Index>& labels, const OutputSpace& space) {
    return cross_entropy_loss(labels, space);
  };
  auto problem = batches(network(), data, {.size = 3, .seed = 1}, make_loss);
  BatchSampler sampler(4, {.size = 3, .seed = 1});
  const auto batch = problem.batch(0);
  const auto indices = sampler(0);
  for (Index j = 0; j < 3; ++j) {
    const Index label = data.labels[static_cast<std::size_t>(indices[static_cast<std::size_t>(j)])];
    CHECK(batch.loss.targets()(2 * j + label) == 1.0);
  }
}

TEST_CASE("batches of data refuse sizes that make none") {
  CHECK(testing::message_of<std::invalid_argument>([] { (void)batches(network(), regression(3), {}); }) ==
        "lazytrain::BatchSampler: options.size is 0, expected at least 1");
}

}  // namespace
}  // namespace lazytrain
