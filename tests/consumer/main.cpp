#include <iostream>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/random.hpp>

/// A program outside the project: the norm of a constant under the empirical measure is the constant.
int main() {
  lazytrain::Philox rng(1);
  const double c = lazytrain::normal(rng);
  const lazytrain::Vector<double> u = lazytrain::Vector<double>::Constant(4, c);
  const lazytrain::OutputSpace space = lazytrain::empirical(4);
  std::cout << space << ": " << space.norm(u) << '\n';
  return std::abs(space.norm(u) - std::abs(c)) < 1e-14 ? 0 : 1;
}
