#pragma once

#include <cmath>
#include <concepts>
#include <lazytrain/core/types.hpp>

/// The operations through which algorithms touch parameters and outputs. A vector type that lives elsewhere
/// (on a device, say) provides the same names in its own namespace.
namespace lazytrain {

/// Number of coordinates.
template <class S>
[[nodiscard]] Index dimension(const Vector<S>& x) {
  return x.size();
}

/// A vector of the size of x (and on x's device), every coordinate 0.
template <class S>
[[nodiscard]] Vector<S> zeros_like(const Vector<S>& x) {
  return Vector<S>::Zero(x.size());
}

/// y = x; both have the same size.
template <class S>
void copy(const Vector<S>& x, Vector<S>& y) {
  y = x;
}

/// y += a x.
template <class S>
void axpy(std::type_identity_t<S> a, const Vector<S>& x, Vector<S>& y) {
  y += a * x;
}

/// x *= a.
template <class S>
void scale(std::type_identity_t<S> a, Vector<S>& x) {
  x *= a;
}

/// Every coordinate of x becomes a.
template <class S>
void fill(Vector<S>& x, std::type_identity_t<S> a) {
  x.setConstant(a);
}

/// Euclidean inner product. Inner products of outputs belong to OutputSpace.
template <class S>
[[nodiscard]] S dot(const Vector<S>& x, const Vector<S>& y) {
  return x.dot(y);
}

/// Euclidean norm.
template <class S>
[[nodiscard]] S norm(const Vector<S>& x) {
  return x.norm();
}

/// Whether no coordinate is NaN or infinite.
template <class S>
[[nodiscard]] bool all_finite(const Vector<S>& x) {
  for (Index i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x(i))) return false;
  }
  return true;
}

/// y = the coordinates first, first + 1, ... of x, as many as y has.
template <class S>
void extract(const Vector<S>& x, Index first, Vector<S>& y) {
  y = x.segment(first, y.size());
}

/// The coordinates first, first + 1, ... of x become y.
template <class S>
void insert(const Vector<S>& y, Index first, Vector<S>& x) {
  x.segment(first, y.size()) = y;
}

/// A vector on which the algorithms can run.
template <class V>
concept HilbertVector = std::copyable<V> && requires(V& y, const V& x, typename V::Scalar a) {
  { dimension(x) } -> std::convertible_to<Index>;
  { zeros_like(x) } -> std::same_as<V>;
  copy(x, y);
  axpy(a, x, y);
  scale(a, y);
  fill(y, a);
  { dot(x, x) } -> std::convertible_to<typename V::Scalar>;
  { norm(x) } -> std::convertible_to<typename V::Scalar>;
  { all_finite(x) } -> std::convertible_to<bool>;
};

/// A vector whose numbers the host cannot touch, on a device: `to_host(x)` gives a copy of them and
/// `from_host(numbers, x)` sets them, and x's size.
template <class V>
concept VectorElsewhere = HilbertVector<V> &&
    requires(const V& x, const Vector<typename V::Scalar>& host, V& y) {
  { to_host(x) } -> std::same_as<Vector<typename V::Scalar>>;
  from_host(host, y);
};

/// A vector that states of several parts are put together in: `extract` and `insert` copy a part.
template <class V>
concept DivisibleVector = HilbertVector<V> && requires(const V& x, V& y) {
  extract(x, Index(0), y);
  insert(x, Index(0), y);
};

/// The numbers of x for the host to read: x itself, or a copy of what lives elsewhere.
template <class S>
[[nodiscard]] const Vector<S>& host_numbers(const Vector<S>& x) {
  return x;
}
template <VectorElsewhere V>
[[nodiscard]] Vector<typename V::Scalar> host_numbers(const V& x) {
  return to_host(x);
}

/// x becomes the numbers of the host, where x lives.
template <class S>
void place(const Vector<S>& numbers, Vector<S>& x) {
  x = numbers;
}
template <VectorElsewhere V>
void place(const Vector<typename V::Scalar>& numbers, V& x) {
  from_host(numbers, x);
}

/// Numbers of the host as a vector of type V.
template <HilbertVector V>
[[nodiscard]] V placed(Vector<typename V::Scalar> numbers) {
  if constexpr (std::same_as<V, Vector<typename V::Scalar>>) {
    return numbers;
  } else {
    V x;
    from_host(numbers, x);
    return x;
  }
}

/// n coordinates 0 as a vector of type V.
template <HilbertVector V>
[[nodiscard]] V zeros(Index n) {
  return placed<V>(Vector<typename V::Scalar>::Zero(n));
}

}  // namespace lazytrain
