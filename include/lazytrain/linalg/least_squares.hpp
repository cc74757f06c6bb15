#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/linalg/conjugate_gradient.hpp>
#include <stdexcept>
#include <utility>

namespace lazytrain {

struct LeastSquaresOptions {
  Index max_iterations = 1000;
  /// Of the gradient A*(b - A x) - damping x, relative to ||A* b||.
  double tolerance = 1e-10;
  /// λ >= 0 of the Tikhonov term.
  double damping = 0;
};

/// min_x ||A x - b||_F^2 + λ ||x||^2 for A: R^p -> F by conjugate gradients on the normal equations (CGLS),
/// which are never formed: `apply(x, out)` is A x, `adjoint(g, out)` the adjoint in F.
///
/// x is the initial guess and becomes the solution; from x = 0 and without damping it is the one of least
/// norm. The residuals of the result are the norms of the gradient. Two products a step, kept vectors: two of
/// R^p and two of F. The condition number of A enters squared in the speed, not in the products.
/// @throws std::invalid_argument on sizes and options, std::runtime_error that names the iteration if a
/// number is not finite
template <HilbertVector P, HilbertVector O, class Apply, class Adjoint>
IterationResult least_squares(Apply&& apply, Adjoint&& adjoint, const O& b, P& x, const OutputSpace& space,
                              const LeastSquaresOptions& options = {}) {
  using S = typename P::Scalar;
  constexpr const char* here = "least_squares";
  require_size(here, "b", dimension(b), space.dim(), "the dimension of F");
  require_argument(options.max_iterations >= 0, here, "max_iterations", options.max_iterations, "at least 0");
  require_nonnegative(here, "tolerance", options.tolerance);
  require_nonnegative(here, "damping", options.damping);
  IterationResult result;
  const auto require_finite_number = [&](double value) {
    if (!std::isfinite(value)) {
      raise<std::runtime_error>(here, "a number is not finite at iteration ", result.iterations);
    }
    return value;
  };
  P gradient = zeros_like(x);
  adjoint(b, gradient);
  const double target = options.tolerance * require_finite_number(static_cast<double>(norm(gradient)));
  O r = zeros_like(b);
  O q = zeros_like(b);
  apply(std::as_const(x), q);
  copy(b, r);
  axpy(S(-1), q, r);
  P direction = zeros_like(x);
  double previous = 0;
  for (;;) {
    adjoint(std::as_const(r), gradient);
    axpy(static_cast<S>(-options.damping), x, gradient);
    const double size = require_finite_number(static_cast<double>(norm(gradient)));
    result.residuals.push_back(size);
    result.converged = size <= target;
    if (result.converged || result.iterations == options.max_iterations) return result;
    ++result.iterations;
    const double ratio = previous > 0 ? size / previous : 0.0;
    previous = size;
    scale(static_cast<S>(ratio * ratio), direction);
    axpy(S(1), gradient, direction);
    apply(std::as_const(direction), q);
    const double curvature =
        require_finite_number(static_cast<double>(space.inner(q, q)) +
                              options.damping * static_cast<double>(dot(direction, direction)));
    if (!(curvature > 0)) {
      raise<std::runtime_error>(here, "A vanishes on a direction where its adjoint does not, at iteration ",
                                result.iterations, ": they are not adjoint to each other in F");
    }
    const double step = size * size / curvature;
    axpy(static_cast<S>(step), direction, x);
    axpy(static_cast<S>(-step), q, r);
  }
}

}  // namespace lazytrain
