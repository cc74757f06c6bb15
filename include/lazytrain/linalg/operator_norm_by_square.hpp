#pragma once

#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/operator_norm.hpp>

/// Norms of linear maps A: R^p -> F that have a product of their own with A A*.
namespace lazytrain {

/// `operator_norm` of a map of N <= p that is not assembled and has a product of its own with A A* on F,
/// `square(g, out)`, that costs less than one with A* and one with A. Memory: vectors of F and one of R^p.
/// @throws as `operator_norm`
template <class S = double>
[[nodiscard]] SingularValueEstimate operator_norm_by_square(MapView<Vector<S>> square,
                                                            MapView<Vector<S>> adjoint, Index p,
                                                            const OutputSpace& space,
                                                            const SingularValueOptions& options,
                                                            RandomEngine auto& rng) {
  constexpr const char* here = "operator_norm_by_square";
  detail::check_options(here, options);
  require_argument(p >= space.dim(), here, "p", p, "at least the dimension of F");
  const OutputInner inner{space};
  Vector<S> image = Vector<S>::Zero(p);
  SingularValueEstimate estimate =
      detail::norm_of_square(square, 1.0, adjoint, detail::random_output<Vector<S>>(space, rng), image,
                             options, inner, EuclideanInner{});
  detail::add_probable_upper<S>(p, space, options, estimate);
  return estimate;
}

/// The same with Lanczos on `rough(g, out)`, A A* with small errors, for example in single precision. What is
/// returned belongs to the map itself: with the Ritz vector y, value^2 = <y, AA* y> / |y|^2 and the residual
/// |AA* y - value^2 y| / (value |y|) come from one product with `square`. Where that residual misses the
/// tolerance, Lanczos goes on with `square` from y. No probable upper bound: the start is not random then.
/// @throws as `operator_norm`
template <class S = double>
[[nodiscard]] SingularValueEstimate operator_norm_by_rough_square(
    MapView<Vector<S>> rough, MapView<Vector<S>> square, MapView<Vector<S>> adjoint, Index p,
    const OutputSpace& space, const SingularValueOptions& options, RandomEngine auto& rng) {
  constexpr const char* here = "operator_norm_by_rough_square";
  detail::check_options(here, options);
  require_argument(p >= space.dim(), here, "p", p, "at least the dimension of F");
  const OutputInner inner{space};
  const auto ritz = lanczos(rough, detail::random_output<Vector<S>>(space, rng),
                            {options.max_steps, options.tolerance}, inner);
  const Vector<S> start = ritz.vector(0);
  Vector<S> image = Vector<S>::Zero(p);
  const auto from_start = [&](Index steps) {
    SingularValueOptions some = options;
    some.max_steps = steps;
    return detail::norm_of_square(square, 1.0, adjoint, start, image, some, inner, EuclideanInner{});
  };
  // One step from y is its Rayleigh quotient.
  SingularValueEstimate estimate = from_start(1);
  if (!estimate.converged) {
    const Index spent = estimate.products;
    estimate = from_start(options.max_steps);
    estimate.products += spent;
  }
  estimate.products += 2 * ritz.products;
  return estimate;
}

}  // namespace lazytrain
