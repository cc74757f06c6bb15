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
  try {
    lazytrain::cuda::require_device();
  } catch (const std::runtime_error& no_device) {
    std::cout << "skipped: " << no_device.what() << '\n';
    constexpr int skipped = 77;  // SKIP_RETURN_CODE of CMakeLists.txt
    return skipped;
  }
  return Catch::Session().run(argc, argv);
}
