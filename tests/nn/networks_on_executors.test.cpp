#include <support/host_executor.hpp>
#include <support/network_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

// Everything but a launch, cuBLAS and the runtime's memory is what a device would do: see host_executor.hpp.

TEMPLATE_TEST_CASE("every layer's functions on an executor agree with the host's backend", "[nn]", float,
                   double) {
  check_layers<TestType, HostExecutor<>>();
  CHECK(HostExecutor<>::allocated() == 0);
}

TEMPLATE_TEST_CASE("no layer depends on the order of threads", "[nn]", float, double) {
  check_layers<TestType, HostExecutor<ThreadOrder::descending>>();
  check_layers<TestType, HostExecutor<ThreadOrder::strided>>();
}

TEMPLATE_TEST_CASE("networks on an executor agree with the host's backend", "[nn]", float, double) {
  check_small_networks<TestType, HostExecutor<>>();
  CHECK(HostExecutor<>::allocated() == 0);
}

TEMPLATE_TEST_CASE("VGG-11 and ResNet-18 on an executor agree with the host's backend", "[nn]", float,
                   double) {
  check_paper_networks<TestType, HostExecutor<ThreadOrder::descending, HostAccess::allowed>>(1.0 / 32, 2);
}
