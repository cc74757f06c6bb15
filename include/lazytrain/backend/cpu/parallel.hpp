#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <lazytrain/core/types.hpp>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

/// Work in chunks, whose results do not depend on how many threads share it.
namespace lazytrain::cpu {

/// Number of threads that a request means: itself, or that of the processor for 0.
[[nodiscard]] inline Index thread_count(Index requested) {
  if (requested > 0) return requested;
  return std::max<Index>(1, static_cast<Index>(std::thread::hardware_concurrency()));
}

namespace detail {

/// Hands out chunks 0, 1, ... in order, and the turn to commit in the same order.
class Turns {
 public:
  explicit Turns(Index count) : count_(count) {}

  /// The next chunk, or `count` if none is left or one failed.
  [[nodiscard]] Index take() {
    const std::lock_guard lock(mutex_);
    return failure_ || next_ == count_ ? count_ : next_++;
  }
  /// Waits until all chunks before `chunk` are committed. False if one failed.
  [[nodiscard]] bool wait(Index chunk) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || committed_ == chunk; });
    return !failure_;
  }
  void done() {
    const std::lock_guard lock(mutex_);
    ++committed_;
    changed_.notify_all();
  }
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    changed_.notify_all();
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Index count_;
  Index next_ = 0;
  Index committed_ = 0;
  std::exception_ptr failure_;
};

/// Runs work(turns, worker) on `workers` >= 1 threads, this one among them, and throws the first exception
/// again.
template <class Work>
void share(Index workers, Index count, const Work& work) {
  Turns turns(count);
  const auto run = [&](Index worker) {
    try {
      work(turns, worker);
    } catch (...) {
      turns.fail(std::current_exception());
    }
  };
  {
    std::vector<std::jthread> others;
    others.reserve(static_cast<std::size_t>(workers - 1));
    for (Index worker = 1; worker < workers; ++worker) others.emplace_back(run, worker);
    run(Index{0});
  }
  turns.rethrow();
}

}  // namespace detail

/// Calls compute(i, worker) for i = 0, ..., count - 1 on at most `threads` threads, and commit(i, worker) one
/// at a time in the order of i. `worker` < threads tells whose scratch to use. A sum that commits in this
/// order has the same bits for every number of threads. The first exception ends the work and is thrown
/// again.
template <class Compute, class Commit>
void for_chunks_in_order(Index threads, Index count, Compute&& compute, Commit&& commit) {
  const Index workers = std::min(threads, count);
  if (workers <= 1) {
    for (Index i = 0; i < count; ++i) {
      compute(i, Index{0});
      commit(i, Index{0});
    }
    return;
  }
  detail::share(workers, count, [&](detail::Turns& turns, Index worker) {
    for (Index i = turns.take(); i < count; i = turns.take()) {
      compute(i, worker);
      if (!turns.wait(i)) return;
      commit(i, worker);
      turns.done();
    }
  });
}

/// Calls f(i, worker) for i = 0, ..., count - 1 on at most `threads` threads, in no order. The first
/// exception ends the work and is thrown again.
template <class F>
void for_chunks(Index threads, Index count, F&& f) {
  const Index workers = std::min(threads, count);
  if (workers <= 1) {
    for (Index i = 0; i < count; ++i) f(i, Index{0});
    return;
  }
  detail::share(workers, count, [&](detail::Turns& turns, Index worker) {
    for (Index i = turns.take(); i < count; i = turns.take()) f(i, worker);
  });
}

}  // namespace lazytrain::cpu
