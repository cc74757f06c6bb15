#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/eigen_linear_part.hpp>
#include <lazytrain/flow/stepper.hpp>
#include <memory>
#include <vector>

namespace lazytrain {

/// The adaptive exponential Runge-Kutta method: x' = f(x) = f_n - L (x - x_n) + D(x), with L = Dh^T R'' Dh
/// the linearization's own stiff part at a reference point, treated exactly, and the remainder D, which
/// vanishes as training gets lazy, by the fourth-order scheme of Krogstad (J. Comput. Phys. 203, 2005) with
/// the embedded third-order estimate that replaces its last stage by f at the new point (Whalen, Brio and
/// Moloney, J. Comput. Phys. 280, 2015). Four evaluations a step; at alpha = infinity and square loss a
/// single step is exact, whatever its length.
///
/// The reference point is moved when steps stop growing, since then the remainder holds them back.
struct Exponential {
  static constexpr int order = 4;
  /// Order of the local error that the estimate measures.
  static constexpr int order_of_error() { return 3 + 1; }
  static constexpr bool adaptive = true;
  /// A first step need not resolve the linear part.
  static constexpr bool exact_linear_part = true;

  /// A step after which the step size would not grow by this factor makes the reference point move.
  double refresh_below_growth = 2;

  template <VectorField F>
  requires detail::is_gradient_field<F>
  class Method : public detail::MethodBase<F> {
   public:
    using State = typename F::State;
    using Scalar = typename State::Scalar;

    Method(const Exponential& options, F& field, const State& x)
        : detail::MethodBase<F>(field, x),
          refresh_below_growth_(options.refresh_below_growth),
          d2_(x),
          d3_(x),
          d4_(x),
          stage_(x),
          reference_(x) {}

    void start(const State& x) {
      detail::MethodBase<F>::start(x);
      stale_ = true;
      begun_ = false;
    }

    void attempt(double h) {
      if (stale_) move_reference();
      this->h_ = h;
      F& field = *this->field_;
      if (!begun_) part_->begin(this->f_);
      begun_ = true;
      part_->keep_first();
      combine({{0, h / 2, 1, h / 2}});
      field(stage_, d2_);
      part_->add_remainder(d2_, this->f_);
      combine({{0, h / 2, 1, h / 2}, {1, h, 2, h / 2}});
      field(stage_, d3_);
      part_->add_remainder(d3_, this->f_);
      combine({{0, h, 1, h}, {2, 2 * h, 2, h}});
      field(stage_, d4_);
      part_->add_remainder(d4_, this->f_);
      combine(solution(h));
      copy(stage_, this->next_);
      field(this->next_, this->next_f_);
      part_->add_remainder(this->next_f_, this->f_);
      // The estimate: b_4 applied to the difference between the last stage and the new point.
      part_->combine({{4, -h, 2, h}, {4, 4 * h, 3, h}, {3, h, 2, h}, {3, -4 * h, 3, h}}, stage_);
      error_ = static_cast<double>(norm(stage_));
    }

    void accept() {
      detail::MethodBase<F>::accept();
      begun_ = false;
      age_ += 1;
    }

    /// Told by the integrator how it wants the step to change.
    void on_accepted(double growth) {
      if (growth < refresh_below_growth_ && age_ > 0) stale_ = true;
    }
    void reject() {
      if (age_ == 0) return;
      // The reference moves to x_n, where the field has to stand again.
      (*this->field_)(this->x_, stage_);
      stale_ = true;
    }

    [[nodiscard]] double error() const { return error_; }
    /// Reference points so far.
    [[nodiscard]] Index refreshes() const { return refreshes_; }

    void interpolate(double theta, State& out) const {
      // The remainder as the parabola through its values 0, (D_2 + D_3) / 2 and D_4 at 0, 1/2 and 1.
      const double t = theta * this->h_;
      const double linear = t * theta;
      const double quadratic = 2 * t * theta * theta;
      part_->combine({{0, t, 1, t},
                      {1, 2 * linear, 2, t},
                      {1, -2 * quadratic, 3, t},
                      {2, 2 * linear, 2, t},
                      {2, -2 * quadratic, 3, t},
                      {3, -linear, 2, t},
                      {3, 2 * quadratic, 3, t}},
                     out);
      axpy(Scalar(1), this->x_, out);
    }

    void save(Checkpoint& checkpoint) const {
      checkpoint.set("exponential.stale", static_cast<Index>(stale_));
      checkpoint.set("exponential.age", age_);
      checkpoint.set("exponential.refreshes", refreshes_);
      checkpoint.set("exponential.reference", reference_);
    }
    void load(const Checkpoint& checkpoint) {
      checkpoint.get("exponential.reference", reference_);
      (*this->field_)(reference_, stage_);
      move_reference();
      (*this->field_)(this->x_, this->f_);
      stale_ = checkpoint.integer("exponential.stale") != 0;
      age_ = checkpoint.integer("exponential.age");
      refreshes_ = checkpoint.integer("exponential.refreshes");
    }

   private:
    static std::vector<detail::PhiTerm> solution(double h) {
      return {{0, h, 1, h},      {1, 2 * h, 2, h}, {1, -4 * h, 3, h}, {2, 2 * h, 2, h},
              {2, -4 * h, 3, h}, {3, -h, 2, h},    {3, 4 * h, 3, h}};
    }

    void combine(const std::vector<detail::PhiTerm>& terms) {
      part_->combine(terms, stage_);
      axpy(Scalar(1), this->x_, stage_);
    }

    void move_reference() {
      if (part_) {
        part_->refresh(*this->field_);
      } else {
        part_ = std::make_unique<detail::EigenLinearPart<F>>(*this->field_);
      }
      copy(this->x_, reference_);
      ++refreshes_;
      age_ = 0;
      stale_ = false;
      begun_ = false;
    }

    double refresh_below_growth_;
    State d2_;
    State d3_;
    State d4_;
    State stage_;
    State reference_;
    std::unique_ptr<detail::EigenLinearPart<F>> part_;
    bool stale_ = true;
    bool begun_ = false;
    Index age_ = 0;
    Index refreshes_ = 0;
    double error_ = 0;
  };
};

}  // namespace lazytrain
