// expect: an objective's model and loss compute with the same scalar type
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/two_layer.hpp>

using namespace lazytrain;

int main() {
  const auto h = TwoLayer<double, Tanh>({.inputs = 2, .neurons = 3}).on(Matrix<double>::Ones(2, 4));
  const auto loss = square_loss(Vector<float>(Vector<float>::Ones(4)), empirical(4));
  (void)Objective(h, loss, 10.0);
}
