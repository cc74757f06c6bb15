#pragma once

#include <cmath>
#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/linearize.hpp>
#include <lazytrain/model/scaled.hpp>
#include <limits>
#include <utility>

namespace lazytrain {

namespace detail {

template <class F>
concept WritesField = requires(F& field, const typename F::State& x, typename F::State& f) {
  field(x, f);
};

}  // namespace detail

// clang-format off

/// An autonomous vector field x' = f(x): `field(x, f)` writes f(x).
template <class F>
concept VectorField =
    std::copy_constructible<F> && HilbertVector<typename F::State> &&
    expect<detail::WritesField<F>, "a vector field has operator()(x, f) that writes f(x) to f">;

// clang-format on

/// The negative gradient x' = -rate DM(x)^T grad R(offset + M(x)) of a model M and a loss R.
///
/// With M = h_eps the displaced model, offset = alpha h(w0) and rate 1 it is the gradient flow of F_alpha in
/// displacements; with M = alpha h, no offset and rate 1/alpha^2 the same flow in parameters
/// (`displacement_field`, `parameter_field`). It keeps what the last evaluation computed, for steppers,
/// events and observers to share.
template <Model M, Loss R>
class GradientField {
 public:
  using Scalar = scalar_t<M>;
  using State = parameters_t<M>;
  using Outputs = outputs_t<M>;

  /// @throws std::invalid_argument if the model and the loss do not live in the same space F
  GradientField(const M& model, R loss, Outputs offset, Scalar rate, const State& x)
      : loss_(std::move(loss)),
        offset_(std::move(offset)),
        rate_(rate),
        tangent_(linearize(model, x)),
        outputs_(offset_),
        gradient_(offset_) {
    if (!(tangent_.output_space() == loss_.output_space())) {
      raise<std::invalid_argument>("GradientField", "the model's outputs live in the ",
                                   tangent_.output_space(), ", expected the loss's space, the ",
                                   loss_.output_space());
    }
    require_size("GradientField", "offset", dimension(offset_), tangent_.output_dim(), "h.output_dim()");
  }

  /// Evaluates the field at x: one forward pass and one vjp. No allocation.
  void operator()(const State& x, State& f) {
    tangent_.move_to(x);
    copy(tangent_.value(), outputs_);
    axpy(Scalar(1), offset_, outputs_);
    loss_.gradient(outputs_, gradient_);
    tangent_.adjoint(gradient_, f);
    scale(-rate_, f);
    ++evaluations_;
  }

  /// The model at the last point.
  [[nodiscard]] const Tangent<M>& tangent() const { return tangent_; }
  /// offset + M(x) at the last point: alpha h(w).
  [[nodiscard]] const Outputs& outputs() const { return outputs_; }
  /// grad R at the outputs, in F.
  [[nodiscard]] const Outputs& loss_gradient() const { return gradient_; }
  /// R at the outputs: alpha^2 F_alpha(w).
  [[nodiscard]] Scalar loss_value() const { return loss_.value(outputs_); }

  [[nodiscard]] const R& loss() const { return loss_; }
  [[nodiscard]] const Outputs& offset() const { return offset_; }
  [[nodiscard]] Scalar rate() const { return rate_; }
  /// Number of evaluations so far.
  [[nodiscard]] Index evaluations() const { return evaluations_; }

 private:
  R loss_;
  Outputs offset_;
  Scalar rate_;
  Tangent<M> tangent_;
  Outputs outputs_;
  Outputs gradient_;
  Index evaluations_ = 0;
};

namespace detail {

template <class F>
inline constexpr bool is_gradient_field = false;
template <class M, class R>
inline constexpr bool is_gradient_field<GradientField<M, R>> = true;

/// Whether h(w0) is no larger than the rounding of its evaluation, which moves w0 by a few units in the last
/// place. Sums that cancel need not be 0: a fused multiply-add rounds a product in one of two terms alone.
template <Model H>
bool is_rounding_of_zero(const Tangent<H>& tangent, const parameters_t<H>& w0) {
  using S = scalar_t<H>;
  const S size = norm(tangent.value());
  if (size == S(0)) return true;
  const Vector<S> gradient = host_numbers(tangent.vjp(tangent.value()));
  const S moved = gradient.cwiseAbs().dot(host_numbers(w0).cwiseAbs()) / size;
  return size <= 64 * std::numeric_limits<S>::epsilon() * moved;
}

/// alpha h(w0), which at alpha = infinity is 0 for a centred model and does not exist for another.
template <Model H>
outputs_t<H> scaled_start(const H& h, const parameters_t<H>& w0, scalar_t<H> alpha,
                          const char* function = "displacement_field") {
  using S = scalar_t<H>;
  const Tangent<H> tangent = linearize(h, w0);
  outputs_t<H> base = tangent.value();
  if (std::isinf(alpha)) {
    if (!is_rounding_of_zero(tangent, w0)) {
      raise<std::domain_error>(function, "alpha is infinite and ||h(w0)|| is ", norm(base),
                               ", expected h(w0) = 0: centre or symmetrize the model");
    }
    fill(base, S(0));
  } else {
    scale(alpha, base);
  }
  return base;
}

template <class S>
S inverse_scale(const char* function, S alpha) {
  require_domain(alpha > S(0), function, "alpha", alpha, "a number in (0, infinity]");
  return std::isinf(alpha) ? S(0) : S(1) / alpha;
}

}  // namespace detail

/// The gradient flow of F_alpha, w' = -(1/alpha) Dh(w)^T grad R(alpha h(w)), Eq. (4), in the displacement
/// d = alpha (w - w0):
///
///     d' = -Dh(w0 + d/alpha)^T grad R(alpha h(w0) + h_{1/alpha}(d)).
///
/// Its starting point is d = 0, nothing cancels at large alpha, and alpha = infinity is the linearized flow.
/// @throws std::domain_error unless 0 < alpha <= infinity, or if alpha = infinity and h(w0) is not 0 up to
/// rounding
template <Model H, Loss R>
[[nodiscard]] auto displacement_field(const H& h, const R& loss, const parameters_t<H>& w0,
                                      std::type_identity_t<scalar_t<H>> alpha) {
  using S = scalar_t<H>;
  const S epsilon = detail::inverse_scale("displacement_field", alpha);
  parameters_t<H> zero = w0;
  fill(zero, S(0));
  return GradientField<displaced_t<H>, R>(displaced(h, w0, epsilon), loss, detail::scaled_start(h, w0, alpha),
                                          S(1), zero);
}

/// The gradient flow of the linearized objective R(alpha h-bar(w)) / alpha^2, Eq. (5), in displacements: the
/// same field as `displacement_field` with the model displaced by epsilon = 0.
/// @throws std::domain_error unless 0 < alpha <= infinity, or if alpha = infinity and h(w0) is not 0 up to
/// rounding
template <Model H, Loss R>
[[nodiscard]] auto linearized_field(const H& h, const R& loss, const parameters_t<H>& w0,
                                    std::type_identity_t<scalar_t<H>> alpha) {
  using S = scalar_t<H>;
  (void)detail::inverse_scale("linearized_field", alpha);
  parameters_t<H> zero = w0;
  fill(zero, S(0));
  return GradientField<displaced_t<H>, R>(displaced(h, w0, S(0)), loss,
                                          detail::scaled_start(h, w0, alpha, "linearized_field"), S(1), zero);
}

/// The gradient flow of F_alpha, Eq. (4), in parameters, from w.
/// @throws std::domain_error unless 0 < alpha < infinity
template <Model H, Loss R>
[[nodiscard]] auto parameter_field(const H& h, const R& loss, const parameters_t<H>& w,
                                   std::type_identity_t<scalar_t<H>> alpha) {
  using S = scalar_t<H>;
  require_positive("parameter_field", "alpha", alpha);
  const Scaled<H> model = scaled(h, alpha);
  outputs_t<H> zero = linearize(h, w).value();
  fill(zero, S(0));
  return GradientField<Scaled<H>, R>(model, loss, zero, S(1) / (alpha * alpha), w);
}

}  // namespace lazytrain
