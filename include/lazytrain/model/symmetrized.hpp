#pragma once

#include <lazytrain/model/displaced.hpp>
#include <utility>

namespace lazytrain {

/// The symmetrized model (wa, wb) -> h(wa) - h(wb) on R^(2p), the "doubling trick": zero at every (w, w),
/// with the tangent kernel 2 Dh Dh^T there. Parameters are wa, then wb.
template <Model H>
class Symmetrized {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  explicit Symmetrized(const H& h) : Symmetrized(h, h) {}

  [[nodiscard]] Index parameter_dim() const { return 2 * plus_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return plus_.output_dim(); }
  [[nodiscard]] OutputSpace output_space() const { return lazytrain::output_space(plus_); }

  class At {
   public:
    At(const Symmetrized& model, const Parameters& w)
        : half_(model.plus_.parameter_dim()),
          a_(w.head(half_)),
          b_(w.tail(half_)),
          plus_(lazytrain::linearize(model.plus_, a_)),
          minus_(lazytrain::linearize(model.minus_, b_)),
          value_(plus_.value() - minus_.value()),
          other_(value_) {}

    [[nodiscard]] const Outputs& value() const { return value_; }

    void move_to(const Parameters& w) {
      a_ = w.head(half_);
      b_ = w.tail(half_);
      plus_.move_to(a_);
      minus_.move_to(b_);
      value_ = plus_.value() - minus_.value();
    }

    void jvp(const Parameters& v, Outputs& out) const {
      split(v);
      plus_.jvp(a_, out);
      minus_.jvp(b_, other_);
      out -= other_;
    }
    void vjp(const Outputs& u, Parameters& out) const {
      plus_.vjp(u, a_);
      minus_.vjp(u, b_);
      join(out);
    }
    void second(const Parameters& u, const Parameters& v,
                Outputs& out) const requires TwiceDifferentiableModel<H> {
      split(u);
      const Parameters va = v.head(half_);
      const Parameters vb = v.tail(half_);
      plus_.second(a_, va, out);
      minus_.second(b_, vb, other_);
      out -= other_;
    }
    void second_vjp(const Parameters& u, const Outputs& c,
                    Parameters& out) const requires TwiceDifferentiableModel<H> {
      const Parameters ua = u.head(half_);
      const Parameters ub = u.tail(half_);
      plus_.second_vjp(ua, c, a_);
      minus_.second_vjp(ub, c, b_);
      join(out);
    }

   private:
    void split(const Parameters& v) const {
      a_ = v.head(half_);
      b_ = v.tail(half_);
    }
    void join(Parameters& out) const {
      out.head(half_) = a_;
      out.tail(half_) = -b_;
    }

    Index half_;
    mutable Parameters a_;
    mutable Parameters b_;
    Tangent<H> plus_;
    Tangent<H> minus_;
    Outputs value_;
    mutable Outputs other_;
  };

  /// @throws std::invalid_argument if w does not have 2p coordinates
  [[nodiscard]] At linearize(const Parameters& w) const {
    require_size("symmetrized", "w", w.size(), parameter_dim(), "twice h.parameter_dim()");
    return At(*this, w);
  }

  [[nodiscard]] auto displace(const Parameters& w0, Scalar epsilon) const {
    require_size("symmetrized", "w0", w0.size(), parameter_dim(), "twice h.parameter_dim()");
    const Index half = plus_.parameter_dim();
    return Symmetrized<displaced_t<H>>(displaced(plus_, w0.head(half), epsilon),
                                       displaced(minus_, w0.tail(half), epsilon));
  }

 private:
  template <Model>
  friend class Symmetrized;

  Symmetrized(H plus, H minus) : plus_(std::move(plus)), minus_(std::move(minus)) {}

  H plus_;
  H minus_;
};

/// (wa, wb) -> h(wa) - h(wb).
template <Model H>
[[nodiscard]] Symmetrized<H> symmetrized(const H& h) {
  return Symmetrized<H>(h);
}

/// The initialization (w0, w0) of the symmetrized model.
template <class S>
[[nodiscard]] Vector<S> doubled(const Vector<S>& w0) {
  Vector<S> w(2 * w0.size());
  w << w0, w0;
  return w;
}

}  // namespace lazytrain
