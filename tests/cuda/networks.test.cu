#include <lazytrain/backend/cuda/device.cuh>
#include <support/network_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using cuda::Device;

TEMPLATE_TEST_CASE("every layer's functions on a device agree with the host's backend", "[cuda]", float,
                   double) {
  check_layers<TestType, Device>();
}

TEMPLATE_TEST_CASE("networks on a device agree with the host's backend", "[cuda]", float, double) {
  check_small_networks<TestType, Device>();
}

TEMPLATE_TEST_CASE("VGG-11 and ResNet-18 on a device agree with the host's backend", "[cuda]", float,
                   double) {
  check_paper_networks<TestType, Device>(0.25, 5);
}
