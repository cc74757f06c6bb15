// A model of one's own: a value and a Jacobian are enough to watch its training become linear as alpha grows.
#include <iostream>
#include <lazytrain/flow/twin_flows.hpp>
#include <lazytrain/loss/square.hpp>
using namespace lazytrain;

struct Squares {  // h(w) = (w_i^2 - 1) / 2, which is 0 at w = (1, 1, 1)
  using Scalar = double;
  Index parameter_dim() const { return 3; }
  Index output_dim() const { return 3; }
  Vector<double> operator()(const Vector<double>& w) const { return (w.array().square() - 1) / 2; }
  Matrix<double> jacobian(const Vector<double>& w) const { return w.asDiagonal(); }
};

int main() {
  const Vector<double> w0 = Vector<double>::Ones(3);
  const auto loss = square_loss(Eigen::Vector3d(0.5, -0.2, 1.0), euclidean(3));
  for (const double alpha : {1.0, 10.0, 100.0})
    std::cout << "alpha = " << alpha << '\n' << compare_flows(Objective(Squares{}, loss, alpha), w0, 10.0);
  return 0;
}
