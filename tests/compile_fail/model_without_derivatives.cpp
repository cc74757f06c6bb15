// expect: a model has jacobian(w) const, or jvp(w, v) and vjp(w, u) const, or linearize(w) const
#include <lazytrain/core/concepts.hpp>

using lazytrain::Index;
using Vector = lazytrain::Vector<double>;

struct Square {
  using Scalar = double;
  Index parameter_dim() const { return 2; }
  Index output_dim() const { return 2; }
  Vector operator()(const Vector& w) const { return w.cwiseAbs2(); }
};

template <lazytrain::Model H>
void use(const H&) {}

int main() { use(Square{}); }
