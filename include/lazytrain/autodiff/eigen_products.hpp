#pragma once

#include <lazytrain/autodiff/scalar.hpp>

/// Dense matrix products over active scalars.
///
/// Eigen would multiply them number by number. Here `generic_product_impl`, the one place through which every
/// dense product passes that is not small at compile time, is specialized for them: it hands both factors
/// (expressions, blocks, maps, transposes, of any storage order, already with their scalar factors) to
/// `detail::ProductOf<A>::product`, which computes with matrices of plain numbers, and then assigns, adds or
/// subtracts. Specializing here rather than the kernels `general_matrix_matrix_product` leaves strides,
/// storage orders and the choice of kernel to Eigen.
namespace lazytrain::detail {

/// `static Matrix<A> product(lhs, rhs)` for `Entries` whose scalars are A or constants for A, at least one of
/// them A. Each active scalar specializes it.
template <class A>
struct ProductOf;

/// `part(x_ij)` for the entries of an expression of active scalars.
template <class Xpr, class Part>
auto map_entries(const Xpr& x, Part part) {
  using Result = std::decay_t<decltype(part(std::declval<const typename Xpr::Scalar&>()))>;
  return Matrix<Result>(x.unaryExpr(part));
}

/// The entries of a constant factor as numbers of type T.
template <class T, class Xpr>
Matrix<T> constant_entries(const Xpr& x) {
  return x.template cast<T>();
}

template <class Lhs, class Rhs>
using product_scalar_t =
    typename Eigen::ScalarBinaryOpTraits<typename Lhs::Scalar, typename Rhs::Scalar>::ReturnType;

/// The entries of a factor in memory, whatever its type and storage order: a product is compiled once for its
/// two scalars.
template <class S>
using Entries = Eigen::Map<const Matrix<S>, Eigen::Unaligned, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// The entries of what has some in memory.
template <class Xpr>
Entries<typename Xpr::Scalar> entries(const Xpr& x) {
  const Index inner = x.innerStride(), outer = x.outerStride();
  return {x.data(), x.rows(), x.cols(),
          Xpr::IsRowMajor ? Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(inner, outer)
                          : Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(outer, inner)};
}

/// Another expression is evaluated, once.
template <class Xpr>
using evaluated_t = std::conditional_t<bool(Xpr::Flags& Eigen::DirectAccessBit), const Xpr&,
                                       const Matrix<typename Xpr::Scalar>>;

template <class A, class L, class R>
Matrix<A> product_of(const Entries<L>& lhs, const Entries<R>& rhs) {
  return ProductOf<A>::product(lhs, rhs);
}

template <class Lhs, class Rhs>
struct ActiveProduct {
  using Scalar = product_scalar_t<Lhs, Rhs>;

  static Matrix<Scalar> product(const Lhs& lhs, const Rhs& rhs) {
    const evaluated_t<Lhs> a = lhs;
    const evaluated_t<Rhs> b = rhs;
    return product_of<Scalar, typename Lhs::Scalar, typename Rhs::Scalar>(entries(a), entries(b));
  }
  template <class Dst>
  static void evalTo(Dst& dst, const Lhs& lhs, const Rhs& rhs) {
    // Copied entry by entry: Eigen's evaluators already hold the address of dst's entries.
    const Matrix<Scalar> result = product(lhs, rhs);
    dst = result;
  }
  template <class Dst>
  static void addTo(Dst& dst, const Lhs& lhs, const Rhs& rhs) {
    dst += product(lhs, rhs);
  }
  template <class Dst>
  static void subTo(Dst& dst, const Lhs& lhs, const Rhs& rhs) {
    dst -= product(lhs, rhs);
  }
  template <class Dst>
  static void scaleAndAddTo(Dst& dst, const Lhs& lhs, const Rhs& rhs, const Scalar& alpha) {
    dst += alpha * product(lhs, rhs);
  }
};

template <class Lhs, class Rhs>
concept ActiveFactors = ActiveScalar<typename Lhs::Scalar> || ActiveScalar<typename Rhs::Scalar>;

}  // namespace lazytrain::detail

namespace Eigen::internal {

template <class Lhs, class Rhs>
requires lazytrain::detail::ActiveFactors<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, GemmProduct>
    : lazytrain::detail::ActiveProduct<Lhs, Rhs> {
};

template <class Lhs, class Rhs>
requires lazytrain::detail::ActiveFactors<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, GemvProduct>
    : lazytrain::detail::ActiveProduct<Lhs, Rhs> {
};

template <class Lhs, class Rhs>
requires lazytrain::detail::ActiveFactors<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, OuterProduct>
    : lazytrain::detail::ActiveProduct<Lhs, Rhs> {
};

template <class Lhs, class Rhs>
requires lazytrain::detail::ActiveFactors<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, InnerProduct>
    : lazytrain::detail::ActiveProduct<Lhs, Rhs> {
};

}  // namespace Eigen::internal
