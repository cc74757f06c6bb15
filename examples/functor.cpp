// Any templated functor is a model: automatic differentiation supplies its derivatives, and the laziness
// report says at which scale training would stay close to its linearization.
#include <iostream>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>

namespace {

using namespace lazytrain;

/// f(w, x) = sum_j w_j tanh(w_{m+j} x + w_{2m+j}) / sqrt(m) at every input x.
struct Network {
  Vector<double> x;
  Index neurons;

  template <class T>
  Vector<T> operator()(const Vector<T>& w) const {
    using std::tanh;
    Vector<T> out(x.size());
    for (Index i = 0; i < x.size(); ++i) {
      T sum(0);
      for (Index j = 0; j < neurons; ++j) {
        sum += w(j) * tanh(w(neurons + j) * x(i) + w(2 * neurons + j));
      }
      out(i) = sum / std::sqrt(static_cast<double>(neurons));
    }
    return out;
  }
};

}  // namespace

int main() {
  const Vector<double> x = Vector<double>::LinSpaced(20, -2, 2);
  const Vector<double> targets = x.array().sin();
  const auto network = differentiable<double>(Network{x, 30}, 90, empirical(20));
  Philox rng(1);
  const Vector<double> w0 = normal_vector(90, rng);
  const auto h = centred(network, w0);
  const auto loss = square_loss(targets, empirical(20));
  for (const double alpha : {1.0, 100.0}) std::cout << laziness(Objective(h, loss, alpha), w0) << '\n';
  return 0;
}
