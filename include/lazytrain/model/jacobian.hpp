#pragma once

#include <lazytrain/core/unit_vectors.hpp>
#include <lazytrain/model/linearize.hpp>

namespace lazytrain {

/// The Jacobian, N x p, row i the derivative of output i: no weights of F.
/// Cost: min(N, p) products and N p numbers of the host; for small models, tests and comparisons.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> jacobian(const Tangent<H>& tangent) {
  const Index outputs = tangent.output_dim();
  const Index parameters = tangent.parameter_dim();
  Matrix<scalar_t<H>> j(outputs, parameters);
  outputs_t<H> column = zeros_like(tangent.value());
  parameters_t<H> row(parameters);
  if (parameters <= outputs) {
    for_each_unit_vector(row, [&](Index q, const auto& v) {
      tangent.jvp(v, column);
      j.col(q) = host_numbers(column);
    });
  } else {
    for_each_unit_vector(column, [&](Index i, const auto& u) {
      tangent.vjp(u, row);
      j.row(i) = host_numbers(row);
    });
  }
  return j;
}

/// The Jacobian of h at w. See above.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> jacobian(const H& h, const parameters_t<H>& w) {
  return jacobian(linearize(h, w));
}

}  // namespace lazytrain
