#include <support/host_executor.hpp>
#include <support/laziness_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
using Backend = cuda::ExecutorBackend<S, HostExecutor>;

/// In every order of threads, and with memory that the host may not touch.
template <class S, class F>
void check_same_as_on_host(const F& results) {
  const auto expected = results(cpu::Backend<S>({.threads = 1, .convolution = ConvAlgorithm::im2col}));
  for (const ThreadOrder order : {ThreadOrder::ascending, ThreadOrder::descending, ThreadOrder::strided}) {
    const HostExecutor::Mode mode(order, HostAccess::allowed);
    check_agreement(results(Backend<S>()), expected);
  }
  if (std::same_as<S, float>) {
    const HostExecutor::Mode mode(ThreadOrder::ascending);
    check_agreement(results(Backend<S>()), expected);
  }
  CHECK(HostExecutor::allocated() == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("spectra of tangent kernels on an executor are those of the host", "[lazy]", float,
                   double) {
  check_same_as_on_host<TestType>([](const auto& backend) { return spectrum_results(backend); });
}

TEMPLATE_TEST_CASE("kernel regression on an executor is that of the host", "[lazy]", float, double) {
  check_same_as_on_host<TestType>([](const auto& backend) { return regression_results(backend); });
}

TEMPLATE_TEST_CASE("laziness of a network on an executor is that on the host", "[lazy]", float, double) {
  check_same_as_on_host<TestType>([](const auto& backend) { return laziness_results(backend); });
}
