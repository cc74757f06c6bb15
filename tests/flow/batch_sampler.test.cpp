#include <algorithm>
#include <cmath>
#include <lazytrain/flow/batch_sampler.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>
#include "support/catch.hpp"

namespace lazytrain {
namespace {

std::vector<Index> batch(BatchSampler& sampler, Index step) {
  const auto indices = sampler(step);
  return {indices.begin(), indices.end()};
}

TEST_CASE("without replacement every epoch visits every sample once, in another order") {
  const Index n = GENERATE(Index(1), Index(12), Index(13));
  const Index size = std::min<Index>(n, 4);
  BatchSampler sampler(n, {.size = size, .seed = 3});
  CHECK(sampler.steps_per_epoch() == (n + size - 1) / size);
  std::vector<std::vector<Index>> orders;
  for (Index epoch = 0; epoch < 3; ++epoch) {
    std::vector<Index> order;
    for (Index s = 0; s < sampler.steps_per_epoch(); ++s) {
      const auto indices = batch(sampler, epoch * sampler.steps_per_epoch() + s);
      CHECK(static_cast<Index>(indices.size()) == std::min(size, n - s * size));
      order.insert(order.end(), indices.begin(), indices.end());
    }
    orders.push_back(order);
    std::sort(order.begin(), order.end());
    for (Index i = 0; i < n; ++i) CHECK(order.at(static_cast<std::size_t>(i)) == i);
    CHECK(static_cast<Index>(order.size()) == n);
  }
  if (n > 1) CHECK(orders[0] != orders[1]);
  if (n > 1) CHECK(orders[1] != orders[2]);
}

TEST_CASE("with replacement every sample is as frequent as another, and some batch repeats one") {
  constexpr Index n = 10;
  constexpr Index size = 5;
  constexpr Index steps = 4000;
  BatchSampler sampler(n, {.size = size, .draw = BatchDraw::with_replacement, .seed = 5});
  CHECK(sampler.steps_per_epoch() == 2);
  std::vector<double> counts(n, 0.0);
  Index repeats = 0;
  for (Index step = 0; step < steps; ++step) {
    auto indices = batch(sampler, step);
    CHECK(static_cast<Index>(indices.size()) == size);
    for (const Index i : indices) counts.at(static_cast<std::size_t>(i)) += 1;
    std::sort(indices.begin(), indices.end());
    if (std::adjacent_find(indices.begin(), indices.end()) != indices.end()) ++repeats;
  }
  // Counts are binomial; five standard deviations.
  const double draws = static_cast<double>(steps * size);
  const double deviation = std::sqrt(draws * 0.1 * 0.9);
  for (const double count : counts) CHECK(std::abs(count - draws / n) < 5 * deviation);
  // A batch has no repetition with probability 10 9 8 7 6 / 10^5 = 0.3024.
  const double expected = 0.6976 * steps;
  CHECK(std::abs(static_cast<double>(repeats) - expected) < 5 * std::sqrt(steps * 0.6976 * 0.3024));
}

TEST_CASE("the batch of a step depends on the seed and the step alone") {
  const auto draw = GENERATE(BatchDraw::without_replacement, BatchDraw::with_replacement);
  BatchSampler forward(20, {.size = 3, .draw = draw, .seed = 8});
  BatchSampler backward(20, {.size = 3, .draw = draw, .seed = 8});
  BatchSampler other(20, {.size = 3, .draw = draw, .seed = 9});
  std::vector<std::vector<Index>> seen;
  for (Index step = 0; step < 30; ++step) seen.push_back(batch(forward, step));
  bool differs = false;
  for (Index step = 30; step-- > 0;) {
    CHECK(batch(backward, step) == seen[static_cast<std::size_t>(step)]);
    differs = differs || batch(other, step) != seen[static_cast<std::size_t>(step)];
  }
  CHECK(differs);
}

TEST_CASE("batches share no numbers with a stream of small index of their seed") {
  Philox first(4);
  Philox batches = detail::batch_engine(4, 0);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) equal += first() == batches() ? 1 : 0;
  CHECK(equal == 0);
}

TEST_CASE("samplers refuse sizes that make no batch") {
  CHECK(testing::message_of<std::invalid_argument>([] { BatchSampler(5, {}); }) ==
        "lazytrain::BatchSampler: options.size is 0, expected at least 1");
  CHECK(testing::message_of<std::invalid_argument>([] { BatchSampler(5, {.size = 6}); }) ==
        "lazytrain::BatchSampler: options.size is 6, expected at most the number of samples, 5 (or sampling "
        "with replacement)");
  CHECK_NOTHROW(BatchSampler(5, {.size = 6, .draw = BatchDraw::with_replacement}));
  CHECK_THROWS_AS(BatchSampler(0, {.size = 1}), std::invalid_argument);
  BatchSampler sampler(5, {.size = 2});
  CHECK_THROWS_AS(sampler(-1), std::invalid_argument);
}

TEST_CASE("the way of drawing is printed in words") {
  std::ostringstream out;
  out << BatchDraw::with_replacement << ", " << BatchDraw::without_replacement;
  CHECK(out.str() == "with replacement, without replacement");
}

}  // namespace
}  // namespace lazytrain
