#pragma once

#include <cmath>
#include <Eigen/Cholesky>
#include <lazytrain/kernel/kernel_modes.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/linalg/least_squares.hpp>
#include <limits>
#include <stdexcept>
#include <utility>

namespace lazytrain {

enum class RegressionMethod {
  /// Spectral decomposition of Sigma: any ridge, and the pseudo-inverse where rounding hides Sigma + ridge.
  eigen,
  /// Cholesky factors of Sigma + ridge: for positive definite ones, some thirty times faster.
  cholesky,
  /// Conjugate gradients on the least-squares problem: any ridge, products alone.
  conjugate_gradient
};

struct RegressionOptions {
  /// λ >= 0.
  double ridge = 0;
  /// The offset is alpha h(w0).
  double alpha = 1;
  RegressionMethod method = RegressionMethod::eigen;
  /// Of the conjugate gradients: for the gradient, relative to the first; its rounding is the floor.
  double tolerance = 1e-10;
  Index max_iterations = 10000;
};

/// How a kernel regression was solved.
struct RegressionReport {
  RegressionMethod method = RegressionMethod::eigen;
  double ridge = 0;
  /// Eigenvalues of Sigma + ridge up to this are not told from 0 by rounding, and their modes are left alone.
  /// 0 where the ridge exceeds it, so that nothing is cut; 0 of the other methods.
  double cutoff = 0;
  /// Modes that were fitted; of the conjugate gradients, not known and 0.
  Index rank = 0;
  /// Estimate of the condition number of what was inverted; of the conjugate gradients, not known and 0.
  double condition = 0;
  Index iterations = 0;
  /// Of the conjugate gradients: the gradient met the tolerance or its own rounding.
  bool converged = true;
  /// Why the conjugate gradients ended.
  LeastSquaresEnd end = LeastSquaresEnd::tolerance;
};

/// Kernel regression with an offset. See `kernel_regression`.
template <Model H>
struct KernelRegression {
  /// d in R^p, in units of alpha (w - w0).
  parameters_t<H> displacement;
  /// β in R^N with d = J^T β, so that predictions are sum_i β_i K(x_i, .); empty if by conjugate gradients.
  /// Without part in the modes that were cut. On the host, as kernel matrices are.
  Vector<scalar_t<H>> coefficients;
  /// alpha h(w0) + Dh(w0) d on the training set.
  outputs_t<H> outputs;
  /// ||outputs - y*||_F.
  double residual = 0;
  /// ||d||, the norm in the kernel's Hilbert space of what was added to the offset.
  double norm = 0;
  double alpha = 1;
  RegressionReport report;
};

namespace detail {

/// y* - alpha h(w0), an element of F.
template <Model H>
outputs_t<H> offset_residual(const char* function, const Tangent<H>& tangent, const outputs_t<H>& targets,
                             double alpha) {
  require_size(function, "targets", dimension(targets), tangent.output_dim(), "h.output_dim()");
  require_positive(function, "alpha", alpha);
  outputs_t<H> residual = targets;
  axpy(static_cast<scalar_t<H>>(-alpha), tangent.value(), residual);
  return residual;
}

template <class S>
Vector<S> solve_by_modes(Matrix<S> sigma, const Vector<S>& residual, RegressionReport& report) {
  const KernelModes<S> modes(std::move(sigma), residual);
  const double ridge = report.ridge;
  report.rank = modes.rank(ridge);
  report.cutoff = ridge > modes.cutoff ? 0.0 : modes.cutoff;
  Vector<double> c(modes.values.size());
  for (Index i = 0; i < c.size(); ++i) c(i) = modes.residual(i) * modes.inverse(i, ridge);
  if (report.rank > 0) {
    report.condition = (modes.values(0) + ridge) / (modes.values(report.rank - 1) + ridge);
  }
  return modes.vectors * c.template cast<S>();
}

template <class S>
Vector<S> solve_by_cholesky(Matrix<S> sigma, const Vector<S>& residual, RegressionReport& report) {
  sigma.diagonal().array() += static_cast<S>(report.ridge);
  const Eigen::LLT<Matrix<S>> factors(sigma);
  const double inverse_condition =
      factors.info() == Eigen::Success ? static_cast<double>(factors.rcond()) : 0.0;
  const double rounding = static_cast<double>(sigma.rows()) * std::numeric_limits<S>::epsilon();
  if (!(inverse_condition > rounding)) {
    raise<std::runtime_error>("kernel_regression", "Sigma + ridge is not positive definite up to rounding",
                              " (1 / condition = ", inverse_condition, "), expected a larger ridge than ",
                              report.ridge, " or RegressionMethod::eigen");
  }
  report.rank = sigma.rows();
  report.condition = 1 / inverse_condition;
  return factors.solve(residual);
}

}  // namespace detail

/// Regression of the targets y* in F by the tangent kernel with the offset alpha h(w0) (Appendix A.1): the
/// displacement d that minimizes
///
///     1/2 ||alpha h(w0) + Dh(w0) d - y*||_F^2 + λ/2 ||d||^2,      d = Dh(w0)^T (Sigma + λ)^(-1) (y* - alpha
///     h(w0)),
///
/// of least norm if λ = 0: where the linearized gradient flow of the square loss ends. With a ridge, λ is
/// that of the operator on F; kernel matrices without the weights of the empirical measure have n λ.
///
/// The spectral method leaves alone the modes whose σ_i + λ is at most the cutoff, some 4 N eps ||Sigma||_F:
/// of a null space, where the exact d has no part, 1/λ would make noise of size eps ||Dh(w0)|| / λ, which a
/// smaller ridge makes larger. So a ridge far below the cutoff is none. Modes whose true eigenvalue is that
/// small, and not 0, are missed with it, each by at most half its residual / sqrt(λ) in d.
/// @throws std::invalid_argument if y* has a wrong size, std::domain_error unless λ >= 0 and 0 < alpha <
/// infinity, std::runtime_error if Cholesky factors do not exist
/// Cost: the kernel and 9 N^3 operations, N^3/3 by Cholesky factors, or two products an iteration.
template <Model H>
[[nodiscard]] KernelRegression<H> kernel_regression(const Tangent<H>& tangent, const outputs_t<H>& targets,
                                                    const RegressionOptions& options = {}) {
  using S = scalar_t<H>;
  require_nonnegative("kernel_regression", "ridge", options.ridge);
  const OutputSpace& space = tangent.output_space();
  KernelRegression<H> fit;
  fit.alpha = options.alpha;
  fit.report.method = options.method;
  fit.report.ridge = options.ridge;
  outputs_t<H> residual = detail::offset_residual("kernel_regression", tangent, targets, options.alpha);
  if (options.method == RegressionMethod::conjugate_gradient) {
    fit.displacement = parameters_t<H>(tangent.parameter_dim());
    fill(fit.displacement, S(0));
    const LeastSquaresResult solved = least_squares(
        [&](const auto& v, auto& out) { tangent.jvp(v, out); },
        [&](const auto& g, auto& out) { tangent.adjoint(g, out); }, residual, fit.displacement, space,
        {.max_iterations = options.max_iterations, .tolerance = options.tolerance, .damping = options.ridge});
    fit.report.iterations = solved.iterations;
    fit.report.converged = solved.converged;
    fit.report.end = solved.end;
  } else {
    space.to_euclidean(residual);
    const Vector<S>& numbers = host_numbers(residual);
    fit.coefficients = options.method == RegressionMethod::eigen
                           ? detail::solve_by_modes<S>(sigma_matrix(tangent), numbers, fit.report)
                           : detail::solve_by_cholesky<S>(sigma_matrix(tangent), numbers, fit.report);
    space.to_euclidean(fit.coefficients);
    fit.displacement = tangent.vjp(placed<outputs_t<H>>(fit.coefficients));
  }
  fit.outputs = predict(fit, tangent);
  residual = fit.outputs;
  axpy(S(-1), targets, residual);
  fit.residual = static_cast<double>(space.norm(residual));
  fit.norm = static_cast<double>(norm(fit.displacement));
  return fit;
}

/// alpha h'(w0) + Dh'(w0) d: the regression on the data of another tangent at the same w0. Cost: one jvp.
/// @throws std::invalid_argument if the tangent has another number of parameters
template <Model H, Model G>
[[nodiscard]] outputs_t<G> predict(const KernelRegression<H>& fit, const Tangent<G>& test) {
  outputs_t<G> out = test.jvp(fit.displacement);
  axpy(static_cast<scalar_t<G>>(fit.alpha), test.value(), out);
  return out;
}

/// The same by the kernel alone: offset + K'^T β with the cross-kernel K', N x N', and the offset alpha
/// h'(w0).
/// @throws std::invalid_argument if a size is wrong or the fit has no coefficients
template <Model H>
[[nodiscard]] Vector<scalar_t<H>> predict(const KernelRegression<H>& fit,
                                          const Eigen::Ref<const Matrix<scalar_t<H>>>& cross,
                                          view_t<Vector<scalar_t<H>>> offset) {
  require_size("predict", "fit.coefficients", fit.coefficients.size(), dimension(fit.outputs),
               "the training outputs; conjugate gradients give none");
  require_size("predict", "cross.rows()", cross.rows(), fit.coefficients.size(), "the training outputs");
  require_size("predict", "offset", offset.size(), cross.cols(), "the test outputs, cross.cols()");
  return offset + cross.transpose() * fit.coefficients;
}

}  // namespace lazytrain
