#pragma once

#include <lazytrain/model/displaced.hpp>
#include <memory>
#include <utility>

namespace lazytrain {

/// The model w -> A h(w) with a fixed linear map A from F to another output space: a readout, an average over
/// patches, a contrast between classes.
template <Model H>
class Composed {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  /// @throws std::invalid_argument unless A is space.dim() x h.output_dim()
  Composed(Matrix<Scalar> a, H h, OutputSpace space)
      : Composed(std::make_shared<const Matrix<Scalar>>(std::move(a)), std::move(h), std::move(space)) {}

  [[nodiscard]] Index parameter_dim() const { return h_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return a_->rows(); }
  [[nodiscard]] const OutputSpace& output_space() const { return space_; }

  class At {
   public:
    At(const Composed& model, const Parameters& w)
        : a_(model.a_),
          tangent_(lazytrain::linearize(model.h_, w)),
          inner_(tangent_.value()),
          value_(*a_ * tangent_.value()) {}

    [[nodiscard]] const Outputs& value() const { return value_; }

    void move_to(const Parameters& w) {
      tangent_.move_to(w);
      value_.noalias() = *a_ * tangent_.value();
    }
    void jvp(const Parameters& v, Outputs& out) const {
      tangent_.jvp(v, inner_);
      out.noalias() = *a_ * inner_;
    }
    void vjp(const Outputs& u, Parameters& out) const {
      inner_.noalias() = a_->transpose() * u;
      tangent_.vjp(inner_, out);
    }
    void second(const Parameters& u, const Parameters& v,
                Outputs& out) const requires TwiceDifferentiableModel<H> {
      tangent_.second(u, v, inner_);
      out.noalias() = *a_ * inner_;
    }
    void second_vjp(const Parameters& u, const Outputs& c,
                    Parameters& out) const requires TwiceDifferentiableModel<H> {
      inner_.noalias() = a_->transpose() * c;
      tangent_.second_vjp(u, inner_, out);
    }

   private:
    std::shared_ptr<const Matrix<Scalar>> a_;
    Tangent<H> tangent_;
    mutable Outputs inner_;
    Outputs value_;
  };

  [[nodiscard]] At linearize(const Parameters& w) const { return At(*this, w); }

  [[nodiscard]] auto displace(const Parameters& w0, Scalar epsilon) const {
    return Composed<displaced_t<H>>(a_, displaced(h_, w0, epsilon), space_);
  }

 private:
  template <Model>
  friend class Composed;

  Composed(std::shared_ptr<const Matrix<Scalar>> a, H h, OutputSpace space)
      : a_(std::move(a)), h_(std::move(h)), space_(std::move(space)) {
    require_size("composed", "A.cols()", a_->cols(), h_.output_dim(), "h.output_dim()");
    require_size("composed", "A.rows()", a_->rows(), space_.dim(), "the output space's dimension");
  }

  std::shared_ptr<const Matrix<Scalar>> a_;
  H h_;
  OutputSpace space_;
};

/// A h, with outputs in `space`. @throws std::invalid_argument unless A is space.dim() x h.output_dim()
template <Model H>
[[nodiscard]] auto composed(Matrix<scalar_t<H>> a, const H& h, OutputSpace space) {
  return Composed<H>(std::move(a), h, std::move(space));
}

/// A h in Euclidean space. @throws std::invalid_argument unless A has h.output_dim() columns
template <Model H>
[[nodiscard]] auto composed(Matrix<scalar_t<H>> a, const H& h) {
  OutputSpace space = OutputSpace::euclidean(a.rows());
  return Composed<H>(std::move(a), h, std::move(space));
}

}  // namespace lazytrain
