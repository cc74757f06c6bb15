// expect: also has vjp(w, u) const, the transposed product, that returns a vector of Scalar
#include <lazytrain/core/concepts.hpp>
#include <string>

using lazytrain::Index;
using Vector = lazytrain::Vector<double>;

struct Square {
  using Scalar = double;
  Index parameter_dim() const { return 2; }
  Index output_dim() const { return 2; }
  Vector operator()(const Vector& w) const { return w.cwiseAbs2(); }
  Vector jvp(const Vector& w, const Vector& v) const { return 2 * w.cwiseProduct(v); }
  std::string vjp(const Vector&, const Vector&) const { return {}; }
};

template <lazytrain::Model H>
void use(const H&) {}

int main() { use(Square{}); }
