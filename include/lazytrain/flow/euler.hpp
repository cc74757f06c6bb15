#pragma once

#include <lazytrain/flow/stepper.hpp>

namespace lazytrain {

/// Explicit Euler: on a gradient field, gradient descent with step size h. One evaluation a step. (On a model
/// with kinks steps end at them, unless FlowOptions::locate_kinks_up_to is 0.)
struct Euler {
  static constexpr int order = 1;
  static constexpr bool adaptive = false;
  static constexpr bool values_alone = true;
  static constexpr int order_of_error() { return order + 1; }

  template <VectorField F>
  class Method : public detail::MethodBase<F> {
   public:
    using State = typename F::State;
    using Scalar = typename State::Scalar;

    Method(const Euler&, F& field, const State& x) : detail::MethodBase<F>(field, x) {}

    void attempt(double h) {
      this->h_ = h;
      copy(this->x_, this->next_);
      axpy(Scalar(h), this->f_, this->next_);
      (*this->field_)(this->next_, this->next_f_);
    }
  };
};

}  // namespace lazytrain
