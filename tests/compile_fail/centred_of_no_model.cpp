// expect: a model has operator()(w) const that returns its outputs
#include "no_model.hpp"

int main() { (void)lazytrain::centred(Square{}, Vector(2)); }
