#define CATCH_CONFIG_RUNNER
#include <iostream>
#include <lazytrain/backend/cuda/errors.cuh>
#include <stdexcept>

#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#include <catch2/catch.hpp>
#endif

int main(int argc, char** argv) {
#ifdef LAZYTRAIN_TEST_SIMULATED
  // What the host reads of a device's memory is wrong, for work is done late: the memory need not be guarded.
  using namespace lazytrain::testing;
  const HostExecutor::Mode mode(ThreadOrder::strided, HostAccess::allowed);
#endif
  try {
    lazytrain::cuda::require_device();
  } catch (const std::runtime_error& no_device) {
    std::cout << "skipped: " << no_device.what() << '\n';
    constexpr int skipped = 77;  // SKIP_RETURN_CODE of CMakeLists.txt
    return skipped;
  }
  return Catch::Session().run(argc, argv);
}
