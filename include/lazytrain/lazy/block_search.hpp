#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <lazytrain/backend/cpu/parallel.hpp>
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

/// The lower side of the blocks of a two-layer network at a point (see `TwoLayerCurvature`): directions. What
/// is found does not depend on the number of threads.
template <class S, Activation Sigma>
class BlockSearch {
 public:
  /// Both are referred to: they must outlive the search. 0 threads are those of the processor.
  BlockSearch(const TwoLayerOnData<S, Sigma>& h, const Vector<S>& w, Index threads = 1)
      : h_(h), w_(w), X_(h.inputs()), threads_(cpu::thread_count(threads)), root_weight_(X_.cols()) {
    for (Index i = 0; i < X_.cols(); ++i) {
      root_weight_(i) = static_cast<S>(std::sqrt(h.output_space().weight(i)));
    }
    size_ = h_.layout().outer(w_.data()).colwise().norm().transpose();
  }

  /// Climbs with `neuron_block` neurons at once from random directions, the step B(u, u) -> H u being two
  /// products of matrices, and keeps the best of each neuron. Cost: 4 n m d operations a step. Memory: 3 n
  /// numbers for a neuron of the block, on every thread.
  [[nodiscard]] BlockDirections<S> climb_together(Index steps, RandomEngine auto& rng) const {
    const Index m = h_.layout().neurons();
    BlockDirections<S> best{normal_matrix<S>(X_.rows(), m, rng), Vector<double>::Zero(m),
                            Vector<double>::Constant(m, -1)};
    cpu::for_chunks(threads_, (m + neuron_block - 1) / neuron_block, [&](Index block, Index) {
      const Index first = block * neuron_block;
      climb_block(first, std::min(neuron_block, m - first), steps, best);
    });
    return best;
  }

  /// Climbs with neuron j alone to local maxima, from (e, outer), (e, -outer) and random directions.
  [[nodiscard]] double climb(Index j, const Vector<S>& e, double outer, const BilinearNormOptions& options,
                             RandomEngine auto& rng) const {
    const Index d = X_.rows();
    const Index n = X_.cols();
    Vector<S> s(n), c(n);
    slopes(j, X_.transpose() * h_.layout().inner(w_.data()).col(j), s, c);
    std::vector<Vector<S>> starts;
    for (const double sign : {1.0, -1.0}) {
      Vector<S> u(d + 1);
      u << static_cast<S>(std::sqrt(std::max(0.0, 1 - outer * outer))) * e, static_cast<S>(sign * outer);
      starts.push_back(u);
    }
    for (Index i = 0; i < options.restarts; ++i) starts.push_back(unit_vector<S>(d + 1, rng));
    const Vector<S> like = Vector<S>::Zero(n);
    std::vector<double> found(starts.size());
    // Small climbs are over before a thread has begun.
    cpu::for_chunks(X_.size() < 4096 ? 1 : threads_, static_cast<Index>(starts.size()), [&](Index i, Index) {
      Vector<S> y(n), y2(n);
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
      const std::vector<Vector<S>> start{starts[static_cast<std::size_t>(i)]};
      found[static_cast<std::size_t>(i)] =
          bilinear_norm_from(bilinear, contract, start, like, euclidean(n), options).lower;
    });
    return *std::max_element(found.begin(), found.end());
  }

 private:
  /// The same for the neurons of one block, from the directions in `best`.
  void climb_block(Index first, Index m, Index steps, BlockDirections<S>& best) const {
    const Index n = X_.cols();
    Matrix<S> y(n, m), s(n, m), c(n, m);
    c.noalias() = X_.transpose() * h_.layout().inner(w_.data()).middleCols(first, m);
    for (Index j = 0; j < m; ++j) slopes(first + j, c.col(j), s.col(j), c.col(j));
    Matrix<S> e = best.inner.middleCols(first, m);
    for (Index step = 0;; ++step) {
      for (Index j = 0; j < m; ++j) {
        const S length = e.col(j).norm();
        if (length > S(0)) {
          e.col(j) /= length;
        } else {
          e.col(j) = Vector<S>::Unit(e.rows(), 0);
        }
      }
      y.noalias() = X_.transpose() * e;
      for (Index j = 0; j < m; ++j) {
        auto yj = y.col(j).array();
        const auto slope = (s.col(j).array() * yj).template cast<double>();
        const auto bend = (c.col(j).array() * yj.square()).template cast<double>();
        const double A = slope.square().sum(), C = (slope * bend).sum(), D = bend.square().sum();
        const double x = best_tangent(A, std::abs(C), D);
        const double value = std::sqrt(4 * x * x * A + 4 * x * std::abs(C) + D) / (1 + x * x);
        const double cosine = 1 / std::sqrt(1 + x * x);
        const double sine = std::copysign(x * cosine, C);
        if (value > best.value(first + j)) {
          best.value(first + j) = value;
          best.outer(first + j) = sine;
          best.inner.col(first + j) = e.col(j);
        }
        const S along = static_cast<S>(sine), across = static_cast<S>(cosine);
        const auto inner = along * s.col(j).array() + across * c.col(j).array() * yj;
        yj = (along * s.col(j).array() + inner) * yj * inner;
      }
      if (step == steps) return;
      e.noalias() = X_ * y;
    }
  }

  /// sqrt(w_i) σ'(z_i) and sqrt(w_i) |b_j| σ''(z_i) for the pre-activations z of neuron j, which may be c.
  void slopes(Index j, const Eigen::Ref<const Vector<S>>& z, Eigen::Ref<Vector<S>> s,
              Eigen::Ref<Vector<S>> c) const {
    for (Index i = 0; i < z.size(); ++i) {
      const S at = z(i);
      s(i) = root_weight_(i) * Sigma::derivative(at);
      c(i) = root_weight_(i) * size_(j) * Sigma::second(at);
    }
  }

  const TwoLayerOnData<S, Sigma>& h_;
  const Vector<S>& w_;
  const Matrix<S>& X_;
  Index threads_;
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
