#pragma once

#include <algorithm>
#include <cstdint>
#include <lazytrain/core/random.hpp>
#include <ostream>
#include <span>
#include <vector>

namespace lazytrain {

namespace detail {

/// The engine of an epoch or step. The upper half of the streams is kept for batches, so that a seed that
/// also drew an initialization, from a stream with a small index, shares no number with them.
[[nodiscard]] inline Philox batch_engine(std::uint64_t seed, Index index) {
  return Philox(seed, (std::uint64_t{1} << 63) + static_cast<std::uint64_t>(index));
}

}  // namespace detail

/// How mini-batches are drawn from a data set.
enum class BatchDraw {
  without_replacement,  ///< an epoch cuts a random permutation; the last batch may be smaller
  with_replacement      ///< independent indices; ceil(n / size) batches an epoch
};

inline std::ostream& operator<<(std::ostream& out, BatchDraw draw) {
  return out << (draw == BatchDraw::with_replacement ? "with replacement" : "without replacement");
}

struct BatchOptions {
  /// Samples in a batch.
  Index size = 0;
  BatchDraw draw = BatchDraw::without_replacement;
  std::uint64_t seed = 0;
};

/// The batches of stochastic descent on n samples: `sampler(step)` gives the indices of a step's batch.
///
/// They depend on the seed and the step alone: a permutation has a Philox stream for each epoch, independent
/// draws have one for each step. Steps may be asked for in any order, and a run that goes on after an
/// interruption sees the batches that it would have seen.
class BatchSampler {
 public:
  /// @throws std::invalid_argument unless 1 <= options.size <= samples, or with replacement >= 1
  BatchSampler(Index samples, const BatchOptions& options) : samples_(samples), options_(options) {
    require_argument(samples >= 1, "BatchSampler", "samples", samples, "at least 1");
    require_argument(options.size >= 1, "BatchSampler", "options.size", options.size, "at least 1");
    if (options.draw == BatchDraw::without_replacement && options.size > samples) {
      raise<std::invalid_argument>("BatchSampler", "options.size is ", options.size,
                                   ", expected at most the number of samples, ", samples,
                                   " (or sampling with replacement)");
    }
    if (options.draw == BatchDraw::with_replacement) order_.resize(static_cast<std::size_t>(options.size));
  }

  /// ceil(n / size).
  [[nodiscard]] Index steps_per_epoch() const { return (samples_ + options_.size - 1) / options_.size; }

  /// The indices of the batch of a step >= 0, valid until the next call. Cost: O(size), and O(n) once an
  /// epoch for a permutation.
  [[nodiscard]] std::span<const Index> operator()(Index step) {
    require_argument(step >= 0, "BatchSampler", "step", step, "at least 0");
    if (options_.draw == BatchDraw::with_replacement) {
      Philox rng = detail::batch_engine(options_.seed, step);
      for (Index& i : order_) i = random_index(rng, samples_);
      return order_;
    }
    const Index epoch = step / steps_per_epoch();
    if (epoch != epoch_) {
      Philox rng = detail::batch_engine(options_.seed, epoch);
      order_ = random_permutation(samples_, rng);
      epoch_ = epoch;
    }
    const Index first = step % steps_per_epoch() * options_.size;
    const Index count = std::min(options_.size, samples_ - first);
    return std::span<const Index>(order_).subspan(static_cast<std::size_t>(first),
                                                  static_cast<std::size_t>(count));
  }

  [[nodiscard]] Index samples() const { return samples_; }
  [[nodiscard]] const BatchOptions& options() const { return options_; }

 private:
  Index samples_;
  BatchOptions options_;
  std::vector<Index> order_;
  Index epoch_ = -1;
};

}  // namespace lazytrain
