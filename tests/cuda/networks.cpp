#include "results.hpp"

#include <support/network_laws.hpp>
#include <support/training_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("every layer's functions on a device agree with the host's backend", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceResults<TestType>::layers(), all_layer_results<cpu::Backend<TestType>>());
}

TEMPLATE_TEST_CASE("networks on a device agree with the host's backend", "[cuda]", LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceResults<TestType>::small_networks(),
                  small_network_results(host_backend<TestType>(2)));
}

TEMPLATE_TEST_CASE("VGG-11 and ResNet-18 on a device agree with the host's backend", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
#ifdef LAZYTRAIN_TEST_SIMULATED  // by loops of the host
  constexpr double width = 1.0 / 32;
  constexpr Index samples = 2;
#else
  constexpr double width = 0.125;
  constexpr Index samples = 5;
#endif
  check_agreement(DeviceResults<TestType>::paper_networks(width, samples),
                  paper_network_results(host_backend<TestType>(samples), width, samples));
}

TEMPLATE_TEST_CASE("stochastic descent on a device ends where it does on the host", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceResults<TestType>::training(), training_results(host_backend<TestType>(32)));
}

TEMPLATE_TEST_CASE("flows, kernel products, solves and eigenvalues on a device are those of the host",
                   "[cuda]", LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceResults<TestType>::kernel(), kernel_results(host_backend<TestType>(32)));
}

TEMPLATE_TEST_CASE("training steps as launches of a graph end where they do one by one", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceResults<TestType>::steps_of_graph(), DeviceResults<TestType>::steps());
}

TEST_CASE("two runs on a device have the same bits", "[cuda]") {
  const auto first = DeviceResults<float>::training(), second = DeviceResults<float>::training();
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].second == second[i].second);
}
