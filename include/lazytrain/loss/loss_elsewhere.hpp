#pragma once

#include <concepts>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/error.hpp>
#include <memory>
#include <string_view>
#include <utility>

namespace lazytrain {

// Version 14 does not lay out conjunctions of concepts.
// clang-format off

namespace detail {

/// `for_each(y, count, f)` calls f(0), ..., f(count - 1) where y lives.
template <class R, class V>
concept HasGradientOfSamples = requires(const R& loss, const V& y, V& g) {
  from_host(loss.targets(), g);
  { g.data() } -> std::same_as<scalar_t<R>*>;
  for_each(y, Index{}, loss.gradient_of_samples(y.data(), y.data(), g.data()));
};

/// The same for products with the Hessian.
template <class R, class V>
concept HasHessianOfSamples = HasGradientOfSamples<R, V> && requires(const R& loss, const V& y, V& out) {
  for_each(y, Index{}, loss.hessian_of_samples(y.data(), y.data(), y.data(), out.data()));
};

/// `sum_to(y, count, term, out)` leaves the sum of term(0), ..., term(count - 1) where y lives.
template <class R, class V>
concept HasValueOfSamples = HasGradientOfSamples<R, V> && requires(const R& loss, const V& y, scalar_t<R>* out) {
  sum_to(y, Index{}, loss.value_of_samples(y.data(), y.data()), out);
};

/// A sample's loss with its weight: weights[i], or one weight for all.
template <class S, class Term>
struct WeightedSample {
  Term term;
  S weight;
  const S* weights;
  [[nodiscard]] constexpr S operator()(Index i) const { return (weights == nullptr ? weight : weights[i]) * term(i); }
};

}  // namespace detail

// clang-format on

/// A loss of the host on outputs that live elsewhere, on a device. The gradients of cross-entropy and of the
/// square loss and products with their Hessians are computed there, and their values with `value_to`; other
/// calls bring the N numbers to the host and the answer back, and wait for them. Losses are small beside the
/// networks before them.
template <Loss R, VectorElsewhere V>
requires std::same_as<outputs_t<R>, Vector<scalar_t<R>>>
class LossElsewhere {
 public:
  using Scalar = scalar_t<R>;
  using Parameters = V;
  using Outputs = V;
  static constexpr bool is_strongly_convex = StronglyConvexLoss<R>;

  explicit LossElsewhere(R loss) : loss_(std::move(loss)) {
    if constexpr (computes_there) {
      targets_ = there(loss_.targets());
      const OutputSpace& space = output_space();
      if (space.uniform()) return;
      Vector<Scalar> weights(space.samples());
      for (Index i = 0; i < space.samples(); ++i) weights(i) = static_cast<Scalar>(space.weight(i));
      weights_ = there(weights);
    }
  }

  [[nodiscard]] Scalar value(const V& y) const { return loss_.value(to_host(y)); }
  /// *out = R(y), which the host may read later. Devices sum in the scalars of the outputs.
  /// @throws std::invalid_argument if y's size is not N
  void value_to(const V& y, Scalar* out) const requires detail::HasValueOfSamples<R, V> {
    require_size("LossElsewhere::value_to", "y", dimension(y), output_space().dim(), "the space's dimension");
    const auto value_of = loss_.value_of_samples(y.data(), targets_->data());
    sum_to(
        y, output_space().samples(),
        detail::WeightedSample<Scalar, decltype(value_of)>{
            value_of, static_cast<Scalar>(output_space().weight(0)), weights_ ? weights_->data() : nullptr},
        out);
  }
  /// g = gradient of R at y in F. g may be y.
  /// @throws std::invalid_argument if a size is not N
  void gradient(const V& y, V& g) const {
    require_size("LossElsewhere::gradient", "y", dimension(y), output_space().dim(), "the space's dimension");
    require_size("LossElsewhere::gradient", "g", dimension(g), output_space().dim(), "the space's dimension");
    if constexpr (computes_there) {
      for_each(y, output_space().samples(), loss_.gradient_of_samples(y.data(), targets_->data(), g.data()));
    } else {
      Vector<Scalar> host = to_host(y);
      loss_.gradient(host, host);
      from_host(host, g);
    }
  }
  /// out = Hessian of R at y in F, times v. out may be y or v.
  /// @throws std::invalid_argument if a size is not N
  void hessian_apply(const V& y, const V& v, V& out) const {
    constexpr const char* here = "LossElsewhere::hessian_apply";
    require_size(here, "y", dimension(y), output_space().dim(), "the space's dimension");
    require_size(here, "v", dimension(v), output_space().dim(), "the space's dimension");
    require_size(here, "out", dimension(out), output_space().dim(), "the space's dimension");
    if constexpr (detail::HasHessianOfSamples<R, V>) {
      for_each(y, output_space().samples(),
               loss_.hessian_of_samples(y.data(), targets_->data(), v.data(), out.data()));
    } else {
      Vector<Scalar> host = to_host(v);
      loss_.hessian_apply(to_host(y), host, host);
      from_host(host, out);
    }
  }
  /// R(y) - inf R.
  [[nodiscard]] Scalar excess(const V& y) const requires requires(const R& loss, const Vector<Scalar>& host) {
    loss.excess(host);
  }
  { return loss_.excess(to_host(y)); }
  [[nodiscard]] V minimizer() const requires StronglyConvexLoss<R> {
    V y;
    from_host(loss_.minimizer(), y);
    return y;
  }
  [[nodiscard]] Scalar infimum() const requires requires(const R& loss) { loss.infimum(); }
  { return loss_.infimum(); }
  [[nodiscard]] Scalar weak_convexity() const requires requires(const R& loss) { loss.weak_convexity(); }
  { return loss_.weak_convexity(); }
  [[nodiscard]] Scalar smoothness() const { return loss_.smoothness(); }
  [[nodiscard]] Scalar strong_convexity() const { return loss_.strong_convexity(); }
  [[nodiscard]] const OutputSpace& output_space() const { return loss_.output_space(); }
  [[nodiscard]] const R& on_host() const { return loss_; }
  [[nodiscard]] static constexpr std::string_view name() { return R::name(); }

 private:
  static constexpr bool computes_there = detail::HasGradientOfSamples<R, V>;

  [[nodiscard]] static std::shared_ptr<const V> there(const Vector<Scalar>& numbers) {
    V copy;
    from_host(numbers, copy);
    return std::make_shared<const V>(std::move(copy));
  }

  R loss_;
  /// Where the outputs are, for what is computed there; weights that are not all one.
  std::shared_ptr<const V> targets_;
  std::shared_ptr<const V> weights_;
};

/// The loss for outputs of type V: itself, or a LossElsewhere where they live elsewhere.
template <class V, Loss R>
[[nodiscard]] auto loss_where_outputs_are(R loss) {
  if constexpr (std::same_as<V, outputs_t<R>>) {
    return loss;
  } else {
    return LossElsewhere<R, V>(std::move(loss));
  }
}

}  // namespace lazytrain
