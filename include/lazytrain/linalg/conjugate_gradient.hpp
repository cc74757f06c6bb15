#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace lazytrain {

struct IterationOptions {
  Index max_iterations = 1000;
  /// Of the residual, relative to that of x = 0.
  double tolerance = 1e-10;
};

/// What an iterative solver did.
struct IterationResult {
  /// Norms of the recursively updated residual, the initial one first.
  std::vector<double> residuals;
  Index iterations = 0;
  bool converged = false;
};

/// The preconditioner that does nothing.
struct IdentityPreconditioner {
  template <HilbertVector V>
  void operator()(const V& x, V& out) const {
    copy(x, out);
  }
};

/// Conjugate gradients for A x = b with A symmetric positive definite, or semidefinite and b in its range;
/// `apply(x, out)` is A x. x is the initial guess and becomes the solution. `precondition(r, out)` applies a
/// symmetric positive definite approximation of the inverse.
///
/// Stops at ||b - A x|| <= tolerance ||b||. One product and five vector operations a step, four kept vectors.
/// @throws std::invalid_argument on sizes and options, std::runtime_error that names the iteration if A or
/// the preconditioner is not positive in the direction met, or a number is not finite
template <HilbertVector V, class Preconditioner = IdentityPreconditioner>
IterationResult conjugate_gradient(MapView<V> apply, const V& b, V& x, const IterationOptions& options = {},
                                   Preconditioner&& precondition = {}) {
  using S = typename V::Scalar;
  constexpr const char* here = "conjugate_gradient";
  require_size(here, "x", dimension(x), dimension(b), "the size of b");
  require_argument(options.max_iterations >= 0, here, "max_iterations", options.max_iterations, "at least 0");
  require_nonnegative(here, "tolerance", options.tolerance);
  IterationResult result;
  const double target = options.tolerance * static_cast<double>(norm(b));
  V r = zeros_like(b);
  V z = zeros_like(b);
  V q = zeros_like(b);
  const auto require_finite_number = [&](double value) {
    if (!std::isfinite(value)) {
      raise<std::runtime_error>(here, "a number is not finite at iteration ", result.iterations);
    }
    return value;
  };
  apply(std::as_const(x), q);
  copy(b, r);
  axpy(S(-1), q, r);
  result.residuals.push_back(require_finite_number(static_cast<double>(norm(r))));
  V d = zeros_like(b);
  double previous = 1;
  while (result.residuals.back() > target && result.iterations < options.max_iterations) {
    ++result.iterations;
    precondition(std::as_const(r), z);
    const double rz = require_finite_number(static_cast<double>(dot(r, z)));
    if (!(rz > 0)) {
      raise<std::runtime_error>(here, "the preconditioner is not positive definite at iteration ",
                                result.iterations, ": <r, z> = ", rz);
    }
    scale(result.iterations == 1 ? S(0) : static_cast<S>(rz / previous), d);
    axpy(S(1), z, d);
    previous = rz;
    apply(std::as_const(d), q);
    const double curvature = require_finite_number(static_cast<double>(dot(d, q)));
    if (!(curvature > 0)) {
      raise<std::runtime_error>(here, "the operator is not positive definite at iteration ",
                                result.iterations, ": <d, A d> = ", curvature);
    }
    const double step = rz / curvature;
    axpy(static_cast<S>(step), d, x);
    axpy(static_cast<S>(-step), q, r);
    result.residuals.push_back(require_finite_number(static_cast<double>(norm(r))));
  }
  result.converged = result.residuals.back() <= target;
  return result;
}

}  // namespace lazytrain
