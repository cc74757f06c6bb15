#pragma once

#include <cmath>
#include <concepts>
#include <lazytrain/flow/gradient_field.hpp>
#include <utility>

namespace lazytrain {

/// The scaled objective F_alpha(w) = R(alpha h(w)) / alpha^2 of Eq. (2).
///
/// `Objective(h, R, alpha)` names a model, a loss and a scale together; 0 < alpha <= infinity.
template <class H, class R>
struct Objective {
  static_assert(Model<H>);
  static_assert(Loss<R>);
  static_assert(std::same_as<scalar_t<H>, scalar_t<R>>,
                "an objective's model and loss compute with the same scalar type");

  H model;
  R loss;
  scalar_t<H> alpha;

  /// @throws std::domain_error unless 0 < alpha <= infinity; std::invalid_argument if the model and the loss
  /// do not live in the same space F
  Objective(H h, R r, std::type_identity_t<scalar_t<H>> scale)
      : model(std::move(h)), loss(std::move(r)), alpha(scale) {
    (void)detail::inverse_scale("Objective", alpha);
    if (!(output_space(model) == loss.output_space())) {
      raise<std::invalid_argument>("Objective", "the model's outputs live in the ", output_space(model),
                                   ", expected the loss's space, the ", loss.output_space());
    }
  }

  /// F_alpha(w). @throws std::domain_error if alpha is infinite
  [[nodiscard]] scalar_t<H> operator()(const parameters_t<H>& w) const {
    require_positive("Objective", "alpha", alpha);
    outputs_t<H> y = linearize(model, w).value();
    scale(alpha, y);
    return loss.value(y) / (alpha * alpha);
  }

  /// The gradient Dh(w)^T grad R(alpha h(w)) / alpha. @throws std::domain_error if alpha is infinite
  [[nodiscard]] parameters_t<H> gradient(const parameters_t<H>& w) const {
    require_positive("Objective", "alpha", alpha);
    const Tangent<H> tangent = linearize(model, w);
    outputs_t<H> y = tangent.value();
    scale(alpha, y);
    outputs_t<H> g = y;
    loss.gradient(y, g);
    parameters_t<H> out = tangent.adjoint(g);
    scale(1 / alpha, out);
    return out;
  }
};

template <class H, class R, class S>
Objective(H, R, S) -> Objective<H, R>;

}  // namespace lazytrain
