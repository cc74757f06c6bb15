#pragma once

#include <algorithm>
#include <cstdint>

#include "cuda_runtime.h"

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_NOT_SUPPORTED = 15
};
inline const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "unknown status";
}
inline const char* cublasGetStatusString(cublasStatus_t status) { return cublasGetStatusName(status); }

enum cublasOperation_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 };
enum cublasMath_t { CUBLAS_DEFAULT_MATH = 0, CUBLAS_TF32_TENSOR_OP_MATH = 3 };
enum cublasComputeType_t {
  CUBLAS_COMPUTE_32F = 68,
  CUBLAS_COMPUTE_64F = 70,
  CUBLAS_COMPUTE_32F_FAST_TF32 = 77
};
enum cudaDataType_t { CUDA_R_32F = 0, CUDA_R_64F = 1 };

struct cublasContext {
  cudaStream_t stream = nullptr;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
};
using cublasHandle_t = cublasContext*;

inline cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  ++lazytrain::testing::Simulation::handles;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  --lazytrain::testing::Simulation::handles;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t math) {
  handle->math = math;
  return CUBLAS_STATUS_SUCCESS;
}

namespace lazytrain::testing {

inline cuda::Transpose transpose(cublasOperation_t operation) {
  return operation == CUBLAS_OP_T ? cuda::Transpose::yes : cuda::Transpose::no;
}

/// A product of the library, refused as there, and done later by the host's executor.
template <class S>
cublasStatus_t simulated_gemm(cublasHandle_t handle, cublasOperation_t left, cublasOperation_t right, Index m,
                              Index n, Index k, const S* alpha, const S* a, Index lda, Index step_a,
                              const S* b, Index ldb, Index step_b, const S* beta, S* c, Index ldc,
                              Index step_c, Index count) {
  if (handle->stream != cudaStreamPerThread) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (m < 0 || n < 0 || k < 0 || count < 0 || lda < std::max<Index>(1, left == CUBLAS_OP_N ? m : k) ||
      ldb < std::max<Index>(1, right == CUBLAS_OP_N ? k : n) || ldc < std::max<Index>(1, m))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (*alpha != S(1)) return CUBLAS_STATUS_NOT_SUPPORTED;
  Simulation::here().later(
      [product = cuda::MatrixProduct<S>{.left = transpose(left),
                                        .right = transpose(right),
                                        .m = m,
                                        .n = n,
                                        .k = k,
                                        .a = a,
                                        .lda = lda,
                                        .b = b,
                                        .ldb = ldb,
                                        .beta = *beta,
                                        .c = c,
                                        .ldc = ldc,
                                        .count = count,
                                        .step_a = step_a,
                                        .step_b = step_b,
                                        .step_c = step_c}] { HostExecutor::Products().multiply(product); });
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace lazytrain::testing

inline cublasStatus_t cublasSgemm_64(cublasHandle_t handle, cublasOperation_t left, cublasOperation_t right,
                                     std::int64_t m, std::int64_t n, std::int64_t k, const float* alpha,
                                     const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
                                     const float* beta, float* c, std::int64_t ldc) {
  return lazytrain::testing::simulated_gemm(handle, left, right, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta,
                                            c, ldc, 0, 1);
}
inline cublasStatus_t cublasDgemm_64(cublasHandle_t handle, cublasOperation_t left, cublasOperation_t right,
                                     std::int64_t m, std::int64_t n, std::int64_t k, const double* alpha,
                                     const double* a, std::int64_t lda, const double* b, std::int64_t ldb,
                                     const double* beta, double* c, std::int64_t ldc) {
  return lazytrain::testing::simulated_gemm(handle, left, right, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta,
                                            c, ldc, 0, 1);
}
inline cublasStatus_t cublasSgemmStridedBatched_64(cublasHandle_t handle, cublasOperation_t left,
                                                   cublasOperation_t right, std::int64_t m, std::int64_t n,
                                                   std::int64_t k, const float* alpha, const float* a,
                                                   std::int64_t lda, long long step_a, const float* b,
                                                   std::int64_t ldb, long long step_b, const float* beta,
                                                   float* c, std::int64_t ldc, long long step_c,
                                                   std::int64_t count) {
  return lazytrain::testing::simulated_gemm(handle, left, right, m, n, k, alpha, a, lda, step_a, b, ldb,
                                            step_b, beta, c, ldc, step_c, count);
}
inline cublasStatus_t cublasDgemmStridedBatched_64(cublasHandle_t handle, cublasOperation_t left,
                                                   cublasOperation_t right, std::int64_t m, std::int64_t n,
                                                   std::int64_t k, const double* alpha, const double* a,
                                                   std::int64_t lda, long long step_a, const double* b,
                                                   std::int64_t ldb, long long step_b, const double* beta,
                                                   double* c, std::int64_t ldc, long long step_c,
                                                   std::int64_t count) {
  return lazytrain::testing::simulated_gemm(handle, left, right, m, n, k, alpha, a, lda, step_a, b, ldb,
                                            step_b, beta, c, ldc, step_c, count);
}
