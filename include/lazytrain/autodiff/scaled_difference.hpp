#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/autodiff/differences.hpp>
#include <lazytrain/autodiff/eigen_products.hpp>
#include <lazytrain/autodiff/functions.hpp>
#include <lazytrain/core/error.hpp>
#include <ostream>

namespace lazytrain {

template <std::floating_point S>
struct ScaledDifference;

template <class S>
inline constexpr bool is_active<ScaledDifference<S>> = true;

/// The value a of a quantity at w0 and its scaled difference
///     d = (f(w0 + epsilon delta) - f(w0)) / epsilon,
/// computed without the cancellation of the plain difference. At epsilon = 0 it is a dual number, by the same
/// code. All active numbers of one evaluation share one epsilon; a constant has d = 0 and epsilon = 0.
///
/// max, min, abs and relu treat the quantity on both ends of the step. A comparison (<, ==, ...) whose answer
/// is not the same at both ends throws std::domain_error: a functor that branches on it has no single
/// formula.
template <std::floating_point S>
struct ScaledDifference {
  using Inner = S;

  S value{};
  S difference{};
  S epsilon{};

  ScaledDifference() = default;
  // Copied, never moved: clang finds no assignment from Eigen's inner products, which are const, otherwise.
  ScaledDifference(const ScaledDifference&) = default;
  ScaledDifference& operator=(const ScaledDifference&) = default;
  template <Arithmetic C>
  ScaledDifference(C constant)  // NOLINT(google-explicit-constructor): a constant
      : value(static_cast<S>(constant)) {}
  ScaledDifference(S a, S d, S e) : value(a), difference(d), epsilon(e) {}

  /// The value at w0 + epsilon delta, rounded once.
  [[nodiscard]] S end() const { return std::fma(epsilon, difference, value); }

  friend ScaledDifference operator+(const ScaledDifference& a) { return a; }
  friend ScaledDifference operator-(const ScaledDifference& a) {
    return {-a.value, -a.difference, a.epsilon};
  }
  friend ScaledDifference operator+(const ScaledDifference& a, const ScaledDifference& b) {
    return {a.value + b.value, a.difference + b.difference, common(a, b)};
  }
  friend ScaledDifference operator-(const ScaledDifference& a, const ScaledDifference& b) {
    return {a.value - b.value, a.difference - b.difference, common(a, b)};
  }
  friend ScaledDifference operator*(const ScaledDifference& a, const ScaledDifference& b) {
    return {a.value * b.value, a.value * b.difference + a.difference * b.end(), common(a, b)};
  }
  friend ScaledDifference operator/(const ScaledDifference& a, const ScaledDifference& b) {
    const S quotient = a.value / b.value;
    return {quotient, (a.difference - quotient * b.difference) / b.end(), common(a, b)};
  }
  ScaledDifference& operator+=(const ScaledDifference& b) { return *this = *this + b; }
  ScaledDifference& operator-=(const ScaledDifference& b) { return *this = *this - b; }
  ScaledDifference& operator*=(const ScaledDifference& b) { return *this = *this * b; }
  ScaledDifference& operator/=(const ScaledDifference& b) { return *this = *this / b; }

  friend bool operator==(const ScaledDifference& a, const ScaledDifference& b) {
    return agree(a, b, "==", [](S gap) { return gap == 0; });
  }
  friend bool operator!=(const ScaledDifference& a, const ScaledDifference& b) {
    return agree(a, b, "!=", [](S gap) { return gap != 0; });
  }
  friend bool operator<(const ScaledDifference& a, const ScaledDifference& b) {
    return agree(a, b, "<", [](S gap) { return gap < 0; });
  }
  friend bool operator>(const ScaledDifference& a, const ScaledDifference& b) {
    return agree(a, b, ">", [](S gap) { return gap > 0; });
  }
  friend bool operator<=(const ScaledDifference& a, const ScaledDifference& b) {
    return agree(a, b, "<=", [](S gap) { return gap <= 0; });
  }
  friend bool operator>=(const ScaledDifference& a, const ScaledDifference& b) {
    return agree(a, b, ">=", [](S gap) { return gap >= 0; });
  }

  /// The first argument at a tie.
  friend ScaledDifference max(const ScaledDifference& a, const ScaledDifference& b) {
    const S e = common(a, b);
    const Gap gap(a, b);
    if (gap.base < 0) {
      if (gap.end <= 0) return {b.value, b.difference, e};
      return {b.value, std::fma(e, a.difference, gap.base) / e, e};
    }
    if (!(gap.end < 0)) return {a.value, a.difference, e};
    return {a.value, std::fma(e, b.difference, -gap.base) / e, e};
  }
  friend ScaledDifference min(const ScaledDifference& a, const ScaledDifference& b) { return -max(-a, -b); }

  friend ScaledDifference abs(const ScaledDifference& x) {
    const S end = x.end();
    const S size = std::abs(x.value);
    if (x.value == 0) return {size, x.epsilon > 0 ? std::abs(x.difference) : S(0), x.epsilon};
    // +1 if the step leaves the sign, else the kink lies between: (|end| - |value|) / epsilon.
    const S sign = x.value < 0 ? S(-1) : S(1);
    if (!(sign * end < 0)) return {size, sign * x.difference, x.epsilon};
    return {size, -sign * std::fma(x.epsilon, x.difference, 2 * x.value) / x.epsilon, x.epsilon};
  }

  friend ScaledDifference rectify(const ScaledDifference& x) {
    const S end = x.end();
    if (x.value <= 0) return {S(0), end > 0 ? end / x.epsilon : end <= 0 ? S(0) : end, x.epsilon};
    return {x.value, end <= 0 ? -x.value / x.epsilon : x.difference, x.epsilon};
  }

  /// x^y for x > 0; for a constant y use an arithmetic exponent.
  friend ScaledDifference pow(const ScaledDifference& x, const ScaledDifference& y) {
    const S power = std::pow(x.value, y.value);
    const ScaledDifference z = y * log(x);
    return {power, detail::difference(detail::Exp{}, z.value, power, z.difference, z.epsilon), z.epsilon};
  }

  friend std::ostream& operator<<(std::ostream& out, const ScaledDifference& x) {
    return out << '(' << x.value << ", " << x.difference << "; " << x.epsilon << ')';
  }

  template <class Function>
  friend ScaledDifference chain(const Function& f, const ScaledDifference& x) {
    const S y = f.value(x.value);
    // What does not move does not change, also where the slope is infinite; a NaN stays one.
    if (x.difference == 0) return {y, y == y ? S(0) : y, x.epsilon};
    return {y, detail::difference(f, x.value, y, x.difference, x.epsilon), x.epsilon};
  }

 private:
  static S common(const ScaledDifference& a, const ScaledDifference& b) {
    return std::max(a.epsilon, b.epsilon);
  }

  /// a - b at both ends of the step, with the right sign.
  struct Gap {
    S base;
    S end;
    Gap(const ScaledDifference& a, const ScaledDifference& b)
        : base(a.value == b.value ? S(0) : a.value - b.value),  // infinities are equal to themselves
          end(std::fma(common(a, b), a.difference - b.difference, base)) {}
  };

  template <class Test>
  static bool agree(const ScaledDifference& a, const ScaledDifference& b, const char* name, Test test) {
    const Gap gap(a, b);
    const bool answer = test(gap.base);
    if (answer != test(gap.end)) {
      raise<std::domain_error>(
          "ScaledDifference", "the comparison ", a, ' ', name, ' ', b,
          " has two answers, at w0 and at w0 + epsilon delta, so that the functor branches "
          "differently there; expected one (use max, min, relu or abs)");
    }
    return answer;
  }
};

/// The numbers (w0_i, delta_i; epsilon). @pre w0 and delta have one size
template <class S>
[[nodiscard]] Vector<ScaledDifference<S>> scaled_difference_vector(const Vector<S>& w0,
                                                                   const Vector<S>& delta,
                                                                   std::type_identity_t<S> epsilon) {
  return w0.binaryExpr(delta, [epsilon](S a, S d) { return ScaledDifference<S>(a, d, epsilon); });
}

namespace detail {

/// (AB)' = AB' + A'(B + epsilon B'): three products of matrices of S, two if a factor is constant.
template <class S>
struct ProductOf<ScaledDifference<S>> {
  using A = ScaledDifference<S>;

  template <class Xpr>
  static constexpr bool is_constant = !std::is_same_v<typename Xpr::Scalar, A>;

  template <class Lhs, class Rhs>
  static Matrix<A> product(const Lhs& lhs, const Rhs& rhs) {
    const Matrix<S> a = value(lhs);
    Matrix<S> b = value(rhs);
    const S epsilon = std::max(common_epsilon(lhs), common_epsilon(rhs));
    const Matrix<S> values = a * b;
    Matrix<S> differences = Matrix<S>::Zero(values.rows(), values.cols());
    if constexpr (!is_constant<Rhs>) {
      const Matrix<S> b_difference = difference(rhs);
      differences.noalias() += a * b_difference;
      b += epsilon * b_difference;
    }
    if constexpr (!is_constant<Lhs>) differences.noalias() += difference(lhs) * b;
    return values.binaryExpr(differences, [epsilon](S v, S d) { return A(v, d, epsilon); });
  }

  template <class Xpr>
  static Matrix<S> value(const Xpr& x) {
    if constexpr (is_constant<Xpr>) {
      return constant_entries<S>(x);
    } else {
      return map_entries(x, [](const A& entry) { return entry.value; });
    }
  }

  template <class Xpr>
  static Matrix<S> difference(const Xpr& x) {
    return map_entries(x, [](const A& entry) { return entry.difference; });
  }

  template <class Xpr>
  static S common_epsilon(const Xpr& x) {
    if constexpr (is_constant<Xpr>) {
      return S(0);
    } else {
      return x.size() == 0 ? S(0) : map_entries(x, [](const A& entry) { return entry.epsilon; }).maxCoeff();
    }
  }
};

}  // namespace detail
}  // namespace lazytrain
