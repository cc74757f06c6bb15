#pragma once

#include <cmath>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/linalg/krylov_phi.hpp>
#include <lazytrain/linalg/least_squares.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace lazytrain {

/// The linearized flow at one time, computed by products alone.
template <Model H>
struct LinearFlowState {
  double t = 0;
  /// alpha (w-bar(t) - w0).
  parameters_t<H> displacement;
  /// alpha h-bar(w-bar(t)).
  outputs_t<H> outputs;
  /// Bound on the error of the outputs in F, relative to ||y(0) - y*||, with the order of their rounding, eps
  /// m t ||Sigma||; where the limit stands for them, the relative residual of the normal equations.
  double error = 0;
};

/// Options of `linear_flow_matrix_free`.
struct MatrixFreeOptions {
  double tolerance = 1e-8;
  /// Vectors of F that are kept.
  Index max_basis = 200;
  Index max_products = 100000;
};

/// The linearized flow of the square loss at several times in [0, infinity] for problems whose kernel does
/// not fit: phi_1(-t m Sigma) by Lanczos on Sigma, with products by Dh(w0) and its adjoint only, one basis
/// for all finite times; t = infinity by conjugate gradients on the least-squares problem.
///
/// Rounding moves eigenvalues by eps ||Sigma||, of 0 too, and long times multiply that: outputs are wrong by
/// some eps m t ||Sigma||, displacements by m t eps ||Dh(w0)|| times the residual that stays. Where m t eps
/// ||Sigma|| >= log(1 / eps), whatever is not rounding has decayed to eps, and the limit is given. Before, on
/// singular kernels, `error` says when t is long; t = infinity has no such error, `linear_flow` neither.
/// @throws as `linear_flow`, and std::runtime_error if the products do not suffice
/// Cost: two products a basis vector; `max_basis` vectors of size N.
template <Model H, StronglyConvexLoss R>
[[nodiscard]] std::vector<LinearFlowState<H>> linear_flow_matrix_free(const H& h, const R& loss,
                                                                      const parameters_t<H>& w0,
                                                                      std::type_identity_t<scalar_t<H>> alpha,
                                                                      const std::vector<double>& times,
                                                                      const MatrixFreeOptions& options = {}) {
  using S = scalar_t<H>;
  using P = parameters_t<H>;
  using O = outputs_t<H>;
  const char* function = "linear_flow_matrix_free";
  (void)detail::inverse_scale(function, alpha);
  const double m = detail::quadratic_curvature(function, loss);
  const Tangent<H> tangent = linearize(h, w0);
  const OutputSpace& space = tangent.output_space();
  const O start = detail::scaled_start(h, w0, alpha);
  O residual = start;
  axpy(S(-1), loss.minimizer(), residual);

  std::vector<double> finite;
  for (const double t : times) {
    require_domain(t >= 0, function, "a time", t, "a time in [0, infinity]");
    if (!std::isinf(t)) finite.push_back(t);
  }
  // In the coordinates W^(1/2) u the operator Sigma is a symmetric matrix.
  P scratch = w0;
  O image = residual;
  const auto sigma = [&](const O& u, O& out) {
    copy(u, image);
    space.from_euclidean(image);
    tangent.adjoint(image, scratch);
    tangent.jvp(scratch, out);
    space.to_euclidean(out);
    scale(S(m), out);
  };
  O b = residual;
  space.to_euclidean(b);
  const auto phis = krylov_phi(
      sigma, b, finite, 2,
      {.tolerance = options.tolerance, .max_basis = options.max_basis, .max_products = options.max_products});

  const double unit = static_cast<double>(std::numeric_limits<S>::epsilon());
  std::vector<LinearFlowState<H>> states;
  std::size_t next = 0;
  for (const double t : times) {
    LinearFlowState<H> state{t, w0, start, 0};
    // The operator that was given to `krylov_phi` is m Sigma.
    const double rounding = std::isinf(t) ? t : unit * t * phis.report.largest;
    if (!std::isinf(t)) ++next;
    if (rounding >= -std::log(unit)) {
      fill(state.displacement, S(0));
      O wanted = residual;
      scale(S(-1), wanted);
      const auto solved =
          least_squares([&](const P& v, O& out) { tangent.jvp(v, out); },
                        [&](const O& g, P& out) { tangent.adjoint(g, out); }, wanted, state.displacement,
                        space, {.max_iterations = options.max_products / 2, .tolerance = options.tolerance});
      tangent.jvp(state.displacement, image);
      axpy(S(1), image, state.outputs);
      const double first = solved.residuals.front();
      state.error = first > 0 ? solved.residual / first : 0.0;
    } else {
      O decayed = phis.values[next - 1][0];
      space.from_euclidean(decayed);
      copy(loss.minimizer(), state.outputs);
      axpy(S(1), decayed, state.outputs);
      O length = phis.values[next - 1][1];
      space.from_euclidean(length);
      scale(S(-m * t), length);
      tangent.adjoint(length, state.displacement);
      state.error = phis.report.error + rounding;
    }
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace lazytrain
