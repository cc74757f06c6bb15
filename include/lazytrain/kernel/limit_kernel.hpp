#pragma once

#include <lazytrain/kernel/gaussian_pair.hpp>
#include <lazytrain/kernel/two_layer_kernel.hpp>
#include <lazytrain/nn/initialize.hpp>

/// Tangent kernels of two-layer networks with s = m^(-1/2) and random weights as m -> infinity (Appendix
/// A.2):
///
///     K^(a)(x, x') = x.x' E[b^2] E[σ'(a.x) σ'(a.x')],      K^(b)(x, x') = E[σ(a.x) σ(a.x')],
///
/// for independent a and b. They are kernels of one output; with k independent ones of each b_j the kernel is
/// K times the k x k identity. A network with another factor s has m s^2 times as much. The doubling trick
/// does not change the limit, but halves the number of independent neurons.
namespace lazytrain {

/// Second moments of a law of (a, b) with a rotation invariant in R^d, never 0, and b independent of a.
struct RotationInvariantLaw {
  /// E |a|^2; d for the standard normal law.
  double inner_square = 0;
  /// E b^2.
  double outer_square = 1;
};

/// Equation (8), the limit kernel of ReLU networks: with the angle φ between x and x' in R^d,
///
///     K^(a) = x.x' E[b^2] (π - φ) / 2π,     K^(b) = |x| |x'| E|a|^2 ((π - φ) cos φ + sin φ) / 2πd.
///
/// Errors of a few roundings, also near φ = 0 and π and for tiny and huge inputs: of K^(b) relatively, of
/// K^(a) relatively to |x| |x'|, for x.x' rounds like its terms. Cost: O(d).
/// @throws std::invalid_argument if the sizes differ or are 0, std::domain_error if a number is not finite or
/// a moment is negative
[[nodiscard]] inline KernelParts<double> relu_limit_kernel(view_t<Vector<double>> x, view_t<Vector<double>> y,
                                                           const RotationInvariantLaw& law) {
  require_argument(x.size() >= 1, "relu_limit_kernel", "the size of x", x.size(), "at least 1");
  require_nonnegative("relu_limit_kernel", "law.inner_square", law.inner_square);
  require_nonnegative("relu_limit_kernel", "law.outer_square", law.outer_square);
  const GaussianPair pair = gaussian_pair(x, y);
  return {x.dot(y) * law.outer_square * gaussian_slope_product<Relu>(pair),
          law.inner_square / static_cast<double>(x.size()) * gaussian_product<Relu>(pair)};
}

/// The limit kernel between x and x' for Gaussian weights with standard deviations tau. Cost and exactness:
/// see `gaussian_product`.
/// @throws std::invalid_argument if the sizes differ, std::domain_error if a number is not finite or negative
/// where it may not be
template <Activation Sigma>
[[nodiscard]] KernelParts<double> limit_kernel(view_t<Vector<double>> x, view_t<Vector<double>> y,
                                               NeuronDeviations tau = {}) {
  require_nonnegative("limit_kernel", "tau.outer", tau.outer);
  const GaussianPair pair = gaussian_pair(x, y, tau.inner);
  return {x.dot(y) * tau.outer * tau.outer * gaussian_slope_product<Sigma>(pair),
          gaussian_product<Sigma>(pair)};
}

/// The same between the columns of X (rows) and of Y (columns). Cost: n n' times `limit_kernel`.
/// @throws as `limit_kernel`
template <Activation Sigma>
[[nodiscard]] KernelParts<Matrix<double>> limit_kernel_matrix(const Eigen::Ref<const Matrix<double>>& X,
                                                              const Eigen::Ref<const Matrix<double>>& Y,
                                                              NeuronDeviations tau = {}) {
  KernelParts<Matrix<double>> out{Matrix<double>(X.cols(), Y.cols()), Matrix<double>(X.cols(), Y.cols())};
  for (Index j = 0; j < Y.cols(); ++j) {
    for (Index i = 0; i < X.cols(); ++i) {
      const auto entry = limit_kernel<Sigma>(X.col(i), Y.col(j), tau);
      out.inner(i, j) = entry.inner;
      out.outer(i, j) = entry.outer;
    }
  }
  return out;
}

/// The same of the columns of X with each other, symmetric to the bit. Cost: half as much.
template <Activation Sigma>
[[nodiscard]] KernelParts<Matrix<double>> limit_kernel_matrix(const Eigen::Ref<const Matrix<double>>& X,
                                                              NeuronDeviations tau = {}) {
  KernelParts<Matrix<double>> out{Matrix<double>(X.cols(), X.cols()), Matrix<double>(X.cols(), X.cols())};
  for (Index j = 0; j < X.cols(); ++j) {
    for (Index i = j; i < X.cols(); ++i) {
      const auto entry = limit_kernel<Sigma>(X.col(i), X.col(j), tau);
      out.inner(i, j) = out.inner(j, i) = entry.inner;
      out.outer(i, j) = out.outer(j, i) = entry.outer;
    }
  }
  return out;
}

}  // namespace lazytrain
