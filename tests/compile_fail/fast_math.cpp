// expect: Lazytrain needs IEEE arithmetic
#define __FAST_MATH__ 1  // what -ffast-math does
#include <lazytrain/core/types.hpp>
int main() {}
