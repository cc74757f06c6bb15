#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/lazy/block_search.hpp>
#include <lazytrain/lazy/second_derivative.hpp>
#include <lazytrain/lazy/two_layer_curvature.hpp>
#include <lazytrain/nn/two_layer_in_blocks.hpp>
#include <utility>
#include <vector>

namespace lazytrain {

/// ||B_j(w)||, the norm of the second derivative in the parameters of neuron j, for every j, network factor
/// included; ||D^2h(w)|| is the largest. Certified: below by a search, above in closed form. Where the bounds
/// meet (ReLU) both are exact. Cost: a search and two eigenvalue problems a neuron: for small networks.
template <class S, Activation Sigma>
[[nodiscard]] std::vector<Estimate> two_layer_block_norms(const Tangent<TwoLayerOnData<S, Sigma>>& tangent,
                                                          const BilinearNormOptions& options,
                                                          RandomEngine auto& rng) {
  const TwoLayerCurvature<S, Sigma> above(tangent.model(), tangent.native());
  const detail::BlockSearch<S, Sigma> below(tangent.model(), tangent.native().parameters());
  const auto directions = below.climb_together(detail::block_steps, rng);
  const Matrix<S>& X = tangent.model().inputs();
  const double rounding = detail::block_rounding<S>(X.rows(), X.cols());
  std::vector<Estimate> norms;
  for (Index j = 0; j < above.neurons(); ++j) {
    const double upper = std::min(above.quick_bound(j, 0), above.sharp_bound(j, 0));
    const Vector<S> e = directions.inner.col(j);
    const double value = std::min(upper, below.climb(j, e, directions.outer(j), options, rng));
    const double lower = std::max(0.0, value - rounding * upper);
    norms.push_back(above.factor() * Estimate(value, lower, upper, Provenance::certified));
  }
  return norms;
}

/// ||D^2h(w)|| of a two-layer network, almost everywhere for an activation with kinks. Certified: below by a
/// search in the blocks of the neurons that can be the largest, above by the closed form of
/// `TwoLayerCurvature`; the value is the lower one, and exact unless every search ended in a local maximum.
///
/// Cost: 40 n m d operations for all neurons together, then searches (`options`) and eigenvalue problems for
/// the leading ones, at most `curvature.work` operations each. Memory: O(p + n), beside the inputs.
/// @throws std::invalid_argument if w has a wrong size
template <class S, Activation Sigma>
[[nodiscard]] Estimate second_derivative_norm(const TwoLayerOnData<S, Sigma>& h, const Vector<S>& w,
                                              const BilinearNormOptions& options, RandomEngine auto& rng,
                                              const CurvatureOptions& curvature = {}) {
  const TwoLayerCurvature<S, Sigma> above(h, w, curvature);
  const detail::BlockSearch<S, Sigma> below(h, w, curvature.threads);
  auto directions = below.climb_together(detail::block_steps, rng);
  const Vector<double> bounds = above.block_bounds(0, directions.value.maxCoeff());
  const Matrix<S>& X = h.inputs();
  const double start_cost = 80.0 * static_cast<double>(options.lanczos_steps * X.size());
  const double cost = start_cost * static_cast<double>(2 + options.restarts);
  double best = directions.value.maxCoeff();
  // The most promising first; a neuron whose bound is below the best value is out.
  for (double spent = 0; spent == 0 || spent + cost <= curvature.work / 4; spent += cost) {
    Index j = 0;
    if (directions.value.maxCoeff(&j) < 0) break;
    directions.value(j) = -1;
    if (bounds(j) <= best) continue;
    const Vector<S> e = directions.inner.col(j);
    best = std::max(best, below.climb(j, e, directions.outer(j), options, rng));
  }
  const double upper = bounds.maxCoeff();
  const double value = std::min(best, upper);
  const double lower = std::max(0.0, value - detail::block_rounding<S>(X.rows(), X.cols()) * upper);
  const auto word = std::isfinite(upper) ? Provenance::certified : Provenance::estimated;
  return above.factor() * Estimate(value, lower, upper, word);
}

/// The same at the point of a tangent, also of one that goes through the samples in blocks.
template <class S, Activation Sigma>
[[nodiscard]] Estimate second_derivative_norm(const Tangent<TwoLayerOnData<S, Sigma>>& tangent,
                                              const BilinearNormOptions& options, RandomEngine auto& rng,
                                              const CurvatureOptions& curvature = {}) {
  return second_derivative_norm(tangent.model(), tangent.native().parameters(), options, rng, curvature);
}
template <class S, Activation Sigma>
[[nodiscard]] Estimate second_derivative_norm(const Tangent<TwoLayerInBlocks<S, Sigma>>& tangent,
                                              const BilinearNormOptions& options, RandomEngine auto& rng,
                                              const CurvatureOptions& curvature = {}) {
  return second_derivative_norm(tangent.model().whole(), tangent.native().parameters(), options, rng,
                                curvature);
}

}  // namespace lazytrain
