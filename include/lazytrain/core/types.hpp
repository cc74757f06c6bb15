#pragma once

#include <Eigen/Core>
#include <type_traits>

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ != 0)
#error "Lazytrain needs IEEE arithmetic: compile it without -ffast-math, -Ofast and -ffinite-math-only"
#endif
#if defined(EIGEN_HAS_OPENMP)
#error \
    "With -fopenmp, results of Eigen's products depend on the number of threads: define EIGEN_DONT_PARALLELIZE"
#endif

/// Lazy training: differentiable models, their linearizations, and the distance between the two.
namespace lazytrain {

/// Signed size and index type, Eigen's.
using Index = Eigen::Index;

/// Column vector of scalars S on the host.
template <class S>
using Vector = Eigen::Matrix<S, Eigen::Dynamic, 1>;

/// Dense column-major matrix of scalars S on the host. A batch of n inputs in R^d is d x n.
template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

namespace detail {

template <class V>
struct VectorTraits {
  using View = const V&;
  using Out = V&;
};

template <class S, int Options>
struct VectorTraits<Eigen::Matrix<S, Eigen::Dynamic, 1, Options>> {
  using View = const Eigen::Ref<const Vector<S>>&;
  using Out = Eigen::Ref<Vector<S>>;
};

}  // namespace detail

/// How a function reads a vector of type V: for Eigen any expression, block or map converts to it.
template <class V>
using view_t = typename detail::VectorTraits<V>::View;

/// How a function writes a vector of type V whose size the caller has set: for Eigen also a segment.
template <class V>
using out_t = typename detail::VectorTraits<V>::Out;

}  // namespace lazytrain
