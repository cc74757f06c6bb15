// expect: Parameters and Outputs, if it names them, are Vector<Scalar>
#include <lazytrain/core/concepts.hpp>

using lazytrain::Index;
using Vector = lazytrain::Vector<double>;

struct Square {
  using Scalar = double;
  using Parameters = Eigen::Vector2d;
  Index parameter_dim() const { return 2; }
  Index output_dim() const { return 2; }
  Vector operator()(const Vector& w) const { return w.cwiseAbs2(); }
  Vector jvp(const Vector& w, const Vector& v) const { return 2 * w.cwiseProduct(v); }
  Vector vjp(const Vector& w, const Vector& u) const { return 2 * w.cwiseProduct(u); }
};

template <lazytrain::Model H>
void use(const H&) {}

int main() { use(Square{}); }
