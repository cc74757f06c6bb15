#pragma once

#include <concepts>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>

namespace lazytrain::testing {

/// The backend of networks on an executor of the host.
template <class S>
using HostExecutorBackend = cuda::ExecutorBackend<S, HostExecutor>;

/// Results on an executor are those of the host's backend: in double precision with threads from the last to
/// the first, in single precision in strides, and if `guarded` with memory that the host may not touch, which
/// takes time. (The parts of networks run in every order in tests/backend and tests/nn.)
template <class S, class F>
void check_same_as_on_host(const F& results, bool guarded) {
  constexpr bool single = std::same_as<S, float>;
  {
    const HostExecutor::Mode mode(single ? ThreadOrder::strided : ThreadOrder::descending,
                                  single && guarded ? HostAccess::refused : HostAccess::allowed);
    check_agreement(results(HostExecutorBackend<S>()),
                    results(cpu::Backend<S>({.threads = 1, .convolution = ConvAlgorithm::im2col})));
  }
  CHECK(HostExecutor::allocated() == 0);
}

}  // namespace lazytrain::testing
