#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/batch_field.hpp>
#include <lazytrain/flow/descent_run.hpp>
#include <lazytrain/flow/schedule.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

/// What a schedule counts.
enum class ScheduleClock { epochs, steps };

/// How `stochastic_descent` runs.
struct StochasticDescentOptions {
  /// Step size eta_0 > 0.
  double step = 0;
  /// mu in [0, 1) of HeavyBall.
  double momentum = 0;
  /// Factor of the step size as a function of the epoch, or of the step, both from 0.
  AnySchedule schedule = {};
  ScheduleClock clock = ScheduleClock::epochs;
  Index epochs = 0;
  /// Steps after which the run ends, also within an epoch.
  Index max_steps = std::numeric_limits<Index>::max();
  double max_seconds = std::numeric_limits<double>::infinity();
  /// An iterate whose norm exceeds this has diverged.
  double divergence_norm = 1e100;
  /// File to which the run's state is written, atomically, every `checkpoint_every` steps and when the run
  /// ends without a failure; where it exists the run goes on from it, with the same bits. That
  /// it is of the same problem, x0 and seed is for the caller to see to.
  std::string checkpoint = {};
  Index checkpoint_every = 1000;
  /// On a device: steps between two looks at losses, gradients and iterates, for which the host waits, and at
  /// the clock. When something failed, the steps since the last look are taken again, one by one, to say
  /// where; for that two more vectors like x are kept.
  Index look_every = 100;
};

/// What the metrics of an epoch are taken from.
template <class F>
struct EpochView {
  /// Epochs completed: 1, 2, ...
  Index epoch;
  /// Steps made since the start.
  Index steps;
  const typename F::State& x;
  /// Mean over the samples of the epoch of the loss R, each at the iterate that met it.
  double mean_loss;
  /// Step size of the epoch's last step.
  double step;
  const F& field;
};

namespace detail {

/// A field and vectors whose numbers can stay on a device until the host asks for them.
template <class F>
concept LeavesNumbers = VectorElsewhere<typename F::State> &&
    requires(F& field, const typename F::State& x, typename F::State& f, typename F::State::Scalar* out) {
  field(Index{}, x, f, out);
  field.loss_was(*out);
  dot_to(x, x, out);
};

template <class F, class OnEpoch>
class StochasticDescent : DescentRun<typename F::State, StochasticDescentOptions> {
  using State = typename F::State;
  using Base = DescentRun<State, StochasticDescentOptions>;
  using Base::ball_, Base::finished_, Base::options_, Base::result_;

 public:
  StochasticDescent(F& field, const State& x0, const StochasticDescentOptions& options, OnEpoch& on_epoch)
      : Base(x0, options), field_(field), on_epoch_(on_epoch) {}

  static void check(const StochasticDescentOptions& options) {
    Base::check(kind, options);
    require_positive(kind, "options.step", options.step);
    require_argument(options.epochs >= 1, kind, "options.epochs", options.epochs, "at least 1");
    require_argument(options.max_steps >= 0, kind, "options.max_steps", options.max_steps, "at least 0");
    require_argument(options.look_every >= 1, kind, "options.look_every", options.look_every, "at least 1");
  }

  DescentResult<State> run() {
    result_.step = options_.step;
    result_.step_choice = "step " + text(options_.step) + " given";
    if (this->resumes()) resume();
    bool one_by_one = !LeavesNumbers<F>;
    while (!finished_ && !is_done()) {
      if (one_by_one) {
        if (!step()) break;
      } else if constexpr (LeavesNumbers<F>) {
        if (!steps()) {
          one_by_one = true;
          continue;
        }
      }
      const Index k = result_.iterations, per_epoch = field_.steps_per_epoch();
      if (k % per_epoch == 0) {
        this->observe(on_epoch_, EpochView<F>{k / per_epoch, k, ball_.x(), mean_loss(), eta_, field_});
      }
      if (k % options_.checkpoint_every == 0 && !options_.checkpoint.empty()) save();
    }
    if (this->keeps_end()) save();
    result_.loss = mean_loss();
    result_.x = ball_.x();
    return std::move(result_);
  }

 private:
  static constexpr const char* kind = "stochastic_descent";

  [[nodiscard]] double step_size(Index k) const {
    const Index epoch = k / field_.steps_per_epoch();
    return options_.step * options_.schedule(options_.clock == ScheduleClock::epochs ? epoch : k);
  }

  /// Adds the loss of step k to the epoch's.
  void add_loss(Index k, double loss, Index samples) {
    if (k % field_.steps_per_epoch() == 0) weighted_loss_ = samples_ = 0;
    weighted_loss_ += loss * static_cast<double>(samples);
    samples_ += static_cast<double>(samples);
  }

  /// A step. Whether it led on; if not, the run has ended.
  bool step() {
    const Index k = result_.iterations;
    field_(k, ball_.x(), ball_.f());
    if (!this->gradient_is_finite(eta_)) return false;
    add_loss(k, static_cast<double>(field_.loss_value()), field_.batch_samples());
    eta_ = step_size(k);
    return this->advance(eta_);
  }

  /// Steps up to the next look, epoch or checkpoint. Whether all led on; if not, none was taken.
  bool steps() requires LeavesNumbers<F> {
    const Index first = result_.iterations;
    const auto left = [&](Index period) { return period - first % period; };
    Index count = std::min({options_.look_every, options_.max_steps - first, left(field_.steps_per_epoch())});
    if (!options_.checkpoint.empty()) count = std::min(count, left(options_.checkpoint_every));
    // Of every step: the loss and the squares of the norms of the gradient and of the iterate that it led to.
    State numbers;
    from_host(Vector<typename State::Scalar>::Zero(3 * count), numbers);
    std::vector<Index> samples;
    const State x = ball_.x(), motion = ball_.motion();
    const double last_size = eta_;
    for (Index j = 0; j < count; ++j) {
      auto* const left_here = numbers.data() + 3 * j;
      field_(first + j, ball_.x(), ball_.f(), left_here);
      samples.push_back(field_.batch_samples());
      dot_to(ball_.f(), ball_.f(), left_here + 1);
      eta_ = step_size(first + j);
      ball_.step(eta_);
      dot_to(ball_.x(), ball_.x(), left_here + 2);
    }
    const Vector<double> found = to_host(numbers).template cast<double>();
    for (Index j = 0; j < count; ++j) {
      if (std::isfinite(found(3 * j + 1)) && std::sqrt(found(3 * j + 2)) <= this->limit()) continue;
      ball_.go_to(x, motion);
      eta_ = last_size;
      return false;
    }
    for (Index j = 0; j < count; ++j) add_loss(first + j, found(3 * j), samples[static_cast<std::size_t>(j)]);
    field_.loss_was(static_cast<typename State::Scalar>(found(3 * count - 3)));
    this->advanced(count, std::sqrt(found(3 * count - 2)));
    return true;
  }

  [[nodiscard]] bool is_done() {
    if (result_.iterations >= options_.max_steps) {
      this->stop(DescentStop::iterations, "the budget of steps ended at " + this->place());
    } else if (result_.iterations / field_.steps_per_epoch() >= options_.epochs) {
      this->stop(DescentStop::iterations, "the last epoch ended at " + this->place());
    } else {
      return this->out_of_time();
    }
    return true;
  }

  [[nodiscard]] double mean_loss() const { return weighted_loss_ / samples_; }

  void save() const {
    Checkpoint checkpoint = this->saved(kind);
    checkpoint.set("weighted_loss", weighted_loss_);
    checkpoint.set("samples", samples_);
    checkpoint.write(options_.checkpoint);
  }
  void resume() {
    const Checkpoint checkpoint = this->load(kind);
    if (result_.step != options_.step) {
      raise<std::invalid_argument>(kind, "options.step is ", options_.step, ", expected ", result_.step,
                                   ", that of the checkpoint '", options_.checkpoint, "'");
    }
    weighted_loss_ = checkpoint.number("weighted_loss");
    samples_ = checkpoint.number("samples");
  }

  F& field_;
  OnEpoch& on_epoch_;
  /// Size of the last step.
  double eta_ = 0;
  /// Sums over the epoch's batches.
  double weighted_loss_ = 0;
  double samples_ = 0;
};

}  // namespace detail

/// Stochastic gradient descent with momentum (HeavyBall) along the batches of a field.
///
///     auto problem = batches(net, data, {.size = 64, .seed = 1});
///     auto field = batch_displacement_field(problem, w0, alpha, Start::centred);
///     const auto end = stochastic_descent(field, zero, {.step = 1, .momentum = 0.9,
///         .schedule = InverseTimeDecay(0.1), .epochs = 70}, [](const auto& view) { ... });
///
/// The step size is that of F_alpha(w) = R(alpha h(w)) / alpha^2 in w, in both coordinates. The batches,
/// hence the bits of the run, depend on the problem's seed alone, however the run is interrupted.
/// On a device steps are asked for one after the other and their numbers looked at later: see `look_every`.
///
/// `on_epoch(view)` is called after every epoch and may return false to stop the run. Failures do not throw:
/// the result holds the last good state and the reason.
/// @throws std::invalid_argument, std::domain_error for options that make no sense, std::runtime_error for a
/// checkpoint that cannot be read or written
template <BatchField F, class OnEpoch>
DescentResult<typename F::State> stochastic_descent(F& field, const typename F::State& x0,
                                                    const StochasticDescentOptions& options,
                                                    OnEpoch&& on_epoch) {
  using Run = detail::StochasticDescent<F, std::remove_reference_t<OnEpoch>>;
  Run::check(options);
  return Run(field, x0, options, on_epoch).run();
}

/// The same without metrics.
template <BatchField F>
DescentResult<typename F::State> stochastic_descent(F& field, const typename F::State& x0,
                                                    const StochasticDescentOptions& options) {
  return stochastic_descent(field, x0, options, [](const EpochView<F>&) {});
}

}  // namespace lazytrain
