#pragma once

#include <array>
#include <cstddef>
#include <lazytrain/core/types.hpp>

namespace lazytrain::cpu {

/// Scratch memory of convolutions. It grows to the largest size that was asked for and stays; one a thread.
template <class S>
class ConvWorkspace {
 public:
  /// Number of buffers that can be held at a time.
  static constexpr std::size_t buffers = 4;

  /// At least `size` numbers, aligned for vectors, uninitialized; valid until the same buffer is asked for
  /// again.
  [[nodiscard]] S* buffer(std::size_t which, Index size) {
    Vector<S>& memory = memory_.at(which);
    if (memory.size() < size) memory.resize(size);
    return memory.data();
  }

  /// Bytes held.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& memory : memory_) sum += static_cast<std::size_t>(memory.size()) * sizeof(S);
    return sum;
  }

 private:
  std::array<Vector<S>, buffers> memory_;
};

}  // namespace lazytrain::cpu
