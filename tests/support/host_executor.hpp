#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <lazytrain/backend/cuda/executor.hpp>
#include <map>
#include <stdexcept>

namespace lazytrain::testing {

/// In what order an executor of the host calls the threads of a launch.
enum class ThreadOrder { ascending, descending, strided };

/// What the host may do to the memory of an executor of the host.
enum class HostAccess { refused, allowed };

/// An executor whose device is the host, and whose memory shows what a program may not do to a device's:
///  * the host cannot read or write it: it is protected but within calls (which takes time: `allowed` goes
///  without);
///  * it ends at a page that nobody may touch, and begins with every byte 0xff, a NaN;
///  * threads can be called in other orders: a launch whose threads write or read what others write shows.
class HostExecutor {
 public:
  /// While it lives, threads are called in this order and memory is guarded so. Nothing may be allocated when
  /// it begins and when it ends.
  class Mode {
   public:
    explicit Mode(ThreadOrder order, HostAccess access = HostAccess::refused) {
      order_ = order;
      access_ = access;
    }
    Mode(const Mode&) = delete;
    Mode& operator=(const Mode&) = delete;
    ~Mode() {
      order_ = ThreadOrder::ascending;
      access_ = HostAccess::refused;
    }
  };

  /// While one lives, all memory may be read and written.
  class Access {
   public:
    Access() {
      if (accesses_++ == 0) protect(PROT_READ | PROT_WRITE);
    }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
    ~Access() {
      if (--accesses_ == 0) protect(PROT_NONE);
    }

   private:
    static void protect(int protection) {
      if (access_ == HostAccess::allowed) return;
      for (const auto& [memory, block] : blocks()) mprotect(block.start, block.size, protection);
    }
  };

  class Products {
   public:
    void use(cuda::Arithmetic) {}
    template <class S>
    void multiply(const cuda::MatrixProduct<S>& p) {
      const Access opened;
      // What cuBLAS refuses.
      require(p.m >= 0 && p.n >= 0 && p.k >= 0 && p.ldc >= std::max<Index>(1, p.m));
      require(p.count == 1 || (p.bias == nullptr && !p.rectify));
      for (Index i = 0; i < p.count; ++i) {
        multiply(p, p.a + i * p.step_a, p.b + i * p.step_b, p.c + i * p.step_c);
      }
    }

   private:
    static void require(bool valid) {
      if (!valid) throw std::runtime_error("a matrix product has an invalid size or leading dimension");
    }
    template <class S>
    static void multiply(const cuda::MatrixProduct<S>& p, const S* a, const S* b, S* c) {
      const Matrix<S> left = factor(p.left, a, p.m, p.k, p.lda), right = factor(p.right, b, p.k, p.n, p.ldb);
      Eigen::Map<Matrix<S>, 0, Eigen::OuterStride<>> out(c, p.m, p.n, Eigen::OuterStride<>(p.ldc));
      // As cuBLAS: what C held does not enter where beta is 0.
      const Matrix<S> before =
          p.beta == S(0) ? Matrix<S>(Matrix<S>::Zero(p.m, p.n)) : Matrix<S>(p.beta * out);
      out = left * right + before;
      if (p.bias != nullptr) out.colwise() += Eigen::Map<const Vector<S>>(p.bias, p.m);
      if (p.rectify) out = out.cwiseMax(S(0)).eval();
    }
    template <class S>
    static Matrix<S> factor(cuda::Transpose transpose, const S* data, Index rows, Index columns,
                            Index stride) {
      using Source = Eigen::Map<const Matrix<S>, 0, Eigen::OuterStride<>>;
      require(stride >= std::max<Index>(1, transpose == cuda::Transpose::no ? rows : columns));
      if (transpose == cuda::Transpose::no) return Source(data, rows, columns, Eigen::OuterStride<>(stride));
      return Source(data, columns, rows, Eigen::OuterStride<>(stride)).transpose();
    }
  };

  static void* allocate(std::size_t bytes) {
    constexpr std::size_t most_filled = std::size_t{4} << 20;  // pages of large workspaces are never used
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t aligned = (bytes + 15) / 16 * 16, size = (aligned + page - 1) / page * page;
    void* const start = mmap(nullptr, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) throw std::runtime_error("mmap failed");
    mprotect(start, size, PROT_READ | PROT_WRITE);
    std::memset(start, 0xff, std::min(size, most_filled));
    if (access_ == HostAccess::refused) mprotect(start, size, PROT_NONE);
    char* const memory = static_cast<char*>(start) + (size - aligned);
    blocks()[memory] = {start, size, page};
    return memory;
  }
  static void release(void* memory) noexcept {
    const auto block = blocks().find(memory);
    munmap(block->second.start, block->second.size + block->second.page);
    blocks().erase(block);
  }
  static void upload(void* to, const void* from, std::size_t bytes) {
    uploaded_ += static_cast<Index>(bytes);
    move(to, from, bytes);
  }
  static void download(void* to, const void* from, std::size_t bytes) {
    ++waits_;
    move(to, from, bytes);
  }
  static void copy(void* to, const void* from, std::size_t bytes) { move(to, from, bytes); }
  static void synchronize() { ++waits_; }

  template <class F>
  static void for_each(Index count, const F& f) {
    const Access opened;
    if (order_ == ThreadOrder::strided) {
      constexpr Index stride = 7;
      for (Index first = stride - 1; first >= 0; --first) {
        for (Index i = first; i < count; i += stride) f(i);
      }
    } else {
      for (Index i = 0; i < count; ++i) f(order_ == ThreadOrder::ascending ? i : count - 1 - i);
    }
  }

  /// How often the host has waited for a device so far.
  [[nodiscard]] static Index waits() { return waits_; }
  /// Bytes that the host has sent so far.
  [[nodiscard]] static Index uploaded() { return uploaded_; }
  /// Blocks that were allocated and not released.
  [[nodiscard]] static std::size_t allocated() { return blocks().size(); }

 private:
  struct Block {
    void* start;
    std::size_t size;
    std::size_t page;
  };
  inline static ThreadOrder order_ = ThreadOrder::ascending;
  inline static HostAccess access_ = HostAccess::refused;
  inline static int accesses_ = 0;
  inline static Index waits_ = 0;
  inline static Index uploaded_ = 0;

  static std::map<void*, Block>& blocks() {
    static std::map<void*, Block> all;
    return all;
  }
  static void move(void* to, const void* from, std::size_t bytes) {
    const Access opened;
    std::memcpy(to, from, bytes);
  }
};

}  // namespace lazytrain::testing
