#pragma once

#include <concepts>
#include <lazytrain/flow/batch_problem.hpp>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace lazytrain::detail {

/// A network whose backend holds data sets and cuts batches out of them, on a device for example.
template <class Net>
concept HoldsInputs = BatchableNetwork<Net> &&
    requires(const Net& net, const typename Net::Backend::Batch& inputs, std::span<const Index> columns) {
  { net.backend().gather(inputs, columns) } -> std::same_as<typename Net::Backend::Batch>;
};

/// A random change of images that can be written as moves of pixels, as nn::Augmenter has it.
template <class A>
concept MovesImages = requires(const A& augment, Philox& rng) {
  augment.moves(Index{}, rng);
  augment.shape().channels + augment.shape().height + augment.shape().width;
};

/// A data set beside a network that takes batches of it: its inputs are copied, once, to where the network's
/// are.
template <BatchableNetwork Net, data::Dataset D>
class PlacedSamples {
 public:
  PlacedSamples(Net net, D data) : net_(std::move(net)), data_(std::make_shared<const D>(std::move(data))) {
    if constexpr (HoldsInputs<Net>) {
      inputs_ = std::make_shared<const typename Net::Backend::Batch>(data_->inputs);
    }
  }

  [[nodiscard]] Index samples() const { return data_->samples(); }
  [[nodiscard]] const D& data() const { return *data_; }

  template <class MakeLoss>
  [[nodiscard]] auto all(const MakeLoss& make_loss) const {
    if constexpr (HoldsInputs<Net>) {
      return make_batch(net_.on(inputs_), targets_of(*data_), make_loss);
    } else {
      return make_batch(net_.on(data_->inputs), targets_of(*data_), make_loss);
    }
  }

  /// The samples `indices`. Cost: a copy of them.
  template <class MakeLoss>
  [[nodiscard]] auto batch(std::span<const Index> indices, const MakeLoss& make_loss) const {
    if constexpr (HoldsInputs<Net>) {
      const auto targets = data::subset_targets(*data_, indices);
      return make_batch(net_.on(net_.backend().gather(*inputs_, indices)), targets, make_loss);
    } else {
      D samples = data::subset(*data_, indices);
      return make_batch(net_.on(std::move(samples.inputs)), targets_of(samples), make_loss);
    }
  }

  /// The same with inputs that `augment` changes: where they are if it draws moves, else on the host.
  template <class MakeLoss, class Augment, class Engine>
  [[nodiscard]] auto batch(std::span<const Index> indices, const MakeLoss& make_loss, const Augment& augment,
                           Engine& rng) const {
    if constexpr (HoldsInputs<Net> && MovesImages<Augment>) {
      const auto shape = augment.shape();
      require_size("augmented_batches", "augment.shape()", shape.dim(), data_->dim(),
                   "the coordinates of an input");
      const auto targets = data::subset_targets(*data_, indices);
      const auto moves = augment.moves(static_cast<Index>(indices.size()), rng);
      return make_batch(
          net_.on(net_.backend().gather(*inputs_, indices, shape.channels, shape.height, shape.width, moves)),
          targets, make_loss);
    } else {
      D samples = data::subset(*data_, indices);
      augment(samples.inputs, rng);
      return make_batch(net_.on(std::move(samples.inputs)), targets_of(samples), make_loss);
    }
  }

 private:
  struct Nowhere {};
  template <class N>
  struct InputsThere {
    using Type = Nowhere;
  };
  template <HoldsInputs N>
  struct InputsThere<N> {
    using Type = std::shared_ptr<const typename N::Backend::Batch>;
  };

  Net net_;
  std::shared_ptr<const D> data_;
  typename InputsThere<Net>::Type inputs_;
};

}  // namespace lazytrain::detail
