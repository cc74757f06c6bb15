#pragma once

#include <lazytrain/flow/objective.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>

using lazytrain::Index;
using Vector = lazytrain::Vector<double>;

/// Its value is not const.
struct Square {
  using Scalar = double;
  Index parameter_dim() const { return 2; }
  Index output_dim() const { return 2; }
  Vector operator()(const Vector& w) { return w.cwiseAbs2(); }
  Vector jvp(const Vector& w, const Vector& v) const { return 2 * w.cwiseProduct(v); }
  Vector vjp(const Vector& w, const Vector& u) const { return 2 * w.cwiseProduct(u); }
};
