#include "results.hpp"

#include <support/exponential_laws.hpp>
#include <support/laziness_laws.hpp>
#include <support/twin_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
cpu::Backend<S> one_thread() {
  return cpu::Backend<S>({.threads = 1, .convolution = ConvAlgorithm::im2col});
}

}  // namespace

TEMPLATE_TEST_CASE("exponential methods on a device end where they do on the host", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceDiagnostics<TestType>::exponential(), exponential_results(one_thread<TestType>()));
}

TEMPLATE_TEST_CASE("spectra of tangent kernels on a device are those of the host", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceDiagnostics<TestType>::spectrum(), spectrum_results(one_thread<TestType>()));
}

TEMPLATE_TEST_CASE("kernel regression on a device is that of the host", "[cuda]", LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceDiagnostics<TestType>::regression(), regression_results(one_thread<TestType>()));
}

TEMPLATE_TEST_CASE("laziness of a network on a device is that on the host", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceDiagnostics<TestType>::laziness(), laziness_results(one_thread<TestType>()));
}

TEMPLATE_TEST_CASE("both flows of a network on a device are those of the host", "[cuda]",
                   LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceFlows<TestType>::both(), twin_results(one_thread<TestType>()));
}

TEMPLATE_TEST_CASE("models of models on a device are those of the host", "[cuda]", LAZYTRAIN_TEST_SCALARS) {
  check_agreement(DeviceFlows<TestType>::composed(), composed_results(one_thread<TestType>()));
}
