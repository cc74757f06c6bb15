// expect: a loss has gradient(y, g) const that writes its gradient in F to g
#include <lazytrain/core/concepts.hpp>

using lazytrain::Index;
using Vector = lazytrain::Vector<double>;

struct Square {
  using Scalar = double;
  lazytrain::OutputSpace output_space() const { return lazytrain::euclidean(2); }
  double value(const Vector& y) const { return y.squaredNorm() / 2; }
  void hessian_apply(const Vector&, const Vector& v, Vector& out) const { out = v; }
  double smoothness() const { return 1; }
  double strong_convexity() const { return 1; }
};

template <lazytrain::Loss R>
void use(const R&) {}

int main() { use(Square{}); }
