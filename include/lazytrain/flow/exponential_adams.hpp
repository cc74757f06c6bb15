#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <lazytrain/flow/controller.hpp>
#include <lazytrain/flow/past_remainders.hpp>
#include <lazytrain/flow/stepper.hpp>
#include <memory>

namespace lazytrain {

/// The exponential Adams method of variable step and order: x' = N(x) - L x, with L = Dh^T R'' Dh the
/// linearization's own stiff part at a reference point, treated exactly in the eigenbasis of its Gram matrix,
/// and the remainder N as the polynomial through its last k values (Norsett, Lecture Notes in Mathematics
/// 109, 1969; Hochbruck and Ostermann, Acta Numerica 19, 2010, section 2.5). A step from y_n predicts with it
/// the state x_(n+1), of local error O(h^(k+1)), and evaluates the field there; the polynomial through this
/// value too gives y_(n+1), from which the next step starts:
///
///     x_(n+1) = y_n + int exp(-(h - s) L) (P_k(s) - L y_n) ds,    y_(n+1) = x_(n+1) + c,
///     c = int exp(-(h - s) L) (P_(k+1) - P_k)(s) ds
///
/// with P_(k+1) through N(x_(n+1)), which differs from N(y_(n+1)) by DN c. So what accumulates is of order
/// k + 1, and small where training is lazy, for DN = O(1 / alpha). The states shown are the x_n, in which the
/// field stands; ||c|| estimates their local error.
///
/// One evaluation a step whatever the order, and no loss of order on stiff problems: up to order 7, where
/// `Exponential` has four and 4. Two products of the frozen tangent a step and one for each of up to three
/// error estimates, of which one is c. At alpha = infinity and square loss a single step is exact, whatever
/// its length. The reference point moves after failures and when this costs no more than a fifth of the steps
/// since.
///
/// Matrix-free work would grow with the order, for every value of N would need a Krylov basis: `Exponential`
/// has it.
struct ExponentialAdams {
  /// The highest of a prediction.
  static constexpr int order = detail::most_past_remainders;
  static constexpr int order_of_error() { return order + 1; }
  static constexpr bool adaptive = true;
  /// A first step need not resolve the linear part.
  static constexpr bool exact_linear_part = true;
  static constexpr StepController controller() { return {.safety = 0.8, .grow = 30}; }

  /// Of predictions; the flow converges with one order more.
  int max_order = order;
  Index eigenbasis_limit = 3000;
  /// Cost of moving the reference point, in evaluations. 0: estimated from the sizes.
  double refresh_cost = 0;

  template <VectorField F>
  requires detail::is_gradient_field<F>
  class Method : public detail::MethodBase<F> {
   public:
    using State = typename F::State;
    using Scalar = typename State::Scalar;

    /// @throws std::invalid_argument for an order that does not exist and for too many outputs,
    /// std::domain_error for a negative cost
    Method(const ExponentialAdams& options, F& field, const State& x)
        : detail::MethodBase<F>(field, x),
          max_order_(options.max_order),
          refresh_cost_(options.refresh_cost),
          past_(valid(options, field).max_order, x),
          base_(x),
          change_(x),
          reference_(x) {
      if (refresh_cost_ == 0) refresh_cost_ = Part::refresh_cost(field.tangent());
    }

    void start(const State& x) {
      detail::MethodBase<F>::start(x);
      past_.start(this->x_, this->f_);
      stale_ = true;
      restart();
    }

    /// Begins with order 1 again at x: the past is no guide to what comes.
    void restart() {
      past_.keep_last();
      copy(this->x_, base_);
      order_ = 1;
      rising_ = true;
    }

    void attempt(double h) {
      if (stale_) move_reference();
      this->h_ = h;
      past_.step(order_, h, this->next_);
      axpy(Scalar(1), base_, this->next_);
      (*this->field_)(this->next_, this->next_f_);
      past_.propose(h, this->next_f_);
      errors_ = {-1, 0, -1};
      for (const int change : {-1, 1}) {
        const int k = order_ + change;
        if (k < 1 || k > past_.size()) continue;
        past_.correction(k, change_);
        error_of(change) = static_cast<double>(norm(change_));
      }
      past_.correct(order_, change_);
      errors_[1] = static_cast<double>(norm(change_));
    }

    void accept() {
      detail::MethodBase<F>::accept();
      past_.accept(this->x_);
      copy(this->x_, base_);
      axpy(Scalar(1), change_, base_);
      attempted_order_ = order_;
      if (rising_ && order_ < max_order_) ++order_;
      ++age_;
      if (static_cast<double>(age_) >= refresh_every * refresh_cost_) stale_ = true;
    }

    /// Told by the integrator that the attempt was too inaccurate.
    void reject() {
      rising_ = false;
      if (errors_[0] >= 0 && errors_[0] < errors_[1]) --order_;
      if (age_ == 0 || static_cast<double>(age_) < refresh_cost_) return;
      // The reference moves to x_n, where the field has to stand again.
      (*this->field_)(this->x_, this->next_f_);
      stale_ = true;
    }

    /// Order of the local error of an attempt.
    [[nodiscard]] int order_of_error() const { return order_ + 1; }

    /// Chooses the order, after a step of this relative error, and by how much the next step may be longer:
    /// as the order that allows most. After a start each step takes the next order as long as the estimate
    /// falls with the order.
    [[nodiscard]] double growth(double error) {
      const int k = attempted_order_;
      const auto factor = [&](int change) {
        const double own = errors_[1] > 0 ? error_of(change) / errors_[1] : 1;
        const double limit = k + change <= 2 ? controller().grow : cautious_growth;
        const double relative = std::max(error * own, 1e-12);
        return std::min(limit, controller().safety * std::pow(relative, -1.0 / (k + change + 1)));
      };
      double best = factor(0);
      if (errors_[0] >= 0 && errors_[0] < errors_[1]) rising_ = false;
      if (rising_) {
        rising_ = order_ > k;
        return best;
      }
      order_ = k;
      const double lead = 0.95;
      for (const int change : {-1, 1}) {
        if (k + change > max_order_ || error_of(change) < 0) continue;
        if (lead * factor(change) <= best) continue;
        best = factor(change);
        order_ = k + change;
      }
      return best;
    }

    [[nodiscard]] double error() const { return errors_[1]; }
    /// Order of the next attempt.
    [[nodiscard]] int current_order() const { return order_; }
    /// Reference points so far.
    [[nodiscard]] Index refreshes() const { return refreshes_; }

    /// The prediction for a shorter step.
    void interpolate(double theta, State& out) {
      past_.step(order_, theta * this->h_, out);
      axpy(Scalar(1), base_, out);
    }

    void save(Checkpoint& checkpoint) const {
      checkpoint.set("adams.reference", reference_);
      checkpoint.set("adams.base", base_);
      checkpoint.set("adams.stale", static_cast<Index>(stale_));
      checkpoint.set("adams.rising", static_cast<Index>(rising_));
      checkpoint.set("adams.order", static_cast<Index>(order_));
      checkpoint.set("adams.age", age_);
      checkpoint.set("adams.refreshes", refreshes_);
      past_.save(checkpoint);
    }
    void load(const Checkpoint& checkpoint) {
      checkpoint.get("adams.reference", reference_);
      checkpoint.get("adams.base", base_);
      (*this->field_)(reference_, this->next_f_);
      take_part();
      (*this->field_)(this->x_, this->f_);
      past_.load(checkpoint, *part_);
      stale_ = checkpoint.integer("adams.stale") != 0;
      rising_ = checkpoint.integer("adams.rising") != 0;
      order_ = std::clamp(static_cast<int>(checkpoint.integer("adams.order")), 1, past_.size());
      age_ = checkpoint.integer("adams.age");
      refreshes_ = checkpoint.integer("adams.refreshes");
    }

   private:
    using Part = detail::EigenLinearPart<F>;
    /// Costs of a refresh that the reference point lasts.
    static constexpr double refresh_every = 5;
    /// Of steps of order 3 and more: orders hardly rise in steps that grow faster.
    static constexpr double cautious_growth = 4;

    [[nodiscard]] static const ExponentialAdams& valid(const ExponentialAdams& options, const F& field) {
      const char* name = "ExponentialAdams";
      require_argument(options.max_order >= 1 && options.max_order <= order, name, "max_order",
                       options.max_order, "an order from 1 to 6");
      require_nonnegative(name, "refresh_cost", options.refresh_cost);
      require_argument(field.tangent().output_dim() <= options.eigenbasis_limit, name,
                       "the number of outputs", field.tangent().output_dim(),
                       "at most eigenbasis_limit; Exponential works without an eigenbasis");
      return options;
    }

    /// The linear part at the field's last point.
    void take_part() {
      if (part_) {
        part_->refresh(*this->field_);
      } else {
        part_ = std::make_unique<Part>(*this->field_);
      }
    }

    /// Of the order that differs by -1, 0 or 1.
    [[nodiscard]] double& error_of(int change) {
      const int place = 1 + change;
      return errors_[static_cast<std::size_t>(place)];
    }

    /// Takes the field's last point as the reference.
    void move_reference() {
      take_part();
      past_.move_to(*part_, base_);
      copy(this->x_, reference_);
      ++refreshes_;
      age_ = 0;
      stale_ = false;
    }

    int max_order_;
    double refresh_cost_;
    detail::PastRemainders<F> past_;
    /// Where steps start: x, corrected.
    State base_;
    /// What the new value changes in the last attempt.
    State change_;
    State reference_;
    std::unique_ptr<Part> part_;
    /// Of orders one lower, this and one higher; -1 where there is none.
    std::array<double, 3> errors_{};
    int order_ = 1;
    int attempted_order_ = 1;
    bool rising_ = true;
    bool stale_ = true;
    Index age_ = 0;
    Index refreshes_ = 0;
  };
};

}  // namespace lazytrain
