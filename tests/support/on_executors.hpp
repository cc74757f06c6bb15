#pragma once

#include <concepts>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>
#include <support/scalars.hpp>
#include <vector>

namespace lazytrain::testing {

/// The backend of networks on an executor of the host.
template <class S>
using HostExecutorBackend = cuda::ExecutorBackend<S, HostExecutor>;

/// Results on an executor are those of the host's backend, in every order of threads (short tests: in
/// strides); `guarded`: in one precision also with memory that the host may not touch, which takes time.
template <class S, class F>
void check_same_as_on_host(const F& results, bool guarded) {
#ifdef LAZYTRAIN_TEST_SHORT
  const std::vector<ThreadOrder> orders = {ThreadOrder::strided};
  constexpr bool guard = true;
#else
  const std::vector<ThreadOrder> orders = {ThreadOrder::ascending, ThreadOrder::descending,
                                           ThreadOrder::strided};
  constexpr bool guard = std::same_as<S, float>;
#endif
  const auto expected = results(cpu::Backend<S>({.threads = 1, .convolution = ConvAlgorithm::im2col}));
  for (const ThreadOrder order : orders) {
    const HostExecutor::Mode mode(order, HostAccess::allowed);
    check_agreement(results(HostExecutorBackend<S>()), expected);
  }
  if (guarded && guard) {
    const HostExecutor::Mode mode(ThreadOrder::ascending);
    check_agreement(results(HostExecutorBackend<S>()), expected);
  }
  CHECK(HostExecutor::allocated() == 0);
}

}  // namespace lazytrain::testing
