// expect: a model has parameter_dim() const and output_dim() const that return lazytrain::Index
#include <lazytrain/core/concepts.hpp>

using lazytrain::Index;
using Vector = lazytrain::Vector<double>;

struct Square {
  using Scalar = double;
  Vector operator()(const Vector& w) const { return w.cwiseAbs2(); }
  Vector jvp(const Vector& w, const Vector& v) const { return 2 * w.cwiseProduct(v); }
  Vector vjp(const Vector& w, const Vector& u) const { return 2 * w.cwiseProduct(u); }
};

template <lazytrain::Model H>
void use(const H&) {}

int main() { use(Square{}); }
