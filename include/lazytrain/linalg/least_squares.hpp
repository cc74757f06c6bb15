#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace lazytrain {

struct LeastSquaresOptions {
  Index max_iterations = 1000;
  /// Of the gradient A*(b - A x) - damping x, relative to ||A* b||; what rounding leaves of it is its floor.
  double tolerance = 1e-10;
  /// λ >= 0 of the Tikhonov term.
  double damping = 0;
};

/// Why `least_squares` ended.
enum class LeastSquaresEnd {
  /// The gradient met the tolerance.
  tolerance,
  /// The gradient is no larger than its own rounding, `LeastSquaresIteration::rounding`.
  rounding,
  /// Rounding took over before the gradient was that small.
  stagnation,
  max_iterations
};

/// What `least_squares` did.
struct LeastSquaresResult {
  /// Norms of the gradient by the recurrence, the initial one first.
  std::vector<double> residuals;
  /// Norm of the gradient of the x that is returned.
  double residual = 0;
  Index iterations = 0;
  /// The gradient met the tolerance or its rounding.
  bool converged = false;
  LeastSquaresEnd end = LeastSquaresEnd::max_iterations;
};

/// What a least-squares iteration goes on from, with the same bits.
template <HilbertVector P, HilbertVector O>
struct LeastSquaresState {
  Index iterations = 0;
  P x;
  /// The last search direction, and the norm of the gradient it was made from; 0 before the first step.
  P direction;
  double previous = 0;
  /// b - A x as the recurrence has it.
  O residual;
};

/// The conjugate gradients of `least_squares` step by step, for metrics along the way and runs that can be
/// interrupted. Products are given to every call and must be the same.
template <HilbertVector P, HilbertVector O>
class LeastSquaresIteration {
 public:
  /// Begins at x. Cost: a product with A and one with its adjoint.
  /// @throws std::invalid_argument if b has a wrong size, std::domain_error unless damping >= 0
  LeastSquaresIteration(MapView<P, O> apply, MapView<O, P> adjoint, const O& b, const P& x, OutputSpace space,
                        double damping = 0)
      : LeastSquaresIteration(std::move(space), damping, {0, x, zeros_like(x), 0, b}) {
    apply(std::as_const(state_.x), image_);
    axpy(S(-1), image_, state_.residual);
    evaluate(adjoint);
  }
  /// Goes on from a state. Cost: a product with the adjoint.
  LeastSquaresIteration(MapView<O, P> adjoint, LeastSquaresState<P, O> state, OutputSpace space,
                        double damping = 0)
      : LeastSquaresIteration(std::move(space), damping, std::move(state)) {
    evaluate(adjoint);
  }

  [[nodiscard]] const LeastSquaresState<P, O>& state() const { return state_; }
  [[nodiscard]] const P& x() const { return state_.x; }
  /// ||A*(b - A x) - damping x||.
  [[nodiscard]] double gradient_norm() const { return size_; }
  /// ||b - A x||_F^2 + damping ||x||^2 by the recurrence, which exact steps make smaller.
  [[nodiscard]] double objective() const {
    return residual_norm_ * residual_norm_ + damping_ * x_norm_ * x_norm_;
  }
  /// What rounding in S alone leaves of the gradient, eps (a ||b - A x|| + a^2 ||x||): to round b - A x and x
  /// changes it by that much, and an A that is wrong by eps a makes it 0. a^2 is the largest Rayleigh
  /// quotient of A* A + damping met, a lower bound of its norm; 0 until this object makes a step.
  [[nodiscard]] double rounding() const {
    return unit * (std::sqrt(square_) * residual_norm_ + square_ * x_norm_);
  }
  /// The last call of `step` made none: rounding leaves nothing of A on the direction.
  [[nodiscard]] bool stalled() const { return stalled_; }

  /// A step, or none where A is shorter than eps a on the direction: gradients lie in the range of A*, so
  /// that such a direction is made of rounding. Cost: a product with A and one with its adjoint.
  /// @throws std::runtime_error that names the iteration if a number is not finite, or if A vanishes on a
  /// direction where its adjoint does not
  void step(MapView<P, O> apply, MapView<O, P> adjoint) {
    ++state_.iterations;
    const double ratio = state_.previous > 0 ? size_ / state_.previous : 0.0;
    state_.previous = size_;
    P& direction = state_.direction;
    scale(static_cast<S>(ratio * ratio), direction);
    axpy(S(1), gradient_, direction);
    apply(std::as_const(direction), image_);
    const auto length_squared = static_cast<double>(dot(direction, direction));
    const double curvature =
        require_finite_number(static_cast<double>(space_.inner(image_, image_)) + damping_ * length_squared);
    stalled_ = square_ > 0 && curvature <= unit * unit * square_ * length_squared;
    if (stalled_) {
      --state_.iterations;
      return;
    }
    if (!(curvature > 0)) {
      raise<std::runtime_error>(here, "A vanishes on a direction where its adjoint does not, at iteration ",
                                state_.iterations, ": they are not adjoint to each other in F");
    }
    square_ = std::max(square_, curvature / length_squared);
    const double length = size_ * size_ / curvature;
    axpy(static_cast<S>(length), direction, state_.x);
    axpy(static_cast<S>(-length), image_, state_.residual);
    evaluate(adjoint);
  }

 private:
  using S = typename P::Scalar;
  static constexpr const char* here = "least_squares";
  static constexpr double unit = static_cast<double>(std::numeric_limits<S>::epsilon());

  LeastSquaresIteration(OutputSpace space, double damping, LeastSquaresState<P, O> state)
      : space_(std::move(space)),
        damping_(damping),
        state_(std::move(state)),
        gradient_(zeros_like(state_.x)),
        image_(zeros_like(state_.residual)) {
    require_size(here, "b", dimension(state_.residual), space_.dim(), "the dimension of F");
    require_nonnegative(here, "damping", damping);
  }

  [[nodiscard]] double require_finite_number(double value) const {
    if (!std::isfinite(value)) {
      raise<std::runtime_error>(here, "a number is not finite at iteration ", state_.iterations);
    }
    return value;
  }

  void evaluate(MapView<O, P> adjoint) {
    adjoint(std::as_const(state_.residual), gradient_);
    axpy(static_cast<S>(-damping_), state_.x, gradient_);
    size_ = require_finite_number(static_cast<double>(norm(gradient_)));
    residual_norm_ = static_cast<double>(space_.norm(state_.residual));
    x_norm_ = static_cast<double>(norm(state_.x));
  }

  OutputSpace space_;
  double damping_;
  LeastSquaresState<P, O> state_;
  P gradient_;
  O image_;
  double size_ = 0;
  double square_ = 0;
  double residual_norm_ = 0;
  double x_norm_ = 0;
  bool stalled_ = false;
};

/// min_x ||A x - b||_F^2 + λ ||x||^2 for A: R^p -> F by conjugate gradients on the normal equations (CGLS),
/// which are never formed: `apply(x, out)` is A x, `adjoint(g, out)` the adjoint in F.
///
/// x is the initial guess and becomes the solution; from x = 0 and without damping it is the one of least
/// norm. The residuals of the result are the norms of the gradient. Two products a step, kept vectors: four
/// of R^p and two of F. The condition number of A enters squared in the speed, not in the products.
///
/// Ends where the gradient meets the tolerance or its own rounding, below which single precision would soon
/// be asked to go. It has stagnated where A vanishes on the direction up to rounding, where the rounding at x
/// exceeds the gradient at 0 and at the start, or where min(N, p) steps, as many as end exact ones, lower
/// neither gradient + rounding nor, by more than eps, the objective. x is the least in gradient + rounding
/// then, otherwise the last.
/// @throws std::invalid_argument on sizes and options, std::runtime_error that names the iteration if a
/// number is not finite
template <HilbertVector P, HilbertVector O>
LeastSquaresResult least_squares(MapView<P, O> apply, MapView<O, P> adjoint, const O& b, P& x,
                                 const OutputSpace& space, const LeastSquaresOptions& options = {}) {
  constexpr const char* here = "least_squares";
  require_size(here, "b", dimension(b), space.dim(), "the dimension of F");
  require_argument(options.max_iterations >= 0, here, "max_iterations", options.max_iterations, "at least 0");
  require_nonnegative(here, "tolerance", options.tolerance);
  require_nonnegative(here, "damping", options.damping);
  P gradient = zeros_like(x);
  adjoint(b, gradient);
  const double first = static_cast<double>(norm(gradient));
  if (!std::isfinite(first)) raise<std::runtime_error>(here, "a number is not finite at iteration ", 0);
  LeastSquaresIteration<P, O> iteration(apply, adjoint, b, x, space, options.damping);
  LeastSquaresResult result;
  P& best = gradient;
  double best_bound = std::numeric_limits<double>::infinity();
  double best_residual = 0;
  double objective = best_bound;
  Index progress = 0;
  const double worst = std::max(first, iteration.gradient_norm());
  constexpr double below_one = 1 - static_cast<double>(std::numeric_limits<typename P::Scalar>::epsilon());
  const auto ended = [&](LeastSquaresEnd end) {
    const bool stagnated = end == LeastSquaresEnd::stagnation;
    copy(stagnated ? std::as_const(best) : iteration.x(), x);
    result.residual = stagnated ? best_residual : iteration.gradient_norm();
    result.converged = end == LeastSquaresEnd::tolerance || end == LeastSquaresEnd::rounding;
    result.end = end;
    return result;
  };
  for (;;) {
    const double size = iteration.gradient_norm();
    const double rounding = iteration.rounding();
    result.residuals.push_back(size);
    result.iterations = iteration.state().iterations;
    if (size <= options.tolerance * first) return ended(LeastSquaresEnd::tolerance);
    if (size <= rounding) return ended(LeastSquaresEnd::rounding);
    if (size + rounding < best_bound) {
      copy(iteration.x(), best);
      best_bound = size + rounding;
      best_residual = size;
      progress = result.iterations;
    }
    if (iteration.objective() < below_one * objective) {
      objective = iteration.objective();
      progress = result.iterations;
    }
    if (rounding >= worst || result.iterations - progress >= std::min(dimension(b), dimension(x))) {
      return ended(LeastSquaresEnd::stagnation);
    }
    if (result.iterations == options.max_iterations) return ended(LeastSquaresEnd::max_iterations);
    iteration.step(apply, adjoint);
    if (iteration.stalled()) return ended(LeastSquaresEnd::stagnation);
  }
}

}  // namespace lazytrain
