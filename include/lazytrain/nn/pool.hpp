#pragma once

#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace lazytrain::nn::detail {

/// Large workspaces that were given back and wait to be used again: the tangents of successive mini-batches
/// of one network share their memory. Safe to use from several threads.
template <class T>
class Pool {
 public:
  /// One that was given back, or none.
  [[nodiscard]] std::unique_ptr<T> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return nullptr;
    std::unique_ptr<T> last = std::move(free_.back());
    free_.pop_back();
    return last;
  }
  /// Keeps the object, or drops it where there is no memory to remember it.
  void give(std::unique_ptr<T> object) noexcept {
    try {
      const std::lock_guard lock(mutex_);
      free_.push_back(std::move(object));
    } catch (const std::bad_alloc&) {
      return;
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> free_;
};

/// A T out of a pool, to which it returns at the end; a value: copies are independent.
template <class T>
class Pooled {
 public:
  /// Takes one from the pool, or makes one from `arguments`.
  template <class... Arguments>
  explicit Pooled(std::shared_ptr<Pool<T>> pool, const Arguments&... arguments)
      : pool_(std::move(pool)), object_(pool_->take()) {
    if (!object_) object_ = std::make_unique<T>(arguments...);
  }
  Pooled(const Pooled& other) : pool_(other.pool_), object_(pool_->take()) {
    if (object_) {
      *object_ = *other.object_;
    } else {
      object_ = std::make_unique<T>(*other.object_);
    }
  }
  Pooled& operator=(const Pooled& other) {
    *object_ = *other.object_;
    return *this;
  }
  Pooled(Pooled&&) noexcept = default;
  Pooled& operator=(Pooled&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~Pooled() {
    if (object_) pool_->give(std::move(object_));
  }

  [[nodiscard]] T& operator*() const { return *object_; }
  [[nodiscard]] T* operator->() const { return object_.get(); }

 private:
  std::shared_ptr<Pool<T>> pool_;
  std::unique_ptr<T> object_;
};

}  // namespace lazytrain::nn::detail
