#include <support/host_executor.hpp>
#include <support/training_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
using Backend = cuda::ExecutorBackend<S, HostExecutor>;

template <class S>
cpu::Backend<S> host_backend() {
  return cpu::Backend<S>({.threads = 1, .convolution = ConvAlgorithm::im2col});
}

}  // namespace

TEMPLATE_TEST_CASE("stochastic descent on an executor ends where it does on the host", "[flow]", float,
                   double) {
  check_agreement(training_results(Backend<TestType>()), training_results(host_backend<TestType>()));
}

TEMPLATE_TEST_CASE("flows, kernel products, solves and eigenvalues on an executor are those of the host",
                   "[flow]", float, double) {
  check_agreement(kernel_results(Backend<TestType>()), kernel_results(host_backend<TestType>()));
}
