#pragma once

#include <lazytrain/model/linearize.hpp>
#include <memory>
#include <utility>

namespace lazytrain {

/// The linearized model w -> h(w0) + Dh(w0)(w - w0) of Section 1.1, the paper's h-bar. It keeps the forward
/// pass at w0, so that a value costs one jvp; copies share it, and a linearization has one of its own.
template <Model H>
class Linearized {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  Linearized(const H& h, Parameters w0)
      : w0_(std::move(w0)),
        tangent_(std::make_shared<const Tangent<H>>(lazytrain::linearize(h, w0_))),
        base_(tangent_->value()) {}

  [[nodiscard]] Index parameter_dim() const { return tangent_->parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return tangent_->output_dim(); }
  [[nodiscard]] OutputSpace output_space() const { return tangent_->output_space(); }

  class At {
   public:
    At(const Linearized& model, const Parameters& w)
        : model_(model), tangent_(*model.tangent_), shift_(w), value_(model.base_), product_(model.base_) {
      move_to(w);
    }

    [[nodiscard]] const Outputs& value() const { return value_; }

    void move_to(const Parameters& w) {
      copy(w, shift_);
      axpy(Scalar(-1), model_.w0_, shift_);
      tangent_.jvp(shift_, product_);
      copy(model_.base_, value_);
      axpy(Scalar(1), product_, value_);
    }

    void jvp(const Parameters& v, Outputs& out) const { tangent_.jvp(v, out); }
    void vjp(const Outputs& u, Parameters& out) const { tangent_.vjp(u, out); }
    void second(const Parameters&, const Parameters&, Outputs& out) const { fill(out, Scalar(0)); }
    void second_vjp(const Parameters&, const Outputs&, Parameters& out) const { fill(out, Scalar(0)); }

   private:
    Linearized model_;
    /// A workspace of its own.
    Tangent<H> tangent_;
    Parameters shift_;
    Outputs value_;
    Outputs product_;
  };

  [[nodiscard]] At linearize(const Parameters& w) const { return At(*this, w); }

  /// d -> Dh(w0) d, whatever the point and epsilon.
  [[nodiscard]] Linearized displace(const Parameters&, Scalar) const {
    Linearized linear = *this;
    fill(linear.w0_, Scalar(0));
    fill(linear.base_, Scalar(0));
    return linear;
  }

 private:
  Parameters w0_;
  std::shared_ptr<const Tangent<H>> tangent_;
  Outputs base_;
};

/// The linearization of h at w0, as a model of the same signature. @throws std::invalid_argument if w0 has
/// the wrong size
template <Model H>
[[nodiscard]] auto linearized(const H& h, const parameters_t<H>& w0) {
  return Linearized<H>(h, w0);
}

}  // namespace lazytrain
