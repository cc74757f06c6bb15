#pragma once

#include <lazytrain/model/displaced.hpp>
#include <utility>

namespace lazytrain {

/// The symmetrized model (wa, wb) -> h(wa) - h(wb) on R^(2p), the "doubling trick": zero at every (w, w),
/// with the tangent kernel 2 Dh Dh^T there. Parameters are wa, then wb.
template <Model H>
requires DivisibleVector<parameters_t<H>>
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
          a_(zeros<Parameters>(half_)),
          b_(split(w, a_)),
          va_(a_),
          vb_(a_),
          plus_(lazytrain::linearize(model.plus_, a_)),
          minus_(lazytrain::linearize(model.minus_, b_)),
          value_(plus_.value()),
          other_(value_) {
      axpy(Scalar(-1), minus_.value(), value_);
    }

    [[nodiscard]] const Outputs& value() const { return value_; }

    void move_to(const Parameters& w) {
      split(w, a_, b_);
      plus_.move_to(a_);
      minus_.move_to(b_);
      copy(plus_.value(), value_);
      axpy(Scalar(-1), minus_.value(), value_);
    }

    void jvp(const Parameters& v, Outputs& out) const {
      split(v, a_, b_);
      plus_.jvp(a_, out);
      minus_.jvp(b_, other_);
      axpy(Scalar(-1), other_, out);
    }
    void vjp(const Outputs& u, Parameters& out) const {
      plus_.vjp(u, a_);
      minus_.vjp(u, b_);
      join(out);
    }
    void second(const Parameters& u, const Parameters& v,
                Outputs& out) const requires TwiceDifferentiableModel<H> {
      split(u, a_, b_);
      split(v, va_, vb_);
      plus_.second(a_, va_, out);
      minus_.second(b_, vb_, other_);
      axpy(Scalar(-1), other_, out);
    }
    void second_vjp(const Parameters& u, const Outputs& c,
                    Parameters& out) const requires TwiceDifferentiableModel<H> {
      split(u, va_, vb_);
      plus_.second_vjp(va_, c, a_);
      minus_.second_vjp(vb_, c, b_);
      join(out);
    }

   private:
    void split(const Parameters& v, Parameters& a, Parameters& b) const {
      extract(v, 0, a);
      extract(v, half_, b);
    }
    /// Writes the first half to a and gives the second.
    [[nodiscard]] Parameters split(const Parameters& v, Parameters& a) const {
      Parameters b = a;
      split(v, a, b);
      return b;
    }
    void join(Parameters& out) const {
      scale(Scalar(-1), b_);
      insert(a_, 0, out);
      insert(b_, half_, out);
    }

    Index half_;
    mutable Parameters a_;
    mutable Parameters b_;
    mutable Parameters va_;
    mutable Parameters vb_;
    Tangent<H> plus_;
    Tangent<H> minus_;
    Outputs value_;
    mutable Outputs other_;
  };

  /// @throws std::invalid_argument if w does not have 2p coordinates
  [[nodiscard]] At linearize(const Parameters& w) const {
    require_size("symmetrized", "w", dimension(w), parameter_dim(), "twice h.parameter_dim()");
    return At(*this, w);
  }

  [[nodiscard]] auto displace(const Parameters& w0, Scalar epsilon) const {
    require_size("symmetrized", "w0", dimension(w0), parameter_dim(), "twice h.parameter_dim()");
    const Index half = plus_.parameter_dim();
    auto a = zeros<Parameters>(half), b = a;
    extract(w0, 0, a);
    extract(w0, half, b);
    return Symmetrized<displaced_t<H>>(displaced(plus_, a, epsilon), displaced(minus_, b, epsilon));
  }

 private:
  template <Model M>
  requires DivisibleVector<parameters_t<M>>
  friend class Symmetrized;

  Symmetrized(H plus, H minus) : plus_(std::move(plus)), minus_(std::move(minus)) {}

  H plus_;
  H minus_;
};

/// (wa, wb) -> h(wa) - h(wb).
template <Model H>
[[nodiscard]] auto symmetrized(const H& h) {
  return Symmetrized<H>(h);
}

/// The initialization (w0, w0) of the symmetrized model.
template <DivisibleVector V>
[[nodiscard]] V doubled(const V& w0) {
  auto w = zeros<V>(2 * dimension(w0));
  insert(w0, 0, w);
  insert(w0, dimension(w0), w);
  return w;
}

}  // namespace lazytrain
