#include <algorithm>
#include <lazytrain/data/split.hpp>

#include "../support/catch.hpp"

using namespace lazytrain;
using lazytrain::testing::ContainsSubstring;
using lazytrain::testing::message_of;

namespace {

/// Sample i has input i and label i modulo 3.
data::LabelledData<double> numbered(Index n) {
  std::vector<Index> labels;
  for (Index i = 0; i < n; ++i) labels.push_back(i % 3);
  return {Vector<double>::LinSpaced(n, 0, static_cast<double>(n - 1)).transpose(), labels, 3};
}

std::vector<double> sorted(const Matrix<double>& a, const Matrix<double>& b) {
  std::vector<double> all(a.data(), a.data() + a.size());
  all.insert(all.end(), b.data(), b.data() + b.size());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("a split is a partition that keeps inputs and labels together") {
  const auto data = numbered(20);
  for (const Index test_samples : {0, 1, 7, 20}) {
    Philox rng(1);
    const auto [train, test] = data::train_test_split(data, test_samples, rng);
    CHECK(test.samples() == test_samples);
    CHECK(train.samples() == 20 - test_samples);
    const Vector<double> all = Vector<double>::LinSpaced(20, 0, 19);
    CHECK(sorted(train.inputs, test.inputs) == std::vector<double>(all.data(), all.data() + 20));
    for (Index i = 0; i < train.samples(); ++i) {
      CHECK(train.labels[static_cast<std::size_t>(i)] == static_cast<Index>(train.inputs(0, i)) % 3);
    }
    for (Index i = 0; i < test.samples(); ++i) {
      CHECK(test.labels[static_cast<std::size_t>(i)] == static_cast<Index>(test.inputs(0, i)) % 3);
    }
  }
  Philox rng(1);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)data::train_test_split(data, 21, rng); }),
             ContainsSubstring("test_samples is 21, expected 0 to 20"));
}

TEST_CASE("the seed decides the split") {
  const auto data = numbered(50);
  const auto inputs = [&data](std::uint64_t seed) {
    Philox rng(seed);
    return data::train_test_split(data, 10, rng).test.inputs;
  };
  CHECK(inputs(1) == inputs(1));
  CHECK(inputs(1) != inputs(2));
}

TEST_CASE("every sample is as likely to be tested") {
  const auto data = numbered(5);
  const int draws = 5000;
  Vector<double> tested = Vector<double>::Zero(5);
  Philox rng(4);
  for (int i = 0; i < draws; ++i) {
    const auto test = data::train_test_split(data, 2, rng).test;
    for (Index j = 0; j < 2; ++j) tested(static_cast<Index>(test.inputs(0, j))) += 1;
  }
  // Binomial(draws, 2/5): six deviations.
  const double deviation = std::sqrt(draws * 0.4 * 0.6);
  for (Index i = 0; i < 5; ++i) {
    CHECK_THAT(tested(i), lazytrain::testing::WithinAbs(0.4 * draws, 6 * deviation));
  }
}

TEST_CASE("shuffling permutes the samples") {
  const auto data = numbered(20);
  Philox rng(1);
  const auto other = data::shuffled(data, rng);
  CHECK(other.inputs != data.inputs);
  CHECK(sorted(other.inputs, {}) == sorted(data.inputs, {}));
}
