#pragma once

#include <cmath>
#include <lazytrain/core/types.hpp>
#include <lazytrain/linalg/phi.hpp>

namespace lazytrain::testing {

template <class S>
auto diagonal_operator(const Vector<S>& values) {
  return [values](const Vector<S>& x, Vector<S>& out) { out = values.cwiseProduct(x); };
}

template <class S>
Vector<S> exact_phi(int k, double t, const Vector<S>& values, const Vector<S>& b) {
  Vector<double> z = -t * values.template cast<double>();
  phi_in_place(k, z);
  return z.cwiseProduct(b.template cast<double>()).template cast<S>();
}

inline Vector<double> graded(Index n, double largest, double decades) {
  Vector<double> values(n);
  for (Index i = 0; i < n; ++i) {
    values(i) = largest * std::pow(10.0, -decades * static_cast<double>(i) / static_cast<double>(n - 1));
  }
  return values;
}

}  // namespace lazytrain::testing
