#pragma once

#include <lazytrain/autodiff/eigen_products.hpp>
#include <lazytrain/autodiff/functions.hpp>
#include <ostream>

namespace lazytrain {

template <class T>
struct Dual;

template <class T>
inline constexpr bool is_active<Dual<T>> = true;

namespace detail {

template <Arithmetic T>
constexpr bool is_zero(T x) {
  return x == 0;
}

}  // namespace detail

/// A dual number: the value of a quantity and its derivative along one direction.
///
/// Dual<Dual<S>> carries second derivatives: with x = ((w, u), (v, 0)) the tangent's tangent of f(x) is
/// D^2f(w)[u, v]. Comparisons look at values only. Operations with a constant: `2 * x`, `max(x, 0)`.
template <class T>
struct Dual {
  using Inner = T;

  T value{};
  T tangent{};

  Dual() = default;
  // Copied, never moved: clang finds no assignment from Eigen's inner products, which are const, otherwise.
  Dual(const Dual&) = default;
  Dual& operator=(const Dual&) = default;
  Dual(const T& v) : value(v) {}  // NOLINT(google-explicit-constructor): a constant
  template <Arithmetic C>
  requires(!std::is_same_v<C, T>)  //
      Dual(C constant)             // NOLINT(google-explicit-constructor): a constant
      : value(static_cast<base_scalar_t<T>>(constant)) {}
  Dual(const T& v, const T& t) : value(v), tangent(t) {}

  friend Dual operator+(const Dual& a) { return a; }
  friend Dual operator-(const Dual& a) { return {-a.value, -a.tangent}; }
  friend Dual operator+(const Dual& a, const Dual& b) { return {a.value + b.value, a.tangent + b.tangent}; }
  friend Dual operator-(const Dual& a, const Dual& b) { return {a.value - b.value, a.tangent - b.tangent}; }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.value * b.tangent + a.tangent * b.value};
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const T quotient = a.value / b.value;
    return {quotient, (a.tangent - quotient * b.tangent) / b.value};
  }
  Dual& operator+=(const Dual& b) { return *this = *this + b; }
  Dual& operator-=(const Dual& b) { return *this = *this - b; }
  Dual& operator*=(const Dual& b) { return *this = *this * b; }
  Dual& operator/=(const Dual& b) { return *this = *this / b; }

  friend bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
  friend bool operator!=(const Dual& a, const Dual& b) { return a.value != b.value; }
  friend bool operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
  friend bool operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
  friend bool operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
  friend bool operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }

  /// The first argument at a tie.
  friend Dual max(const Dual& a, const Dual& b) { return a < b ? b : a; }
  friend Dual min(const Dual& a, const Dual& b) { return b < a ? b : a; }
  /// |x|, with the derivative 0 at 0.
  friend Dual abs(const Dual& x) { return x < 0 ? -x : x == 0 ? Dual(0) : x; }
  friend Dual rectify(const Dual& x) { return x <= 0 ? Dual(0) : x; }

  /// x^y for x > 0; for a constant y use an arithmetic exponent.
  friend Dual pow(const Dual& x, const Dual& y) {
    using std::log;
    using std::pow;
    const T power = pow(x.value, y.value);
    const T along_y = x.value == 0 ? T(0) : T(power * log(x.value));
    using detail::is_zero;
    const T along_x = is_zero(x.tangent) ? T(0) : T(y.value * pow(x.value, T(y.value - 1)));
    return {power, along_x * x.tangent + along_y * y.tangent};
  }

  friend std::ostream& operator<<(std::ostream& out, const Dual& x) {
    return out << '(' << x.value << ", " << x.tangent << ')';
  }

  template <class Function>
  friend Dual chain(const Function& f, const Dual& x) {
    const T y = f.value(x.value);
    using detail::is_zero;
    // What does not move has the tangent 0, also where the slope is infinite; a NaN stays one.
    if (is_zero(x.tangent)) return {y, y == y ? T(0) : y};
    return {y, f.slope(x.value, y) * x.tangent};
  }

  /// Whether x is 0 with all its tangents.
  friend bool is_zero(const Dual& x) {
    using detail::is_zero;
    return is_zero(x.value) && is_zero(x.tangent);
  }
};

/// x with each coordinate's tangent: x_i + v_i e. @pre x and v have one size
template <class T>
[[nodiscard]] Vector<Dual<T>> dual_vector(const Vector<T>& x, const Vector<T>& v) {
  return x.binaryExpr(v, [](const T& value, const T& tangent) { return Dual<T>(value, tangent); });
}

namespace detail {

/// (A + A'e)(B + B'e) = AB + (AB' + A'B)e: three products of matrices of T, two if a factor is constant.
template <class T>
struct ProductOf<Dual<T>> {
  template <class Lhs, class Rhs>
  static Matrix<Dual<T>> product(const Lhs& lhs, const Rhs& rhs) {
    const Matrix<T> a = value(lhs);
    const Matrix<T> b = value(rhs);
    const Matrix<T> values = a * b;
    Matrix<T> tangents;
    if constexpr (!std::is_same_v<typename Lhs::Scalar, Dual<T>>) {
      tangents.noalias() = a * tangent(rhs);
    } else {
      tangents.noalias() = tangent(lhs) * b;
      if constexpr (std::is_same_v<typename Rhs::Scalar, Dual<T>>) tangents.noalias() += a * tangent(rhs);
    }
    return values.binaryExpr(tangents, [](const T& v, const T& t) { return Dual<T>(v, t); });
  }

  template <class Xpr>
  static Matrix<T> value(const Xpr& x) {
    if constexpr (std::is_same_v<typename Xpr::Scalar, Dual<T>>) {
      return map_entries(x, [](const Dual<T>& entry) { return entry.value; });
    } else {
      return constant_entries<T>(x);
    }
  }

  template <class Xpr>
  static Matrix<T> tangent(const Xpr& x) {
    return map_entries(x, [](const Dual<T>& entry) { return entry.tangent; });
  }
};

}  // namespace detail
}  // namespace lazytrain
