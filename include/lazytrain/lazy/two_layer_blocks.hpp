#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/second_derivative.hpp>
#include <lazytrain/lazy/two_layer_curvature.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace lazytrain {

namespace detail {

/// Directions u_j = (cos θ_j e_j, ± sin θ_j) of all neurons at once, with ||B_j(u_j, u_j)||.
template <class S>
struct BlockDirections {
  /// e_j, unit columns, d x m.
  Matrix<S> inner;
  /// ± sin θ_j along b_j / |b_j|.
  Vector<double> outer;
  Vector<double> value;
};

/// argmax over x = tan θ in [0, 1] of (4 x^2 A + 4 x |C| + D) / (1 + x^2)^2 by bisection: the derivative has
/// one positive zero (one change of sign in its coefficients), and is <= 0 at 1.
inline double best_tangent(double A, double C, double D) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 52; ++step) {
    const double x = (low + high) / 2;
    const double slope = ((-8 * A * x - 12 * C) * x + (8 * A - 4 * D)) * x + 4 * C;
    (slope > 0 ? low : high) = x;
  }
  return (low + high) / 2;
}

/// The lower side of the blocks of a two-layer network at a point (see `TwoLayerCurvature`): directions.
template <class S, Activation Sigma>
class BlockSearch {
 public:
  BlockSearch(const TwoLayerOnData<S, Sigma>& h, const TwoLayerTangent<S, Sigma>& at)
      : X_(h.inputs()), z_(at.preactivations()), root_weight_(X_.cols()) {
    for (Index i = 0; i < X_.cols(); ++i) {
      root_weight_(i) = static_cast<S>(std::sqrt(h.output_space().weight(i)));
    }
    size_ = at.outer().colwise().norm().transpose();
  }

  /// Climbs with all neurons at once from random directions, the step B(u, u) -> H u being two products of
  /// matrices, and keeps the best of each. Cost: 4 n m d operations a step.
  [[nodiscard]] BlockDirections<S> climb_together(Index steps, RandomEngine auto& rng) const {
    const Index m = z_.rows();
    const Index n = z_.cols();
    Matrix<S> e = normal_matrix<S>(X_.rows(), m, rng);
    BlockDirections<S> best{e, Vector<double>::Zero(m), Vector<double>::Constant(m, -1)};
    Matrix<S> y(m, n);
    Vector<double> A(m), C(m), D(m), sine(m), cosine(m);
    for (Index step = 0;; ++step) {
      for (Index j = 0; j < m; ++j) {
        const S length = e.col(j).norm();
        if (length > S(0)) {
          e.col(j) /= length;
        } else {
          e.col(j) = Vector<S>::Unit(e.rows(), 0);
        }
      }
      y.noalias() = e.transpose() * X_;
      A.setZero();
      C.setZero();
      D.setZero();
      for_entries([&](Index j, Index i, double s, double c) {
        const double first = s * static_cast<double>(y(j, i));
        const double second = c * static_cast<double>(y(j, i)) * static_cast<double>(y(j, i));
        A(j) += first * first;
        C(j) += first * second;
        D(j) += second * second;
      });
      for (Index j = 0; j < m; ++j) {
        const double x = best_tangent(A(j), std::abs(C(j)), D(j));
        const double value = std::sqrt(4 * x * x * A(j) + 4 * x * std::abs(C(j)) + D(j)) / (1 + x * x);
        cosine(j) = 1 / std::sqrt(1 + x * x);
        sine(j) = std::copysign(x * cosine(j), C(j));
        if (value > best.value(j)) {
          best.value(j) = value;
          best.outer(j) = sine(j);
          best.inner.col(j) = e.col(j);
        }
      }
      if (step == steps) return best;
      for_entries([&](Index j, Index i, double s, double c) {
        const double yi = static_cast<double>(y(j, i));
        const double slope = sine(j) * s + cosine(j) * c * yi;
        y(j, i) = static_cast<S>((sine(j) * s * 2 + cosine(j) * c * yi) * yi * slope);
      });
      e.noalias() = X_ * y.transpose();
    }
  }

  /// Climbs with neuron j alone to local maxima, from (e, outer), (e, -outer) and random directions.
  [[nodiscard]] double climb(Index j, const Vector<S>& e, double outer, const BilinearNormOptions& options,
                             RandomEngine auto& rng) const {
    const Index d = X_.rows();
    const Index n = X_.cols();
    Vector<S> s(n), c(n), y(n), y2(n);
    for (Index i = 0; i < n; ++i) {
      s(i) = root_weight_(i) * Sigma::derivative(z_(j, i));
      c(i) = root_weight_(i) * size_(j) * Sigma::second(z_(j, i));
    }
    std::vector<Vector<S>> starts;
    for (const double sign : {1.0, -1.0}) {
      Vector<S> u(d + 1);
      u << static_cast<S>(std::sqrt(std::max(0.0, 1 - outer * outer))) * e, static_cast<S>(sign * outer);
      starts.push_back(u);
    }
    for (Index i = 0; i < options.restarts; ++i) starts.push_back(unit_vector<S>(d + 1, rng));
    const auto bilinear = [&](const Vector<S>& u, const Vector<S>& v, Vector<S>& out) {
      y.noalias() = X_.transpose() * u.head(d);
      y2.noalias() = X_.transpose() * v.head(d);
      out = s.cwiseProduct(u(d) * y2 + v(d) * y) + c.cwiseProduct(y).cwiseProduct(y2);
    };
    const auto contract = [&](const Vector<S>& z, const Vector<S>& u, Vector<S>& out) {
      y.noalias() = X_.transpose() * u.head(d);
      out(d) = z.cwiseProduct(s).dot(y);
      y = z.cwiseProduct(u(d) * s + c.cwiseProduct(y));
      out.head(d).noalias() = X_ * y;
    };
    const Vector<S> like = Vector<S>::Zero(n);
    return bilinear_norm_from(bilinear, contract, starts, like, euclidean(n), options).lower;
  }

 private:
  /// visit(j, i, sqrt(w_i) σ'(z_ij), sqrt(w_i) |b_j| σ''(z_ij)).
  template <class Visit>
  void for_entries(Visit&& visit) const {
    for (Index i = 0; i < z_.cols(); ++i) {
      for (Index j = 0; j < z_.rows(); ++j) {
        const double root = static_cast<double>(root_weight_(i));
        visit(j, i, root * static_cast<double>(Sigma::derivative(z_(j, i))),
              root * static_cast<double>(size_(j)) * static_cast<double>(Sigma::second(z_(j, i))));
      }
    }
  }

  const Matrix<S>& X_;
  const Matrix<S>& z_;
  Vector<S> root_weight_;
  Vector<S> size_;
};

/// Steps of the common climb.
inline constexpr Index block_steps = 8;

/// The rounding of a block's value, of all its sums together, relative to its upper bound.
template <class S>
double block_rounding(Index d, Index n) {
  return static_cast<double>(d + n + 64) * static_cast<double>(std::numeric_limits<S>::epsilon());
}

}  // namespace detail

/// ||B_j(w)||, the norm of the second derivative in the parameters of neuron j, for every j, network factor
/// included; ||D^2h(w)|| is the largest. Certified: below by a search, above in closed form. Where the bounds
/// meet (ReLU) both are exact. Cost: a search and two eigenvalue problems a neuron: for small networks.
template <class S, Activation Sigma>
[[nodiscard]] std::vector<Estimate> two_layer_block_norms(const Tangent<TwoLayerOnData<S, Sigma>>& tangent,
                                                          const BilinearNormOptions& options,
                                                          RandomEngine auto& rng) {
  const TwoLayerCurvature<S, Sigma> above(tangent.model(), tangent.native());
  const detail::BlockSearch<S, Sigma> below(tangent.model(), tangent.native());
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
/// the leading ones, at most `curvature.work` operations each. Memory: O(n m + d m).
template <class S, Activation Sigma>
[[nodiscard]] Estimate second_derivative_norm(const Tangent<TwoLayerOnData<S, Sigma>>& tangent,
                                              const BilinearNormOptions& options, RandomEngine auto& rng,
                                              const CurvatureOptions& curvature = {}) {
  const TwoLayerCurvature<S, Sigma> above(tangent.model(), tangent.native(), curvature);
  const detail::BlockSearch<S, Sigma> below(tangent.model(), tangent.native());
  auto directions = below.climb_together(detail::block_steps, rng);
  const Vector<double> bounds = above.block_bounds(0, directions.value.maxCoeff());
  const Matrix<S>& X = tangent.model().inputs();
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

}  // namespace lazytrain
