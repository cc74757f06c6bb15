#pragma once

#include <lazytrain/model/displaced.hpp>
#include <utility>

namespace lazytrain {

/// The centred model h - h(w0): zero at w0, with the derivatives of h. Its value away from w0 is a plain
/// difference; near w0 at large alpha use `displaced`, which centres without cancellation.
template <Model H>
class Centred {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  Centred(H h, const Parameters& w0) : h_(std::move(h)), base_(lazytrain::linearize(h_, w0).value()) {}

  [[nodiscard]] Index parameter_dim() const { return h_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return h_.output_dim(); }
  [[nodiscard]] OutputSpace output_space() const { return lazytrain::output_space(h_); }

  class At {
   public:
    At(const Centred& model, const Parameters& w)
        : base_(model.base_), tangent_(lazytrain::linearize(model.h_, w)), value_(tangent_.value()) {
      axpy(Scalar(-1), base_, value_);
    }

    [[nodiscard]] const Outputs& value() const { return value_; }

    void move_to(const Parameters& w) {
      tangent_.move_to(w);
      copy(tangent_.value(), value_);
      axpy(Scalar(-1), base_, value_);
    }

    void jvp(const Parameters& v, Outputs& out) const { tangent_.jvp(v, out); }
    void vjp(const Outputs& u, Parameters& out) const { tangent_.vjp(u, out); }
    void gram(Matrix<Scalar>& out) const requires requires(const Tangent<H>& tangent, Matrix<Scalar>& k) {
      tangent.native().gram(k);
    }
    { tangent_.native().gram(out); }
    void second(const Parameters& u, const Parameters& v,
                Outputs& out) const requires TwiceDifferentiableModel<H> {
      tangent_.second(u, v, out);
    }
    void second_vjp(const Parameters& u, const Outputs& c,
                    Parameters& out) const requires TwiceDifferentiableModel<H> {
      tangent_.second_vjp(u, c, out);
    }

    /// Kinks of h, if its linearization has them.
    [[nodiscard]] decltype(auto) kinks() const requires requires(const Tangent<H>& t) { t.native().kinks(); }
    { return tangent_.native().kinks(); }
    [[nodiscard]] auto describe_kink(Index i) const requires requires(const Tangent<H>& t) {
      t.native().describe_kink(i);
    }
    { return tangent_.native().describe_kink(i); }

   private:
    Outputs base_;
    Tangent<H> tangent_;
    Outputs value_;
  };

  [[nodiscard]] At linearize(const Parameters& w) const { return At(*this, w); }

  /// The displacement of h: a constant has no displacement.
  [[nodiscard]] auto displace(const Parameters& w0, Scalar epsilon) const {
    return displaced(h_, w0, epsilon);
  }

 private:
  H h_;
  Outputs base_;
};

/// h - h(w0). @throws std::invalid_argument if w0 has the wrong size
template <Model H>
[[nodiscard]] auto centred(const H& h, const parameters_t<H>& w0) {
  return Centred<H>(h, w0);
}

}  // namespace lazytrain
