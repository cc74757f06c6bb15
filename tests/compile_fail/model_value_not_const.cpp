// expect: a model has operator()(w) const that returns its outputs, a vector of Scalar
#include "no_model.hpp"

template <lazytrain::Model H>
void use(const H&) {}

int main() { use(Square{}); }
