#pragma once

#include <cmath>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/labels.hpp>
#include <lazytrain/loss/log_sum_exp.hpp>
#include <lazytrain/loss/pointwise.hpp>
#include <limits>
#include <memory>
#include <utility>

namespace lazytrain {

namespace detail {

/// g = softmax(y) - q for a sample's outputs, on the host or on a device. g may be y.
template <class S>
struct CrossEntropyGradientOfSample {
  Index outputs;
  const S* y;
  const S* targets;
  S* g;
  constexpr void operator()(Index sample) const {
    using W = Wide<S>;
    const S* const q = targets + sample * outputs;
    S* const out = g + sample * outputs;
    const LogSumExp<W> z(y + sample * outputs, outputs, [out](Index j, W e) { out[j] = static_cast<S>(e); });
    const W total = W(1) + z.tail;
    for (Index j = 0; j < outputs; ++j) {
      // p_top - q_top as (1 - q_top) - (1 - p_top): exact to rounding when both are near 1.
      out[j] = static_cast<S>(j == z.top ? (W(1) - static_cast<W>(q[j])) - z.tail / total
                                         : static_cast<W>(out[j]) / total - static_cast<W>(q[j]));
    }
  }
};

/// out = (diag(p) - p p^T) v with p = softmax(y) for a sample's outputs. out may be y or v.
template <class S>
struct CrossEntropyHessianOfSample {
  Index outputs;
  const S* y;
  const S* v;
  S* out;
  constexpr void operator()(Index sample) const {
    using W = Wide<S>;
    const Index first = sample * outputs;
    const LogSumExp<W> z(y + first, outputs);
    const Index top = first + z.top, end = first + outputs;
    const W total = W(1) + z.tail;
    // The Hessian sees differences of v only; those to the likeliest class vanish where p is near 1.
    const W base = static_cast<W>(v[top]);
    W mean(0);
    for (Index j = first; j < end; ++j) {
      if (j != top) mean += z.exponential(y[j]) * (static_cast<W>(v[j]) - base) / total;
    }
    for (Index j = first; j < end; ++j) {
      const W p = (j == top ? W(1) : z.exponential(y[j])) / total;
      out[j] = static_cast<S>(p * ((static_cast<W>(v[j]) - base) - mean));
    }
  }
};

/// sum_j q_j (log sum_l exp(y_l) - y_j) of a sample's outputs.
template <class S>
struct CrossEntropyValueOfSample {
  Index outputs;
  const S* y;
  const S* targets;
  [[nodiscard]] constexpr S operator()(Index sample) const {
    using W = Wide<S>;
    const S* const sample_y = y + sample * outputs;
    const S* const q = targets + sample * outputs;
    const LogSumExp<W> z(sample_y, outputs);
    W sum(0);
    for (Index j = 0; j < outputs; ++j) {
      if (q[j] > S(0)) sum += static_cast<W>(q[j]) * z.surprise(sample_y[j]);
    }
    return static_cast<S>(sum);
  }
};

}  // namespace detail

/// Softmax cross-entropy R(y) = sum_i w_i sum_j q_ij (log sum_l exp(y_il) - y_ij) for distributions q_i on
/// k >= 2 classes; a label is the distribution concentrated on it. Convex, M = 1/2, m = 0 (adding a constant
/// to a sample's outputs changes nothing): there is no `minimizer()`.
///
/// With p = softmax(y_i) the gradient in F is p - q_i, the Hessian diag(p) - p p^T for each sample. Finite
/// wherever the answer is; evaluations cost N exponentials unless said otherwise and allocate nothing.
/// Vectors whose size is not N throw std::invalid_argument. Copies share the targets.
template <class S>
class CrossEntropyLoss {
  static_assert(std::floating_point<S>, "the distributions of a loss are floating-point numbers");
  using W = detail::Wide<S>;

 public:
  using Scalar = S;
  static constexpr bool is_strongly_convex = false;

  /// @param distributions k x n, one column a sample, or a vector of N numbers; normalized to sum 1 in S
  /// @throws std::invalid_argument on other sizes or k < 2, std::domain_error unless every number is >= 0 and
  /// every column sums to 1 up to rounding
  template <class Derived>
  requires std::same_as<typename Derived::Scalar, S> CrossEntropyLoss(
      const Eigen::MatrixBase<Derived>& distributions, OutputSpace space)
      : space_(std::move(space)) {
    const Index k = space_.outputs();
    require_argument(k >= 2, name(), "space.outputs()", k, "k >= 2 classes");
    Vector<S> q = detail::targets_in(space_, name(), distributions);
    const W tolerance = static_cast<W>(8 + k) * static_cast<W>(std::numeric_limits<S>::epsilon());
    W entropy(0);
    for (Index i = 0; i < space_.samples(); ++i) {
      auto sample = q.segment(i * k, k);
      require_domain(sample.minCoeff() >= S(0), name(), "a probability", sample.minCoeff(), "at least 0");
      const W sum = sample.template cast<W>().sum();
      if (!(std::abs(sum - W(1)) <= tolerance)) {
        raise<std::domain_error>(name(), "the sum of the probabilities of sample ", i, " is ", sum,
                                 ", expected 1");
      }
      W sample_entropy(0);
      for (Index j = 0; j < k; ++j) {
        sample(j) = static_cast<S>(static_cast<W>(sample(j)) / sum);
        const W p = static_cast<W>(sample(j));
        if (p > W(0)) sample_entropy -= p * std::log(p);
      }
      entropy += static_cast<W>(space_.weight(i)) * sample_entropy;
    }
    infimum_ = static_cast<S>(entropy);
    targets_ = std::make_shared<const Vector<S>>(std::move(q));
  }

  /// R(y).
  [[nodiscard]] S value(view_t<Vector<S>> y) const {
    return sum(y, [](W q, W surprise) { return q > W(0) ? q * surprise : W(0); });
  }

  /// g = gradient of R at y in F. g may be y.
  void gradient(view_t<Vector<S>> y, out_t<Vector<S>> g) const {
    check("y", y.size());
    check("g", g.size());
    const auto gradient_of = gradient_of_samples(y.data(), targets_->data(), g.data());
    for (Index i = 0; i < space_.samples(); ++i) gradient_of(i);
  }

  /// `gradient` as a function of the sample, which a device can call; y, the targets and g are there.
  [[nodiscard]] auto gradient_of_samples(const S* y, const S* targets, S* g) const {
    return detail::CrossEntropyGradientOfSample<S>{space_.outputs(), y, targets, g};
  }

  /// The loss of a sample, without its weight, as such a function.
  [[nodiscard]] auto value_of_samples(const S* y, const S* targets) const {
    return detail::CrossEntropyValueOfSample<S>{space_.outputs(), y, targets};
  }

  /// The gradient of R at y in F, as a new vector.
  [[nodiscard]] Vector<S> gradient(view_t<Vector<S>> y) const {
    Vector<S> g(y.size());
    gradient(y, g);
    return g;
  }

  /// out = Hessian of R at y in F, times v: 3N exponentials. out may be y or v.
  void hessian_apply(view_t<Vector<S>> y, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    check("y", y.size());
    check("v", v.size());
    check("out", out.size());
    const auto product_of = hessian_of_samples(y.data(), targets_->data(), v.data(), out.data());
    for (Index i = 0; i < space_.samples(); ++i) product_of(i);
  }

  /// `hessian_apply` as a function of the sample, which a device can call; y, v and out are there.
  [[nodiscard]] auto hessian_of_samples(const S* y, const S*, const S* v, S* out) const {
    return detail::CrossEntropyHessianOfSample<S>{space_.outputs(), y, v, out};
  }

  /// M = 1/2: the Hessian is the covariance of a random basis vector, whose norm is at most 1/2.
  [[nodiscard]] S smoothness() const { return S(0.5); }
  /// m = 0.
  [[nodiscard]] S strong_convexity() const { return S(0); }
  /// 0: the loss is convex.
  [[nodiscard]] S weak_convexity() const { return S(0); }
  /// inf R, exact up to rounding: the entropy sum_i w_i sum_j -q_ij log q_ij, 0 for labels.
  [[nodiscard]] S infimum() const { return infimum_; }
  /// R(y) - inf R = sum_i w_i KL(q_i | softmax(y_i)), without cancellation: with r = log(q/p) it is a sum of
  /// q (exp(-r) - 1 + r) >= 0. Cost: 2N exponentials, N logarithms.
  [[nodiscard]] S excess(view_t<Vector<S>> y) const {
    return sum(y, [](W q, W surprise) {
      if (q == W(0)) return std::exp(-surprise);
      const W r = std::log(q) + surprise;
      // Far from q the exponential may overflow, and q exp(-r) = p does not.
      return r < W(-0.5) ? std::exp(-surprise) - q + q * r : q * detail::exp_remainder(r);
    });
  }

  [[nodiscard]] const OutputSpace& output_space() const { return space_; }
  /// The distributions q as an element of F.
  [[nodiscard]] const Vector<S>& targets() const { return *targets_; }
  [[nodiscard]] static constexpr std::string_view name() { return "cross_entropy_loss"; }

 private:
  /// sum_i w_i sum_j term(q_ij, -log p_ij).
  template <class Term>
  [[nodiscard]] S sum(view_t<Vector<S>> y, const Term& term) const {
    check("y", y.size());
    const Index k = space_.outputs();
    W total(0);
    for (Index i = 0; i < space_.samples(); ++i) {
      const detail::LogSumExp<W> z(y.data() + i * k, k);
      W sample(0);
      for (Index j = i * k; j < (i + 1) * k; ++j) {
        sample += term(static_cast<W>((*targets_)(j)), z.surprise(y(j)));
      }
      total += static_cast<W>(space_.weight(i)) * sample;
    }
    return static_cast<S>(total);
  }

  void check(std::string_view argument, Index size) const {
    require_size(name(), argument, size, targets_->size(), "n k, the space's dimension");
  }

  OutputSpace space_;
  std::shared_ptr<const Vector<S>> targets_;
  S infimum_ = S(0);
};

/// Softmax cross-entropy for target distributions, k x n, one column a sample.
/// @throws as the constructor of CrossEntropyLoss
template <class Derived>
[[nodiscard]] CrossEntropyLoss<typename Derived::Scalar> cross_entropy_loss(
    const Eigen::MatrixBase<Derived>& distributions, OutputSpace space) {
  return CrossEntropyLoss<typename Derived::Scalar>(distributions, std::move(space));
}

/// Softmax cross-entropy for classes 0, ..., k - 1, k = space.outputs() >= 2.
/// @throws std::invalid_argument unless k >= 2 and there is a label a sample, std::domain_error on another
/// label
template <class S = double>
[[nodiscard]] CrossEntropyLoss<S> cross_entropy_loss(const Labels& labels, OutputSpace space) {
  require_argument(space.outputs() >= 2, "cross_entropy_loss", "space.outputs()", space.outputs(),
                   "k >= 2 classes");
  require_size("cross_entropy_loss", "labels", static_cast<Index>(labels.size()), space.samples(),
               "n, the space's samples");
  detail::require_labels("cross_entropy_loss", labels, space.outputs());
  return CrossEntropyLoss<S>(one_hot<S>(labels, space.outputs()), space);
}

}  // namespace lazytrain
