#pragma once

#include <array>
#include <lazytrain/flow/stepper.hpp>
#include <vector>

namespace lazytrain {

/// The embedded Runge-Kutta pair of order 5(4) of Dormand and Prince (1980), with Shampine's dense output of
/// order 4 as in Hairer, Norsett and Wanner, "Solving Ordinary Differential Equations I", II.6. Six
/// evaluations a step. Steps are bounded by stability: about 3.3 divided by the largest eigenvalue of the
/// tangent kernel.
struct DormandPrince {
  static constexpr int order = 5;
  /// Order of the local error that the estimate measures.
  static constexpr int order_of_error() { return 4 + 1; }
  static constexpr bool adaptive = true;
  static constexpr bool values_alone = true;

  template <VectorField F>
  class Method : public detail::MethodBase<F> {
   public:
    using State = typename F::State;
    using Scalar = typename State::Scalar;

    Method(const DormandPrince&, F& field, const State& x)
        : detail::MethodBase<F>(field, x), k_(5, x), stage_(x) {}

    void attempt(double h) {
      this->h_ = h;
      evaluate({1.0 / 5}, 0);
      evaluate({3.0 / 40, 9.0 / 40}, 1);
      evaluate({44.0 / 45, -56.0 / 15, 32.0 / 9}, 2);
      evaluate({19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729}, 3);
      evaluate({9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656}, 4);
      combine({35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}, this->next_);
      (*this->field_)(this->next_, this->next_f_);

      fill(stage_, Scalar(0));
      const std::array<double, 7> e = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                       -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
      axpy(Scalar(h * e[0]), this->f_, stage_);
      for (std::size_t i = 2; i < 6; ++i) axpy(Scalar(h * e[i]), k_[i - 1], stage_);
      axpy(Scalar(h * e[6]), this->next_f_, stage_);
      error_ = static_cast<double>(norm(stage_));
    }

    [[nodiscard]] double error() const { return error_; }

    void interpolate(double theta, State& out) const {
      // x + theta h sum b_i(theta) k_i, with Hermite part and the fourth-order correction by d.
      constexpr std::array<double, 7> b = {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784,
                                           11.0 / 84,  0};
      constexpr std::array<double, 7> d = {-12715105075.0 / 11282082432,  0,
                                           87487479700.0 / 32700410799,   -10690763975.0 / 1880347072,
                                           701980252875.0 / 199316789632, -1453857185.0 / 822651844,
                                           69997945.0 / 29380423};
      const double s = 1 - theta;
      const double step = theta * (1 + s * (2 * theta - 1));  // of sum b_i k_i
      const double first = theta * s * s;                     // of k_1
      const double last = -theta * theta * s;                 // of k_7
      const double correction = theta * theta * s * s;        // of sum d_i k_i
      const auto weight = [&](std::size_t i) { return this->h_ * (step * b[i] + correction * d[i]); };
      copy(this->x_, out);
      axpy(Scalar(weight(0) + this->h_ * first), this->f_, out);
      for (std::size_t i = 2; i < 6; ++i) axpy(Scalar(weight(i)), k_[i - 1], out);
      axpy(Scalar(weight(6) + this->h_ * last), this->next_f_, out);
    }

   private:
    template <std::size_t N>
    void combine(const double (&a)[N], State& out) const {
      copy(this->x_, out);
      axpy(Scalar(this->h_ * a[0]), this->f_, out);
      for (std::size_t i = 1; i < N; ++i) {
        if (a[i] != 0) axpy(Scalar(this->h_ * a[i]), k_[i - 1], out);
      }
    }
    template <std::size_t N>
    void evaluate(const double (&a)[N], std::size_t k) {
      combine(a, stage_);
      (*this->field_)(stage_, k_[k]);
    }

    std::vector<State> k_;  // stages 2 to 6
    State stage_;
    double error_ = 0;
  };
};

}  // namespace lazytrain
