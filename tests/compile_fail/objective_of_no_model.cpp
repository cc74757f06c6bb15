// expect: a model has operator()(w) const that returns its outputs
#include "no_model.hpp"

int main() {
  lazytrain::Objective(Square{}, lazytrain::square_loss(Vector(2), lazytrain::euclidean(2)), 1.0);
}
