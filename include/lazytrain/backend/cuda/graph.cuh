#pragma once

#include <lazytrain/backend/cuda/device.cuh>
#include <utility>

namespace lazytrain::cuda {

/// The launches, products and copies that a function asked for, as one launch: what a training step of small
/// layers saves is the time between them.
///
///     step();                                  // once as it is, so that all memory is there
///     const cuda::Graph graph([&] { step(); });
///     for (...) graph.launch();                // the same work on the same arrays
///
/// The function's arrays must live as long as the graph. It may allocate what it also releases; it may not
/// ask for numbers on the host (`dot`, `norm`, `to_host`): CUDA then refuses the capture.
class Graph {
 public:
  /// Calls `work()`, which does nothing but is recorded.
  /// @throws std::runtime_error if something cannot be recorded
  template <class Work>
  explicit Graph(Work&& work) {
    check(cudaStreamBeginCapture(Device::stream(), cudaStreamCaptureModeThreadLocal),
          "cudaStreamBeginCapture");
    cudaGraph_t recorded = nullptr;
    try {
      std::forward<Work>(work)();
    } catch (...) {
      // Ends a capture that failed: what it leaves behind is the exception's.
      if (cudaStreamEndCapture(Device::stream(), &recorded) == cudaSuccess) cudaGraphDestroy(recorded);
      (void)cudaGetLastError();
      throw;
    }
    check(cudaStreamEndCapture(Device::stream(), &recorded), "cudaStreamEndCapture");
    const cudaError_t status = cudaGraphInstantiate(&graph_, recorded, 0);
    cudaGraphDestroy(recorded);
    check(status, "cudaGraphInstantiate");
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() { cudaGraphExecDestroy(graph_); }

  /// Does the recorded work, after what this thread asked for before.
  void launch() const { check(cudaGraphLaunch(graph_, Device::stream()), "cudaGraphLaunch"); }

 private:
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace lazytrain::cuda
