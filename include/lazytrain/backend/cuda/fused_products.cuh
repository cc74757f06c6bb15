#pragma once

#include <cublasLt.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <lazytrain/backend/cuda/errors.cuh>
#include <lazytrain/backend/cuda/executor.hpp>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

namespace lazytrain::cuda {

/// Matrix products with epilogues, by cuBLASLt: bias and max(C, 0) are applied to what the product holds in
/// registers, so that C goes through the memory once. How a product is computed is chosen by the library at
/// its first call, by sizes and alignments alone: the same calls give the same bits. max(NaN, 0) may be 0, so
/// that a network may lose a NaN of its first layers where parameters are finite. Not to be shared by
/// threads.
class FusedProducts {
 public:
  /// @throws std::runtime_error if there is no device
  explicit FusedProducts(cudaStream_t stream) : FusedProducts(stream, nullptr) {
    require_device();
    check(cublasLtCreate(&handle_), "cublasLtCreate");
    check(cudaMallocAsync(&workspace_, workspace_bytes, stream_), "cudaMallocAsync");
  }
  FusedProducts(const FusedProducts&) = delete;
  FusedProducts& operator=(const FusedProducts&) = delete;
  ~FusedProducts() {
    if (workspace_ != nullptr) cudaFreeAsync(workspace_, stream_);
    if (handle_ != nullptr) cublasLtDestroy(handle_);
  }

  /// The product with its epilogue; false, with nothing done, if the library has none for its sizes and type,
  /// or the bias is not on 16 bytes.
  template <class S>
  [[nodiscard]] bool multiply(const MatrixProduct<S>& p, Arithmetic arithmetic) {
    // The launch that reads the bias may take 16 bytes at a time, wherever it begins.
    if (Call<S>::alignment(p.bias) < 16) return false;
    Call<S> call(p, arithmetic);
    auto plan = plans_.find(call.key());
    if (plan == plans_.end()) plan = plans_.emplace(call.key(), choose(call)).first;
    if (!plan->second) return false;
    const S one = 1;
    check(cublasLtMatmul(handle_, &call.operation, &one, p.a, &call.a, p.b, &call.b, &p.beta, p.c, &call.c,
                         p.c, &call.c, &*plan->second, workspace_, workspace_bytes, stream_),
          "cublasLtMatmul");
    return true;
  }

 private:
  using Key = std::array<Index, 15>;
  static constexpr std::size_t workspace_bytes = std::size_t{32} << 20;

  /// A product as the library describes it.
  template <class S>
  struct Call {
    // Not const: the library takes pointers to what it reads.
    cublasLtMatmulDescOpaque_t operation{};
    cublasLtMatrixLayoutOpaque_t a{}, b{}, c{};
    MatrixProduct<S> product;
    Arithmetic arithmetic;

    Call(const MatrixProduct<S>& p, Arithmetic with) : product(p), arithmetic(with) {
      constexpr bool single = std::is_same_v<S, float>;
      constexpr cudaDataType_t type = single ? CUDA_R_32F : CUDA_R_64F;
      const cublasComputeType_t compute = !single                          ? CUBLAS_COMPUTE_64F
                                          : arithmetic == Arithmetic::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                           : CUBLAS_COMPUTE_32F;
      check(cublasLtMatmulDescInit(&operation, compute, type), "cublasLtMatmulDescInit");
      set(CUBLASLT_MATMUL_DESC_TRANSA, p.left == Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N);
      set(CUBLASLT_MATMUL_DESC_TRANSB, p.right == Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N);
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue());
      if (p.bias != nullptr) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
      layout(a, type, p.left, p.m, p.k, p.lda);
      layout(b, type, p.right, p.k, p.n, p.ldb);
      layout(c, type, Transpose::no, p.m, p.n, p.ldc);
    }

    [[nodiscard]] cublasLtEpilogue_t epilogue() const {
      if (product.bias == nullptr) return CUBLASLT_EPILOGUE_RELU;
      return product.rectify ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
    }
    /// Bytes, at most 256.
    [[nodiscard]] static std::uint32_t alignment(const S* data) {
      const auto address = reinterpret_cast<std::uintptr_t>(data);
      return address == 0
                 ? 256U
                 : static_cast<std::uint32_t>(std::min<std::uintptr_t>(address & (~address + 1), 256));
    }
    /// All on which the choice depends.
    [[nodiscard]] Key key() const {
      const MatrixProduct<S>& p = product;
      return {static_cast<Index>(sizeof(S)),
              static_cast<Index>(arithmetic),
              static_cast<Index>(epilogue()),
              p.left == Transpose::yes ? 1 : 0,
              p.right == Transpose::yes ? 1 : 0,
              p.m,
              p.n,
              p.k,
              p.lda,
              p.ldb,
              p.ldc,
              alignment(p.a),
              alignment(p.b),
              alignment(p.c),
              alignment(p.bias)};
    }

   private:
    template <class T>
    void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
      check(cublasLtMatmulDescSetAttribute(&operation, attribute, &value, sizeof value),
            "cublasLtMatmulDescSetAttribute");
    }
    static void layout(cublasLtMatrixLayoutOpaque_t& matrix, cudaDataType_t type, Transpose transpose,
                       Index rows, Index columns, Index stride) {
      if (transpose == Transpose::yes) std::swap(rows, columns);
      check(cublasLtMatrixLayoutInit(&matrix, type, static_cast<std::uint64_t>(rows),
                                     static_cast<std::uint64_t>(columns), stride),
            "cublasLtMatrixLayoutInit");
    }
  };

  template <class S>
  [[nodiscard]] std::optional<cublasLtMatmulAlgo_t> choose(Call<S>& call) const {
    cublasLtMatmulPreferenceOpaque_t preference{};
    check(cublasLtMatmulPreferenceInit(&preference), "cublasLtMatmulPreferenceInit");
    const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
      check(cublasLtMatmulPreferenceSetAttribute(&preference, attribute, &value, sizeof value),
            "cublasLtMatmulPreferenceSetAttribute");
    };
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(workspace_bytes));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, Call<S>::alignment(call.product.a));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, Call<S>::alignment(call.product.b));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, Call<S>::alignment(call.product.c));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, Call<S>::alignment(call.product.c));
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        handle_, &call.operation, &call.a, &call.b, &call.c, &call.c, &preference, 1, &found, &count);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED) return std::nullopt;
    check(status, "cublasLtMatmulAlgoGetHeuristic");
    if (count == 0 || found.state != CUBLAS_STATUS_SUCCESS) return std::nullopt;
    return found.algo;
  }

  /// A constructor that has ended: what the other one has made is destroyed if it fails.
  FusedProducts(cudaStream_t stream, cublasLtHandle_t none) : stream_(stream), handle_(none) {}

  cudaStream_t stream_;
  cublasLtHandle_t handle_;
  void* workspace_ = nullptr;
  std::map<Key, std::optional<cublasLtMatmulAlgo_t>> plans_;
};

}  // namespace lazytrain::cuda
