#include <support/laziness_laws.hpp>
#include <support/on_executors.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("spectra of tangent kernels on an executor are those of the host", "[lazy]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  check_same_as_on_host<TestType>([](const auto& backend) { return spectrum_results(backend); }, true);
}

TEMPLATE_TEST_CASE("kernel regression on an executor is that of the host", "[lazy]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  check_same_as_on_host<TestType>([](const auto& backend) { return regression_results(backend); }, true);
}

TEMPLATE_TEST_CASE("laziness of a network on an executor is that on the host", "[lazy]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  check_same_as_on_host<TestType>([](const auto& backend) { return laziness_results(backend); }, true);
}
