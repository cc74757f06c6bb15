// expect: a twice differentiable model has second(w, u, v) const and second_vjp(w, u, c) const
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>

using namespace lazytrain;

struct Product {
  using Scalar = double;
  Index parameter_dim() const { return 2; }
  Index output_dim() const { return 1; }
  Vector<double> operator()(const Vector<double>& w) const { return Vector<double>::Constant(1, w.prod()); }
  Matrix<double> jacobian(const Vector<double>& w) const { return w.reverse().transpose(); }
};

int main() {
  const Vector<double> w0 = Vector<double>::Ones(2);
  const auto loss = square_loss(Vector<double>::Zero(1), euclidean(1));
  (void)laziness(Product{}, loss, w0);
}
