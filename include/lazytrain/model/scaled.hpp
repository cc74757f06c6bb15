#pragma once

#include <lazytrain/model/displaced.hpp>
#include <utility>

namespace lazytrain {

/// The model alpha h.
template <Model H>
class Scaled {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  /// @throws std::domain_error unless 0 < alpha < infinity
  Scaled(H h, Scalar alpha) : h_(std::move(h)), alpha_(alpha) { require_positive("scaled", "alpha", alpha_); }

  [[nodiscard]] Index parameter_dim() const { return h_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return h_.output_dim(); }
  [[nodiscard]] OutputSpace output_space() const { return lazytrain::output_space(h_); }

  class At {
   public:
    At(const H& h, Scalar alpha, const Parameters& w)
        : alpha_(alpha), tangent_(lazytrain::linearize(h, w)), value_(tangent_.value()) {
      scale(alpha_, value_);
    }

    [[nodiscard]] const Outputs& value() const { return value_; }

    void move_to(const Parameters& w) {
      tangent_.move_to(w);
      copy(tangent_.value(), value_);
      scale(alpha_, value_);
    }

    void jvp(const Parameters& v, Outputs& out) const {
      tangent_.jvp(v, out);
      scale(alpha_, out);
    }
    void vjp(const Outputs& u, Parameters& out) const {
      tangent_.vjp(u, out);
      scale(alpha_, out);
    }
    void gram(Matrix<Scalar>& out) const requires requires(const Tangent<H>& tangent, Matrix<Scalar>& k) {
      tangent.native().gram(k);
    }
    {
      tangent_.native().gram(out);
      out *= alpha_ * alpha_;
    }
    void second(const Parameters& u, const Parameters& v,
                Outputs& out) const requires TwiceDifferentiableModel<H> {
      tangent_.second(u, v, out);
      scale(alpha_, out);
    }
    void second_vjp(const Parameters& u, const Outputs& c,
                    Parameters& out) const requires TwiceDifferentiableModel<H> {
      tangent_.second_vjp(u, c, out);
      scale(alpha_, out);
    }

    /// Kinks of h, if its linearization has them.
    [[nodiscard]] decltype(auto) kinks() const requires requires(const Tangent<H>& t) { t.native().kinks(); }
    { return tangent_.native().kinks(); }
    [[nodiscard]] auto describe_kink(Index i) const requires requires(const Tangent<H>& t) {
      t.native().describe_kink(i);
    }
    { return tangent_.native().describe_kink(i); }

   private:
    Scalar alpha_;
    Tangent<H> tangent_;
    Outputs value_;
  };

  [[nodiscard]] At linearize(const Parameters& w) const { return At(h_, alpha_, w); }

  [[nodiscard]] auto displace(const Parameters& w0, Scalar epsilon) const {
    return Scaled<displaced_t<H>>(displaced(h_, w0, epsilon), alpha_);
  }

 private:
  H h_;
  Scalar alpha_;
};

/// alpha h. @throws std::domain_error unless 0 < alpha < infinity
template <Model H>
[[nodiscard]] auto scaled(const H& h, std::type_identity_t<scalar_t<H>> alpha) {
  return Scaled<H>(h, alpha);
}

}  // namespace lazytrain
