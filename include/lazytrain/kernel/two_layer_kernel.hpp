#pragma once

#include <lazytrain/model/linearize.hpp>
#include <lazytrain/nn/two_layer.hpp>

namespace lazytrain {

/// The two parts of a two-layer network's tangent kernel (Appendix A.2): numbers or matrices T.
template <class T>
struct KernelParts {
  /// K^(a), of the derivatives with respect to the inner weights a_j.
  T inner;
  /// K^(b), of those with respect to the outer weights b_j.
  T outer;

  /// The kernel.
  [[nodiscard]] T sum() const { return inner + outer; }
};

/// The raw tangent kernel of a two-layer network in its parts, N x N each with index i k + c:
///
///     K_m^(a)[(i,c), (j,e)] = s^2 x_i.x_j sum_l b_lc b_le σ'(a_l.x_i) σ'(a_l.x_j),
///     K_m^(b)[(i,c), (j,e)] = s^2 1{c = e} sum_l σ(a_l.x_i) σ(a_l.x_j),
///
/// Appendix A.2 for s = m^(-1/2). Their sum is `tangent_kernel`. Cost: n^2 (2 m (1 + k^2) + 2 d) operations.
template <class S, Activation Sigma>
[[nodiscard]] KernelParts<Matrix<S>> kernel_parts(const Tangent<TwoLayerOnData<S, Sigma>>& tangent) {
  const auto& net = tangent.native();
  const Matrix<S>& X = net.inputs();
  const Matrix<S>& Z = net.preactivations();
  const Index n = X.cols();
  const Index k = net.layout().outputs();
  const auto s = static_cast<S>(net.layout().scale());
  const auto B = net.outer();
  Matrix<S> slopes(Z.rows(), n * k);
  for (Index i = 0; i < n; ++i) {
    for (Index l = 0; l < Z.rows(); ++l) {
      const S slope = s * Sigma::derivative(Z(l, i));
      for (Index c = 0; c < k; ++c) slopes(l, i * k + c) = slope * B(c, l);
    }
  }
  KernelParts<Matrix<S>> parts{slopes.transpose() * slopes, Matrix<S>::Zero(n * k, n * k)};
  const Matrix<S> of_inputs = X.transpose() * X;
  const Matrix<S> of_activations = (s * s) * (net.activations().transpose() * net.activations());
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < n; ++i) {
      parts.inner.block(i * k, j * k, k, k) *= of_inputs(i, j);
      parts.outer.block(i * k, j * k, k, k).diagonal().setConstant(of_activations(i, j));
    }
  }
  return parts;
}

/// The diagonal of the raw kernel of a two-layer network, size N, in closed form. Cost: n (m (1 + 2 k) + d)
/// operations.
template <class S, Activation Sigma>
[[nodiscard]] Vector<S> kernel_diagonal(const Tangent<TwoLayerOnData<S, Sigma>>& tangent) {
  const auto& net = tangent.native();
  const Matrix<S>& Z = net.preactivations();
  const Index k = net.layout().outputs();
  const auto s = static_cast<S>(net.layout().scale());
  const Matrix<S> squares = net.outer().cwiseAbs2();
  Vector<S> diagonal(tangent.output_dim());
  Vector<S> slopes(Z.rows());
  for (Index i = 0; i < Z.cols(); ++i) {
    for (Index l = 0; l < Z.rows(); ++l) {
      const S slope = Sigma::derivative(Z(l, i));
      slopes(l) = slope * slope;
    }
    auto place = diagonal.segment(i * k, k);
    place.noalias() = squares * slopes;
    place *= s * s * net.inputs().col(i).squaredNorm();
    place.array() += s * s * net.activations().col(i).squaredNorm();
  }
  return diagonal;
}

}  // namespace lazytrain
