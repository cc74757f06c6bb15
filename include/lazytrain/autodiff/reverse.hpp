#pragma once

#include <lazytrain/autodiff/eigen_products.hpp>
#include <lazytrain/autodiff/functions.hpp>
#include <lazytrain/autodiff/tape.hpp>
#include <ostream>

namespace lazytrain {

template <class T>
struct Reverse;

template <class T>
inline constexpr bool is_active<Reverse<T>> = true;

/// A number whose computation is recorded on a tape, for derivatives by sweeps of that tape.
///
/// It carries the tape's address: there is no global state, and constants (tape == nullptr, variable 0) are
/// not recorded. T is a floating-point type, or Dual of one for second derivatives. Comparisons look at
/// values; max, min, relu, abs and sums with constants record at most a sign.
template <class T>
struct Reverse {
  using Inner = T;
  using Variable = typename Tape<T>::Variable;

  T value{};
  Tape<T>* tape = nullptr;
  Variable variable = 0;

  Reverse() = default;
  // Copied, never moved: clang finds no assignment from Eigen's inner products, which are const, otherwise.
  Reverse(const Reverse&) = default;
  Reverse& operator=(const Reverse&) = default;
  Reverse(const T& constant) : value(constant) {}  // NOLINT(google-explicit-constructor): a constant
  template <Arithmetic C>
  requires(!std::is_same_v<C, T>)  //
      Reverse(C constant)          // NOLINT(google-explicit-constructor): a constant
      : value(static_cast<base_scalar_t<T>>(constant)) {}
  Reverse(const T& v, Tape<T>* t, Variable i) : value(v), tape(t), variable(i) {}

  /// A new input of the tape. @pre the tape outlives every number recorded on it
  static Reverse input(const T& value, Tape<T>& tape) { return {value, &tape, tape.input()}; }

  friend Reverse operator+(const Reverse& a) { return a; }
  friend Reverse operator-(const Reverse& a) { return unary(-a.value, T(-1), a); }
  friend Reverse operator+(const Reverse& a, const Reverse& b) {
    if (!b.tape) return {a.value + b.value, a.tape, a.variable};
    if (!a.tape) return {a.value + b.value, b.tape, b.variable};
    return {a.value + b.value, a.tape, a.tape->record(T(1), a.variable, T(1), b.variable)};
  }
  friend Reverse operator-(const Reverse& a, const Reverse& b) {
    if (!b.tape) return {a.value - b.value, a.tape, a.variable};
    return binary(a.value - b.value, T(1), a, T(-1), b);
  }
  friend Reverse operator*(const Reverse& a, const Reverse& b) {
    return binary(a.value * b.value, b.value, a, a.value, b);
  }
  friend Reverse operator/(const Reverse& a, const Reverse& b) {
    const T inverse = 1 / b.value;
    const T quotient = a.value / b.value;
    return binary(quotient, inverse, a, -quotient * inverse, b);
  }
  Reverse& operator+=(const Reverse& b) { return *this = *this + b; }
  Reverse& operator-=(const Reverse& b) { return *this = *this - b; }
  Reverse& operator*=(const Reverse& b) { return *this = *this * b; }
  Reverse& operator/=(const Reverse& b) { return *this = *this / b; }

  friend bool operator==(const Reverse& a, const Reverse& b) { return a.value == b.value; }
  friend bool operator!=(const Reverse& a, const Reverse& b) { return a.value != b.value; }
  friend bool operator<(const Reverse& a, const Reverse& b) { return a.value < b.value; }
  friend bool operator>(const Reverse& a, const Reverse& b) { return a.value > b.value; }
  friend bool operator<=(const Reverse& a, const Reverse& b) { return a.value <= b.value; }
  friend bool operator>=(const Reverse& a, const Reverse& b) { return a.value >= b.value; }

  /// The first argument at a tie.
  friend Reverse max(const Reverse& a, const Reverse& b) { return a < b ? b : a; }
  friend Reverse min(const Reverse& a, const Reverse& b) { return b < a ? b : a; }
  /// |x|, with the derivative 0 at 0.
  friend Reverse abs(const Reverse& x) { return x < 0 ? -x : x == 0 ? Reverse(0) : x; }
  friend Reverse rectify(const Reverse& x) { return x <= 0 ? Reverse(0) : x; }

  /// x^y for x > 0; for a constant y use an arithmetic exponent.
  friend Reverse pow(const Reverse& x, const Reverse& y) {
    using std::log;
    using std::pow;
    const T power = pow(x.value, y.value);
    const T along_y = x.value == 0 ? T(0) : T(power * log(x.value));
    return binary(power, y.value * pow(x.value, T(y.value - 1)), x, along_y, y);
  }

  friend std::ostream& operator<<(std::ostream& out, const Reverse& x) { return out << x.value; }

  template <class Function>
  friend Reverse chain(const Function& f, const Reverse& x) {
    const T y = f.value(x.value);
    return x.tape ? unary(y, f.slope(x.value, y), x) : Reverse(y);
  }

 private:
  static Reverse unary(const T& value, const T& p, const Reverse& a) {
    return a.tape ? Reverse(value, a.tape, a.tape->record(p, a.variable)) : Reverse(value);
  }
  static Reverse binary(const T& value, const T& p, const Reverse& a, const T& q, const Reverse& b) {
    if (!b.tape) return unary(value, p, a);
    if (!a.tape) return unary(value, q, b);
    return {value, a.tape, a.tape->record(p, a.variable, q, b.variable)};
  }
};

namespace detail {

/// One block of the tape for the whole product.
template <class T>
struct ProductOf<Reverse<T>> {
  using A = Reverse<T>;
  using Factor = typename Tape<T>::Factor;

  template <class Lhs, class Rhs>
  static Matrix<A> product(const Lhs& lhs, const Rhs& rhs) {
    Tape<T>* tape = nullptr;
    const Factor a = factor(lhs, tape);
    const Factor b = factor(rhs, tape);
    const Matrix<T> values = a.values * b.values;
    Matrix<A> result(values.rows(), values.cols());
    if (!tape || a.values.cols() == 0) {
      for (Index k = 0; k < values.size(); ++k) result.data()[k] = A(values.data()[k]);
      return result;
    }
    typename Tape<T>::Variable variable = tape->record_product(a, b);
    for (Index k = 0; k < values.size(); ++k) result.data()[k] = A(values.data()[k], tape, variable++);
    return result;
  }

  /// The factor's entries; sets `tape` if one of them is recorded.
  template <class Xpr>
  static Factor factor(const Xpr& x, Tape<T>*& tape) {
    if constexpr (!std::is_same_v<typename Xpr::Scalar, A>) {
      return {constant_entries<T>(x), {}};
    } else {
      Tape<T>* own = nullptr;
      for (Index j = 0; j < x.cols() && !own; ++j) {
        for (Index i = 0; i < x.rows() && !own; ++i) own = x.coeff(i, j).tape;
      }
      if (own) tape = own;
      return {map_entries(x, [](const A& entry) { return entry.value; }),
              own ? map_entries(x, [](const A& entry) { return entry.variable; })
                  : Matrix<typename Tape<T>::Variable>()};
    }
  }
};

}  // namespace detail
}  // namespace lazytrain
