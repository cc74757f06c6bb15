#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/lanczos.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/rounding.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace lazytrain {

struct BilinearNormOptions {
  /// Random starts, beside those that the caller gives.
  Index restarts = 8;
  /// Alternations of a start.
  Index max_iterations = 100;
  /// Lanczos steps on H_z in an alternation.
  Index lanczos_steps = 12;
  /// A start ends when its value grows by less than this, relatively.
  double tolerance = 1e-12;
};

/// Lower bound of the norm of a symmetric bilinear map.
template <HilbertVector P>
struct BilinearNormEstimate {
  /// ||B|| >= lower, up to the rounding inside B (the rounding of the norms is subtracted).
  double lower = 0;
  /// Unit vector with ||B(u, u)||_F = lower.
  P maximizer;
  /// The values ||B(u, u)||_F that each start passed through, non-decreasing. How well the last ones of the
  /// starts agree says how far to trust `lower` as a value of the norm; it is never an upper bound.
  std::vector<std::vector<double>> histories;
  /// Alternations of all starts together.
  Index iterations = 0;
};

/// Norm of a symmetric bilinear map B: R^p x R^p -> F from below, from given starts; `like` is a vector of F.
/// See `bilinear_norm`.
template <HilbertVector P, HilbertVector O>
[[nodiscard]] BilinearNormEstimate<P> bilinear_norm_from(BilinearView<P, P, O> bilinear,
                                                         BilinearView<O, P, P> contract,
                                                         const std::vector<P>& starts, const O& like,
                                                         const OutputSpace& space,
                                                         const BilinearNormOptions& options = {}) {
  constexpr const char* here = "bilinear_norm";
  require_argument(!starts.empty(), here, "the number of starts", starts.size(), "at least 1");
  require_size(here, "an output", dimension(like), space.dim(), "the dimension of F");
  require_argument(options.max_iterations >= 0, here, "max_iterations", options.max_iterations, "at least 0");
  require_argument(options.lanczos_steps >= 2, here, "lanczos_steps", options.lanczos_steps, "at least 2");
  require_nonnegative(here, "tolerance", options.tolerance);
  BilinearNormEstimate<P> best{0, zeros_like(starts.front()), {}, 0};
  O z = zeros_like(like);
  const auto value_at = [&](const P& u) {
    bilinear(u, u, z);
    if (!all_finite(z)) {
      raise<std::runtime_error>(here, "B(u, u) is not finite at start ", best.histories.size(),
                                ", iteration ", best.iterations);
    }
    return static_cast<double>(space.norm(z));
  };
  for (const P& start : starts) {
    require_size(here, "a start", dimension(start), dimension(starts.front()), "the size of the first start");
    P u = start;
    const double size = static_cast<double>(norm(u));
    require_positive(here, "the norm of a start", size);
    scale(static_cast<typename P::Scalar>(1 / size), u);
    double value = value_at(u);
    best.histories.push_back({value});
    for (Index i = 0; i < options.max_iterations && value > 0; ++i) {
      ++best.iterations;
      scale(static_cast<typename O::Scalar>(1 / value), z);
      const LanczosOptions inner{options.lanczos_steps, options.tolerance, SpectrumEnd::largest_magnitude};
      const auto ritz = lanczos([&](const P& x, P& out) { contract(std::as_const(z), x, out); }, u, inner);
      P next = ritz.vector(detail::wanted_index(ritz.values, inner.wanted));
      scale(static_cast<typename P::Scalar>(1 / static_cast<double>(norm(next))), next);
      const double next_value = value_at(next);
      // Exactly it cannot fall: ||B(u+, u+)|| >= |<z, B(u+, u+)>| >= |<z, B(u, u)>|. Rounding ends the climb.
      if (!(next_value > value)) break;
      const bool slow = next_value - value <= options.tolerance * value;
      u = std::move(next);
      value = next_value;
      best.histories.back().push_back(value);
      if (slow) break;
    }
    if (best.histories.size() == 1 || value > best.lower) {
      best.lower = value;
      best.maximizer = std::move(u);
    }
  }
  const Index count = std::max(dimension(like), dimension(best.maximizer));
  best.lower *= std::max(0.0, 1 - 2 * quotient_rounding<typename P::Scalar>(count, space.uniform()));
  return best;
}

/// Norm sup ||B(u, v)||_F over unit u, v of a symmetric bilinear map B: R^p x R^p -> F, from below.
///
/// It equals sup ||B(u, u)||_F (Banach). `bilinear(u, v, out)` is B(u, v) in F; `contract(z, u, out)` is H_z
/// u in R^p for z in F, where <H_z u, v> = <z, B(u, v)>_F. The alternation z <- B(u, u) / ||B(u, u)||, u <- a
/// Ritz vector of H_z of largest |value| climbs to a local maximum. The global problem is NP-hard: several
/// starts, random ones and those of the caller, tried first. Cost of an alternation: one B and lanczos_steps
/// contractions.
///
/// Vectors are like `outputs`, of F, and of type P in R^p: they may live elsewhere.
/// @throws std::invalid_argument on sizes and options, std::domain_error if a start is 0, std::runtime_error
/// if a result is not finite
template <HilbertVector P, HilbertVector O>
[[nodiscard]] BilinearNormEstimate<P> bilinear_norm(BilinearView<P, P, O> bilinear,
                                                    BilinearView<O, P, P> contract, Index p, const O& outputs,
                                                    const OutputSpace& space,
                                                    const BilinearNormOptions& options,
                                                    RandomEngine auto& rng, std::vector<P> starts = {}) {
  using S = typename P::Scalar;
  require_argument(p >= 1, "bilinear_norm", "p", p, "at least 1");
  require_argument(options.restarts >= 0, "bilinear_norm", "restarts", options.restarts, "at least 0");
  for (const P& start : starts) require_size("bilinear_norm", "a start", dimension(start), p, "p");
  for (Index i = 0; i < options.restarts; ++i) starts.push_back(placed<P>(unit_vector<S>(p, rng)));
  return bilinear_norm_from(bilinear, contract, starts, outputs, space, options);
}

/// The same for vectors of the host, Vector<S>.
template <std::floating_point S = double>
[[nodiscard]] BilinearNormEstimate<Vector<S>> bilinear_norm(
    BilinearView<Vector<S>, Vector<S>, Vector<S>> bilinear,
    BilinearView<Vector<S>, Vector<S>, Vector<S>> contract, Index p, const OutputSpace& space,
    const BilinearNormOptions& options, RandomEngine auto& rng, std::vector<Vector<S>> starts = {}) {
  return bilinear_norm<Vector<S>>(bilinear, contract, p, Vector<S>(Vector<S>::Zero(space.dim())), space,
                                  options, rng, std::move(starts));
}

}  // namespace lazytrain
