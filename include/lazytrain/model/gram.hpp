#pragma once

#include <lazytrain/core/unit_vectors.hpp>
#include <lazytrain/model/jacobian.hpp>

namespace lazytrain {

/// The raw tangent kernel J J^T, N x N, without the weights of F: the paper's kernel (7), K(x_i, x_j) for
/// outputs i, j.
///
/// A model whose linearization has `gram(out)` computes it by its own structure; otherwise J is formed: N p
/// numbers and N^2 p multiplications. Where parameters live elsewhere they stay there: a vjp and a jvp for
/// every output instead. The operator Sigma = Dh Dh^T on F is J J^T W.
template <Model H>
void gram(const Tangent<H>& tangent, Matrix<scalar_t<H>>& out) {
  out.resize(tangent.output_dim(), tangent.output_dim());
  if constexpr (requires { tangent.native().gram(out); }) {
    tangent.native().gram(out);
  } else if constexpr (VectorElsewhere<parameters_t<H>>) {
    parameters_t<H> gradient(tangent.parameter_dim());
    outputs_t<H> column = zeros_like(tangent.value());
    for_each_unit_vector(column, [&](Index j, const auto& u) {
      tangent.vjp(u, gradient);
      tangent.jvp(gradient, column);
      out.col(j) = host_numbers(column);
    });
    out.template triangularView<Eigen::StrictlyUpper>() = out.transpose();
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
