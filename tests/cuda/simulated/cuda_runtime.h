#pragma once

#include <cstddef>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <support/host_executor.hpp>
#include <type_traits>
#include <utility>
#include <vector>

/// The part of the CUDA runtime that lazytrain::cuda uses, on the host: its kernels, copies and products run
/// as threads and loops of an executor of the host. Everything is done as late as CUDA may do it, when the
/// host waits: what a program reads too early, or changes too early under a copy from pinned memory, it gets
/// wrong.

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorNoDevice = 100,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901
};

/// One stream, that of the calling thread.
struct CUstream_st {};
using cudaStream_t = CUstream_st*;
inline CUstream_st simulated_stream;
constexpr cudaStream_t cudaStreamPerThread = &simulated_stream;

/// Work in its order, and the memory that it allocated and has not released.
struct CUgraph_st {
  std::vector<std::function<void()>> work;
  std::set<void*> allocated, released;
};
using cudaGraph_t = CUgraph_st*;
using cudaGraphExec_t = CUgraph_st*;

namespace lazytrain::testing {

/// What a device does and has been asked for.
class Simulation {
 public:
  using Work = std::function<void()>;

  /// That of the calling thread.
  static Simulation& here() {
    static thread_local Simulation simulation;
    return simulation;
  }

  [[nodiscard]] cudaError_t fail(cudaError_t error) {
    if (error != cudaSuccess) last_ = error;
    return error;
  }
  [[nodiscard]] cudaError_t take_last() { return std::exchange(last_, cudaSuccess); }

  void later(Work work) {
    if (recorded_) {
      recorded_->work.push_back(std::move(work));
    } else {
      pending_.push_back(std::move(work));
    }
  }
  [[nodiscard]] cudaError_t wait() {
    if (recorded_) {
      invalid_ = true;
      return fail(cudaErrorStreamCaptureUnsupported);
    }
    const HostExecutor::Access opened;
    while (!pending_.empty()) {
      pending_.front()();
      pending_.pop_front();
    }
    return cudaSuccess;
  }

  [[nodiscard]] void* allocate(std::size_t bytes) {
    void* const memory = HostExecutor::allocate(bytes);
    if (recorded_) recorded_->allocated.insert(memory);
    return memory;
  }
  /// Memory of a graph is the graph's; a graph may not release other memory.
  [[nodiscard]] cudaError_t release(void* memory) {
    if (!recorded_) {
      later([memory] { HostExecutor::release(memory); });
      return cudaSuccess;
    }
    if (!recorded_->allocated.contains(memory) || !recorded_->released.insert(memory).second) {
      invalid_ = true;
      return fail(cudaErrorInvalidValue);
    }
    return cudaSuccess;
  }

  [[nodiscard]] cudaError_t begin_capture() {
    if (recorded_) return fail(cudaErrorStreamCaptureUnsupported);
    recorded_ = std::make_unique<CUgraph_st>();
    invalid_ = false;
    return cudaSuccess;
  }
  [[nodiscard]] cudaError_t end_capture(cudaGraph_t* graph) {
    *graph = nullptr;
    if (!recorded_) return fail(cudaErrorInvalidValue);
    const std::unique_ptr<CUgraph_st> recorded = std::move(recorded_);
    if (invalid_) {
      for (void* const memory : recorded->allocated) HostExecutor::release(memory);
      return fail(cudaErrorStreamCaptureInvalidated);
    }
    *graph = new CUgraph_st(*recorded);
    ++graphs;
    return cudaSuccess;
  }

  /// Devices that there are, graphs and handles that were not destroyed, launches so far.
  inline static int devices = 1;
  inline static int graphs = 0;
  inline static int handles = 0;
  inline static int launches = 0;

 private:
  std::deque<Work> pending_;
  std::unique_ptr<CUgraph_st> recorded_;
  bool invalid_ = false;
  cudaError_t last_ = cudaSuccess;
};

/// Pinned memory of the host: first byte and size.
inline std::set<std::pair<const char*, std::size_t>>& pinned_memory() {
  static std::set<std::pair<const char*, std::size_t>> all;
  return all;
}

}  // namespace lazytrain::testing

inline const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
  }
  return "unrecognized error code";
}
inline const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
  }
  return "unrecognized error code";
}
inline cudaError_t cudaGetLastError() { return lazytrain::testing::Simulation::here().take_last(); }

inline cudaError_t cudaGetDeviceCount(int* count) {
  using lazytrain::testing::Simulation;
  *count = Simulation::devices;
  return Simulation::here().fail(Simulation::devices > 0 ? cudaSuccess : cudaErrorNoDevice);
}
inline cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

struct CUmemPoolHandle_st {};
using cudaMemPool_t = CUmemPoolHandle_st*;
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold = 4 };
inline CUmemPoolHandle_st simulated_pool;
inline cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  *pool = &simulated_pool;
  return lazytrain::testing::Simulation::here().fail(device == 0 ? cudaSuccess : cudaErrorInvalidValue);
}
inline cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr, void* value) {
  const bool valid = pool == &simulated_pool && value != nullptr;
  return lazytrain::testing::Simulation::here().fail(valid ? cudaSuccess : cudaErrorInvalidValue);
}

inline cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  *memory = bytes > 0 ? lazytrain::testing::Simulation::here().allocate(bytes) : nullptr;
  return cudaSuccess;
}
inline cudaError_t cudaFreeAsync(void* memory, cudaStream_t) {
  return memory == nullptr ? cudaSuccess : lazytrain::testing::Simulation::here().release(memory);
}
inline cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  *memory = ::operator new(bytes);
  lazytrain::testing::pinned_memory().emplace(static_cast<const char*>(*memory), bytes);
  return cudaSuccess;
}
inline cudaError_t cudaFreeHost(void* memory) {
  auto& all = lazytrain::testing::pinned_memory();
  const auto found = all.lower_bound({static_cast<const char*>(memory), 0});
  if (found == all.end() || found->first != memory)
    return lazytrain::testing::Simulation::here().fail(cudaErrorInvalidValue);
  all.erase(found);
  // Waits, for work may read it.
  const cudaError_t status = lazytrain::testing::Simulation::here().wait();
  ::operator delete(memory);
  return status;
}

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                                   cudaStream_t) {
  using namespace lazytrain::testing;
  const auto pinned = [from] {
    const char* const first = static_cast<const char*>(from);
    for (const auto& [memory, size] : pinned_memory())
      if (first >= memory && first < memory + size) return true;
    return false;
  };
  if (kind == cudaMemcpyHostToDevice && !pinned()) {
    const char* const first = static_cast<const char*>(from);
    Simulation::here().later([to, staged = std::vector<char>(first, first + bytes)] {
      HostExecutor::upload(to, staged.data(), staged.size());
    });
  } else {
    Simulation::here().later([to, from, bytes, kind] {
      if (kind == cudaMemcpyHostToDevice) {
        HostExecutor::upload(to, from, bytes);
      } else if (kind == cudaMemcpyDeviceToHost) {
        HostExecutor::download(to, from, bytes);
      } else {
        HostExecutor::copy(to, from, bytes);
      }
    });
  }
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return lazytrain::testing::Simulation::here().wait();
}

#define __global__
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned along_x = 1, unsigned along_y = 1, unsigned along_z = 1)
      : x(along_x), y(along_y), z(along_z) {}
};
inline dim3 gridDim, blockDim, blockIdx, threadIdx;
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
  void* attrs = nullptr;
  unsigned numAttrs = 0;
};
/// Blocks of threads, all of one dimension.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  using namespace lazytrain::testing;
  constexpr unsigned most_threads = 1024;
  const unsigned blocks = config->gridDim.x, threads = config->blockDim.x;
  if (blocks == 0 || threads == 0 || threads > most_threads)
    return Simulation::here().fail(cudaErrorInvalidValue);
  ++Simulation::launches;
  Simulation::here().later([blocks, threads, kernel, ... values = Parameters(arguments)] {
    gridDim = {blocks};
    blockDim = {threads};
    HostExecutor::for_each(static_cast<lazytrain::Index>(blocks) * threads, [&](lazytrain::Index i) {
      blockIdx = {static_cast<unsigned>(i / threads)};
      threadIdx = {static_cast<unsigned>(i % threads)};
      kernel(values...);
    });
  });
  return cudaSuccess;
}

enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
inline cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  return lazytrain::testing::Simulation::here().begin_capture();
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  return lazytrain::testing::Simulation::here().end_capture(graph);
}
/// A graph that keeps memory can be launched once: refused.
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* instance, cudaGraph_t graph, unsigned long long) {
  using lazytrain::testing::Simulation;
  if (graph->allocated != graph->released) return Simulation::here().fail(cudaErrorInvalidValue);
  *instance = new CUgraph_st(*graph);
  ++Simulation::graphs;
  return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t instance, cudaStream_t) {
  for (const auto& work : instance->work) lazytrain::testing::Simulation::here().later(work);
  return cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  --lazytrain::testing::Simulation::graphs;
  delete graph;
  return cudaSuccess;
}
/// What was launched is done before its memory is gone.
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t instance) {
  using namespace lazytrain::testing;
  --Simulation::graphs;
  Simulation::here().later([allocated = instance->allocated] {
    for (void* const memory : allocated) HostExecutor::release(memory);
  });
  delete instance;
  return cudaSuccess;
}
