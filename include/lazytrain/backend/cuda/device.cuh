#pragma once

#include <cstdint>
#include <lazytrain/backend/cuda/errors.cuh>
#include <lazytrain/backend/cuda/executor.hpp>
#include <lazytrain/backend/cuda/fused_products.cuh>
#include <lazytrain/backend/cuda/maps.hpp>
#include <limits>
#include <type_traits>

namespace lazytrain::cuda {

namespace detail {

/// The one kernel: f(i) for all i < count, each by some thread.
template <class F>
__global__ void call_for_each(Index count, F f) {
  const Index stride = static_cast<Index>(gridDim.x) * blockDim.x;
  for (Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) f(i);
}

}  // namespace detail

/// The executor of the current CUDA device (that of cudaSetDevice). Every thread of the host has an order of
/// work of its own, CUDA's per-thread default stream; memory comes from the device's pool in that order,
/// without synchronization. Uploads are cudaMemcpyAsync's: from pinned memory of the host (`PinnedMatrix`)
/// they return at once, from other memory when it has been read.
class Device {
 public:
  /// Handles of cuBLAS and cuBLASLt: products on the calling thread's stream, without atomics. Not to be
  /// shared by threads.
  class Products {
   public:
    /// @throws std::runtime_error if there is no device
    Products() : Products(nullptr) {
      require_device();
      check(cublasCreate(&handle_), "cublasCreate");
      check(cublasSetStream(handle_, stream()), "cublasSetStream");
      keep_memory();
    }
    Products(const Products&) = delete;
    Products& operator=(const Products&) = delete;
    ~Products() {
      if (handle_ != nullptr) cublasDestroy(handle_);
    }

    /// Products in single precision from here on.
    void use(Arithmetic arithmetic) {
      arithmetic_ = arithmetic;
      check(cublasSetMathMode(
                handle_, arithmetic == Arithmetic::tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH),
            "cublasSetMathMode");
    }

    /// Epilogues are cuBLASLt's, or where it has none a launch after the product.
    /// @throws std::invalid_argument if several products have one
    template <class S>
    void multiply(const MatrixProduct<S>& p) {
      if (p.m == 0 || p.n == 0 || p.count == 0) return;
      if (p.bias == nullptr && !p.rectify) return plain(p);
      require_argument(p.count == 1, "cuda::Device::Products", "p.count", p.count,
                       "1 where there is an epilogue");
      if (p.k > 0 && fused_.multiply(p, arithmetic_)) return;
      plain(p);
      for_each(p.m * p.n, detail::FinishColumns<S>{{.bias = p.bias, .rectify = p.rectify}, p.m, p.ldc, p.c});
    }

   private:
    /// A constructor that has ended: what the other one has made is destroyed if it fails.
    explicit Products(cublasHandle_t none) : handle_(none) {}

    void plain(const MatrixProduct<float>& p) {
      const float one = 1;
      if (p.count == 1) {
        check(cublasSgemm_64(handle_, operation(p.left), operation(p.right), p.m, p.n, p.k, &one, p.a, p.lda,
                             p.b, p.ldb, &p.beta, p.c, p.ldc),
              "cublasSgemm_64");
      } else {
        check(cublasSgemmStridedBatched_64(handle_, operation(p.left), operation(p.right), p.m, p.n, p.k,
                                           &one, p.a, p.lda, p.step_a, p.b, p.ldb, p.step_b, &p.beta, p.c,
                                           p.ldc, p.step_c, p.count),
              "cublasSgemmStridedBatched_64");
      }
    }
    void plain(const MatrixProduct<double>& p) {
      const double one = 1;
      if (p.count == 1) {
        check(cublasDgemm_64(handle_, operation(p.left), operation(p.right), p.m, p.n, p.k, &one, p.a, p.lda,
                             p.b, p.ldb, &p.beta, p.c, p.ldc),
              "cublasDgemm_64");
      } else {
        check(cublasDgemmStridedBatched_64(handle_, operation(p.left), operation(p.right), p.m, p.n, p.k,
                                           &one, p.a, p.lda, p.step_a, p.b, p.ldb, p.step_b, &p.beta, p.c,
                                           p.ldc, p.step_c, p.count),
              "cublasDgemmStridedBatched_64");
      }
    }
    [[nodiscard]] static cublasOperation_t operation(Transpose transpose) {
      return transpose == Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N;
    }
    /// The pool keeps what is freed: a step that allocates what the last one freed does not ask the driver.
    static void keep_memory() {
      int device = 0;
      cudaMemPool_t pool = nullptr;
      std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
      check(cudaGetDevice(&device), "cudaGetDevice");
      check(cudaDeviceGetDefaultMemPool(&pool, device), "cudaDeviceGetDefaultMemPool");
      check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all), "cudaMemPoolSetAttribute");
    }

    cublasHandle_t handle_ = nullptr;
    Arithmetic arithmetic_ = Arithmetic::ieee;
    FusedProducts fused_{stream()};
  };

  /// The calling thread's stream.
  [[nodiscard]] static cudaStream_t stream() { return cudaStreamPerThread; }

  static void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    check(cudaMallocAsync(&memory, bytes, stream()), "cudaMallocAsync");
    return memory;
  }
  static void release(void* memory) noexcept {
    if (cudaFreeAsync(memory, stream()) != cudaSuccess) (void)cudaGetLastError();
  }

  static void upload(void* to, const void* from, std::size_t bytes) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream()), "cudaMemcpyAsync");
  }
  static void download(void* to, const void* from, std::size_t bytes) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream()), "cudaMemcpyAsync");
    synchronize();
  }
  static void copy(void* to, const void* from, std::size_t bytes) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()), "cudaMemcpyAsync");
  }
  /// Waits for the work of this thread.
  static void synchronize() { check(cudaStreamSynchronize(stream()), "cudaStreamSynchronize"); }

  /// One launch. F travels by value.
  template <class F>
  static void for_each(Index count, const F& f) {
    static_assert(std::is_trivially_copyable_v<F>, "a kernel takes its function object by value");
    if (count == 0) return;
    constexpr unsigned threads = 256;
    // The kernel goes on in strides where there are more coordinates than a grid holds.
    constexpr Index most = Index(1) << 20;
    const Index blocks = (count + threads - 1) / threads;
    cudaLaunchConfig_t launch{};
    launch.gridDim = dim3(static_cast<unsigned>(blocks < most ? blocks : most));
    launch.blockDim = dim3(threads);
    launch.stream = stream();
    check(cudaLaunchKernelEx(&launch, detail::call_for_each<F>, count, f), "cudaLaunchKernelEx");
  }
};

}  // namespace lazytrain::cuda
