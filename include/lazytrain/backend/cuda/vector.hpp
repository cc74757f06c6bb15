#pragma once

#include <cmath>
#include <lazytrain/backend/cuda/maps.hpp>
#include <lazytrain/backend/cuda/reductions.hpp>
#include <utility>
#include <vector>

namespace lazytrain::cuda {

/// A vector of scalars S in the memory of the executor E, with the operations of core/vector.hpp. A value:
/// copies are independent. Operations return before they are done, but those that give a number to the host
/// (`dot`, `norm`, `all_finite`, `to_host`). Memory is the executor's, in the order of its calls; a `Device`
/// has an order for every thread of the host: hand a vector on to another thread after `E::synchronize()`.
template <class S, class E>
class Vector {
 public:
  using Scalar = S;
  using Host = lazytrain::Vector<S>;

  Vector() = default;
  /// Uninitialized.
  explicit Vector(Index size) { resize(size); }
  /// A copy of a vector of the host.
  explicit Vector(const Host& host) : Vector() { from_host(host, *this); }
  Vector(const Vector& other) : Vector(other.size_) { copy_from(other); }
  Vector(Vector&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  /// Allocates if the sizes differ.
  Vector& operator=(const Vector& other) {
    if (this == &other) return *this;
    resize(other.size_);
    copy_from(other);
    return *this;
  }
  Vector& operator=(Vector&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Vector() { free(); }

  [[nodiscard]] static Vector Zero(Index size) {
    Vector zero(size);
    fill(zero, S(0));
    return zero;
  }

  [[nodiscard]] Index size() const { return size_; }
  /// In the executor's memory: not for the host to read.
  [[nodiscard]] S* data() { return data_; }
  [[nodiscard]] const S* data() const { return data_; }
  /// Another size; what it held is lost if it differs.
  void resize(Index size) {
    if (size == size_) return;
    free();
    if (size > 0) data_ = static_cast<S*>(E::allocate(static_cast<std::size_t>(size) * sizeof(S)));
    size_ = size;
  }

  /// The numbers, on the host: waits for them.
  [[nodiscard]] Host to_host() const {
    Host host(size_);
    if (size_ > 0) E::download(host.data(), data_, bytes());
    return host;
  }

  /// Coordinates first, ..., first + size - 1, as OutputSpace asks for them: their product with a number.
  struct Segment {
    S* data;
    Index size;
    void operator*=(S a) const { E::for_each(size, detail::ScaleEntry<S>{a, data}); }
  };
  [[nodiscard]] Segment segment(Index first, Index size) { return {data_ + first, size}; }

  friend Index dimension(const Vector& x) { return x.size_; }
  friend Vector zeros_like(const Vector& x) { return Zero(x.size_); }
  friend void copy(const Vector& x, Vector& y) { y = x; }
  friend void axpy(S a, const Vector& x, Vector& y) {
    E::for_each(x.size_, detail::AddEntry<S>{a, x.data_, y.data_});
  }
  friend void scale(S a, Vector& x) { E::for_each(x.size_, detail::ScaleEntry<S>{a, x.data_}); }
  friend void fill(Vector& x, S a) { E::for_each(x.size_, detail::FillEntry<S>{a, x.data_}); }
  friend S dot(const Vector& x, const Vector& y) {
    return detail::sum_on_host<S, E>(x.size_, detail::EntryProduct<S>{x.data_, y.data_});
  }
  /// Inner products of y with every vector, which the host waits for once.
  friend Host dots(const std::vector<Vector>& xs, const Vector& y) {
    std::vector<const S*> there;
    for (const Vector& x : xs) there.push_back(x.data_);
    return detail::dots_on_host<S, E>(there, y.data_, y.size_);
  }
  friend S norm(const Vector& x) { return std::sqrt(dot(x, x)); }
  /// *out = the inner product, for the host to read later.
  friend void dot_to(const Vector& x, const Vector& y, S* out) {
    detail::sum_terms<E>(x.size_, detail::EntryProduct<S>{x.data_, y.data_}, out);
  }
  /// *out = the sum of term(i) for i < count, after what was done to x.
  template <class Term>
  friend void sum_to(const Vector&, Index count, const Term& term, S* out) {
    detail::sum_terms<E>(count, term, out);
  }
  /// f(i) for i < count, after what was done to x.
  template <class F>
  friend void for_each(const Vector&, Index count, const F& f) {
    E::for_each(count, f);
  }
  friend void extract(const Vector& x, Index first, Vector& y) {
    if (y.size_ > 0) E::copy(y.data_, x.data_ + first, y.bytes());
  }
  friend void insert(const Vector& y, Index first, Vector& x) {
    if (y.size_ > 0) E::copy(x.data_ + first, y.data_, y.bytes());
  }
  friend Host to_host(const Vector& x) { return x.to_host(); }
  friend void from_host(const Host& host, Vector& x) {
    x.resize(host.size());
    if (host.size() > 0) E::upload(x.data_, host.data(), x.bytes());
  }
  friend bool all_finite(const Vector& x) {
    return detail::sum_on_host<S, E>(x.size_, detail::EntryTimesZero<S>{x.data_}) == S(0);
  }

 private:
  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(size_) * sizeof(S); }
  void copy_from(const Vector& other) {
    if (size_ > 0) E::copy(data_, other.data_, bytes());
  }
  void free() noexcept {
    if (data_ != nullptr) E::release(data_);
    data_ = nullptr;
    size_ = 0;
  }

  S* data_ = nullptr;
  Index size_ = 0;
};

/// A features x samples matrix, column-major, in the memory of the executor E: inputs of a network.
template <class S, class E>
class Batch {
 public:
  using Scalar = S;

  Batch() = default;
  Batch(Vector<S, E> values, Index rows, Index cols) : values_(std::move(values)), rows_(rows), cols_(cols) {}
  /// A copy of a matrix of the host: networks take their inputs from there.
  Batch(const Matrix<S>& host)  // NOLINT(google-explicit-constructor): nothing but the place differs
      : values_(host.size()), rows_(host.rows()), cols_(host.cols()) {
    if (host.size() > 0) {
      E::upload(values_.data(), host.data(), static_cast<std::size_t>(host.size()) * sizeof(S));
    }
  }

  [[nodiscard]] static Batch Zero(Index rows, Index cols) {
    return {Vector<S, E>::Zero(rows * cols), rows, cols};
  }
  /// Another size; what it held is lost if it differs.
  void resize(Index rows, Index cols) {
    values_.resize(rows * cols);
    rows_ = rows;
    cols_ = cols;
  }

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index cols() const { return cols_; }
  [[nodiscard]] S* data() { return values_.data(); }
  [[nodiscard]] const S* data() const { return values_.data(); }
  /// The numbers, on the host: waits for them.
  [[nodiscard]] Matrix<S> to_host() const {
    return Eigen::Map<const Matrix<S>>(values_.to_host().data(), rows_, cols_);
  }

 private:
  Vector<S, E> values_;
  Index rows_ = 0;
  Index cols_ = 0;
};

}  // namespace lazytrain::cuda
