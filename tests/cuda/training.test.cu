#include <lazytrain/backend/cuda/device.cuh>
#include <support/training_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using cuda::Device;

TEMPLATE_TEST_CASE("stochastic descent on a device ends where it does on the host", "[cuda]", float, double) {
  check_training<TestType, Device>();
}

TEMPLATE_TEST_CASE("flows, kernel products, solves and eigenvalues on a device are those of the host",
                   "[cuda]", float, double) {
  check_kernel_products<TestType, Device>();
}

TEST_CASE("two runs on a device have the same bits", "[cuda]") {
  const auto first = training_results(cuda::ExecutorBackend<float, Device>());
  const auto second = training_results(cuda::ExecutorBackend<float, Device>());
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].second == second[i].second);
}
