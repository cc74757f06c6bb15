#pragma once

#include <lazytrain/model/linearize.hpp>

namespace lazytrain {

/// The Jacobian, N x p, row i the derivative of output i: no weights of F.
/// Cost: min(N, p) products and N p numbers; for small models, tests and comparisons.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> jacobian(const Tangent<H>& tangent) {
  using S = scalar_t<H>;
  const Index outputs = tangent.output_dim();
  const Index parameters = tangent.parameter_dim();
  Matrix<S> j(outputs, parameters);
  if (parameters <= outputs) {
    Vector<S> v = Vector<S>::Zero(parameters);
    Vector<S> column(outputs);
    for (Index q = 0; q < parameters; ++q) {
      v(q) = S(1);
      tangent.jvp(v, column);
      j.col(q) = column;
      v(q) = S(0);
    }
  } else {
    Vector<S> u = Vector<S>::Zero(outputs);
    Vector<S> row(parameters);
    for (Index i = 0; i < outputs; ++i) {
      u(i) = S(1);
      tangent.vjp(u, row);
      j.row(i) = row;
      u(i) = S(0);
    }
  }
  return j;
}

/// The Jacobian of h at w. See above.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> jacobian(const H& h, const parameters_t<H>& w) {
  return jacobian(linearize(h, w));
}

}  // namespace lazytrain
