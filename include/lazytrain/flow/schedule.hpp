#pragma once

#include <cmath>
#include <concepts>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/error.hpp>
#include <memory>
#include <numbers>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>

/// Schedules of step sizes: the factor of the initial step size at t = 0, 1, 2, ..., iterations or epochs.
namespace lazytrain {

namespace detail {

template <class T>
concept GivesFactors = requires(const T& schedule, Index t) {
  { schedule(t) } -> std::convertible_to<double>;
};
template <class T>
concept HasName = requires(const T& schedule) {
  { schedule.name() } -> std::convertible_to<std::string>;
};

}  // namespace detail

// clang-format off

/// A schedule: `s(t)` is the factor at t >= 0, `s.name()` says which schedule it is.
template <class T>
concept Schedule =
    std::copy_constructible<T> &&
    expect<detail::GivesFactors<T>,
           "a schedule has operator()(t) const that returns the factor of the step size at t"> &&
    expect<detail::HasName<T>, "a schedule has name() const that returns a string">;

// clang-format on

/// 1.
class ConstantSchedule {
 public:
  [[nodiscard]] double operator()(Index) const { return 1; }
  [[nodiscard]] std::string name() const { return "constant"; }
};

/// 1 / (1 + beta t): with epochs for t, the schedule of the paper's convolutional networks (Section 3.2).
class InverseTimeDecay {
 public:
  /// @throws std::domain_error if beta is negative or not finite
  explicit InverseTimeDecay(double beta) : beta_(beta) {
    require_nonnegative("InverseTimeDecay", "beta", beta);
  }

  [[nodiscard]] double operator()(Index t) const { return 1 / (1 + beta_ * static_cast<double>(t)); }
  [[nodiscard]] std::string name() const {
    std::ostringstream out = detail::plain_text();
    out << "1 / (1 + " << beta_ << " t)";
    return out.str();
  }

 private:
  double beta_;
};

struct StepDecayOptions {
  /// Factor of every drop, in (0, 1].
  double factor = 0.1;
  /// Time between two drops.
  Index every = 30;
};

/// factor^floor(t / every).
class StepDecay {
 public:
  /// @throws std::domain_error unless 0 < factor <= 1, std::invalid_argument if every < 1
  explicit StepDecay(const StepDecayOptions& options) : options_(options) {
    require_domain(options.factor > 0 && options.factor <= 1, "StepDecay", "options.factor", options.factor,
                   "a number in (0, 1]");
    require_argument(options.every >= 1, "StepDecay", "options.every", options.every, "at least 1");
  }

  [[nodiscard]] double operator()(Index t) const {
    const Index drops = t / options_.every;
    return std::pow(options_.factor, static_cast<double>(drops));
  }
  [[nodiscard]] std::string name() const {
    std::ostringstream out = detail::plain_text();
    out << options_.factor << "^floor(t / " << options_.every << ")";
    return out.str();
  }

 private:
  StepDecayOptions options_;
};

struct CosineDecayOptions {
  /// Time T at which the last factor is reached; it stays from then on.
  Index length = 0;
  /// Last factor, in [0, 1].
  double last = 0;
};

/// last + (1 - last) (1 + cos(pi min(t, T) / T)) / 2.
class CosineDecay {
 public:
  /// @throws std::invalid_argument if length < 1, std::domain_error unless 0 <= last <= 1
  explicit CosineDecay(const CosineDecayOptions& options) : options_(options) {
    require_argument(options.length >= 1, "CosineDecay", "options.length", options.length, "at least 1");
    require_domain(options.last >= 0 && options.last <= 1, "CosineDecay", "options.last", options.last,
                   "a number in [0, 1]");
  }

  [[nodiscard]] double operator()(Index t) const {
    if (t >= options_.length) return options_.last;
    const double angle = std::numbers::pi * static_cast<double>(t) / static_cast<double>(options_.length);
    return options_.last + (1 - options_.last) * (1 + std::cos(angle)) / 2;
  }
  [[nodiscard]] std::string name() const {
    std::ostringstream out = detail::plain_text();
    out << "cosine from 1 to " << options_.last << " at t = " << options_.length;
    return out.str();
  }

 private:
  CosineDecayOptions options_;
};

/// A schedule of any type, for options.
class AnySchedule {
 public:
  AnySchedule() : AnySchedule(ConstantSchedule{}) {}

  /// Implicit, so that options read `.schedule = InverseTimeDecay(0.1)`.
  template <class T>
  requires(!std::same_as<T, AnySchedule> && Schedule<T>)
      AnySchedule(T schedule)  // NOLINT(google-explicit-constructor)
      : schedule_(std::make_shared<const Holder<T>>(std::move(schedule))) {}

  [[nodiscard]] double operator()(Index t) const { return schedule_->at(t); }
  [[nodiscard]] std::string name() const { return schedule_->name(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual double at(Index t) const = 0;
    [[nodiscard]] virtual std::string name() const = 0;
  };
  template <class T>
  struct Holder final : Interface {
    explicit Holder(T s) : schedule(std::move(s)) {}
    [[nodiscard]] double at(Index t) const override { return static_cast<double>(schedule(t)); }
    [[nodiscard]] std::string name() const override { return schedule.name(); }
    T schedule;
  };

  std::shared_ptr<const Interface> schedule_;
};

/// Writes the schedule's name.
template <Schedule T>
std::ostream& operator<<(std::ostream& out, const T& schedule) {
  return out << schedule.name();
}

}  // namespace lazytrain
