#pragma once

#include <cstdint>
#include <cstring>

#include "cublas_v2.h"

enum cublasLtEpilogue_t {
  CUBLASLT_EPILOGUE_DEFAULT = 1,
  CUBLASLT_EPILOGUE_RELU = 2,
  CUBLASLT_EPILOGUE_BIAS = 4,
  CUBLASLT_EPILOGUE_RELU_BIAS = 6
};

struct cublasLtContext {};
using cublasLtHandle_t = cublasLtContext*;
inline cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  ++lazytrain::testing::Simulation::handles;
  *handle = new cublasLtContext;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  --lazytrain::testing::Simulation::handles;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

namespace lazytrain::testing {

/// Refuses a value of another size than the attribute's.
template <class Field>
cublasStatus_t set_attribute(Field& field, const void* value, std::size_t bytes) {
  if (bytes != sizeof field) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&field, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace lazytrain::testing

struct cublasLtMatmulDescOpaque_t {
  cublasComputeType_t compute;
  cudaDataType_t scale;
  cublasOperation_t left, right;
  cublasLtEpilogue_t epilogue;
  const void* bias;
};
using cublasLtMatmulDesc_t = cublasLtMatmulDescOpaque_t*;
inline cublasStatus_t cublasLtMatmulDescInit(cublasLtMatmulDesc_t operation, cublasComputeType_t compute,
                                             cudaDataType_t scale) {
  *operation = {compute, scale, CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, nullptr};
  return CUBLAS_STATUS_SUCCESS;
}
enum cublasLtMatmulDescAttributes_t {
  CUBLASLT_MATMUL_DESC_TRANSA = 3,
  CUBLASLT_MATMUL_DESC_TRANSB = 4,
  CUBLASLT_MATMUL_DESC_EPILOGUE = 7,
  CUBLASLT_MATMUL_DESC_BIAS_POINTER = 8
};
inline cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                                     cublasLtMatmulDescAttributes_t attribute,
                                                     const void* value, std::size_t bytes) {
  const auto set = [&](auto& field) { return lazytrain::testing::set_attribute(field, value, bytes); };
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return set(operation->left);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return set(operation->right);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return set(operation->epilogue);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return set(operation->bias);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

/// A matrix as it lies in memory: not transposed.
struct cublasLtMatrixLayoutOpaque_t {
  cudaDataType_t type;
  std::int64_t rows, columns, stride;
};
using cublasLtMatrixLayout_t = cublasLtMatrixLayoutOpaque_t*;
inline cublasStatus_t cublasLtMatrixLayoutInit(cublasLtMatrixLayout_t matrix, cudaDataType_t type,
                                               std::uint64_t rows, std::uint64_t columns,
                                               std::int64_t stride) {
  *matrix = {type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns), stride};
  return CUBLAS_STATUS_SUCCESS;
}

/// Least alignments, in bytes.
struct cublasLtMatmulPreferenceOpaque_t {
  std::uint64_t workspace = 0;
  std::uint32_t a = 256, b = 256, c = 256, d = 256;
};
using cublasLtMatmulPreference_t = cublasLtMatmulPreferenceOpaque_t*;
inline cublasStatus_t cublasLtMatmulPreferenceInit(cublasLtMatmulPreference_t preference) {
  *preference = {};
  return CUBLAS_STATUS_SUCCESS;
}
enum cublasLtMatmulPreferenceAttributes_t {
  CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8
};
inline cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                           cublasLtMatmulPreferenceAttributes_t attribute,
                                                           const void* value, std::size_t bytes) {
  const auto set = [&](auto& field) { return lazytrain::testing::set_attribute(field, value, bytes); };
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return set(preference->workspace);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
      return set(preference->a);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
      return set(preference->b);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
      return set(preference->c);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return set(preference->d);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

/// How a product is computed: the call for which it was chosen, and what it may rely on.
struct cublasLtMatmulAlgo_t {
  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatrixLayoutOpaque_t a, b, c;
  cublasLtMatmulPreferenceOpaque_t preference;
};
struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  cublasStatus_t state;
};

namespace lazytrain::testing {

/// Sizes and strides that the library refuses.
inline bool consistent(const cublasLtMatmulDescOpaque_t& operation, const cublasLtMatrixLayoutOpaque_t& a,
                       const cublasLtMatrixLayoutOpaque_t& b, const cublasLtMatrixLayoutOpaque_t& c) {
  const bool left = operation.left == CUBLAS_OP_T, right = operation.right == CUBLAS_OP_T;
  const auto packed = [](const cublasLtMatrixLayoutOpaque_t& matrix) {
    return matrix.rows > 0 && matrix.columns > 0 && matrix.stride >= matrix.rows;
  };
  return packed(a) && packed(b) && packed(c) && a.type == operation.scale && b.type == a.type &&
         c.type == a.type && (left ? a.columns : a.rows) == c.rows &&
         (right ? b.rows : b.columns) == c.columns &&
         (left ? a.rows : a.columns) == (right ? b.columns : b.rows);
}

template <class S>
cublasStatus_t simulated_matmul(const cublasLtMatmulDescOpaque_t& operation, const S* a,
                                const cublasLtMatrixLayoutOpaque_t& a_layout, const S* b,
                                const cublasLtMatrixLayoutOpaque_t& b_layout, S beta, S* c,
                                const cublasLtMatrixLayoutOpaque_t& c_layout) {
  const bool has_bias = (operation.epilogue & CUBLASLT_EPILOGUE_BIAS) != 0;
  if (has_bias && operation.bias == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const cuda::MatrixProduct<S> product{.left = transpose(operation.left),
                                       .right = transpose(operation.right),
                                       .m = c_layout.rows,
                                       .n = c_layout.columns,
                                       .k = operation.left == CUBLAS_OP_T ? a_layout.rows : a_layout.columns,
                                       .a = a,
                                       .lda = a_layout.stride,
                                       .b = b,
                                       .ldb = b_layout.stride,
                                       .beta = beta,
                                       .c = c,
                                       .ldc = c_layout.stride,
                                       .bias = has_bias ? static_cast<const S*>(operation.bias) : nullptr,
                                       .rectify = (operation.epilogue & CUBLASLT_EPILOGUE_RELU) != 0};
  Simulation::here().later([product] { HostExecutor::Products().multiply(product); });
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace lazytrain::testing

/// Epilogues are there in single precision, and a bias alone in double.
inline cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t operation,
                                                     cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                                     cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                     cublasLtMatmulPreference_t preference, int most,
                                                     cublasLtMatmulHeuristicResult_t* found, int* count) {
  *count = 0;
  if (most < 1 || c != d || !lazytrain::testing::consistent(*operation, *a, *b, *c))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (a->type == CUDA_R_64F && operation->epilogue != CUBLASLT_EPILOGUE_BIAS)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  *count = 1;
  *found = {{*operation, *a, *b, *c, *preference}, CUBLAS_STATUS_SUCCESS};
  return CUBLAS_STATUS_SUCCESS;
}

/// The algorithm must be one that was chosen for such a product, and what it relies on must hold.
inline cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t operation, const void* alpha,
                                     const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                                     cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                                     cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t,
                                     const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                                     std::size_t workspace_bytes, cudaStream_t) {
  using namespace lazytrain::testing;
  const auto same = [](const cublasLtMatrixLayoutOpaque_t& x, const cublasLtMatrixLayoutOpaque_t& y) {
    return x.type == y.type && x.rows == y.rows && x.columns == y.columns && x.stride == y.stride;
  };
  const auto aligned = [](const void* data, std::uint32_t bytes) {
    return reinterpret_cast<std::uintptr_t>(data) % bytes == 0;
  };
  const cublasLtMatmulAlgo_t& chosen = *algorithm;
  const bool valid = same(chosen.a, *a_layout) && same(chosen.b, *b_layout) && same(chosen.c, *c_layout) &&
                     chosen.operation.left == operation->left && chosen.operation.right == operation->right &&
                     chosen.operation.epilogue == operation->epilogue &&
                     chosen.operation.compute == operation->compute && aligned(a, chosen.preference.a) &&
                     aligned(b, chosen.preference.b) && aligned(c, chosen.preference.c) &&
                     aligned(d, chosen.preference.d) && aligned(operation->bias, 16) && c == d &&
                     workspace != nullptr && workspace_bytes >= chosen.preference.workspace;
  if (!valid) return CUBLAS_STATUS_INVALID_VALUE;
  const auto multiply = [&]<class S>(S) {
    if (*static_cast<const S*>(alpha) != S(1)) return CUBLAS_STATUS_NOT_SUPPORTED;
    return simulated_matmul(*operation, static_cast<const S*>(a), *a_layout, static_cast<const S*>(b),
                            *b_layout, *static_cast<const S*>(beta), static_cast<S*>(d), *c_layout);
  };
  return operation->scale == CUDA_R_32F ? multiply(float()) : multiply(double());
}
