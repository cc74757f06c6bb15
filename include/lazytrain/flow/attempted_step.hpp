#pragma once

#include <concepts>
#include <lazytrain/core/types.hpp>
#include <lazytrain/flow/flow_types.hpp>

namespace lazytrain::detail {

/// A field that counts its evaluations.
template <class F>
concept CountsEvaluations = requires(const F& field) {
  { field.evaluations() } -> std::convertible_to<Index>;
};

/// Counts the evaluations of a field that does not.
template <class F>
class CountedField {
 public:
  using State = typename F::State;

  explicit CountedField(F& field) : field_(&field) {}

  void operator()(const State& x, State& f) {
    (*field_)(x, f);
    ++evaluations_;
  }
  [[nodiscard]] Index evaluations() const { return evaluations_; }

 private:
  F* field_;
  Index evaluations_ = 0;
};

/// The step from t to `end` that a method attempted and has not accepted, as events and samples see it:
/// states in it by dense output, with the field evaluated there. A view lasts until the next one is asked
/// for.
template <class F, class Evaluate, class Method>
class AttemptedStep {
 public:
  using State = typename F::State;

  /// `evaluate` is the field, or what counts its evaluations.
  AttemptedStep(const F& field, Evaluate& evaluate, Method& method)
      : field_(field), evaluate_(evaluate), method_(method), state_(method.x()), velocity_(method.x()) {}

  /// Goes to the step of size h from t, the last attempt of the method, at whose end the field stands.
  void open(double t, double h, double end) {
    t_ = t;
    h_ = h;
    end_ = end;
    away_ = false;
  }

  [[nodiscard]] double end() const { return end_; }
  /// t + theta h; `end` itself for theta = 1.
  [[nodiscard]] double time(double theta) const { return theta < 1 ? t_ + theta * h_ : end_; }

  /// At t + theta h, 0 <= theta <= 1. Cost: an evaluation of the field, except at the end.
  [[nodiscard]] FlowView<F> at_fraction(double theta) {
    if (theta >= 1) return at_end();
    method_.interpolate(theta, state_);
    evaluate_(state_, velocity_);
    away_ = true;
    return {time(theta), state_, velocity_, field_};
  }
  /// At a time in [t, end].
  [[nodiscard]] FlowView<F> at_time(double t) {
    if (t >= end_) return at_end();
    FlowView<F> view = at_fraction((t - t_) / h_);
    view.t = t;
    return view;
  }
  /// At the end, where the field stands afterwards.
  FlowView<F> at_end() {
    if (away_) evaluate_(method_.candidate(), velocity_);
    away_ = false;
    return {end_, method_.candidate(), method_.candidate_f(), field_};
  }

 private:
  const F& field_;
  Evaluate& evaluate_;
  Method& method_;
  State state_;
  State velocity_;
  double t_ = 0;
  double h_ = 0;
  double end_ = 0;
  bool away_ = false;
};

}  // namespace lazytrain::detail
