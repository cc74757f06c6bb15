#pragma once

#include <concepts>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>
#include <support/long_tests.hpp>

namespace lazytrain::testing {

/// The backend of networks on an executor of the host.
template <class S>
using HostExecutorBackend = cuda::ExecutorBackend<S, HostExecutor>;

/// Results on an executor are those of the host's backend, in every order of threads; `guarded`: in one
/// precision also with memory that the host may not touch, which takes time. Short tests: once, in strides,
/// not guarded.
template <class S, class F>
void check_same_as_on_host(const F& results, [[maybe_unused]] bool guarded) {
  const auto expected = results(cpu::Backend<S>({.threads = 1, .convolution = ConvAlgorithm::im2col}));
  const auto check = [&](ThreadOrder order, HostAccess access) {
    const HostExecutor::Mode mode(order, access);
    check_agreement(results(HostExecutorBackend<S>()), expected);
  };
#ifdef LAZYTRAIN_TEST_SHORT
  check(ThreadOrder::strided, HostAccess::allowed);
#else
  for (const auto order : {ThreadOrder::ascending, ThreadOrder::descending, ThreadOrder::strided}) {
    check(order, HostAccess::allowed);
  }
  if (guarded && std::same_as<S, float>) check(ThreadOrder::ascending, HostAccess::refused);
#endif
  CHECK(HostExecutor::allocated() == 0);
}

}  // namespace lazytrain::testing
