#pragma once

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <lazytrain/core/error.hpp>
#include <lazytrain/lazy/estimate.hpp>
#include <limits>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the check of a theorem answers.
namespace lazytrain {

/// The outcome of a check.
enum class Verdict {
  hypotheses_not_met,  ///< the theorem says nothing here
  holds,  ///< every hypothesis is met and every inequality holds, with certified or supplied constants
  holds_indicatively,  ///< the same with a constant that is only estimated, or within the numerical error
  violated  ///< every hypothesis is met, and a left side exceeds its right side by more than its error
};

/// "hypotheses not met", "holds", "holds (indicative)", "violated".
[[nodiscard]] constexpr std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::hypotheses_not_met:
      return "hypotheses not met";
    case Verdict::holds:
      return "holds";
    case Verdict::holds_indicatively:
      return "holds (indicative)";
    default:
      return "violated";
  }
}

/// A number on which a bound rests.
struct BoundConstant {
  std::string name;
  Estimate value;
};

/// A hypothesis of a theorem: `value` is to satisfy `requirement`, "< 1" for example. Facts about structure
/// that no number shows (the rank is constant near w0) have the provenance `supplied`.
struct Hypothesis {
  std::string name;
  double value = std::numeric_limits<double>::quiet_NaN();
  std::string requirement;
  bool met = false;
  Provenance provenance = Provenance::certified;
};

/// lhs(t) <= rhs(t) along the sampled times, where lhs is known up to `error(t)`, the error of the
/// integration.
struct BoundInequality {
  std::string name;
  std::vector<double> lhs, error, rhs;

  /// The first sample at which lhs - error > rhs; -1 if there is none. NaN counts as a violation.
  [[nodiscard]] Index first_violation() const {
    for (std::size_t i = 0; i < lhs.size(); ++i) {
      if (!(lhs[i] - error[i] <= rhs[i])) return static_cast<Index>(i);
    }
    return -1;
  }

  /// Whether lhs is known to 1 % at sample i. Where it is not, a check can only refute.
  [[nodiscard]] bool resolved(std::size_t i) const { return lhs[i] > 100 * error[i]; }

  /// Whether the numerical error cannot turn the answer: lhs + error <= rhs at a sample at least, and at all
  /// samples that are resolved.
  [[nodiscard]] bool decided() const {
    bool somewhere = false;
    for (std::size_t i = 0; i < lhs.size(); ++i) {
      if (lhs[i] + error[i] <= rhs[i]) {
        somewhere = true;
      } else if (resolved(i)) {
        return false;
      }
    }
    return somewhere;
  }

  /// The resolved sample at which rhs / lhs is least; -1 if none is resolved.
  [[nodiscard]] Index tightest() const {
    Index best = -1;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < lhs.size(); ++i) {
      if (resolved(i) && (best < 0 || rhs[i] / lhs[i] < least)) {
        best = static_cast<Index>(i);
        least = rhs[i] / lhs[i];
      }
    }
    return best;
  }

  /// The least rhs / lhs over the resolved samples, below 1 where the bound fails; infinite if there is none.
  [[nodiscard]] double slack() const {
    const Index i = tightest();
    if (i < 0) return std::numeric_limits<double>::infinity();
    const auto at = static_cast<std::size_t>(i);
    return rhs[at] / lhs[at];
  }
};

/// A theorem checked on a problem: what it assumes, what it rests on, and both sides of what it says.
///
/// Left sides are taken at sampled times: their suprema are lower bounds of the suprema over all times.
struct BoundReport {
  /// "Theorem 2.3", and which form of it.
  std::string result = {}, form = {};
  std::vector<BoundConstant> constants = {};
  std::vector<Hypothesis> hypotheses = {};
  /// Sampled times; those of every inequality.
  std::vector<double> times = {};
  std::vector<BoundInequality> inequalities = {};

  /// The weakest word among constants and hypotheses.
  [[nodiscard]] Provenance provenance() const {
    Provenance weakest = Provenance::certified;
    for (const auto& constant : constants) weakest = weaker(weakest, constant.value.provenance());
    for (const auto& hypothesis : hypotheses) weakest = weaker(weakest, hypothesis.provenance);
    return weakest;
  }

  /// Whether every hypothesis is met.
  [[nodiscard]] bool applies() const {
    return std::all_of(hypotheses.begin(), hypotheses.end(), [](const Hypothesis& h) { return h.met; });
  }

  /// Names of the hypotheses that are not met, in their order.
  [[nodiscard]] std::vector<std::string> failed_hypotheses() const {
    std::vector<std::string> names;
    for (const auto& hypothesis : hypotheses) {
      if (!hypothesis.met) names.push_back(hypothesis.name);
    }
    return names;
  }

  [[nodiscard]] Verdict verdict() const {
    if (!applies() || inequalities.empty()) return Verdict::hypotheses_not_met;
    bool decided = true;
    for (const auto& inequality : inequalities) {
      if (inequality.first_violation() >= 0) return Verdict::violated;
      decided = decided && inequality.decided();
    }
    const bool known = provenance() <= Provenance::supplied;
    return known && decided ? Verdict::holds : Verdict::holds_indicatively;
  }

  /// Whether the hypotheses are met and the inequalities hold; false if a hypothesis fails. Whether that is
  /// more than an indication `verdict` tells.
  [[nodiscard]] bool holds() const {
    return verdict() == Verdict::holds || verdict() == Verdict::holds_indicatively;
  }

  /// The least slack of the inequalities.
  [[nodiscard]] double slack() const {
    double least = std::numeric_limits<double>::infinity();
    for (const auto& inequality : inequalities) least = std::min(least, inequality.slack());
    return least;
  }

  /// The inequality of that name. @throws std::invalid_argument if there is none
  [[nodiscard]] const BoundInequality& inequality(std::string_view wanted) const {
    for (const auto& one : inequalities) {
      if (one.name == wanted) return one;
    }
    raise<std::invalid_argument>("BoundReport::inequality", "name is ", wanted,
                                 ", expected that of an inequality of ", result, ", ", form);
  }

  /// The constant of that name. @throws std::invalid_argument if there is none
  [[nodiscard]] const Estimate& constant(std::string_view wanted) const {
    for (const auto& one : constants) {
      if (one.name == wanted) return one.value;
    }
    raise<std::invalid_argument>("BoundReport::constant", "name is ", wanted,
                                 ", expected that of a constant of ", result, ", ", form);
  }

  /// One readable block.
  friend std::ostream& operator<<(std::ostream& stream, const BoundReport& r) {
    std::ostringstream out = detail::plain_text();
    out.precision(6);
    out << r.result << " (" << r.form << "): " << name(r.verdict()) << '\n';
    for (const auto& h : r.hypotheses) {
      out << (h.met ? "  [met]     " : "  [NOT MET] ") << h.name << ": " << h.value << ", required "
          << h.requirement << " (" << name(h.provenance) << ")\n";
    }
    for (const auto& c : r.constants) out << "  " << c.name << " = " << c.value << '\n';
    for (const auto& q : r.inequalities) r.print(out, q);
    if (!r.times.empty()) {
      out << "  at " << r.times.size() << " times up to " << r.times.back()
          << "; a supremum over samples is a lower bound of the supremum\n";
    }
    return stream << out.str();
  }

 private:
  void print(std::ostream& out, const BoundInequality& q) const {
    const bool fails = q.first_violation() >= 0;
    const Index tightest = fails ? q.first_violation() : q.tightest();
    out << (fails ? "  [FAILS]   " : q.decided() ? "  [holds]   " : "  [open]    ") << q.name;
    if (tightest < 0) {
      out << ": nowhere resolved to 1 %\n";
      return;
    }
    const auto i = static_cast<std::size_t>(tightest);
    out << " = " << q.lhs[i] << " (+- " << std::setprecision(2) << q.error[i] << std::setprecision(6) << ") "
        << (fails ? "> " : "<= ") << q.rhs[i] << " at t = " << times[i] << ", slack " << q.slack() << '\n';
  }
};

namespace detail {

/// What an estimate offers as an upper bound: proved, or the best guess where none is known.
inline double upper_bound(const Estimate& e) {
  if (!e.available()) return std::numeric_limits<double>::infinity();
  return std::isfinite(e.upper()) || e.provenance() != Provenance::estimated ? e.upper() : e.value();
}

/// What it offers as a lower bound, for positive numbers.
inline double lower_bound(const Estimate& e) {
  if (!e.available()) return 0;
  return e.lower() > 0 || e.provenance() != Provenance::estimated ? e.lower() : e.value();
}

/// A computed number as a constant; unavailable if it is not finite.
inline Estimate as_constant(double x) { return std::isfinite(x) ? Estimate::exactly(x) : Estimate(); }

template <class... Parts>
std::string words(const Parts&... parts) {
  std::ostringstream out = detail::plain_text();
  out.precision(6);
  (out << ... << parts);
  return out.str();
}

/// value <= limit.
inline Hypothesis at_most(std::string name, double value, double limit, Provenance provenance) {
  return {std::move(name), value, words("<= ", limit), value <= limit, provenance};
}
/// value < limit.
inline Hypothesis below(std::string name, double value, double limit, Provenance provenance) {
  return {std::move(name), value, words("< ", limit), value < limit, provenance};
}
/// value > limit.
inline Hypothesis above(std::string name, double value, double limit, Provenance provenance) {
  return {std::move(name), value, words("> ", limit), value > limit, provenance};
}
/// A finite upper bound is known.
inline Hypothesis known(std::string name, const Estimate& e) {
  const double bound = upper_bound(e);
  return {std::move(name), bound, "finite", std::isfinite(bound), e.provenance()};
}

}  // namespace detail

}  // namespace lazytrain
