#pragma once

#include <support/device_laws.hpp>
#include <support/host_executor.hpp>

namespace lazytrain::testing {

/// The backend of networks on an executor of the host.
template <class S>
using HostExecutorBackend = cuda::ExecutorBackend<S, HostExecutor>;

/// Results in double precision on an executor, with threads called in strides, are those of the host's
/// backend; `guarded`: with memory that the host may not touch, which takes time. (The parts of networks run
/// in every order and in single precision in tests/backend and tests/nn, and all of this on a device.)
template <class F>
void check_same_as_on_host(const F& results, bool guarded) {
  {
    const HostExecutor::Mode mode(ThreadOrder::strided, guarded ? HostAccess::refused : HostAccess::allowed);
    check_agreement(results(HostExecutorBackend<double>()),
                    results(cpu::Backend<double>({.threads = 1, .convolution = ConvAlgorithm::im2col})));
  }
  CHECK(HostExecutor::allocated() == 0);
}

}  // namespace lazytrain::testing
