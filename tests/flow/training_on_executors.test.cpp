#include <support/host_executor.hpp>
#include <support/training_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("stochastic descent on an executor ends where it does on the host", "[flow]", float,
                   double) {
  check_training<TestType, HostExecutor<>>();
}

TEMPLATE_TEST_CASE("flows, kernel products, solves and eigenvalues on an executor are those of the host",
                   "[flow]", float, double) {
  check_kernel_products<TestType, HostExecutor<>>();
}
