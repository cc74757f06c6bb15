#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <string_view>

/// Numbers that say how they are known. A bound checked with an estimated constant proves nothing: the word
/// goes with the number through every formula.
namespace lazytrain {

/// How a number is known, from the strongest word to the weakest.
enum class Provenance {
  /// Both bounds are proved, rounding included.
  certified,
  /// Both bounds are the caller's.
  supplied,
  /// The bounds are believed: the best value of a search, a residual, a sample.
  estimated,
  /// Nothing is known.
  unavailable
};

/// "certified", "supplied", "estimated", "not available".
[[nodiscard]] constexpr std::string_view name(Provenance provenance) {
  switch (provenance) {
    case Provenance::certified:
      return "certified";
    case Provenance::supplied:
      return "supplied";
    case Provenance::estimated:
      return "estimated";
    default:
      return "not available";
  }
}

/// The weaker of two words.
[[nodiscard]] constexpr Provenance weaker(Provenance a, Provenance b) { return std::max(a, b); }

/// A finite number x >= 0, a norm for example, as far as it is known: lower <= x <= upper in the sense of
/// `provenance`, and `value`, the best guess, between the two.
///
/// Sums, products, quotients, roots and maxima keep the weaker word and bounds that are rounded outwards;
/// with an unavailable number everything is unavailable. There is no comparison: ask `lower` and `upper`.
class Estimate {
 public:
  /// Nothing known: value NaN, bounds 0 and infinity.
  Estimate() = default;

  /// @throws std::domain_error unless 0 <= lower <= value <= upper and the value is finite
  Estimate(double value, double lower, double upper, Provenance provenance)
      : value_(value), lower_(lower), upper_(upper), provenance_(provenance) {
    if (provenance == Provenance::unavailable) {
      *this = Estimate();
    } else if (!(0 <= lower && lower <= value && value <= upper && std::isfinite(value))) {
      raise<std::domain_error>("Estimate", "value ", value, " with bounds [", lower, ", ", upper,
                               "], expected finite 0 <= lower <= value <= upper");
    }
  }

  /// A number known exactly. @throws std::domain_error unless it is finite and >= 0
  [[nodiscard]] static Estimate exactly(double x) { return {x, x, x, Provenance::certified}; }
  /// A number x >= 0 computed by a formula with rounding errors of at most `relative` times x and `absolute`.
  [[nodiscard]] static Estimate rounded(double x, double relative, double absolute = 0) {
    return {x, std::max(0.0, x * (1 - relative) - absolute), x * (1 + relative) + absolute,
            Provenance::certified};
  }
  /// An upper bound, 0 <= x <= bound; the value is the bound.
  [[nodiscard]] static Estimate at_most(double bound, Provenance provenance = Provenance::certified) {
    return {bound, 0, bound, provenance};
  }
  /// A lower bound of a supremum, found by a search; the value is the bound, and there is no upper one.
  [[nodiscard]] static Estimate at_least(double bound) {
    return {bound, bound, std::numeric_limits<double>::infinity(), Provenance::estimated};
  }
  /// A number that the caller vouches for.
  [[nodiscard]] static Estimate supplied(double x) { return {x, x, x, Provenance::supplied}; }
  [[nodiscard]] static Estimate unavailable() { return {}; }

  [[nodiscard]] double value() const { return value_; }
  [[nodiscard]] double lower() const { return lower_; }
  [[nodiscard]] double upper() const { return upper_; }
  [[nodiscard]] Provenance provenance() const { return provenance_; }
  [[nodiscard]] bool available() const { return provenance_ != Provenance::unavailable; }
  [[nodiscard]] bool certified() const { return provenance_ == Provenance::certified; }

  [[nodiscard]] friend Estimate operator+(const Estimate& a, const Estimate& b) {
    return combine(a, b, a.value_ + b.value_, a.lower_ + b.lower_, a.upper_ + b.upper_);
  }
  [[nodiscard]] friend Estimate operator*(const Estimate& a, const Estimate& b) {
    return combine(a, b, a.value_ * b.value_, product(a.lower_, b.lower_), product(a.upper_, b.upper_));
  }
  [[nodiscard]] friend Estimate operator*(double a, const Estimate& b) { return exactly(a) * b; }
  /// The upper bound is infinite if b may be 0. Unavailable if the value of b is 0.
  [[nodiscard]] friend Estimate operator/(const Estimate& a, const Estimate& b) {
    if (b.value_ == 0) return {};
    const double upper = b.lower_ > 0 ? a.upper_ / b.lower_ : std::numeric_limits<double>::infinity();
    return combine(a, b, a.value_ / b.value_, a.lower_ / b.upper_, upper);
  }
  [[nodiscard]] friend Estimate operator/(const Estimate& a, double b) { return a / exactly(b); }
  [[nodiscard]] friend Estimate sqrt(const Estimate& a) {
    return combine(a, a, std::sqrt(a.value_), std::sqrt(a.lower_), std::sqrt(a.upper_));
  }
  [[nodiscard]] friend Estimate max(const Estimate& a, const Estimate& b) {
    return combine(a, b, std::max(a.value_, b.value_), std::max(a.lower_, b.lower_),
                   std::max(a.upper_, b.upper_));
  }

  /// "0.7006 (certified, in [0.7006, 0.742])", "0.88 (estimated, at least 0.88)", "not available".
  friend std::ostream& operator<<(std::ostream& out, const Estimate& a) {
    if (!a.available()) return out << name(a.provenance_);
    out << a.value_ << " (" << name(a.provenance_);
    const bool bounded = std::isfinite(a.upper_);
    if (a.upper_ - a.lower_ <= 5e-6 * a.value_) return out << ")";
    if (!bounded) return out << ", at least " << a.lower_ << ")";
    if (a.lower_ == 0) return out << ", at most " << a.upper_ << ")";
    return out << ", in [" << a.lower_ << ", " << a.upper_ << "])";
  }

 private:
  /// 0 times an unknown finite number is 0.
  static double product(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

  /// Bounds one unit outwards, where they are not exact zeros. A value beyond the largest number is unknown.
  static Estimate combine(const Estimate& a, const Estimate& b, double value, double lower, double upper) {
    if (!a.available() || !b.available() || !std::isfinite(value)) return {};
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double low = std::min(value, lower > 0 ? std::nextafter(lower, 0.0) : 0.0);
    const double high = std::max(value, upper > 0 ? std::nextafter(upper, infinity) : upper);
    return {value, low, high, weaker(a.provenance_, b.provenance_)};
  }

  double value_ = std::numeric_limits<double>::quiet_NaN();
  double lower_ = 0;
  double upper_ = std::numeric_limits<double>::infinity();
  Provenance provenance_ = Provenance::unavailable;
};

}  // namespace lazytrain
