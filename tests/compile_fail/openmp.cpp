// expect: define EIGEN_DONT_PARALLELIZE
#define EIGEN_HAS_OPENMP  // what Eigen does with -fopenmp
#include <lazytrain/core/types.hpp>
int main() {}
