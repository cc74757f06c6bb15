#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/lazy/lipschitz.hpp>
#include <lazytrain/lazy/second_derivative.hpp>
#include <map>
#include <memory>
#include <utility>

namespace lazytrain {

struct SampledLipschitzOptions {
  /// Random points on the sphere of each radius, beside the ends of ascents.
  Index samples = 8;
  /// Steps of an ascent of ||D^2h(w)[u, u]|| over the ball.
  Index ascent_steps = 20;
  SingularValueOptions norms{.tolerance = 1e-6};
  BilinearNormOptions second_derivative{.restarts = 2, .max_iterations = 20};
  std::uint64_t seed = 1;
};

namespace detail {

/// Largest ||Dh(w)|| and ||D^2h(w)|| seen on a ball.
struct BallSample {
  double of_h = 0;
  double of_dh = 0;
};

/// Points of the ball B(w0, r) where the derivatives were large, for the sampling of one radius.
template <TwiceDifferentiableModel H>
class BallSampler {
 public:
  using S = scalar_t<H>;
  using P = parameters_t<H>;
  using O = outputs_t<H>;

  BallSampler(H h, P w0, SampledLipschitzOptions options)
      : h_(std::move(h)), w0_(std::move(w0)), options_(options) {}

  /// The sample of a radius; what smaller radii have shown counts too.
  [[nodiscard]] BallSample at(double r) {
    auto known = seen_.find(r);
    if (known == seen_.end()) known = seen_.emplace(r, sample(r)).first;
    BallSample best;
    for (const auto& [radius, values] : seen_) {
      if (radius > r) break;
      best.of_h = std::max(best.of_h, values.of_h);
      best.of_dh = std::max(best.of_dh, values.of_dh);
    }
    return best;
  }

 private:
  [[nodiscard]] BallSample sample(double r) const {
    Philox rng(options_.seed);
    BallSample best;
    Tangent<H> tangent = linearize(h_, w0_);
    const auto visit = [&](const P& w) {
      tangent.move_to(w);
      best.of_h = std::max(best.of_h, differential_norm(tangent, options_.norms, rng).lower());
      const auto found = bilinear_norm<P>(
          [&](const P& u, const P& v, O& out) { tangent.second(u, v, out); },
          [&](const O& z, const P& u, P& out) { tangent.second_adjoint(u, z, out); }, tangent.parameter_dim(),
          tangent.value(), tangent.output_space(), options_.second_derivative, rng);
      best.of_dh = std::max(best.of_dh, found.lower);
      return found.maximizer;
    };
    P u = visit(w0_);
    if (r == 0) return best;
    P ascended = ascend(tangent, u, r);
    visit(ascended);
    for (Index i = 0; i < options_.samples; ++i) {
      P w = w0_;
      axpy(static_cast<S>(r), placed<P>(unit_vector<S>(dimension(w0_), rng)), w);
      u = visit(w);
      ascended = ascend(tangent, u, r);
      visit(ascended);
    }
    return best;
  }

  /// Where ||D^2h(w)[u, u]|| is large for a fixed u: steps along its numerical directional increase, taken
  /// while they increase it. The gradient in w is that of <z, Dh(w) .> twice along u, by central differences.
  [[nodiscard]] P ascend(Tangent<H>& tangent, const P& u, double r) const {
    const OutputSpace& space = tangent.output_space();
    P w = w0_, next = w0_;
    tangent.move_to(w);
    O z = tangent.second(u, u);
    double value = static_cast<double>(space.norm(z));
    const S t = static_cast<S>(1e-3 * std::max(r, 1e-3));
    double step = r / 2;
    for (Index i = 0; i < options_.ascent_steps && step > 1e-3 * r && value > 0; ++i) {
      copy(w, next);
      axpy(t, u, next);
      tangent.move_to(next);
      P gradient = tangent.second_adjoint(u, z);
      axpy(-2 * t, u, next);
      tangent.move_to(next);
      axpy(S(-1), tangent.second_adjoint(u, z), gradient);
      const double size = static_cast<double>(norm(gradient));
      if (!(size > 0)) break;
      copy(w, next);
      axpy(static_cast<S>(step / size), gradient, next);
      bring_back(next, r);
      tangent.move_to(next);
      const O next_z = tangent.second(u, u);
      const double next_value = static_cast<double>(space.norm(next_z));
      if (next_value > value) {
        w = next;
        z = next_z;
        value = next_value;
      } else {
        step /= 2;
      }
    }
    return w;
  }

  /// w becomes the nearest point of the ball.
  void bring_back(P& w, double r) const {
    axpy(S(-1), w0_, w);
    const double distance = static_cast<double>(norm(w));
    if (distance > r) scale(static_cast<S>(r / distance), w);
    axpy(S(1), w0_, w);
  }

  H h_;
  P w0_;
  SampledLipschitzOptions options_;
  std::map<double, BallSample> seen_;
};

}  // namespace detail

/// Lipschitz constants of any twice differentiable model on the balls around w0, from below: the largest
/// ||Dh(w)|| and ||D^2h(w)|| (Lip(Dh) is its supremum over a ball) at random points and at the ends of
/// ascents of ||D^2h(w)[u, u]||. Estimated: a theorem that is checked with them is illustrated, not proved. A
/// model whose linearization has `kinks()` (relu in a two-layer network, centred or scaled) has none:
/// Assumption 2.1 fails. Kinks of other models (functors, layered, symmetrized, composed) are not seen, and
/// then the numbers mean nothing.
///
/// Cost of a radius: 2 (samples + 1) norms of Dh and of D^2h; a radius is sampled once.
/// @throws std::invalid_argument if w0 has a wrong size
template <TwiceDifferentiableModel H>
[[nodiscard]] LipschitzBounds sampled_lipschitz(const H& h, const parameters_t<H>& w0,
                                                const SampledLipschitzOptions& options = {}) {
  require_size("sampled_lipschitz", "w0", dimension(w0), h.parameter_dim(), "h.parameter_dim()");
  if constexpr (requires(const Tangent<H>& tangent) { tangent.native().kinks(); }) {
    return LipschitzBounds::none(
        "the model has kinks, so Dh is not continuous and Assumption 2.1 does not hold");
  }
  const auto sampler = std::make_shared<detail::BallSampler<H>>(h, w0, options);
  return {[sampler](double r) { return Estimate::at_least(sampler->at(r).of_h); },
          [sampler](double r) { return Estimate::at_least(sampler->at(r).of_dh); },
          "sampling (lower bounds, not certified)"};
}

}  // namespace lazytrain
