#pragma once

#include <Eigen/Core>
#include <lazytrain/core/types.hpp>
#include <type_traits>

/// What the numbers of automatic differentiation have in common, and how Eigen sees them.
namespace lazytrain {

/// Whether T is one of the numbers of automatic differentiation; those specialize it.
template <class T>
inline constexpr bool is_active = false;

/// A number that carries derivative information: Dual, ScaledDifference, Reverse. `T::Inner` is the type of
/// its value. Such numbers come implicitly from arithmetic constants.
template <class T>
concept ActiveScalar = is_active<T>;

/// A built-in number.
template <class T>
concept Arithmetic = std::is_arithmetic_v<T>;

namespace detail {

template <class T>
struct BaseScalar {
  using type = T;
};
template <ActiveScalar T>
struct BaseScalar<T> : BaseScalar<typename T::Inner> {};

}  // namespace detail

/// The floating-point type at the bottom of nested active scalars.
template <class T>
using base_scalar_t = typename detail::BaseScalar<T>::type;

/// What may meet the active scalar A in an arithmetic operation and is then a constant for it.
template <class C, class A>
concept ConstantFor =
    ActiveScalar<A> && !std::is_same_v<C, A> && (Arithmetic<C> || std::is_same_v<C, typename A::Inner>);

}  // namespace lazytrain

namespace Eigen {

/// Active scalars are real numbers of the precision and range of their base.
template <lazytrain::ActiveScalar A>
struct NumTraits<A> : GenericNumTraits<A> {
  using Real = A;
  using NonInteger = A;
  using Nested = A;
  using Literal = A;
  using Base = NumTraits<lazytrain::base_scalar_t<A>>;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 2,
    AddCost = 4,
    MulCost = 8
  };
  static Real epsilon() { return Base::epsilon(); }
  static Real dummy_precision() { return Base::dummy_precision(); }
  static Real highest() { return Base::highest(); }
  static Real lowest() { return Base::lowest(); }
  static Real infinity() { return Base::infinity(); }
  static Real quiet_NaN() { return Base::quiet_NaN(); }
  static int digits10() { return Base::digits10(); }
};

template <lazytrain::ActiveScalar A, lazytrain::ConstantFor<A> C, class Operation>
struct ScalarBinaryOpTraits<A, C, Operation> {
  using ReturnType = A;
};
template <lazytrain::ActiveScalar A, lazytrain::ConstantFor<A> C, class Operation>
struct ScalarBinaryOpTraits<C, A, Operation> {
  using ReturnType = A;
};

}  // namespace Eigen
