#pragma once

#include <lazytrain/lazy/estimate.hpp>
#include <lazytrain/linalg/bilinear_norm.hpp>
#include <lazytrain/model/linearize.hpp>

namespace lazytrain {

/// ||D^2h(w)|| = sup ||D^2h(w)[u, v]||_F over unit u, v, from below: the best of several searches, each of
/// which climbs to a local maximum (`bilinear_norm`). For two-layer networks there is an overload with upper
/// bounds in two_layer_blocks.hpp. Cost: (restarts) x (iterations) x (1 + lanczos_steps) second derivatives.
/// @throws std::runtime_error if a second derivative is not finite
template <TwiceDifferentiableModel H>
[[nodiscard]] Estimate second_derivative_norm(const Tangent<H>& tangent, const BilinearNormOptions& options,
                                              RandomEngine auto& rng) {
  using P = parameters_t<H>;
  using O = outputs_t<H>;
  const auto found =
      bilinear_norm<P>([&](const P& u, const P& v, O& out) { tangent.second(u, v, out); },
                       [&](const O& z, const P& u, P& out) { tangent.second_adjoint(u, z, out); },
                       tangent.parameter_dim(), tangent.value(), tangent.output_space(), options, rng);
  return Estimate::at_least(found.lower);
}

}  // namespace lazytrain
