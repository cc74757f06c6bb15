#pragma once

#include <lazytrain/flow/batch_sampler.hpp>
#include <lazytrain/flow/placed_samples.hpp>
#include <utility>

namespace lazytrain {

/// Mini-batches of a network on a data set: the empirical risk. See `batches`.
template <BatchableNetwork Net, data::Dataset D, class MakeLoss>
class DataBatches {
 public:
  DataBatches(Net net, D data, const BatchOptions& options, MakeLoss make_loss)
      : samples_(std::move(net), std::move(data)),
        sampler_(samples_.samples(), options),
        make_loss_(std::move(make_loss)) {}

  [[nodiscard]] Index steps_per_epoch() const { return sampler_.steps_per_epoch(); }
  [[nodiscard]] const D& data() const { return samples_.data(); }

  /// The batch of a step. Cost: a copy of its samples.
  [[nodiscard]] auto batch(Index step) { return samples_.batch(sampler_(step), make_loss_); }
  /// The whole data set as one batch: the risk that the batches estimate.
  [[nodiscard]] auto full_batch() const { return samples_.all(make_loss_); }

 private:
  detail::PlacedSamples<Net, D> samples_;
  BatchSampler sampler_;
  MakeLoss make_loss_;
};

/// A network on mini-batches of a data set.
///
///     auto problem = batches(net, data, {.size = 64, .seed = 1}, [](const auto& labels, const auto& space) {
///       return cross_entropy_loss(labels, space);
///     });
///
/// `make_loss(targets, space)` makes the loss of a batch from its targets (k x b; of labelled data, its b
/// labels) and the batch's space; without it the loss is the square loss of the targets. Copies share the
/// data. Where the network computes on a device, so are the inputs: all of them are copied there, once.
/// @throws std::invalid_argument unless 1 <= options.size, and <= n without replacement
template <BatchableNetwork Net, data::Dataset D, class MakeLoss = MakeSquareLoss>
[[nodiscard]] auto batches(const Net& net, D data, const BatchOptions& options, MakeLoss make_loss = {}) {
  return DataBatches<Net, D, MakeLoss>(net, std::move(data), options, std::move(make_loss));
}

}  // namespace lazytrain
