#pragma once

#include <lazytrain/nn/two_layer_tangent.hpp>
#include <memory>
#include <string>
#include <utility>

namespace lazytrain {

namespace detail {

/// The network at w0, from which displacements are counted.
template <class S, Activation Sigma>
struct TwoLayerOrigin {
  TwoLayerTangent<S, Sigma> at;
  S epsilon;
};

}  // namespace detail

/// h_ε(δ) = (h(w0 + εδ) - h(w0)) / ε of a two-layer network at a point δ, with its derivatives in δ.
///
/// Pairs (value, scaled difference) go through the layers (z = A0^T x, z' = δ_A^T x):
///
///     h' = (σ(z + εz') - σ(z)) / ε,      y' = s (B0 h' + δ_B σ(z + εz')).
///
/// Nothing cancels at any ε, and ε = 0 gives Dh(w0) δ. A step costs what the plain network's does.
template <class S, Activation Sigma>
class TwoLayerDisplacedTangent {
 public:
  using Scalar = S;
  using Origin = std::shared_ptr<const detail::TwoLayerOrigin<S, Sigma>>;

  TwoLayerDisplacedTangent(Origin origin, view_t<Vector<S>> delta)
      : origin_(std::move(origin)), at_(origin_->at), value_(at_.value_.size()) {
    move_to(delta);
  }

  /// h_ε(δ).
  [[nodiscard]] const Vector<S>& value() const { return value_; }

  /// Goes to another displacement; allocates nothing. Cost: 2 n m (d + 2k) operations.
  /// @throws std::invalid_argument if the size is wrong
  void move_to(view_t<Vector<S>> delta) {
    at_.check_parameters("TwoLayerDisplacedTangent::move_to", "delta", delta.size());
    const S epsilon = origin_->epsilon;
    const Index m = at_.neurons();
    at_.w_ = origin_->at.w_ + epsilon * delta;
    at_.load(at_.w_.data(), at_.outer_);
    at_.load(delta.data(), at_.direction_);
    at_.for_blocks([&](Index first, Index count) {
      const Index start = first * m;
      const S* const z0 = origin_->at.z_.data() + start;
      S* const z = at_.z_.data() + start;
      S* const dz = at_.block_.data();
      at_.project(delta.data(), first, dz, count);
      for (Index q = 0; q < count * m; ++q) {
        z[q] = z0[q] + epsilon * dz[q];
        dz[q] = Sigma::difference(z0[q], dz[q], epsilon);
      }
      at_.activate(first, count);
      at_.contract(at_.outer_, at_.h_.data() + start, first, count, at_.value_.data(), Write::assign);
      at_.contract(origin_->at.outer_, dz, first, count, value_.data(), Write::assign);
      at_.contract(at_.direction_, at_.h_.data() + start, first, count, value_.data(), Write::add);
    });
    if (at_.is_antisymmetric(at_.w_.data())) at_.cancel(at_.value_);
  }

  /// Dh(w0 + εδ) v.
  void jvp(view_t<Vector<S>> v, out_t<Vector<S>> out) const { at_.jvp(v, out); }
  /// The Jacobian at w0 + εδ, transposed, times the cotangent u.
  void vjp(view_t<Vector<S>> u, out_t<Vector<S>> out) const { at_.vjp(u, out); }

  /// ε D^2h(w0 + εδ)[u, v].
  void second(view_t<Vector<S>> u, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    at_.second(u, v, out);
    out *= origin_->epsilon;
  }
  /// ε times the sum over i of c_i D^2h_i(w0 + εδ) u.
  void second_vjp(view_t<Vector<S>> u, view_t<Vector<S>> c, out_t<Vector<S>> out) const {
    at_.second_vjp(u, c, out);
    out *= origin_->epsilon;
  }

  /// The kinks of the network at w0 + εδ. At ε = 0 they stay where they are.
  [[nodiscard]] const Matrix<S>& kinks() const requires(!Sigma::is_smooth) { return at_.kinks(); }
  [[nodiscard]] std::string describe_kink(Index i) const requires(!Sigma::is_smooth) {
    return at_.describe_kink(i);
  }

  /// The raw tangent kernel of the network at w0 + εδ, N x N.
  void gram(Eigen::Ref<Matrix<S>> out) const { at_.gram(out); }

  /// The network at w0 + εδ: its values, kernel and preactivations.
  [[nodiscard]] const TwoLayerTangent<S, Sigma>& network() const { return at_; }

 private:
  Origin origin_;
  TwoLayerTangent<S, Sigma> at_;
  Vector<S> value_;
};

/// The displaced model δ -> (h(w0 + εδ) - h(w0)) / ε of a two-layer network on data.
template <class S, Activation Sigma>
class TwoLayerDisplaced {
 public:
  using Scalar = S;

  TwoLayerDisplaced(TwoLayerTangent<S, Sigma> at, S epsilon, OutputSpace space)
      : origin_(std::make_shared<const detail::TwoLayerOrigin<S, Sigma>>(
            detail::TwoLayerOrigin<S, Sigma>{std::move(at), epsilon})),
        space_(std::move(space)) {}

  [[nodiscard]] Index parameter_dim() const { return origin_->at.layout().parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return space_.dim(); }
  [[nodiscard]] const OutputSpace& output_space() const { return space_; }
  [[nodiscard]] S epsilon() const { return origin_->epsilon; }
  /// The network at w0.
  [[nodiscard]] const TwoLayerTangent<S, Sigma>& origin() const { return origin_->at; }

  [[nodiscard]] TwoLayerDisplacedTangent<S, Sigma> linearize(view_t<Vector<S>> delta) const {
    return TwoLayerDisplacedTangent<S, Sigma>(origin_, delta);
  }

 private:
  typename TwoLayerDisplacedTangent<S, Sigma>::Origin origin_;
  OutputSpace space_;
};

}  // namespace lazytrain
