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

}  // namespace detail

// clang-format on

/// A loss of the host on outputs that live elsewhere, on a device. The gradients of cross-entropy and of the
/// square loss are computed there; other calls bring the N numbers to the host and the answer back, and wait
/// for them. Losses are small beside the networks before them.
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
      V targets;
      from_host(loss_.targets(), targets);
      targets_ = std::make_shared<const V>(std::move(targets));
    }
  }

  [[nodiscard]] Scalar value(const V& y) const { return loss_.value(to_host(y)); }
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
  void hessian_apply(const V& y, const V& v, V& out) const {
    Vector<Scalar> host = to_host(v);
    loss_.hessian_apply(to_host(y), host, host);
    from_host(host, out);
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
  [[nodiscard]] Scalar smoothness() const { return loss_.smoothness(); }
  [[nodiscard]] Scalar strong_convexity() const { return loss_.strong_convexity(); }
  [[nodiscard]] const OutputSpace& output_space() const { return loss_.output_space(); }
  [[nodiscard]] const R& on_host() const { return loss_; }
  [[nodiscard]] static constexpr std::string_view name() { return R::name(); }

 private:
  static constexpr bool computes_there = detail::HasGradientOfSamples<R, V>;

  R loss_;
  /// Where the outputs are, for gradients that are computed there.
  std::shared_ptr<const V> targets_;
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
