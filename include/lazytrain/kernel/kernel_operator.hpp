#pragma once

#include <lazytrain/core/error.hpp>
#include <lazytrain/core/unit_vectors.hpp>
#include <lazytrain/model/linearize.hpp>
#include <utility>

namespace lazytrain {

/// The tangent kernel as an operator on F, by one vjp and one jvp a product: the way to use it where N^2
/// numbers do not fit.
///
/// It is a workspace: products write scratch and allocate nothing. Use one in each thread; copies are
/// independent.
template <Model H>
class KernelOperator {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  explicit KernelOperator(Tangent<H> tangent)
      : tangent_(std::move(tangent)), gradient_(tangent_.parameter_dim()), scratch_(tangent_.value()) {}

  [[nodiscard]] const Tangent<H>& tangent() const { return tangent_; }
  [[nodiscard]] Index dim() const { return tangent_.output_dim(); }

  /// out = Sigma g = Dh Dh^T g, the operator on F, self-adjoint in F's inner product.
  void apply(const Outputs& g, Outputs& out) const {
    tangent_.adjoint(g, gradient_);
    tangent_.jvp(gradient_, out);
  }
  [[nodiscard]] Outputs operator()(const Outputs& g) const {
    Outputs out = zeros_like(scratch_);
    apply(g, out);
    return out;
  }

  /// out = K u, the raw kernel, without the weights of F.
  void apply_raw(const Outputs& u, Outputs& out) const {
    tangent_.vjp(u, gradient_);
    tangent_.jvp(gradient_, out);
  }

  /// out = W^(1/2) K W^(1/2) u: Sigma in the coordinates `OutputSpace::to_euclidean`, symmetric in the
  /// Euclidean sense, as Lanczos, conjugate gradients and `spectral_density` ask.
  void apply_symmetric(const Outputs& u, Outputs& out) const {
    require_size("KernelOperator::apply_symmetric", "u", dimension(u), dim(), "h.output_dim()");
    copy(u, scratch_);
    tangent_.output_space().to_euclidean(scratch_);
    tangent_.vjp(scratch_, gradient_);
    tangent_.jvp(gradient_, out);
    tangent_.output_space().to_euclidean(out);
  }

 private:
  Tangent<H> tangent_;
  mutable Parameters gradient_;
  mutable Outputs scratch_;
};

/// The diagonal of the raw kernel, size N: |D_w f_c(w, x_i)|^2 at i k + c. Cost: min(N, p) products and no
/// matrix.
template <Model H>
[[nodiscard]] Vector<scalar_t<H>> kernel_diagonal(const Tangent<H>& tangent) {
  Vector<scalar_t<H>> diagonal = Vector<scalar_t<H>>::Zero(tangent.output_dim());
  outputs_t<H> image = zeros_like(tangent.value());
  parameters_t<H> gradient(tangent.parameter_dim());
  if (tangent.parameter_dim() <= tangent.output_dim()) {
    for_each_unit_vector(gradient, [&](Index, const auto& v) {
      tangent.jvp(v, image);
      diagonal += host_numbers(image).cwiseAbs2();
    });
  } else {
    for_each_unit_vector(image, [&](Index i, const auto& u) {
      tangent.vjp(u, gradient);
      diagonal(i) = dot(gradient, gradient);
    });
  }
  return diagonal;
}

/// The trace of Sigma on F, sum_i w_i K_ii: the squared Hilbert-Schmidt norm of Dh(w). Cost: that of
/// `kernel_diagonal`.
template <Model H>
[[nodiscard]] double kernel_trace(const Tangent<H>& tangent) {
  Vector<scalar_t<H>> diagonal = kernel_diagonal(tangent);
  tangent.output_space().to_cotangent(diagonal);
  return static_cast<double>(diagonal.sum());
}

}  // namespace lazytrain
