#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/controller.hpp>
#include <lazytrain/flow/eigen_linear_part.hpp>
#include <lazytrain/flow/krylov_linear_part.hpp>
#include <lazytrain/flow/stepper.hpp>
#include <limits>
#include <memory>
#include <vector>

namespace lazytrain {

/// How an exponential method evaluates functions of its linear part.
enum class LinearPart {
  automatic,   ///< `eigenbasis` up to `eigenbasis_limit` outputs, else `krylov`
  eigenbasis,  ///< spectral decomposition of the N x N Gram matrix, N^2 numbers
  krylov       ///< Lanczos with products of the frozen tangent; vectors of size p
};

/// The adaptive exponential Runge-Kutta method: x' = f(x) = f_n - L (x - x_n) + D(x), with L = Dh^T R'' Dh
/// the linearization's own stiff part at a reference point, treated exactly, and the remainder D, which
/// vanishes as training gets lazy, by the fourth-order scheme of Krogstad (J. Comput. Phys. 203, 2005) with
/// the embedded third-order estimate that replaces its last stage by f at the new point (Whalen, Brio and
/// Moloney, J. Comput. Phys. 280, 2015).
///
/// Four evaluations a step, and as many jvps and vjps of the frozen tangent; at alpha = infinity and square
/// loss a single step is exact, whatever its length. The order does not depend on the reference point, which
/// is moved when the steps that this is expected to save, learnt from the last time, exceed its cost.
struct Exponential {
  static constexpr int order = 4;
  /// Order of the local error that the estimate measures.
  static constexpr int order_of_error() { return 3 + 1; }
  static constexpr bool adaptive = true;
  /// A first step need not resolve the linear part.
  static constexpr bool exact_linear_part = true;
  /// Steps that only the remainder limits grow with time, over many decades of it.
  static constexpr StepController controller() { return {.grow = 30, .leap = 2.5}; }

  LinearPart linear_part = LinearPart::automatic;
  Index eigenbasis_limit = 3000;
  /// Of phi-functions by Lanczos, relative to the vector they act on.
  double krylov_tolerance = 1e-9;
  /// Vectors of size p in one of five bases; steps are shortened where more would be needed.
  Index krylov_basis = 150;
  /// Cost of moving the reference point, in steps. 0: estimated from the sizes for the eigenbasis, 1 for
  /// Krylov.
  double refresh_cost = 0;

  template <VectorField F>
  requires detail::is_gradient_field<F>
  class Method : public detail::MethodBase<F> {
   public:
    using State = typename F::State;
    using Scalar = typename State::Scalar;

    Method(const Exponential& options, F& field, const State& x)
        : detail::MethodBase<F>(field, x),
          krylov_(options.linear_part == LinearPart::krylov ||
                  (options.linear_part == LinearPart::automatic &&
                   field.tangent().output_dim() > options.eigenbasis_limit)),
          krylov_tolerance_(options.krylov_tolerance),
          krylov_basis_(options.krylov_basis),
          refresh_cost_(options.refresh_cost),
          d2_(x),
          d3_(x),
          d4_(x),
          stage_(x),
          reference_(x) {
      require_nonnegative("Exponential", "refresh_cost", refresh_cost_);
      require_positive("Exponential", "krylov_tolerance", krylov_tolerance_);
      require_argument(krylov_basis_ >= 2, "Exponential", "krylov_basis", krylov_basis_, "at least 2");
      if (refresh_cost_ == 0) refresh_cost_ = krylov_ ? 1.0 : Eigenbasis::refresh_cost(field.tangent()) / 4;
    }

    void start(const State& x) {
      detail::MethodBase<F>::start(x);
      stale_ = true;
      begun_ = false;
    }

    void attempt(double h) {
      if (stale_) move_reference();
      this->h_ = h;
      F& field = *this->field_;
      with_part([&](auto& part) {
        if (!begun_) part.begin(this->f_);
        part.keep_first();
        const auto stage = [&](const std::vector<detail::PhiTerm>& terms, State& d) {
          part.combine(terms, stage_);
          axpy(Scalar(1), this->x_, stage_);
          field(stage_, d);
          part.add_remainder(d, this->f_);
        };
        stage({{0, h / 2, 1, h / 2}}, d2_);
        stage({{0, h / 2, 1, h / 2}, {1, h, 2, h / 2}}, d3_);
        stage({{0, h, 1, h}, {2, 2 * h, 2, h}}, d4_);
        stage({{0, h, 1, h},
               {1, 2 * h, 2, h},
               {1, -4 * h, 3, h},
               {2, 2 * h, 2, h},
               {2, -4 * h, 3, h},
               {3, -h, 2, h},
               {3, 4 * h, 3, h}},
              this->next_f_);
        copy(stage_, this->next_);
        error_ = estimate(part, h);
        if constexpr (requires { part.sufficient(); }) {
          if (!part.sufficient()) error_ = std::numeric_limits<double>::infinity();
        }
      });
      begun_ = true;
    }

    void accept() {
      detail::MethodBase<F>::accept();
      begun_ = false;
      ++age_;
    }

    /// Told by the integrator after an accepted step h by how much the next one may be longer, and how much
    /// time remains.
    void on_accepted(double h, double growth, double remaining) {
      const double wanted = h * growth;
      if (age_ == 1 && wanted_before_ > 0) gain_ = std::clamp(wanted / wanted_before_, 1.02, 4.0);
      wanted_before_ = wanted;
      const double steps_left = std::min(remaining / wanted, static_cast<double>(age_));
      if (growth < 2 && steps_left * (1 - 1 / gain_) > refresh_cost_) stale_ = true;
    }

    /// Told by the integrator that the attempt was too inaccurate.
    void reject() {
      if (age_ == 0 || static_cast<double>(age_) < refresh_cost_) return;
      // The reference moves to x_n, where the field has to stand again.
      (*this->field_)(this->x_, stage_);
      stale_ = true;
    }

    [[nodiscard]] double error() const { return error_; }
    /// Reference points so far.
    [[nodiscard]] Index refreshes() const { return refreshes_; }

    void interpolate(double theta, State& out) {
      // The remainder as the parabola through its values 0, (D_2 + D_3) / 2 and D_4 at 0, 1/2 and 1.
      const double t = theta * this->h_;
      const double linear = t * theta;
      const double quadratic = 2 * t * theta * theta;
      with_part([&](auto& part) {
        part.combine({{0, t, 1, t},
                      {1, 2 * linear, 2, t},
                      {1, -2 * quadratic, 3, t},
                      {2, 2 * linear, 2, t},
                      {2, -2 * quadratic, 3, t},
                      {3, -linear, 2, t},
                      {3, 2 * quadratic, 3, t}},
                     out);
      });
      axpy(Scalar(1), this->x_, out);
    }

    void save(Checkpoint& checkpoint) const {
      checkpoint.set("exponential.reference", reference_);
      checkpoint.set("exponential.stale", static_cast<Index>(stale_));
      checkpoint.set("exponential.age", age_);
      checkpoint.set("exponential.refreshes", refreshes_);
      checkpoint.set("exponential.gain", gain_);
      checkpoint.set("exponential.wanted_before", wanted_before_);
    }
    void load(const Checkpoint& checkpoint) {
      State reference = this->x_;
      checkpoint.get("exponential.reference", reference);
      (*this->field_)(reference, stage_);
      move_reference();
      copy(reference, reference_);
      (*this->field_)(this->x_, this->f_);
      stale_ = checkpoint.integer("exponential.stale") != 0;
      age_ = checkpoint.integer("exponential.age");
      refreshes_ = checkpoint.integer("exponential.refreshes");
      gain_ = checkpoint.number("exponential.gain");
      wanted_before_ = checkpoint.number("exponential.wanted_before");
    }

   private:
    /// The larger of two estimates. The embedded one (order h^4), the weight of the last stage applied to the
    /// difference between it and the new point, does not see what all stages miss: remainders that vary
    /// faster than the step. The other does: from the contribution of the remainder (order h^2) and its
    /// change from a line to the parabola (order h^3) it extrapolates to the next term of Simpson's rule, of
    /// order h^5.
    template <class Part>
    double estimate(Part& part, double h) {
      const auto size = [&](const std::vector<detail::PhiTerm>& terms) {
        part.combine(terms, stage_);
        return static_cast<double>(norm(stage_));
      };
      const double embedded = size({{4, -h, 2, h}, {4, 4 * h, 3, h}, {3, h, 2, h}, {3, -4 * h, 3, h}});
      const double curved = size({{1, 2 * h, 2, h},
                                  {1, -4 * h, 3, h},
                                  {2, 2 * h, 2, h},
                                  {2, -4 * h, 3, h},
                                  {3, -2 * h, 2, h},
                                  {3, 4 * h, 3, h}});
      const double whole = size({{3, h, 2, h}});
      const double ratio = whole > 0 ? std::min(1.0, curved / whole) : 0.0;
      return std::max(embedded, curved * ratio * ratio);
    }

    using Eigenbasis = detail::EigenLinearPart<F>;
    using Krylov = detail::KrylovLinearPart<F>;

    template <class Action>
    void with_part(Action action) {
      if (krylov_) {
        action(*krylov_part_);
      } else {
        action(*eigen_part_);
      }
    }

    /// Takes the field's last point as the reference.
    void move_reference() {
      if (krylov_ && !krylov_part_) {
        krylov_part_ = std::make_unique<Krylov>(*this->field_, krylov_tolerance_, krylov_basis_);
      } else if (!krylov_ && !eigen_part_) {
        eigen_part_ = std::make_unique<Eigenbasis>(*this->field_);
      } else {
        with_part([&](auto& part) { part.refresh(*this->field_); });
      }
      copy(this->x_, reference_);
      ++refreshes_;
      age_ = 0;
      stale_ = false;
      begun_ = false;
    }

    bool krylov_;
    double krylov_tolerance_;
    Index krylov_basis_;
    double refresh_cost_;
    State d2_;
    State d3_;
    State d4_;
    State stage_;
    State reference_;
    std::unique_ptr<Eigenbasis> eigen_part_;
    std::unique_ptr<Krylov> krylov_part_;
    bool stale_ = true;
    bool begun_ = false;
    Index age_ = 0;
    Index refreshes_ = 0;
    double gain_ = 1.5;
    double wanted_before_ = 0;
    double error_ = 0;
  };
};

}  // namespace lazytrain
