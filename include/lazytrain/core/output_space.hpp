#pragma once

#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/vector.hpp>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace lazytrain {

/// The output space F: R^N with <u, v> = sum_i w_i u_i . v_i over n samples of k outputs each, N = n k.
///
/// The coordinates of sample i are i k, ..., i k + k - 1, so that an element of F is a k x n column-major
/// matrix. Every norm, adjoint and gradient of the library takes its inner product from here, and nothing
/// else multiplies by 1/n. Two words keep the weights apart:
///  * an element of F (an output, a residual, the gradient of a loss) carries no weight;
///  * a *cotangent* w.g, its image under the Riesz map, carries it once. `vjp` takes cotangents, `adjoint`
///  elements.
/// Copies share the weights.
class OutputSpace {
 public:
  /// R^N with the Euclidean inner product (weights 1). @throws std::invalid_argument if dim < 1
  [[nodiscard]] static OutputSpace euclidean(Index dim) { return OutputSpace(dim, 1, 1.0, "euclidean"); }

  /// L2 of the empirical measure of n samples with k outputs each (weights 1/n).
  /// @throws std::invalid_argument if samples < 1 or outputs < 1
  [[nodiscard]] static OutputSpace empirical(Index samples, Index outputs = 1) {
    return OutputSpace(samples, outputs, 1.0 / static_cast<double>(samples), "empirical");
  }

  /// General positive weights, one a sample.
  /// @throws std::invalid_argument if there is none or outputs < 1, std::domain_error if one is not in (0,
  /// inf)
  [[nodiscard]] static OutputSpace weighted(Vector<double> weights, Index outputs = 1) {
    for (Index i = 0; i < weights.size(); ++i) {
      require_positive("OutputSpace::weighted", "a weight", weights(i));
    }
    OutputSpace space(weights.size(), outputs, 0.0, "weighted");
    space.weights_ = std::make_shared<const Vector<double>>(std::move(weights));
    return space;
  }

  [[nodiscard]] Index dim() const { return samples_ * outputs_; }
  [[nodiscard]] Index samples() const { return samples_; }
  /// Outputs per sample, k.
  [[nodiscard]] Index outputs() const { return outputs_; }
  /// Whether all samples have one weight.
  [[nodiscard]] bool uniform() const { return weights_ == nullptr; }
  /// Weight of sample i.
  [[nodiscard]] double weight(Index i) const { return weights_ ? (*weights_)(i) : weight_; }
  /// Sum of the samples' weights: 1 for a probability measure.
  [[nodiscard]] double total_weight() const {
    return weights_ ? weights_->sum() : weight_ * static_cast<double>(samples_);
  }

  /// <u, v> in F. @throws std::invalid_argument if a size is wrong. Cost: O(N), no allocation.
  template <HilbertVector V>
  [[nodiscard]] typename V::Scalar inner(const V& u, const V& v) const {
    using S = typename V::Scalar;
    check(dimension(u));
    check(dimension(v));
    if (!weights_) return static_cast<S>(weight_) * dot(u, v);
    if constexpr (VectorElsewhere<V>) {
      return inner(to_host(u), to_host(v));  // there, every sample's sum would be waited for
    } else {
      S sum(0);
      for (Index i = 0; i < samples_; ++i) {
        sum += static_cast<S>((*weights_)(i)) *
               u.segment(i * outputs_, outputs_).dot(v.segment(i * outputs_, outputs_));
      }
      return sum;
    }
  }

  /// Norm of F. @throws std::invalid_argument if the size is wrong. Cost: O(N), no allocation but for
  /// weighted vectors that live elsewhere.
  template <HilbertVector V>
  [[nodiscard]] typename V::Scalar norm(const V& u) const {
    using lazytrain::norm;
    using std::sqrt;
    using S = typename V::Scalar;
    check(dimension(u));
    if (!weights_) return static_cast<S>(std::sqrt(weight_)) * norm(u);
    return sqrt(inner(u, u));
  }

  /// g becomes its cotangent w.g, in place (the Riesz map F -> F*). This and the next two throw
  /// std::invalid_argument if the size is wrong.
  template <HilbertVector V>
  void to_cotangent(V& g) const {
    scale_samples(g, [](double w) { return w; });
  }

  /// u becomes sqrt(w).u, in place: an isometry of F onto Euclidean R^N, in which F's self-adjoint operators
  /// are symmetric matrices.
  template <HilbertVector V>
  void to_euclidean(V& u) const {
    scale_samples(u, [](double w) { return std::sqrt(w); });
  }

  /// Inverse of `to_euclidean`, in place.
  template <HilbertVector V>
  void from_euclidean(V& u) const {
    scale_samples(u, [](double w) { return 1.0 / std::sqrt(w); });
  }

  /// Same dimensions and the same weights.
  [[nodiscard]] friend bool operator==(const OutputSpace& a, const OutputSpace& b) {
    if (a.samples_ != b.samples_ || a.outputs_ != b.outputs_) return false;
    if (a.uniform() && b.uniform()) return a.weight_ == b.weight_;
    for (Index i = 0; i < a.samples_; ++i) {
      if (a.weight(i) != b.weight(i)) return false;
    }
    return true;
  }

  /// "empirical space of 100 samples x 1 outputs (weight 0.01)".
  friend std::ostream& operator<<(std::ostream& out, const OutputSpace& space) {
    out << space.name_ << " space of " << space.samples_ << " samples x " << space.outputs_ << " outputs";
    if (space.uniform()) out << " (weight " << space.weight_ << ")";
    return out;
  }

 private:
  OutputSpace(Index samples, Index outputs, double weight, const char* name)
      : samples_(samples), outputs_(outputs), weight_(weight), name_(name) {
    require_argument(samples >= 1, "OutputSpace", "the number of samples", samples, "at least 1");
    require_argument(outputs >= 1, "OutputSpace", "the number of outputs", outputs, "at least 1");
  }

  void check(Index size) const {
    require_size("OutputSpace", "an element", size, dim(), "the dimension of F");
  }

  template <HilbertVector V, class Factor>
  void scale_samples(V& u, Factor factor) const {
    using S = typename V::Scalar;
    check(dimension(u));
    if (!weights_) {
      scale(static_cast<S>(factor(weight_)), u);
      return;
    }
    for (Index i = 0; i < samples_; ++i) {
      u.segment(i * outputs_, outputs_) *= static_cast<S>(factor((*weights_)(i)));
    }
  }

  Index samples_;
  Index outputs_;
  double weight_;
  std::shared_ptr<const Vector<double>> weights_;
  const char* name_;
};

/// Throws std::invalid_argument unless `space` is that of n samples with k outputs each, or R^(nk) with
/// weights 1, where it does not matter how it is cut.
inline void require_space(std::string_view function, const OutputSpace& space, Index samples, Index outputs) {
  require_size(function, "space", space.dim(), samples * outputs, "samples n times outputs k");
  const bool same_cut = space.samples() == samples && space.outputs() == outputs;
  if (!same_cut && !(space.uniform() && space.weight(0) == 1)) {
    raise<std::invalid_argument>(function, "space is the ", space, ", expected ", samples, " samples x ",
                                 outputs, " outputs");
  }
}

/// Shorthand for OutputSpace::euclidean.
[[nodiscard]] inline OutputSpace euclidean(Index dim) { return OutputSpace::euclidean(dim); }

/// Shorthand for OutputSpace::empirical.
[[nodiscard]] inline OutputSpace empirical(Index samples, Index outputs = 1) {
  return OutputSpace::empirical(samples, outputs);
}

}  // namespace lazytrain
