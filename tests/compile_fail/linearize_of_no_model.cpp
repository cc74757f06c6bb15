// expect: a model has operator()(w) const that returns its outputs
#include "no_model.hpp"

int main() { (void)lazytrain::linearize(Square{}, Vector(2)); }
