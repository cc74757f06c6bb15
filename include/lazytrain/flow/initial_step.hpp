#pragma once

#include <cmath>
#include <functional>
#include <lazytrain/core/error.hpp>
#include <lazytrain/flow/flow_types.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/linalg/operator_norm.hpp>
#include <sstream>
#include <string>
#include <utility>

namespace lazytrain {

/// A step size and where it comes from.
struct StepChoice {
  double step;
  std::string reason;
};

/// The step size 1 / (rate M ||DM(x)||^2), which on a gradient field is the paper's 1 / Lip(grad F_alpha) to
/// leading order, 1 / ||Dh(w0)||^2 for the square loss. Cost: a few products with Dh and its adjoint.
template <class F>
requires detail::is_gradient_field<F>
[[nodiscard]] StepChoice gradient_step(const F& field, const typename F::State& x) {
  const auto& tangent = field.tangent();
  Philox rng(0);
  const auto estimate = operator_norm([&](const auto& v, auto& out) { tangent.jvp(v, out); },
                                      [&](const auto& g, auto& out) { tangent.adjoint(g, out); }, x,
                                      tangent.value(), tangent.output_space(), {}, rng);
  const double curvature = static_cast<double>(field.rate()) *
                           static_cast<double>(field.loss().smoothness()) * estimate.value * estimate.value;
  if (!(curvature > 0)) return {1.0, "step 1: ||Dh|| is 0"};
  require_domain(std::isfinite(curvature), "gradient_step", "M ||Dh||^2", curvature,
                 "a finite number: give options.step");
  std::ostringstream reason = detail::plain_text();
  reason << "step " << 1 / curvature << " = 1 / (M ||Dh(w0)||^2) with ||Dh(w0)|| = " << estimate.value;
  return {1 / curvature, reason.str()};
}

namespace detail {

/// The first step from x, where the field is f.
template <class State>
using FirstStep = std::function<StepChoice(const State& x, const State& f)>;

/// First step of a method: `gradient_step` for methods with a fixed step; for adaptive ones a step on which
/// the field changes along itself by about the tolerance. Exponential methods, whose linear part is exact,
/// start with a tenth of the time scale along x' whatever the tolerance: longer first steps would skip the
/// transient, in which the remainder changes, without noticing it.
template <class P, class F>
StepChoice initial_step(const F& field, const typename F::State& x, const typename F::State& f,
                        const FlowOptions& options) {
  std::ostringstream reason = detail::plain_text();
  if constexpr (is_gradient_field<F>) {
    if constexpr (!P::adaptive) {
      return gradient_step(field, x);
    } else {
      const auto& tangent = field.tangent();
      const double speed = static_cast<double>(norm(f));
      const auto change = tangent.jvp(f);
      const double ratio = speed > 0 ? static_cast<double>(tangent.output_space().norm(change)) / speed : 0;
      const double smoothness = static_cast<double>(field.loss().smoothness());
      double curvature = static_cast<double>(field.rate()) * smoothness * ratio * ratio;
      if (!std::isfinite(smoothness)) {
        // A loss whose gradient is not Lipschitz: its curvature here.
        auto curved = change;
        field.loss().hessian_apply(field.outputs(), change, curved);
        curvature = static_cast<double>(field.rate()) *
                    static_cast<double>(tangent.output_space().inner(change, curved)) / (speed * speed);
      }
      if (!(curvature > 0)) return {options.horizon, "first step: the horizon, since x' = 0"};
      const double scale = requires {
        typename P::template Method<F>;
        P::exact_linear_part;
      }
      ? 0.1 : std::pow(options.relative_tolerance, 1.0 / P::order_of_error());
      reason << "first step " << scale / curvature << " from the curvature " << curvature << " along x'";
      return {scale / curvature, reason.str()};
    }
  } else {
    const double step = options.horizon * (P::adaptive ? 1e-4 : 1e-2);
    reason << "first step " << step << ", a fraction of the horizon";
    return {step, reason.str()};
  }
}

}  // namespace detail

}  // namespace lazytrain
