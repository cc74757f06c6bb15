#pragma once

#include <lazytrain/flow/stepper.hpp>

namespace lazytrain {

/// The classical Runge-Kutta method of order 4 with a given step. Four evaluations a step.
struct RungeKutta4 {
  static constexpr int order = 4;
  static constexpr bool adaptive = false;
  static constexpr bool values_alone = true;
  static constexpr int order_of_error() { return order + 1; }

  template <VectorField F>
  class Method : public detail::MethodBase<F> {
   public:
    using State = typename F::State;
    using Scalar = typename State::Scalar;

    Method(const RungeKutta4&, F& field, const State& x)
        : detail::MethodBase<F>(field, x), stage_(x), k_(x) {}

    void attempt(double h) {
      this->h_ = h;
      copy(this->x_, this->next_);
      axpy(Scalar(h / 6), this->f_, this->next_);
      evaluate(h / 2, this->f_);
      axpy(Scalar(h / 3), k_, this->next_);
      evaluate(h / 2, k_);
      axpy(Scalar(h / 3), k_, this->next_);
      evaluate(h, k_);
      axpy(Scalar(h / 6), k_, this->next_);
      (*this->field_)(this->next_, this->next_f_);
    }

   private:
    /// k = f(x + c k'), where k' may be k itself.
    void evaluate(double c, const State& slope) {
      copy(this->x_, stage_);
      axpy(Scalar(c), slope, stage_);
      (*this->field_)(stage_, k_);
    }

    State stage_;
    State k_;
  };
};

}  // namespace lazytrain
