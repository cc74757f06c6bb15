#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/stepper.hpp>
#include <limits>

namespace lazytrain {

/// The adaptive Runge-Kutta-Chebyshev method of order 2 (Sommeijer, Shampine and Verwer, J. Comput. Appl.
/// Math. 88, 1998): s evaluations reach stability on [-0.65 s^2, 0] of the negative real axis, where the
/// spectrum of a gradient flow lies, so that the cost of a stiff step h grows as the square root of h times
/// the spectral radius. Needs no linear algebra and O(p) memory.
struct Chebyshev {
  static constexpr int order = 2;
  /// Order of the local error that the estimate measures.
  static constexpr int order_of_error() { return 2 + 1; }
  static constexpr bool adaptive = true;
  static constexpr bool values_alone = true;
  /// Most stages in a step; the step is shortened where more would be needed.
  int max_stages = 500;
  /// Accepted steps between two estimates of the spectral radius.
  Index radius_every = 25;

  template <VectorField F>
  class Method : public detail::MethodBase<F> {
   public:
    using State = typename F::State;
    using Scalar = typename State::Scalar;

    Method(const Chebyshev& options, F& field, const State& x)
        : detail::MethodBase<F>(field, x),
          max_stages_(options.max_stages),
          radius_every_(options.radius_every),
          before_(x),
          last_(x),
          slope_(x),
          direction_(x) {
      require_argument(options.max_stages >= 2, "Chebyshev", "max_stages", options.max_stages, "at least 2");
    }

    void start(const State& x) {
      detail::MethodBase<F>::start(x);
      copy(this->f_, direction_);
      radius_age_ = radius_every_;
    }

    void attempt(double h) {
      if (radius_age_ >= radius_every_) estimate_radius();
      this->h_ = h;
      const int s = stages(h);
      // Chebyshev polynomials T_j(w0) and their derivatives, by recurrence.
      const double w0 = 1 + damping / (double(s) * double(s));
      const double root = std::sqrt(w0 * w0 - 1);
      const double arg = s * std::log(w0 + root);
      const double w1 = std::sinh(arg) * (w0 * w0 - 1) / (std::cosh(arg) * s * root - w0 * std::sinh(arg));
      double t[3] = {1, w0, 0};                                 // T_{j-2}, T_{j-1}, T_j
      double d[3] = {0, 1, 0};                                  // first derivatives
      double dd[3] = {0, 0, 0};                                 // second derivatives
      double b[3] = {1 / (4 * w0 * w0), 1 / (4 * w0 * w0), 0};  // b_0 = b_1 = b_2
      copy(this->x_, before_);
      copy(this->x_, last_);
      axpy(Scalar(h * b[1] * w1), this->f_, last_);
      for (int j = 2; j <= s; ++j) {
        t[2] = 2 * w0 * t[1] - t[0];
        d[2] = 2 * w0 * d[1] - d[0] + 2 * t[1];
        dd[2] = 2 * w0 * dd[1] - dd[0] + 4 * d[1];
        b[2] = dd[2] / (d[2] * d[2]);
        const double a = 1 - b[1] * t[1];
        const double mu = 2 * w0 * b[2] / b[1];
        const double nu = -b[2] / b[0];
        const double mu_slope = 2 * w1 * b[2] / b[1];
        (*this->field_)(last_, slope_);
        copy(this->x_, this->next_);
        scale(Scalar(1 - mu - nu), this->next_);
        axpy(Scalar(mu), last_, this->next_);
        axpy(Scalar(nu), before_, this->next_);
        axpy(Scalar(h * mu_slope), slope_, this->next_);
        axpy(Scalar(-h * a * mu_slope), this->f_, this->next_);
        std::swap(before_, last_);
        std::swap(last_, this->next_);
        std::copy(t + 1, t + 3, t);
        std::copy(d + 1, d + 3, d);
        std::copy(dd + 1, dd + 3, dd);
        std::copy(b + 1, b + 3, b);
      }
      std::swap(last_, this->next_);
      (*this->field_)(this->next_, this->next_f_);
      copy(this->x_, slope_);
      axpy(Scalar(-1), this->next_, slope_);
      scale(Scalar(0.8), slope_);
      axpy(Scalar(0.4 * h), this->f_, slope_);
      axpy(Scalar(0.4 * h), this->next_f_, slope_);
      error_ = static_cast<double>(norm(slope_));
    }

    void accept() {
      detail::MethodBase<F>::accept();
      ++radius_age_;
    }

    /// A new estimate of the radius after a rejected step.
    void reject() { radius_age_ = radius_every_; }

    /// Longest stable step from here.
    [[nodiscard]] double max_step() {
      if (radius_age_ >= radius_every_) estimate_radius();
      const double s = max_stages_;
      return radius_ > 0 ? (s * s - 1) / (1.54 * radius_) : std::numeric_limits<double>::infinity();
    }

    [[nodiscard]] double error() const { return error_; }
    /// Last estimate of the spectral radius of Df, with its margin.
    [[nodiscard]] double spectral_radius() const { return radius_; }

    void save(Checkpoint& checkpoint) const {
      checkpoint.set("chebyshev.direction", direction_);
      checkpoint.set("chebyshev.radius", radius_);
      checkpoint.set("chebyshev.age", radius_age_);
    }
    void load(const Checkpoint& checkpoint) {
      checkpoint.get("chebyshev.direction", direction_);
      radius_ = checkpoint.number("chebyshev.radius");
      radius_age_ = checkpoint.integer("chebyshev.age");
    }

   private:
    static constexpr double damping = 2.0 / 13;

    [[nodiscard]] int stages(double h) const {
      const double enough = 1 + std::floor(std::sqrt(1 + 1.54 * h * radius_));
      return std::max(2, static_cast<int>(std::min(enough, static_cast<double>(max_stages_))));
    }

    /// Power iteration on Df(x) by differences along `direction_`, which stays near the dominant eigenvector.
    void estimate_radius() {
      const double unit = std::sqrt(static_cast<double>(std::numeric_limits<Scalar>::epsilon()));
      const double size = std::max(static_cast<double>(norm(this->x_)), 1.0);
      double estimate = 0;
      for (int i = 0; i < 50; ++i) {
        const double length = static_cast<double>(norm(direction_));
        if (!(length > 0)) break;
        const double step = unit * size;
        copy(this->x_, last_);
        axpy(Scalar(step / length), direction_, last_);
        (*this->field_)(last_, slope_);
        copy(slope_, direction_);
        axpy(Scalar(-1), this->f_, direction_);
        const double next = static_cast<double>(norm(direction_)) / step;
        if (!std::isfinite(next)) break;
        const bool settled = std::abs(next - estimate) <= 0.01 * next;
        estimate = next;
        if (settled) break;
      }
      radius_ = 1.2 * estimate;
      radius_age_ = 0;
    }

    int max_stages_;
    Index radius_every_;
    State before_;
    State last_;
    State slope_;
    State direction_;
    double radius_ = 0;
    Index radius_age_ = 0;
    double error_ = 0;
  };
};

}  // namespace lazytrain
