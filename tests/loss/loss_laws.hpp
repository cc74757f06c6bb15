#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain::testing {

/// Five samples with weights of sum 9.25: a misplaced weight shows.
inline OutputSpace uneven_space(Index outputs) {
  return OutputSpace::weighted(Vector<double>{{0.25, 3.0, 1.5, 4.0, 0.5}}, outputs);
}

/// Checks that the error of a central difference with steps t and t/2 shrinks like t^2, or is `noise`
/// already.
inline void check_second_order(double error, double half_step_error, double noise) {
  INFO("errors " << error << " and " << half_step_error << ", noise " << noise);
  if (half_step_error <= noise) {
    CHECK(error <= 8 * noise);
  } else {
    CHECK_THAT(std::log2(error / half_step_error), WithinAbs(2.0, 0.1));
  }
}

/// Checks what every loss owes at points of size `scale`: gradient and Hessian in F of observed order 2, each
/// coordinate of the gradient weighted exactly once, Hessian self-adjoint in F, the constants m, M and mu
/// never exceeded, infimum and excess consistent, outputs that may be inputs. Only points y with `smooth(y)`
/// are used: within 0.02 of them, coordinate by coordinate, the loss is smooth.
template <Loss R, class Smooth>
void check_loss_laws(const R& loss, double scale, const Smooth& smooth) {
  using S = scalar_t<R>;
  using V = Vector<S>;
  static_assert(std::is_same_v<S, double>, "orders are observed in double precision");
  const OutputSpace& space = loss.output_space();
  const Index size = space.dim();
  const double eps = roundoff<S>(1);
  Philox rng(11);

  for (int trial = 0; trial < 5; ++trial) {
    V y = scale * normal_vector<S>(size, rng);
    while (!smooth(y)) y = scale * normal_vector<S>(size, rng);
    const V v = normal_vector<S>(size, rng);
    const V u = normal_vector<S>(size, rng);
    const V g = loss.gradient(y);
    V hv(size);
    V hu(size);
    loss.hessian_apply(y, v, hv);
    loss.hessian_apply(y, u, hu);

    V in_place = y;
    loss.gradient(in_place, in_place);
    CHECK(in_place == g);
    in_place = v;
    loss.hessian_apply(y, in_place, in_place);
    CHECK(in_place == hv);

    const S value = loss.value(y);
    const double step = 2e-3;
    // A difference of two values, each wrong by a few roundings a coordinate, over 2t.
    const double noise = 8 * static_cast<double>(size) * eps * (std::abs(value) + space.norm(g)) / step;
    const auto slope_error = [&](const V& direction, double t) {
      const S difference = (loss.value(y + t * direction) - loss.value(y - t * direction)) / (2 * t);
      return std::abs(difference - space.inner(g, direction));
    };
    check_second_order(slope_error(v, step), slope_error(v, step / 2), noise);
    for (Index j = 0; j < size; ++j) {
      const V unit = V::Unit(size, j);
      check_second_order(slope_error(unit, step), slope_error(unit, step / 2), noise);
    }

    const auto curvature_error = [&](double t) {
      const V difference = (loss.gradient(y + t * v) - loss.gradient(y - t * v)) / (2 * t);
      return space.norm(V(difference - hv));
    };
    check_second_order(curvature_error(step), curvature_error(step / 2),
                       8 * eps * (space.norm(g) + space.norm(y)) / step);

    const double size_of_products = space.norm(hu) * space.norm(v) + space.norm(u) * space.norm(hv);
    CHECK_THAT(space.inner(hu, v), WithinAbs(space.inner(u, hv), 20 * eps * size_of_products));

    for (const double distance : {1e-2, 1.0, 1e2}) {
      const V z = y + distance * u;
      const V change = loss.gradient(z) - g;
      const V step_taken = z - y;
      const double rounding = 20 * eps * (space.norm(g) + space.norm(y) + space.norm(z));
      const double length = space.norm(step_taken);
      CHECK(space.norm(change) <= loss.smoothness() * length + rounding);
      CHECK(space.inner(change, step_taken) >=
            (loss.strong_convexity() - loss.weak_convexity()) * length * length - rounding * length);
      CHECK(loss.excess(z) >= 0);
      CHECK_THAT(loss.value(z), WithinAbs(loss.infimum() + loss.excess(z), 40 * eps * (1 + loss.value(z))));
    }
  }
}

/// The laws of a loss that is smooth everywhere.
template <Loss R>
void check_loss_laws(const R& loss, double scale = 1.0) {
  check_loss_laws(loss, scale, [](const Vector<double>&) { return true; });
}

/// Norm in F of the Hessian at y, its largest quotient over the coordinate vectors: exact where it is
/// diagonal.
template <Loss R>
double diagonal_hessian_norm(const R& loss, const Vector<double>& y) {
  double largest = 0;
  for (Index j = 0; j < y.size(); ++j) {
    Vector<double> column(y.size());
    loss.hessian_apply(y, Vector<double>::Unit(y.size(), j), column);
    largest = std::max(largest, std::abs(column(j)));
  }
  return largest;
}

}  // namespace lazytrain::testing
