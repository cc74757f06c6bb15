#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/operator_norm.hpp>
#include <limits>

namespace lazytrain {

/// The bottom of the singular spectrum of A: R^p -> F.
struct SmallestSingularValue {
  /// σ_min on F, inf ||A* g|| / ||g||_F: the square root of the smallest eigenvalue of A A*, the tangent
  /// kernel when A is the differential. It is 0, exactly, when p < dim F.
  SingularValueEstimate on_outputs;
  /// The smallest singular value that rounding tells from 0. Matrix-free: the smallest that the Krylov space
  /// shows.
  SingularValueEstimate positive;
  /// Number of singular values above the rounding level; matrix-free, of those that the Krylov space shows.
  Index rank = 0;
};

namespace detail {

/// What rounding makes of a zero singular value, relative to the largest.
template <class S>
double rank_level(Index p, Index n) {
  return 8.0 * static_cast<double>(std::numeric_limits<S>::epsilon()) *
         std::sqrt(static_cast<double>(std::max(p, n)));
}

inline SingularValueEstimate dense_estimate(const DenseSingularValues& dense, Index i) {
  SingularValueEstimate estimate;
  estimate.value = dense.values(i);
  estimate.residual = dense.error;
  estimate.lower = std::max(0.0, estimate.value - dense.error);
  estimate.upper = estimate.value + dense.error;
  estimate.products = dense.products;
  estimate.converged = estimate.proved = true;
  return estimate;
}

inline Index last_index(const Vector<double>& values) { return values.size() - 1; }

}  // namespace detail

/// Smallest singular values of A: R^p -> F; arguments as in `operator_norm`.
///
/// Small maps are assembled: both bounds are proved (`proved`), rounding included. Others go through Golub
/// and Kahan's process, where the roles of the bounds turn: `upper` = ||M y|| / ||y|| for a Ritz vector y is
/// proved up to rounding (the smallest singular value on the smaller space is at most that), and `lower` =
/// value - residual is not: some singular value lies that near, a smaller one may have escaped. The process
/// approaches the bottom of a spectrum slowly: expect min(p, N) steps where the spectrum decays.
/// @throws as `operator_norm`
template <HilbertVector P, HilbertVector O>
[[nodiscard]] SmallestSingularValue smallest_singular_value(MapView<P, O> apply, MapView<O, P> adjoint,
                                                            const P& parameters, const O& outputs,
                                                            const OutputSpace& space,
                                                            const SingularValueOptions& options,
                                                            RandomEngine auto& rng) {
  using S = typename P::Scalar;
  const Index p = dimension(parameters);
  detail::check_options("smallest_singular_value", options);
  require_argument(p >= 1, "smallest_singular_value", "p", p, "at least 1");
  const Index n = space.dim();
  SmallestSingularValue result;
  Vector<double> values;
  double level = 0;
  if (detail::solved_densely(p, n, options)) {
    const DenseSingularValues dense = dense_singular_values(apply, adjoint, parameters, outputs, space);
    values = dense.values;
    level = dense.error;
    result.rank = (values.array() > level).count();
    result.on_outputs = detail::dense_estimate(dense, values.size() - 1);
    if (result.rank > 0) result.positive = detail::dense_estimate(dense, result.rank - 1);
  } else {
    const OutputInner inner{space};
    const auto finish = [&]<class X, class Y>(MapView<X, Y> forward, MapView<Y, X> backward, const X& start,
                                              const Y& like, auto inner_x, auto inner_y) {
      SingularValueEstimate& smallest = result.on_outputs;
      GolubKahanProcess<X, Y, decltype(inner_x), decltype(inner_y)> process(start, inner_x, inner_y);
      const BidiagonalSpectrum spectrum =
          detail::iterate(process, forward, backward, like, options, smallest, detail::last_index);
      values = spectrum.values;
      level = detail::rank_level<S>(p, n) * values(0);
      result.rank = (values.array() > level).count();
      const double rounding = quotient_rounding<S>(std::max(n, p), space.uniform());
      const auto bracket = [&](Index i) {
        SingularValueEstimate estimate = smallest;
        estimate.value = values(i);
        estimate.residual = spectrum.residuals(i);
        estimate.lower = std::max(0.0, estimate.value - estimate.residual - level);
        const X ritz = process.right_vector(i);
        Y image = zeros_like(like);
        forward(ritz, image);
        ++estimate.products;
        estimate.upper = std::sqrt(inner_y(image, image) / inner_x(ritz, ritz)) * (1 + rounding);
        return estimate;
      };
      if (result.rank > 0) result.positive = bracket(result.rank - 1);
      smallest = bracket(values.size() - 1);
    };
    if (n <= p) {
      finish(adjoint, apply, detail::random_output<O>(space, rng), parameters, inner, EuclideanInner{});
    } else {
      finish(apply, adjoint, placed<P>(normal_vector<S>(p, rng)), outputs, EuclideanInner{}, inner);
    }
  }
  if (p < n) {
    const Index products = result.on_outputs.products;
    result.on_outputs = SingularValueEstimate{};
    result.on_outputs.products = products;
    result.on_outputs.converged = result.on_outputs.proved = true;
  }
  return result;
}

/// The same for products of vectors of the host, Vector<S>.
template <class S = double>
[[nodiscard]] SmallestSingularValue smallest_singular_value(MapView<Vector<S>> apply,
                                                            MapView<Vector<S>> adjoint, Index p,
                                                            const OutputSpace& space,
                                                            const SingularValueOptions& options,
                                                            RandomEngine auto& rng) {
  require_argument(p >= 1, "smallest_singular_value", "p", p, "at least 1");
  return smallest_singular_value(apply, adjoint, Vector<S>(Vector<S>::Zero(p)),
                                 Vector<S>(Vector<S>::Zero(space.dim())), space, options, rng);
}

}  // namespace lazytrain
