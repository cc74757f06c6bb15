#pragma once

#include <lazytrain/flow/batch_sampler.hpp>
#include <lazytrain/flow/placed_samples.hpp>
#include <utility>

namespace lazytrain {

/// Mini-batches of a data set whose inputs are changed at random at every step. See `augmented_batches`.
template <BatchableNetwork Net, data::Dataset D, class Augment, class MakeLoss>
class AugmentedBatches {
 public:
  AugmentedBatches(Net net, D data, const BatchOptions& options, Augment augment, MakeLoss make_loss)
      : samples_(std::move(net), std::move(data)),
        sampler_(samples_.samples(), options),
        seed_(options.seed),
        augment_(std::move(augment)),
        make_loss_(std::move(make_loss)) {}

  [[nodiscard]] Index steps_per_epoch() const { return sampler_.steps_per_epoch(); }

  /// The batch of a step: a function of the step alone.
  [[nodiscard]] auto batch(Index step) {
    Philox rng(seed_, streams + static_cast<std::uint64_t>(step));
    return samples_.batch(sampler_(step), make_loss_, augment_, rng);
  }

 private:
  /// Apart from those of initializations and of batches, see `batch_engine`.
  static constexpr std::uint64_t streams = std::uint64_t{3} << 62;

  detail::PlacedSamples<Net, D> samples_;
  BatchSampler sampler_;
  std::uint64_t seed_;
  Augment augment_;
  MakeLoss make_loss_;
};

/// A network on mini-batches of a data set, as `batches`, whose inputs `augment(inputs, rng)` changes in
/// place, d x b with an engine of the step:
///
///     auto problem = augmented_batches(net, data, {.size = 128, .seed = 1},
///                                      nn::Augmenter(net.input_shape()), make_loss);
///
/// Where the network computes on a device, so are the inputs, and an nn::Augmenter moves their pixels there;
/// any other `augment` works on a batch on the host, which is then copied.
/// @throws std::invalid_argument as `batches`
template <BatchableNetwork Net, data::Dataset D, class Augment, class MakeLoss = MakeSquareLoss>
[[nodiscard]] auto augmented_batches(const Net& net, D data, const BatchOptions& options, Augment augment,
                                     MakeLoss make_loss = {}) {
  return AugmentedBatches<Net, D, Augment, MakeLoss>(net, std::move(data), options, std::move(augment),
                                                     std::move(make_loss));
}

}  // namespace lazytrain
