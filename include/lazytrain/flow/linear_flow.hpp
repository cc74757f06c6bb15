#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/kernel/kernel_modes.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <stdexcept>
#include <utility>

namespace lazytrain {

/// How large t, infinity among them, are regularized. See `LinearFlow::limit`.
struct LimitReport {
  /// Eigenvalues of Sigma up to this are not told from 0 by rounding; their modes are where they started.
  double cutoff = 0;
  /// Modes that reach their target.
  Index rank = 0;
  /// ||y - y*|| that the modes which do not move leave behind.
  double residual = 0;
};

namespace detail {

/// The curvature m of R = m/2 ||y - y*||^2, the only losses with a linear flow in closed form.
template <StronglyConvexLoss R>
double quadratic_curvature(const char* function, const R& loss) {
  const auto m = static_cast<double>(loss.strong_convexity());
  require_domain(m > 0 && m == static_cast<double>(loss.smoothness()), function,
                 "the ratio of the loss's constants M and m", static_cast<double>(loss.smoothness()) / m,
                 "1: the square loss, whose linearized flow is linear");
  return m;
}

}  // namespace detail

/// The linearized gradient flow of the square loss, Eq. (5), in closed form at every t in [0, infinity]: the
/// displacement and the outputs alpha h-bar(w-bar(t)),
///
///     y(t) - y* = exp(-t m Sigma) (y(0) - y*),      d(t) = -Dh(w0)^T m t phi_1(-t m Sigma) (y(0) - y*),
///
/// with Sigma = Dh(w0) Dh(w0)^T on F, from one spectral decomposition of size N, on the host. alpha =
/// infinity is allowed for centred models: d and y do not depend on alpha then.
///
/// The phi-functions divide by no eigenvalue, but long times multiply what rounding makes of an eigenvalue 0,
/// at most the cutoff of `limit`. Modes that small move while m t cutoff <= sqrt(eps) only, so that their
/// outputs change by less than this, in units of their residual; at larger t they are at rest where they
/// started, and a singular kernel does no harm at any t. What a kernel that is only nearly singular loses by
/// it is, in the outputs, less than m t times the cutoff, the rounding of the eigenvalues themselves; in the
/// displacement, m t sqrt(cutoff), all at once where the modes come to rest.
template <Model H>
class LinearFlow {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  /// @throws std::domain_error unless 0 < alpha <= infinity, if h(w0) is not finite, if alpha = infinity and
  /// h(w0) is not 0 up to rounding, or if the loss is not quadratic with one curvature (m = M);
  /// std::invalid_argument on sizes and spaces. Cost: the Gram matrix of Dh(w0) and about 9 N^3 operations;
  /// N^2 numbers.
  template <StronglyConvexLoss R>
  LinearFlow(const H& h, const R& loss, const Parameters& w0, Scalar alpha)
      : tangent_(linearize(h, w0)),
        target_(loss.minimizer()),
        start_(detail::scaled_start(h, w0, alpha)),
        curvature_(detail::quadratic_curvature("LinearFlow", loss)),
        modes_(decompose(alpha, loss.output_space())) {}

  /// The model at w0, whose products map displacements to outputs.
  [[nodiscard]] const Tangent<H>& tangent() const { return tangent_; }
  /// Eigenvalues of Sigma, descending; the modes' rates are m times these.
  [[nodiscard]] const Vector<double>& eigenvalues() const { return modes_.values; }
  /// Coefficients of y(0) - y* in the eigenvectors of Sigma, orthonormal in F.
  [[nodiscard]] const Vector<double>& residual_modes() const { return modes_.residual; }

  /// d(t) = alpha (w-bar(t) - w0). @throws std::domain_error if t < 0 or NaN. Cost: N^2 and one vjp.
  [[nodiscard]] Parameters displacement(double t) const {
    check_time(t);
    Vector<double> c(modes_.values.size());
    for (Index i = 0; i < c.size(); ++i) c(i) = -length(i, t) * modes_.residual(i);
    return tangent_.adjoint(from_modes(c));
  }

  /// y(t) = alpha h-bar(w-bar(t)). @throws std::domain_error if t < 0 or NaN. Cost: N^2.
  [[nodiscard]] Outputs outputs(double t) const {
    check_time(t);
    Vector<double> c(modes_.values.size());
    for (Index i = 0; i < c.size(); ++i) c(i) = decay(i, t) * modes_.residual(i);
    Outputs y = from_modes(c);
    axpy(Scalar(1), target_, y);
    return y;
  }

  /// R(y(t)) without cancellation. @throws std::domain_error if t < 0 or NaN. Cost: N.
  [[nodiscard]] double loss(double t) const {
    check_time(t);
    double sum = 0;
    for (Index i = 0; i < modes_.values.size(); ++i) sum += std::pow(decay(i, t) * modes_.residual(i), 2);
    return curvature_ / 2 * sum;
  }

  /// ||d(t)||, without the modes that rounding does not tell from 0. @throws std::domain_error if t < 0 or
  /// NaN. Cost: N.
  [[nodiscard]] double distance(double t) const {
    check_time(t);
    double sum = 0;
    const Index rank = modes_.rank();
    for (Index i = 0; i < rank; ++i) sum += modes_.values(i) * std::pow(length(i, t) * modes_.residual(i), 2);
    return std::sqrt(sum);
  }

  /// Bounds of the displacement that modes at rest hide at time t, and of the error of the outputs, if
  /// eigenvalues that rounding does not tell from 0 are not 0; 0 if min(N, p) are told from 0.
  /// @throws std::domain_error if t < 0 or NaN. Cost: N.
  [[nodiscard]] double hidden_displacement(double t) const { return hidden(t).displacement; }
  [[nodiscard]] double hidden_outputs(double t) const { return hidden(t).residual; }

  /// How t = infinity is read: kernel regression with the offset alpha h(w0), the displacement of least norm,
  /// on the modes whose eigenvalues rounding can tell from 0.
  [[nodiscard]] LimitReport limit() const {
    const Index rank = modes_.rank();
    const auto rest = modes_.residual.tail(modes_.residual.size() - rank);
    return {.cutoff = modes_.cutoff, .rank = rank, .residual = rest.norm()};
  }

 private:
  static void check_time(double t) {
    require_domain(t >= 0, "LinearFlow", "t", t, "a time in [0, infinity]");
  }

  [[nodiscard]] detail::KernelModes<Scalar> decompose(Scalar alpha, const OutputSpace& of_loss) const {
    (void)detail::inverse_scale("LinearFlow", alpha);
    const OutputSpace& space = tangent_.output_space();
    if (!(space == of_loss)) {
      raise<std::invalid_argument>("LinearFlow", "the model's outputs live in the ", space,
                                   ", expected the loss's space, the ", of_loss);
    }
    require_domain(all_finite(start_), "LinearFlow", "alpha h(w0)", norm(start_), "finite outputs");
    Outputs residual = start_;
    axpy(Scalar(-1), target_, residual);
    space.to_euclidean(residual);
    return {sigma_matrix(tangent_), host_numbers(residual)};
  }

  [[nodiscard]] auto hidden(double t) const {
    check_time(t);
    return modes_.hidden(std::min(modes_.values.size(), tangent_.parameter_dim()), curvature_ * t);
  }

  [[nodiscard]] double decay(Index i, double t) const { return modes_.decay(i, curvature_ * t); }
  [[nodiscard]] double length(Index i, double t) const { return modes_.length(i, curvature_ * t); }

  [[nodiscard]] Outputs from_modes(const Vector<double>& c) const {
    Vector<Scalar> u = modes_.vectors * c.template cast<Scalar>();
    tangent_.output_space().from_euclidean(u);
    return placed<Outputs>(std::move(u));
  }

  Tangent<H> tangent_;
  Outputs target_;
  Outputs start_;
  double curvature_;
  detail::KernelModes<Scalar> modes_;
};

/// The linearized flow of the square loss in closed form. See `LinearFlow`.
template <Model H, StronglyConvexLoss R>
[[nodiscard]] auto linear_flow(const H& h, const R& loss, const parameters_t<H>& w0,
                               std::type_identity_t<scalar_t<H>> alpha) {
  return LinearFlow<H>(h, loss, w0, alpha);
}

}  // namespace lazytrain
