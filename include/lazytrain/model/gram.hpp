#pragma once

#include <lazytrain/model/jacobian.hpp>

namespace lazytrain {

/// The raw tangent kernel J J^T, N x N, without the weights of F: the paper's kernel (7), K(x_i, x_j) for
/// outputs i, j.
///
/// A model whose linearization has `gram(out)` computes it by its own structure; otherwise J is formed: N p
/// numbers and N^2 p multiplications. The operator Sigma = Dh Dh^T on F is J J^T W.
template <Model H>
void gram(const Tangent<H>& tangent, Matrix<scalar_t<H>>& out) {
  out.resize(tangent.output_dim(), tangent.output_dim());
  if constexpr (requires { tangent.native().gram(out); }) {
    tangent.native().gram(out);
  } else {
    const Matrix<scalar_t<H>> j = jacobian(tangent);
    out.setZero();
    out.template selfadjointView<Eigen::Lower>().rankUpdate(j);
    out.template triangularView<Eigen::StrictlyUpper>() = out.transpose();
  }
}

/// The same, returned.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> gram(const Tangent<H>& tangent) {
  Matrix<scalar_t<H>> out;
  gram(tangent, out);
  return out;
}

}  // namespace lazytrain
