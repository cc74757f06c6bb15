#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <lazytrain/core/error.hpp>
#include <lazytrain/flow/checkpoint.hpp>
#include <lazytrain/flow/flow_types.hpp>
#include <lazytrain/flow/heavy_ball.hpp>
#include <limits>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

namespace lazytrain {

/// Why a descent ended.
enum class DescentStop {
  iterations,  ///< the budget of iterations or epochs was used up
  gradient,    ///< the norm of the gradient reached its tolerance
  loss,        ///< the loss reached its level
  observer,    ///< the observer returned false
  seconds,     ///< the budget of wall time was used up
  not_finite,  ///< a NaN or an infinity; the result holds the last good state
  diverged     ///< a step led beyond the limit; the result holds the state before it
};

/// Where a descent ended, why, and what it cost. Whatever the reason, the state is the last good one.
template <class State>
struct DescentResult {
  State x;
  /// Steps that led from the start to x.
  Index iterations = 0;
  DescentStop reason = DescentStop::iterations;
  /// The reason in words, with the iteration, the step and the norms.
  std::string message = {};
  /// R at x; of stochastic descent, its mean over the batches of the epoch that ended last or is under way.
  double loss = std::numeric_limits<double>::quiet_NaN();
  /// Norm of the last finite gradient in the coordinates of x; of stochastic descent, on its batch.
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();
  /// The initial step size, chosen or given, and which.
  double step = 0;
  std::string step_choice = {};
  /// Gradients computed, a forward pass and a vjp each, since this call (a continued run counts from there).
  Index evaluations = 0;

  /// Whether no number failed.
  [[nodiscard]] bool succeeded() const {
    return reason != DescentStop::not_finite && reason != DescentStop::diverged;
  }

  friend std::ostream& operator<<(std::ostream& out, const DescentResult& result) {
    return out << result.message << "; loss " << result.loss << ", gradient norm " << result.gradient_norm
               << "; " << result.evaluations << " evaluations; " << result.step_choice;
  }
};

namespace detail {

/// What full-batch and stochastic descent share: the state, failures, budgets of time and checkpoints.
template <class State, class Options>
class DescentRun {
 public:
  DescentRun(const State& x0, const Options& options)
      : options_(options),
        ball_(x0, options.momentum),
        result_{x0},
        started_(std::chrono::steady_clock::now()) {
    const auto largest = static_cast<double>(std::numeric_limits<typename State::Scalar>::max());
    // Beyond it the squares in a norm overflow.
    limit_ = std::min(options.divergence_norm, 1e-3 * std::sqrt(largest));
  }

 protected:
  static void check(const char* function, const Options& options) {
    require_nonnegative(function, "options.step", options.step);
    require_domain(options.momentum >= 0 && options.momentum < 1, function, "options.momentum",
                   options.momentum, "a number in [0, 1)");
    require_domain(options.max_seconds >= 0, function, "options.max_seconds", options.max_seconds,
                   "a number >= 0");
    require_domain(options.divergence_norm > 0, function, "options.divergence_norm", options.divergence_norm,
                   "a number > 0");
    require_argument(options.checkpoint_every >= 1, function, "options.checkpoint_every",
                     options.checkpoint_every, "at least 1");
  }

  [[nodiscard]] bool resumes() const {
    return !options_.checkpoint.empty() && std::filesystem::exists(options_.checkpoint);
  }
  /// @throws std::invalid_argument if the file is of another kind of run or of another momentum,
  /// std::runtime_error if it cannot be read or x has another size
  [[nodiscard]] Checkpoint load(const std::string& kind) {
    Checkpoint checkpoint = Checkpoint::read(options_.checkpoint);
    if (!checkpoint.has("kind") || checkpoint.words("kind") != kind) {
      raise<std::invalid_argument>(kind, "the checkpoint '", options_.checkpoint,
                                   "' is of another kind of run, expected one of ", kind);
    }
    ball_.load(checkpoint);
    result_.iterations = checkpoint.integer("iterations");
    result_.step = checkpoint.number("step");
    result_.step_choice = "step " + text(result_.step) + " continued from '" + options_.checkpoint + "'";
    return checkpoint;
  }
  [[nodiscard]] Checkpoint saved(const std::string& kind) const {
    Checkpoint checkpoint;
    checkpoint.set("kind", kind);
    checkpoint.set("iterations", result_.iterations);
    checkpoint.set("step", result_.step);
    ball_.save(checkpoint);
    return checkpoint;
  }

  /// Looks at the gradient that was just computed at x. One that is not finite ends the run where it was
  /// before the last step, which had the size eta.
  [[nodiscard]] bool gradient_is_finite(double eta) {
    ++result_.evaluations;
    const auto size = static_cast<double>(norm(ball_.f()));
    if (std::isfinite(size)) {
      result_.gradient_norm = size;
      return true;
    }
    const std::string here = place();
    if (taken_ == 0) {
      stop(DescentStop::not_finite, "the gradient is not finite at " + here);
    } else {
      stop(DescentStop::not_finite, "the gradient is not finite at " + here + ", after a step " + text(eta) +
                                        " along a gradient of norm " + text(result_.gradient_norm));
      retreat();
    }
    return false;
  }

  /// Steps, and steps back if that leads beyond the limit.
  [[nodiscard]] bool advance(double eta) {
    ball_.step(eta);
    ++taken_;
    ++result_.iterations;
    if (static_cast<double>(norm(ball_.x())) <= limit_) return true;
    stop(DescentStop::diverged, "diverged to " + place() + ", after a step " + text(eta) +
                                    " along a gradient of norm " + text(result_.gradient_norm));
    retreat();
    return false;
  }

  /// Counts steps that were taken without looking, along a last gradient of this norm.
  void advanced(Index steps, double gradient_norm) {
    taken_ += steps;
    result_.iterations += steps;
    result_.evaluations += steps;
    result_.gradient_norm = gradient_norm;
  }

  /// An iterate whose norm exceeds it has diverged.
  [[nodiscard]] double limit() const { return limit_; }

  [[nodiscard]] bool out_of_time() {
    if (options_.max_seconds == std::numeric_limits<double>::infinity()) return false;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started_;
    if (spent.count() < options_.max_seconds) return false;
    stop(DescentStop::seconds, "the budget of time ended at " + place());
    return true;
  }

  template <class Observer, class View>
  void observe(Observer& observer, const View& view) {
    if constexpr (std::is_same_v<std::invoke_result_t<Observer&, const View&>, bool>) {
      if (!observer(view)) stop(DescentStop::observer, "the observer stopped the run at " + place());
    } else {
      observer(view);
    }
  }

  void stop(DescentStop reason, std::string message) {
    result_.reason = reason;
    result_.message = std::move(message);
    finished_ = true;
  }

  /// A failed run leaves its last checkpoint, from which it would fail again.
  [[nodiscard]] bool keeps_end() const { return !options_.checkpoint.empty() && result_.succeeded(); }

  [[nodiscard]] std::string place() const {
    return "iteration " + std::to_string(result_.iterations) +
           ", where ||x|| = " + text(static_cast<double>(norm(ball_.x())));
  }

  const Options& options_;
  HeavyBall<State> ball_;
  DescentResult<State> result_;
  bool finished_ = false;

 private:
  void retreat() {
    ball_.retreat();
    --result_.iterations;
  }

  std::chrono::steady_clock::time_point started_;
  double limit_;
  /// Steps of this call.
  Index taken_ = 0;
};

}  // namespace detail

}  // namespace lazytrain
