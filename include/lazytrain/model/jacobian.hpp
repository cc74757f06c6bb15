#pragma once

#include <lazytrain/model/linearize.hpp>

namespace lazytrain {

/// The Jacobian, N x p, row i the derivative of output i: no weights of F.
/// Cost: min(N, p) products and N p numbers of the host; for small models, tests and comparisons.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> jacobian(const Tangent<H>& tangent) {
  using S = scalar_t<H>;
  const Index outputs = tangent.output_dim();
  const Index parameters = tangent.parameter_dim();
  Matrix<S> j(outputs, parameters);
  if (parameters <= outputs) {
    Vector<S> unit = Vector<S>::Zero(parameters);
    parameters_t<H> v(parameters);
    outputs_t<H> column = zeros_like(tangent.value());
    for (Index q = 0; q < parameters; ++q) {
      unit(q) = S(1);
      place(unit, v);
      tangent.jvp(v, column);
      j.col(q) = host_numbers(column);
      unit(q) = S(0);
    }
  } else {
    Vector<S> unit = Vector<S>::Zero(outputs);
    outputs_t<H> u = zeros_like(tangent.value());
    parameters_t<H> row(parameters);
    for (Index i = 0; i < outputs; ++i) {
      unit(i) = S(1);
      place(unit, u);
      tangent.vjp(u, row);
      j.row(i) = host_numbers(row);
      unit(i) = S(0);
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
