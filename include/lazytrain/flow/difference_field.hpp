#pragma once

#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/linalg/gauss_legendre.hpp>

namespace lazytrain {

/// The flows of F_alpha and of its linearization as one field, in the linearized displacement b and the
/// scaled difference e = (d - b) / epsilon of the two, epsilon = 1/alpha: the state is (b, e) in R^(2p).
///
/// With d = b + epsilon e and h twice differentiable,
///
///     (y - y-bar) / epsilon = Dh(w0) e + integral of (1 - s) D^2h(w0 + s epsilon d)[d, d],
///     b' = -Dh(w0)^T grad R(y-bar),
///     e' = -Dh(w0)^T (grad R(y) - grad R(y-bar)) / epsilon - integral of (D^2h(w0 + s epsilon d)[d, .])^T
///     grad R(y),
///
/// integrals over s in [0, 1] by Gauss-Legendre quadrature, and the difference of gradients as the integral
/// of R'' between. Nothing cancels, so that distances of order 1/alpha^2 are seen in single precision at any
/// alpha, and epsilon = 0 gives their leading coefficients. Cost of an evaluation: `nodes` passes with second
/// derivatives.
template <TwiceDifferentiableModel H, Loss R>
requires DivisibleVector<parameters_t<H>>
class DifferenceField {
 public:
  using Scalar = scalar_t<H>;
  using State = parameters_t<H>;
  using Outputs = outputs_t<H>;

  /// @throws as `displacement_field`
  DifferenceField(const Objective<H, R>& objective, const State& w0, Index nodes = 6)
      : loss_(objective.loss),
        epsilon_(detail::inverse_scale("DifferenceField", objective.alpha)),
        w0_(w0),
        rule_(gauss_legendre(nodes)),
        start_(detail::scaled_start(objective.model, w0, objective.alpha)),
        base_(linearize(objective.model, w0)),
        moving_(base_),
        b_(w0),
        e_(w0),
        d_(w0),
        point_(w0),
        product_(w0),
        sum_(w0),
        linear_(start_),
        difference_(start_),
        outputs_(start_),
        gradient_(start_),
        work_(start_),
        term_(start_) {}

  void operator()(const State& x, State& f) {
    const Index p = dimension(w0_);
    extract(x, 0, b_);
    extract(x, p, e_);
    copy(b_, d_);
    axpy(epsilon_, e_, d_);

    base_.jvp(b_, linear_);
    axpy(Scalar(1), start_, linear_);
    base_.jvp(e_, difference_);
    for (Index i = 0; i < rule_.nodes.size(); ++i) {
      go(rule_.nodes(i));
      moving_.second(d_, d_, term_);
      axpy(static_cast<Scalar>(rule_.weights(i) * (1 - rule_.nodes(i))), term_, difference_);
    }
    copy(linear_, outputs_);
    axpy(epsilon_, difference_, outputs_);

    loss_.gradient(linear_, gradient_);
    base_.adjoint(gradient_, product_);
    scale(Scalar(-1), product_);
    insert(product_, 0, f);

    fill(work_, Scalar(0));
    for (Index i = 0; i < rule_.nodes.size(); ++i) {
      copy(linear_, gradient_);
      axpy(epsilon_ * static_cast<Scalar>(rule_.nodes(i)), difference_, gradient_);
      loss_.hessian_apply(gradient_, difference_, term_);
      axpy(static_cast<Scalar>(rule_.weights(i)), term_, work_);
    }
    base_.adjoint(work_, sum_);
    loss_.gradient(outputs_, gradient_);
    for (Index i = 0; i < rule_.nodes.size(); ++i) {
      go(rule_.nodes(i));
      moving_.second_adjoint(d_, gradient_, product_);
      axpy(static_cast<Scalar>(rule_.weights(i)), product_, sum_);
    }
    scale(Scalar(-1), sum_);
    insert(sum_, p, f);
    ++evaluations_;
  }

  /// d = alpha (w_alpha - w0) at the last point.
  [[nodiscard]] const State& displacement() const { return d_; }
  /// e = alpha^2 (w_alpha - w-bar_alpha) at the last point.
  [[nodiscard]] const State& difference() const { return e_; }
  /// alpha (y - y-bar) at the last point.
  [[nodiscard]] const Outputs& output_difference() const { return difference_; }
  /// y = alpha h(w_alpha) at the last point.
  [[nodiscard]] const Outputs& outputs() const { return outputs_; }
  /// y-bar = alpha h-bar(w-bar_alpha) at the last point.
  [[nodiscard]] const Outputs& linear_outputs() const { return linear_; }
  [[nodiscard]] const Tangent<H>& tangent_at_start() const { return base_; }
  [[nodiscard]] Index evaluations() const { return evaluations_; }

 private:
  void go(double s) {
    copy(w0_, point_);
    axpy(static_cast<Scalar>(s) * epsilon_, d_, point_);
    moving_.move_to(point_);
  }

  R loss_;
  Scalar epsilon_;
  State w0_;
  QuadratureRule rule_;
  Outputs start_;
  Tangent<H> base_;
  Tangent<H> moving_;
  State b_, e_, d_, point_, product_, sum_;
  Outputs linear_, difference_, outputs_, gradient_, work_, term_;
  Index evaluations_ = 0;
};

}  // namespace lazytrain
