#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <lazytrain/backend/cpu/parallel.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/lazy/activation_bounds.hpp>
#include <lazytrain/lazy/estimate.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <limits>
#include <memory>
#include <utility>

namespace lazytrain {

struct CurvatureOptions {
  /// Operations spent on sharpening the bounds of neurons; beyond, bounds that cost O(n d) a neuron stand.
  double work = 2e10;
  /// Of the loops over neurons, 0 for those of the processor. Results do not depend on it.
  Index threads = 0;
};

namespace detail {

/// lambda_max( sum_i g_i^2 x_i x_i^T )^(1/2) for the columns x_i of X, with proved bounds. The Gram matrix of
/// the smaller size is decomposed; forming it rounds by less than (n + d + 4) eps times its trace.
template <class S>
Estimate weighted_norm(const Matrix<S>& X, const Vector<double>& g) {
  const Matrix<double> scaled = X.template cast<double>() * g.asDiagonal();
  const bool by_inputs = scaled.rows() <= scaled.cols();
  const Matrix<double> gram =
      by_inputs ? Matrix<double>(scaled * scaled.transpose()) : Matrix<double>(scaled.transpose() * scaled);
  const auto spectrum = symmetric_eigenvalues(gram);
  const double error = spectrum.error + static_cast<double>(X.rows() + X.cols() + 4) *
                                            std::numeric_limits<double>::epsilon() * gram.trace();
  const double top = std::max(0.0, spectrum.values(0));
  return {std::sqrt(top), std::sqrt(std::max(0.0, top - error)), std::sqrt(top + error),
          Provenance::certified};
}

/// Neurons whose pre-activations are held at a time.
inline constexpr Index neuron_block = 64;

/// Largest eigenvalue of [[q, p], [p, 0]], rounded up: the norm of a block with ||B(a, b)|| <= p there and
/// ||B(a, a)|| <= q.
inline double block_norm_bound(double p, double q) {
  return (q + std::hypot(q, 2 * p)) / 2 * (1 + 16 * std::numeric_limits<double>::epsilon());
}

}  // namespace detail

/// Second derivatives of a two-layer network f = s * sum_j b_j σ(a_j.x) on the ball B(w0, r), bounded from
/// above.
///
/// D^2h(w) is block diagonal: neurons do not mix, so that ||D^2h(w)|| = s max_j ||B_j||, with
///
///     B_j(u, u)(x) = 2 β σ'(z) (α.x) + b_j σ''(z) (α.x)^2,    u = (α, β) in R^d x R^k,  z = a_j.x.
///
/// The part of β that is orthogonal to b_j adds a square only and is best turned into the parallel one: a
/// block is a problem in d + 1 dimensions for every k. With t_ij >= |σ'| and c_ij >= |σ''| on the interval of
/// radius r ||x_i|| around z_ij, and |b_j| + r for |b_j|, every block of the ball satisfies
///
///     ||B_j|| <= (Q_j + sqrt(Q_j^2 + 4 P_j^2)) / 2,   P_j^2 = lambda_max(sum_i w_i t_ij^2 x_i x_i^T),
///     Q_j^2 = (|b_j| + r)^2 lambda_max(sum_i w_i c_ij^2 ||x_i||^2 x_i x_i^T).
///
/// Memory: p numbers, those of F, and for every thread the pre-activations of 64 neurons, which are computed
/// when needed.
template <class S, Activation Sigma>
class TwoLayerCurvature {
 public:
  /// Cost: two eigenvalue problems of size min(d, n). @throws std::invalid_argument if w0 has a wrong size or
  /// threads < 0
  TwoLayerCurvature(const TwoLayerOnData<S, Sigma>& h, view_t<Vector<S>> w0,
                    const CurvatureOptions& options = {})
      : h_(h), w0_(w0), options_(options) {
    require_argument(options.threads >= 0, "TwoLayerCurvature", "options.threads", options.threads,
                     "at least 0");
    require_size("TwoLayerCurvature", "w0", w0.size(), h_.parameter_dim(), "m (d + k)");
    const Matrix<S>& X = h_.inputs();
    const Index n = X.cols();
    root_weight_.resize(n);
    for (Index i = 0; i < n; ++i) root_weight_(i) = std::sqrt(h_.output_space().weight(i));
    // Sizes are rounded up once here: everything below grows with them.
    constexpr double eps = std::numeric_limits<double>::epsilon();
    const double up = 1 + static_cast<double>(X.rows() + 4) * eps;
    size_ = up * X.template cast<double>().colwise().norm().transpose();
    outer_ = up * h_.layout().outer(w0_.data()).template cast<double>().colwise().norm().transpose();
    inner_ = up * h_.layout().inner(w0_.data()).template cast<double>().colwise().norm().transpose();
    second_moment_ = detail::weighted_norm(X, root_weight_).upper();
    fourth_moment_ = detail::weighted_norm(X, root_weight_.cwiseProduct(size_).eval()).upper();
  }
  TwoLayerCurvature(const TwoLayerOnData<S, Sigma>& h, const TwoLayerTangent<S, Sigma>& at_w0,
                    const CurvatureOptions& options = {})
      : TwoLayerCurvature(h, at_w0.parameters(), options) {}

  [[nodiscard]] Index neurons() const { return h_.layout().neurons(); }
  /// |s|, the factor of the network.
  [[nodiscard]] double factor() const { return std::abs(h_.layout().scale()); }
  [[nodiscard]] const TwoLayerOnData<S, Sigma>& model() const { return h_; }

  /// Upper bound of ||B_j|| over the ball from t_ij <= max_i t_ij and from the trace. Cost: O(n d).
  [[nodiscard]] double quick_bound(Index j, double r) const {
    return quick_bound(j, preactivations(j, 1).col(0), r);
  }

  /// Upper bound of ||B_j|| over the ball from the two eigenvalues. Cost: O(n d^2 + d^3), or with n and d
  /// exchanged.
  [[nodiscard]] double sharp_bound(Index j, double r) const {
    const Matrix<S> z = preactivations(j, 1);
    Vector<double> p_weights(z.rows());
    Vector<double> q_weights(z.rows());
    for (Index i = 0; i < z.rows(); ++i) {
      const auto [t, c] = suprema(j, i, z(i, 0), r);
      p_weights(i) = root_weight_(i) * t;
      q_weights(i) = root_weight_(i) * c * size_(i);
    }
    const double p = detail::weighted_norm(h_.inputs(), p_weights).upper();
    const bool curved = outer_(j) + r > 0 && q_weights.maxCoeff() > 0;
    const double q = curved ? (outer_(j) + r) * detail::weighted_norm(h_.inputs(), q_weights).upper() : 0;
    return detail::block_norm_bound(p, q);
  }

  /// Upper bounds of all ||B_j|| over the ball, without the factor: quick ones, of which the largest are
  /// sharpened until the largest is sharp, all lie below `enough`, or the work is spent.
  [[nodiscard]] Vector<double> block_bounds(double r, double enough = 0) const {
    Vector<double> bounds(neurons());
    const Index blocks = (neurons() + detail::neuron_block - 1) / detail::neuron_block;
    cpu::for_chunks(cpu::thread_count(options_.threads), blocks, [&](Index block, Index) {
      const Index first = block * detail::neuron_block;
      const Index count = std::min(detail::neuron_block, neurons() - first);
      const Matrix<S> z = preactivations(first, count);
      for (Index j = 0; j < count; ++j) bounds(first + j) = quick_bound(first + j, z.col(j), r);
    });
    Vector<double> waiting = bounds;
    const double n = static_cast<double>(h_.inputs().cols());
    const double d = static_cast<double>(h_.inputs().rows());
    const double small = std::min(n, d);
    const double cost = 4 * n * d * small + 8 * small * small * small;
    double largest_sharp = enough;
    for (double spent = cost; spent <= options_.work; spent += cost) {
      Index j = 0;
      const double largest = waiting.maxCoeff(&j);
      if (!(largest > largest_sharp) || std::isinf(largest)) break;
      bounds(j) = std::min(bounds(j), sharp_bound(j, r));
      largest_sharp = std::max(largest_sharp, bounds(j));
      waiting(j) = 0;
    }
    return bounds;
  }

  /// LD(r) >= Lip(Dh; B(w0, r)), proved; increasing in r as long as the work suffices. At r = 0 a bound of
  /// ||D^2h(w0)||, for an activation with kinks almost everywhere. Infinite where the activation has no
  /// bound.
  /// @throws std::domain_error unless 0 <= r < infinity, and 0 for an activation with kinks
  [[nodiscard]] double bound(double r) const {
    require_nonnegative("TwoLayerCurvature::bound", "r", r);
    require_domain(Sigma::is_smooth || r == 0, "TwoLayerCurvature::bound", "r", r,
                   "0 for an activation with kinks");
    return factor() * block_bounds(r).maxCoeff() * (1 + 4 * std::numeric_limits<double>::epsilon());
  }

 private:
  /// The pre-activations of `count` neurons, a column a neuron.
  [[nodiscard]] Matrix<S> preactivations(Index first, Index count) const {
    return h_.inputs().transpose() * h_.layout().inner(w0_.data()).middleCols(first, count);
  }

  /// The quick bound of neuron j from its pre-activations.
  [[nodiscard]] double quick_bound(Index j, const Eigen::Ref<const Vector<S>>& z, double r) const {
    double t_max = 0, c_max = 0, t_trace = 0, c_trace = 0;
    for (Index i = 0; i < z.size(); ++i) {
      const auto [t, c] = suprema(j, i, z(i), r);
      const double size = root_weight_(i) * size_(i);
      t_max = std::max(t_max, t);
      c_max = std::max(c_max, c);
      t_trace += t * size * t * size;
      c_trace += c * size * size_(i) * c * size * size_(i);
    }
    const double up = 1 + static_cast<double>(z.size() + 8) * std::numeric_limits<double>::epsilon();
    const double p = std::min(t_max * second_moment_, std::sqrt(t_trace)) * up;
    const double q = std::min(c_max * fourth_moment_, std::sqrt(c_trace)) * up;
    return detail::block_norm_bound(p, q == 0 ? 0 : (outer_(j) + r) * q);
  }

  /// t_ij and c_ij. The interval also holds the rounding of z_ij.
  [[nodiscard]] std::pair<double, double> suprema(Index j, Index i, S z_ij, double r) const {
    const double z = static_cast<double>(z_ij);
    if constexpr (Sigma::is_smooth) {
      const double rounding = static_cast<double>(h_.inputs().rows() + 4) *
                              static_cast<double>(std::numeric_limits<S>::epsilon()) * inner_(j);
      const double radius = (r + rounding) * size_(i);
      return {ActivationBounds<Sigma>::derivative(z, radius), ActivationBounds<Sigma>::second(z, radius)};
    } else {
      return {detail::rounded_up([](double x) { return Sigma::derivative(x); }, z),
              detail::rounded_up([](double x) { return Sigma::second(x); }, z)};
    }
  }

  TwoLayerOnData<S, Sigma> h_;
  Vector<S> w0_;
  CurvatureOptions options_;
  Vector<double> root_weight_;
  Vector<double> size_;
  Vector<double> outer_;
  Vector<double> inner_;
  double second_moment_ = 0;
  double fourth_moment_ = 0;
};

}  // namespace lazytrain
