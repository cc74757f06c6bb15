#pragma once

#include <cmath>
#include <lazytrain/autodiff/scalar.hpp>
#include <numbers>

/// Elementary functions of plain and active numbers.
///
/// In a templated functor write `using std::exp; exp(x)`, or Eigen's `x.array().exp()`: exp, expm1, log,
/// log1p, sqrt, sin, cos, tan, atan, sinh, cosh, tanh, erf, pow, abs, max and min are found for every scalar
/// type. sigmoid, softplus and relu are in this namespace. Outside the domain of a function (log or sqrt of a
/// negative number) the result is NaN as in <cmath>, and algorithms report it.
///
/// What does not move has derivative and difference 0, also where a slope is infinite (a root of a constant
/// 0). Where a function has no derivative: relu'(0) = 0, abs'(0) = 0, and max(a, b), min(a, b) take the
/// derivative of the first argument at a tie (so `x.cwiseMax(0)` has the derivative 1 at 0: prefer relu).
namespace lazytrain {

/// 1 / (1 + exp(-x)), without overflow and with a small relative error for x of both signs.
template <std::floating_point S>
[[nodiscard]] S sigmoid(S x) {
  const S t = std::exp(-std::abs(x));
  return (x < 0 ? t : S(1)) / (1 + t);
}

/// log(1 + exp(x)) without overflow.
template <std::floating_point S>
[[nodiscard]] S softplus(S x) {
  return (x > 0 ? x : S(0)) + std::log1p(std::exp(-std::abs(x)));
}

/// max(x, 0); NaN stays NaN.
template <std::floating_point S>
[[nodiscard]] S relu(S x) {
  return x < 0 ? S(0) : x;
}

namespace detail {

// One struct a smooth function: its value, and its slope at x, where y is the value. Both are templates, so
// that they serve numbers of any depth: derivatives are said here once.

struct Exp {
  static auto value(const auto& x) {
    using std::exp;
    return exp(x);
  }
  static auto slope(const auto&, const auto& y) { return y; }
};

struct Expm1 {
  static auto value(const auto& x) {
    using std::expm1;
    return expm1(x);
  }
  static auto slope(const auto& x, const auto&) { return Exp::value(x); }
};

struct Log {
  static auto value(const auto& x) {
    using std::log;
    return log(x);
  }
  static auto slope(const auto& x, const auto&) { return 1 / x; }
};

struct Log1p {
  static auto value(const auto& x) {
    using std::log1p;
    return log1p(x);
  }
  static auto slope(const auto& x, const auto&) { return 1 / (1 + x); }
};

struct Sqrt {
  static auto value(const auto& x) {
    using std::sqrt;
    return sqrt(x);
  }
  static auto slope(const auto&, const auto& y) { return 1 / (2 * y); }
};

struct Sin {
  static auto value(const auto& x) {
    using std::sin;
    return sin(x);
  }
  static auto slope(const auto& x, const auto&) {
    using std::cos;
    return cos(x);
  }
};

struct Cos {
  static auto value(const auto& x) {
    using std::cos;
    return cos(x);
  }
  static auto slope(const auto& x, const auto&) { return -Sin::value(x); }
};

struct Tan {
  static auto value(const auto& x) {
    using std::tan;
    return tan(x);
  }
  static auto slope(const auto&, const auto& y) { return 1 + y * y; }
};

struct Atan {
  static auto value(const auto& x) {
    using std::atan;
    return atan(x);
  }
  static auto slope(const auto& x, const auto&) { return 1 / (1 + x * x); }
};

struct Sinh {
  static auto value(const auto& x) {
    using std::sinh;
    return sinh(x);
  }
  static auto slope(const auto& x, const auto&) {
    using std::cosh;
    return cosh(x);
  }
};

struct Cosh {
  static auto value(const auto& x) {
    using std::cosh;
    return cosh(x);
  }
  static auto slope(const auto& x, const auto&) { return Sinh::value(x); }
};

struct Tanh {
  static auto value(const auto& x) {
    using std::tanh;
    return tanh(x);
  }
  template <class T>
  static T slope(const T& x, const T& y) {
    // 1 - y cancels where y is close to 1, and 1 + y where it is close to -1.
    if (y * y <= T(0.5)) return (1 - y) * (1 + y);
    return 4 * sigmoid(T(2 * x)) * sigmoid(T(-2 * x));
  }
};

struct Erf {
  static auto value(const auto& x) {
    using std::erf;
    return erf(x);
  }
  template <class T>
  static T slope(const T& x, const T&) {
    return static_cast<base_scalar_t<T>>(2 * std::numbers::inv_sqrtpi_v<long double>) * Exp::value(-x * x);
  }
};

struct Sigmoid {
  static auto value(const auto& x) { return sigmoid(x); }
  template <class T>
  static T slope(const T& x, const T& y) {
    return y <= T(0.5) ? T(y * (1 - y)) : T(y * sigmoid(T(-x)));
  }
};

struct Softplus {
  static auto value(const auto& x) { return softplus(x); }
  static auto slope(const auto& x, const auto&) { return sigmoid(x); }
};

/// x^exponent for a constant exponent.
template <class C>
struct Power {
  C exponent;
  auto value(const auto& x) const {
    using std::pow;
    return pow(x, exponent);
  }
  template <class T>
  T slope(const T& x, const T&) const {
    using std::pow;
    return exponent == 0 ? T(0) : exponent * pow(x, exponent - 1);
  }
};

}  // namespace detail

// `chain(function, x)` applies a function of the tables above to an active number: the chain rule of its
// type.

template <ActiveScalar A>
[[nodiscard]] A exp(const A& x) {
  return chain(detail::Exp{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A expm1(const A& x) {
  return chain(detail::Expm1{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A log(const A& x) {
  return chain(detail::Log{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A log1p(const A& x) {
  return chain(detail::Log1p{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A sqrt(const A& x) {
  return chain(detail::Sqrt{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A sin(const A& x) {
  return chain(detail::Sin{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A cos(const A& x) {
  return chain(detail::Cos{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A tan(const A& x) {
  return chain(detail::Tan{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A atan(const A& x) {
  return chain(detail::Atan{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A sinh(const A& x) {
  return chain(detail::Sinh{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A cosh(const A& x) {
  return chain(detail::Cosh{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A tanh(const A& x) {
  return chain(detail::Tanh{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A erf(const A& x) {
  return chain(detail::Erf{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A sigmoid(const A& x) {
  return chain(detail::Sigmoid{}, x);
}
template <ActiveScalar A>
[[nodiscard]] A softplus(const A& x) {
  return chain(detail::Softplus{}, x);
}
/// max(x, 0), with the derivative 0 at 0; NaN stays NaN.
template <ActiveScalar A>
[[nodiscard]] A relu(const A& x) {
  return rectify(x);
}

/// x^c for a constant c; negative x are allowed if c is an integer.
template <ActiveScalar A, Arithmetic C>
[[nodiscard]] A pow(const A& x, C c) {
  return chain(detail::Power<base_scalar_t<A>>{static_cast<base_scalar_t<A>>(c)}, x);
}

}  // namespace lazytrain
