#pragma once

#include <lazytrain/flow/descent_run.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/initial_step.hpp>
#include <lazytrain/flow/schedule.hpp>
#include <limits>
#include <string>
#include <utility>

namespace lazytrain {

namespace detail {

template <class F>
concept HasLossOfPoint = requires(const F& field) {
  { field.loss_value() } -> std::convertible_to<double>;
};

}  // namespace detail

// clang-format off

/// A field that is minus the gradient of a loss, whose value at the last point it knows, as GradientField.
template <class F>
concept DescentField =
    VectorField<F> &&
    expect<detail::HasLossOfPoint<F>,
           "a descent field has loss_value() const, the loss at the point of its last evaluation">;

// clang-format on

/// What observers see of a descent: the iterate, and the field evaluated there.
template <class F>
struct DescentView {
  Index iteration;
  const typename F::State& x;
  /// Minus the gradient at x.
  const typename F::State& f;
  /// outputs(), loss_value(), loss_gradient(), tangent() at x.
  const F& field;
};

/// How `gradient_descent` runs.
struct DescentOptions {
  /// Step size; 0: 1 / (M ||Dh(w0)||^2) by `gradient_step`, and said in the result.
  double step = 0;
  /// mu in [0, 1) of HeavyBall.
  double momentum = 0;
  /// Factor of the step size as a function of the iteration.
  AnySchedule schedule = {};
  Index max_iterations = 0;
  double max_seconds = std::numeric_limits<double>::infinity();
  /// Stops where the norm of the gradient is at most this; 0: never.
  double gradient_tolerance = 0;
  /// Stops where the loss R is at most this.
  double loss_level = -std::numeric_limits<double>::infinity();
  /// The observer is called at iterations 0, k, 2k, ...
  Index observe_every = 1;
  /// An iterate whose norm exceeds this has diverged.
  double divergence_norm = 1e100;
  /// File to which the run's state is written, atomically, every `checkpoint_every` iterations and when the
  /// run ends without a failure; where it exists the run goes on from it, with the same bits. That
  /// it is of the same problem, x0 and seed is for the caller to see to.
  std::string checkpoint = {};
  Index checkpoint_every = 1000;
};

namespace detail {

template <class F, class Observer>
class GradientDescent : DescentRun<typename F::State, DescentOptions> {
  using State = typename F::State;
  using Base = DescentRun<State, DescentOptions>;
  using Base::ball_, Base::finished_, Base::options_, Base::result_;

 public:
  GradientDescent(F& field, const State& x0, const DescentOptions& options, Observer& observer)
      : Base(x0, options), field_(field), observer_(observer) {}

  static void check(const DescentOptions& options) {
    Base::check(kind, options);
    require_argument(options.max_iterations >= 1, kind, "options.max_iterations", options.max_iterations,
                     "at least 1");
    require_nonnegative(kind, "options.gradient_tolerance", options.gradient_tolerance);
    require_domain(options.loss_level == options.loss_level, kind, "options.loss_level", options.loss_level,
                   "a number");
    require_argument(options.observe_every >= 1, kind, "options.observe_every", options.observe_every,
                     "at least 1");
  }

  DescentResult<State> run() {
    const bool resumed = this->resumes();
    if (resumed) (void)this->load(kind);
    // What was saved had been observed.
    bool looked_at = resumed;
    double eta = 0;
    for (;;) {
      field_(ball_.x(), ball_.f());
      if (!this->gradient_is_finite(eta)) break;
      if (result_.step == 0) choose_step();
      if (!looked_at) look();
      looked_at = false;
      if (finished_ || is_done()) break;
      eta = result_.step * options_.schedule(result_.iterations);
      if (!this->advance(eta)) break;
    }
    // The field ends where the result does.
    if (!result_.succeeded()) field_(ball_.x(), ball_.f());
    result_.loss = static_cast<double>(field_.loss_value());
    if (this->keeps_end()) save();
    result_.x = ball_.x();
    return std::move(result_);
  }

 private:
  static constexpr const char* kind = "gradient_descent";

  void choose_step() {
    if (options_.step > 0) {
      result_.step = options_.step;
      result_.step_choice = "step " + text(options_.step) + " given";
    } else if constexpr (is_gradient_field<F>) {
      const StepChoice choice = gradient_step(field_, ball_.x());
      result_.step = choice.step;
      result_.step_choice = choice.reason;
    } else {
      raise<std::domain_error>(kind, "options.step is 0, expected a number > 0: only for a GradientField a ",
                               "step can be chosen");
    }
  }

  void look() {
    const Index k = result_.iterations;
    if (k % options_.observe_every == 0) {
      this->observe(observer_, DescentView<F>{k, ball_.x(), ball_.f(), field_});
    }
    if (k > 0 && k % options_.checkpoint_every == 0 && !options_.checkpoint.empty()) save();
  }

  [[nodiscard]] bool is_done() {
    if (options_.gradient_tolerance > 0 && result_.gradient_norm <= options_.gradient_tolerance) {
      this->stop(DescentStop::gradient, "the gradient reached its tolerance at " + this->place());
    } else if (options_.loss_level > -std::numeric_limits<double>::infinity() &&
               static_cast<double>(field_.loss_value()) <= options_.loss_level) {
      this->stop(DescentStop::loss, "the loss reached its level at " + this->place());
    } else if (result_.iterations >= options_.max_iterations) {
      this->stop(DescentStop::iterations, "the budget of iterations ended at " + this->place());
    } else {
      return this->out_of_time();
    }
    return true;
  }

  void save() const { this->saved(kind).write(options_.checkpoint); }

  F& field_;
  Observer& observer_;
};

}  // namespace detail

/// Gradient descent with momentum on the loss of a field, x_{k+1} = x_k + eta_k f(x_k) without momentum.
///
///     auto field = displacement_field(h, R, w0, alpha);
///     const auto end = gradient_descent(field, zero, {.max_iterations = 1000}, [](const auto& view) {
///       std::cout << view.iteration << ' ' << view.field.loss_value() << '\n';
///     });
///
/// The step size is that of F_alpha(w) = R(alpha h(w)) / alpha^2 in w, in both coordinates: with the same
/// options, descent of `displacement_field` from 0 and of `parameter_field` from w0 are one trajectory,
/// w_k = w0 + d_k / alpha, since f in displacements is alpha times f in parameters.
///
/// `observer(view)` shares the forward pass of the step and may return false to stop the run. An iteration
/// costs one evaluation of the field and a few passes over x; it allocates nothing. On a device it waits for
/// two norms. Failures do not throw:
/// the result holds the last good state and the reason; the field ends evaluated there.
/// @throws std::invalid_argument, std::domain_error for options that make no sense, std::runtime_error for a
/// checkpoint that cannot be read or written
template <DescentField F, class Observer>
DescentResult<typename F::State> gradient_descent(F& field, const typename F::State& x0,
                                                  const DescentOptions& options, Observer&& observer) {
  using Run = detail::GradientDescent<F, std::remove_reference_t<Observer>>;
  Run::check(options);
  return Run(field, x0, options, observer).run();
}

/// The same without an observer.
template <DescentField F>
DescentResult<typename F::State> gradient_descent(F& field, const typename F::State& x0,
                                                  const DescentOptions& options) {
  return gradient_descent(field, x0, options, [](const DescentView<F>&) {});
}

}  // namespace lazytrain
