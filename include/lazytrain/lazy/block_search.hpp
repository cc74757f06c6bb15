#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/two_layer_curvature.hpp>
#include <lazytrain/linalg/bilinear_norm.hpp>
#include <limits>
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
  /// Both are referred to: they must outlive the search.
  BlockSearch(const TwoLayerOnData<S, Sigma>& h, const Vector<S>& w)
      : h_(h), w_(w), X_(h.inputs()), root_weight_(X_.cols()) {
    for (Index i = 0; i < X_.cols(); ++i) {
      root_weight_(i) = static_cast<S>(std::sqrt(h.output_space().weight(i)));
    }
    size_ = h_.layout().outer(w_.data()).colwise().norm().transpose();
  }

  /// Climbs with `neuron_block` neurons at once from random directions, the step B(u, u) -> H u being two
  /// products of matrices, and keeps the best of each neuron. Cost: 4 n m d operations a step.
  [[nodiscard]] BlockDirections<S> climb_together(Index steps, RandomEngine auto& rng) const {
    const Index m = h_.layout().neurons();
    BlockDirections<S> best{normal_matrix<S>(X_.rows(), m, rng), Vector<double>::Zero(m),
                            Vector<double>::Constant(m, -1)};
    for (Index first = 0; first < m; first += neuron_block) {
      climb_block(first, std::min(neuron_block, m - first), steps, best);
    }
    return best;
  }

  /// Climbs with neuron j alone to local maxima, from (e, outer), (e, -outer) and random directions.
  [[nodiscard]] double climb(Index j, const Vector<S>& e, double outer, const BilinearNormOptions& options,
                             RandomEngine auto& rng) const {
    const Index d = X_.rows();
    const Index n = X_.cols();
    const Vector<S> z = X_.transpose() * h_.layout().inner(w_.data()).col(j);
    Vector<S> s(n), c(n), y(n), y2(n);
    for (Index i = 0; i < n; ++i) {
      s(i) = root_weight_(i) * Sigma::derivative(z(i));
      c(i) = root_weight_(i) * size_(j) * Sigma::second(z(i));
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
    const auto contract = [&](const Vector<S>& g, const Vector<S>& u, Vector<S>& out) {
      y.noalias() = X_.transpose() * u.head(d);
      out(d) = g.cwiseProduct(s).dot(y);
      y = g.cwiseProduct(u(d) * s + c.cwiseProduct(y));
      out.head(d).noalias() = X_ * y;
    };
    const Vector<S> like = Vector<S>::Zero(n);
    return bilinear_norm_from(bilinear, contract, starts, like, euclidean(n), options).lower;
  }

 private:
  /// The same for the neurons of one block, from the directions in `best`.
  void climb_block(Index first, Index m, Index steps, BlockDirections<S>& best) const {
    const Index n = X_.cols();
    const Matrix<S> z = h_.layout().inner(w_.data()).middleCols(first, m).transpose() * X_;
    Matrix<S> e = best.inner.middleCols(first, m);
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
      for_entries(first, z, [&](Index j, Index i, double s, double c) {
        const double slope = s * static_cast<double>(y(j, i));
        const double bend = c * static_cast<double>(y(j, i)) * static_cast<double>(y(j, i));
        A(j) += slope * slope;
        C(j) += slope * bend;
        D(j) += bend * bend;
      });
      for (Index j = 0; j < m; ++j) {
        const double x = best_tangent(A(j), std::abs(C(j)), D(j));
        const double value = std::sqrt(4 * x * x * A(j) + 4 * x * std::abs(C(j)) + D(j)) / (1 + x * x);
        cosine(j) = 1 / std::sqrt(1 + x * x);
        sine(j) = std::copysign(x * cosine(j), C(j));
        if (value > best.value(first + j)) {
          best.value(first + j) = value;
          best.outer(first + j) = sine(j);
          best.inner.col(first + j) = e.col(j);
        }
      }
      if (step == steps) return;
      for_entries(first, z, [&](Index j, Index i, double s, double c) {
        const double yi = static_cast<double>(y(j, i));
        const double slope = sine(j) * s + cosine(j) * c * yi;
        y(j, i) = static_cast<S>((sine(j) * s * 2 + cosine(j) * c * yi) * yi * slope);
      });
      e.noalias() = X_ * y.transpose();
    }
  }

  /// visit(j, i, sqrt(w_i) σ'(z_ij), sqrt(w_i) |b_j| σ''(z_ij)) for the neurons first + j.
  template <class Visit>
  void for_entries(Index first, const Matrix<S>& z, Visit&& visit) const {
    for (Index i = 0; i < z.cols(); ++i) {
      for (Index j = 0; j < z.rows(); ++j) {
        const double root = static_cast<double>(root_weight_(i));
        visit(j, i, root * static_cast<double>(Sigma::derivative(z(j, i))),
              root * static_cast<double>(size_(first + j)) * static_cast<double>(Sigma::second(z(j, i))));
      }
    }
  }

  const TwoLayerOnData<S, Sigma>& h_;
  const Vector<S>& w_;
  const Matrix<S>& X_;
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

}  // namespace lazytrain
