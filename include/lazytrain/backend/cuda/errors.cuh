#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <lazytrain/core/error.hpp>
#include <stdexcept>

namespace lazytrain::cuda {

/// @throws std::runtime_error with the call's name and the runtime's words unless `status` is cudaSuccess
inline void check(cudaError_t status, const char* call) {
  if (status != cudaSuccess) {
    // The runtime remembers it, and would tell the next launch.
    (void)cudaGetLastError();
    raise<std::runtime_error>("cuda", call, " is ", cudaGetErrorName(status), " (",
                              cudaGetErrorString(status), "), expected cudaSuccess");
  }
}

/// @throws std::runtime_error with the call's name and the library's words unless `status` is
/// CUBLAS_STATUS_SUCCESS
inline void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    raise<std::runtime_error>("cuda", call, " is ", cublasGetStatusName(status), " (",
                              cublasGetStatusString(status), "), expected CUBLAS_STATUS_SUCCESS");
  }
}

/// Number of devices that the runtime can use: 0 also without a driver.
[[nodiscard]] inline int device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
  (void)cudaGetLastError();
  return 0;
}

/// @throws std::runtime_error, one sentence that says why, if there is no device
inline void require_device() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    (void)cudaGetLastError();
    raise<std::runtime_error>("cuda", "the number of devices is 0, expected at least 1 (",
                              status != cudaSuccess ? cudaGetErrorString(status) : "the driver sees none",
                              "); cpu::Backend needs none");
  }
}

}  // namespace lazytrain::cuda
