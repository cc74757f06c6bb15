#pragma once

#include <concepts>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/data/dataset.hpp>
#include <lazytrain/flow/batch_sampler.hpp>
#include <lazytrain/loss/loss_elsewhere.hpp>
#include <lazytrain/loss/square.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace lazytrain {

/// A model on the samples of a batch, and the loss there; both live in L2 of the batch's empirical measure.
template <Model H, Loss R>
struct Batch {
  using Model = H;
  using Loss = R;
  H model;
  R loss;
};

/// Type of `problem.batch(step)`.
template <class P>
using batch_t = decltype(std::declval<P&>().batch(Index{}));

namespace detail {

// clang-format off
template <class P>
concept HasBatches = requires(P& problem, Index step) {
  typename batch_t<P>::Model;
  typename batch_t<P>::Loss;
  requires std::same_as<batch_t<P>, Batch<typename batch_t<P>::Model, typename batch_t<P>::Loss>>;
};
// clang-format on
template <class P>
concept HasStepsPerEpoch = requires(const P& problem) {
  { problem.steps_per_epoch() } -> std::convertible_to<Index>;
};

}  // namespace detail

// clang-format off

/// A risk that can be restricted to random batches. `problem.batch(step)` is the Batch of step 0, 1, ..., a
/// function of the step alone, so that an interrupted run can go on with the same batches;
/// `problem.steps_per_epoch()` says when metrics are taken.
template <class P>
concept BatchProblem =
    std::copy_constructible<P> &&
    expect<detail::HasBatches<P>, "a batch problem has batch(step) that returns Batch<Model, Loss>"> &&
    expect<detail::HasStepsPerEpoch<P>,
           "a batch problem has steps_per_epoch() const that returns lazytrain::Index">;

// clang-format on

/// Something that can be put on inputs: `net.on(X)` is a model on the columns of X, as TwoLayer has it.
template <class Net>
concept BatchableNetwork = std::copy_constructible<Net> &&
    requires(const Net& net, Matrix<typename Net::Scalar> inputs) {
  { net.on(std::move(inputs)) } -> Model;
};

/// Makes the square loss of regression targets: the default loss of batches.
struct MakeSquareLoss {
  template <class S>
  [[nodiscard]] SquareLoss<S> operator()(const Matrix<S>& targets, const OutputSpace& space) const {
    return square_loss(targets, space);
  }
};

namespace detail {

template <class D>
[[nodiscard]] const auto& targets_of(const D& data) {
  if constexpr (requires { data.targets; }) {
    return data.targets;
  } else {
    return data.labels;
  }
}

template <Model H, class Targets, class MakeLoss>
[[nodiscard]] auto make_batch(H model, const Targets& targets, const MakeLoss& make_loss) {
  auto loss = loss_where_outputs_are<outputs_t<H>>(make_loss(targets, model.output_space()));
  return Batch<H, decltype(loss)>{std::move(model), std::move(loss)};
}

}  // namespace detail

struct FreshBatchOptions {
  /// Samples in a batch.
  Index size = 0;
  /// Steps after which metrics are taken; there is no other epoch in a stream of fresh samples.
  Index steps_per_epoch = 100;
  std::uint64_t seed = 0;
};

/// A distribution of samples: `source.sample(n, rng)` draws a data set of n, as data::Teacher has it.
template <class T>
concept SampleSource = std::copy_constructible<T> && requires(const T& source, Index n, Philox& rng) {
  { source.sample(n, rng) } -> data::Dataset;
};

/// Batches of samples that were never seen before: the population risk. See `fresh_batches`.
template <BatchableNetwork Net, SampleSource Source, class MakeLoss>
class FreshBatches {
 public:
  FreshBatches(Net net, Source source, const FreshBatchOptions& options, MakeLoss make_loss)
      : net_(std::move(net)),
        source_(std::move(source)),
        options_(options),
        make_loss_(std::move(make_loss)) {
    require_argument(options.size >= 1, "fresh_batches", "options.size", options.size, "at least 1");
    require_argument(options.steps_per_epoch >= 1, "fresh_batches", "options.steps_per_epoch",
                     options.steps_per_epoch, "at least 1");
  }

  [[nodiscard]] Index steps_per_epoch() const { return options_.steps_per_epoch; }
  /// The batch of a step, from the step's own Philox stream.
  [[nodiscard]] auto batch(Index step) {
    Philox rng = detail::batch_engine(options_.seed, step);
    auto samples = source_.sample(options_.size, rng);
    return detail::make_batch(net_.on(std::move(samples.inputs)), detail::targets_of(samples), make_loss_);
  }

 private:
  Net net_;
  Source source_;
  FreshBatchOptions options_;
  MakeLoss make_loss_;
};

/// A network on fresh samples of a distribution at every step, a data::Teacher for example: descent on the
/// population risk. `make_loss` as for `batches`.
/// @throws std::invalid_argument if options.size or options.steps_per_epoch < 1
template <BatchableNetwork Net, SampleSource Source, class MakeLoss = MakeSquareLoss>
[[nodiscard]] auto fresh_batches(const Net& net, Source source, const FreshBatchOptions& options,
                                 MakeLoss make_loss = {}) {
  return FreshBatches<Net, Source, MakeLoss>(net, std::move(source), options, std::move(make_loss));
}

}  // namespace lazytrain
