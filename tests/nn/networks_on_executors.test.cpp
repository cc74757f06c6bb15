#include <support/host_executor.hpp>
#include <support/long_tests.hpp>
#include <support/network_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

// Everything but a launch, cuBLAS and the runtime's memory is what a device would do: see host_executor.hpp.

namespace {

template <class S>
using Backend = cuda::ExecutorBackend<S, HostExecutor>;

}  // namespace

TEMPLATE_TEST_CASE(
    "every layer's functions on an executor agree with the host's backend, in any order of threads", "[nn]",
    float, double) {
  using S = TestType;
  const auto expected = all_layer_results<cpu::Backend<S>>();
  for (const ThreadOrder order : {ThreadOrder::ascending, ThreadOrder::descending, ThreadOrder::strided}) {
    // Guarding takes most of the time, and sees the same in every order.
    const HostExecutor::Mode mode(
        order, order == ThreadOrder::ascending ? HostAccess::refused : HostAccess::allowed);
    check_agreement(all_layer_results<Backend<S>>(), expected);
  }
  CHECK(HostExecutor::allocated() == 0);
}

TEMPLATE_TEST_CASE("networks on an executor agree with the host's backend", "[nn]", float, double) {
  using S = TestType;
  const HostExecutor::Mode mode(ThreadOrder::strided, HostAccess::allowed);
  check_agreement(small_network_results(Backend<S>({.chunk = 2})), small_network_results(host_backend<S>(2)));
  CHECK(HostExecutor::allocated() == 0);
}

TEMPLATE_TEST_CASE("VGG-11 and ResNet-18 on an executor agree with the host's backend", "[nn]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  using S = TestType;
  const HostExecutor::Mode mode(ThreadOrder::descending, HostAccess::allowed);
  const Index samples = short_tests ? 1 : 2;
  check_agreement(paper_network_results(Backend<S>(), 1.0 / 32, samples),
                  paper_network_results(host_backend<S>(2), 1.0 / 32, samples));
}
