#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/vector.hpp>
#include <limits>
#include <vector>

namespace lazytrain {

/// Euclidean inner product as a function object: the default inner product of the Krylov methods.
struct EuclideanInner {
  template <HilbertVector V>
  [[nodiscard]] double operator()(const V& x, const V& y) const {
    return static_cast<double>(dot(x, y));
  }
  /// With every vector of a basis, where a type of vectors has `dots`: a device's answer together.
  template <HilbertVector V>
  requires requires(const std::vector<V>& basis, const V& x) { dots(basis, x); }
  [[nodiscard]] Vector<double> with_all(const std::vector<V>& basis, const V& x) const {
    return dots(basis, x).template cast<double>();
  }
};

/// The inner product of F as a function object, valid as long as the space.
struct OutputInner {
  const OutputSpace& space;
  template <HilbertVector V>
  [[nodiscard]] double operator()(const V& x, const V& y) const {
    return static_cast<double>(space.inner(x, y));
  }
  template <HilbertVector V>
  requires requires(const std::vector<V>& basis, const V& x) { dots(basis, x); }
  [[nodiscard]] Vector<double> with_all(const std::vector<V>& basis, const V& x) const {
    V cotangent = x;
    space.to_cotangent(cotangent);
    return dots(basis, cotangent).template cast<double>();
  }
};

/// What is left of a vector that was orthogonalized and normalized.
struct Orthogonalized {
  /// Norm of the component orthogonal to the basis: the factor taken out of x, or 0 when x lies in the span.
  double norm;
  /// Inner products of x with the basis.
  Vector<double> coefficients;
};

/// x = Σ_j coefficients(j) basis_j + norm q: x becomes the unit vector q, orthogonal to the orthonormal basis
/// to working precision, by Gram and Schmidt twice (Kahan and Parlett's "twice is enough"): vector by vector,
/// or, where the inner product has `with_all`, all at once, so that the host waits four times whatever the
/// basis (six times where samples of F have weights of their own).
///
/// What is not larger than the rounding of `magnitude`, the size of the numbers that x was computed from (its
/// norm when that is larger), is no direction but noise: then x becomes 0 and the norm is 0.
/// Cost: 4 basis.size() dot products or updates, no allocation but the coefficients and what `with_all`
/// makes.
template <HilbertVector V, class Inner = EuclideanInner>
Orthogonalized orthonormalize(const std::vector<V>& basis, V& x, double magnitude = 0, Inner inner = {}) {
  Orthogonalized result{0, Vector<double>::Zero(static_cast<Index>(basis.size()))};
  const double size = std::max(magnitude, std::sqrt(inner(x, x)));
  const auto remove = [&](std::size_t j, double c) {
    axpy(static_cast<typename V::Scalar>(-c), basis[j], x);
    result.coefficients(static_cast<Index>(j)) += c;
  };
  for (int pass = 0; pass < 2; ++pass) {
    if constexpr (requires { inner.with_all(basis, x); }) {
      const Vector<double> c = inner.with_all(basis, x);
      for (std::size_t j = 0; j < basis.size(); ++j) remove(j, c(static_cast<Index>(j)));
    } else {
      for (std::size_t j = 0; j < basis.size(); ++j) remove(j, inner(basis[j], x));
    }
  }
  constexpr double eps = std::numeric_limits<typename V::Scalar>::epsilon();
  result.norm = std::sqrt(inner(x, x));
  if (!(result.norm > 8 * eps * size)) {
    result.norm = 0;
    fill(x, typename V::Scalar(0));
    return result;
  }
  scale(static_cast<typename V::Scalar>(1 / result.norm), x);
  return result;
}

}  // namespace lazytrain
