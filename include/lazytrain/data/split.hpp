#pragma once

#include <lazytrain/core/random.hpp>
#include <lazytrain/data/dataset.hpp>
#include <span>
#include <vector>

namespace lazytrain::data {

/// A data set cut in two.
template <Dataset D>
struct Split {
  D train;
  D test;
};

/// Cuts `data` at random: `test_samples` for the test, the others for training, both in permuted order. The
/// same engine gives the same cut. @throws std::invalid_argument if test_samples is not in 0, ..., n
template <Dataset D>
[[nodiscard]] Split<D> train_test_split(const D& data, Index test_samples, RandomEngine auto& rng) {
  detail::require_index("data::train_test_split", "test_samples", test_samples, data.samples() + 1);
  const std::vector<Index> order = random_permutation(data.samples(), rng);
  const std::span<const Index> all(order);
  const auto cut = static_cast<std::size_t>(test_samples);
  return {subset(data, all.subspan(cut)), subset(data, all.first(cut))};
}

/// The samples in random order.
template <Dataset D>
[[nodiscard]] D shuffled(const D& data, RandomEngine auto& rng) {
  return subset(data, random_permutation(data.samples(), rng));
}

}  // namespace lazytrain::data
