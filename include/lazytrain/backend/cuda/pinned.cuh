#pragma once

#include <lazytrain/backend/cuda/backend.cuh>
#include <utility>

namespace lazytrain::cuda {

/// A matrix in pinned memory of the host, from which uploads run beside the device's work.
template <class S>
class PinnedMatrix {
 public:
  /// Uninitialized. @throws std::runtime_error if there is no such memory
  PinnedMatrix(Index rows, Index cols) : rows_(rows), cols_(cols) {
    void* memory = nullptr;
    const auto size = static_cast<std::size_t>(rows * cols) * sizeof(S);
    if (size > 0) check(cudaMallocHost(&memory, size), "cudaMallocHost");
    data_ = static_cast<S*>(memory);
  }
  PinnedMatrix(const PinnedMatrix&) = delete;
  PinnedMatrix& operator=(const PinnedMatrix&) = delete;
  PinnedMatrix(PinnedMatrix&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), rows_(other.rows_), cols_(other.cols_) {}
  ~PinnedMatrix() {
    if (data_ != nullptr && cudaFreeHost(data_) != cudaSuccess) (void)cudaGetLastError();
  }

  /// The numbers, for the host to read and write.
  [[nodiscard]] Eigen::Map<Matrix<S>> matrix() { return {data_, rows_, cols_}; }

  /// Copies them to a batch and returns before that is done: write them again after `Device::synchronize()`.
  void upload(Batch<S, Device>& batch) const {
    batch.resize(rows_, cols_);
    if (data_ != nullptr)
      Device::upload(batch.data(), data_, static_cast<std::size_t>(rows_ * cols_) * sizeof(S));
  }

 private:
  S* data_ = nullptr;
  Index rows_;
  Index cols_;
};

}  // namespace lazytrain::cuda
