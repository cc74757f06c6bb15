#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <lazytrain/lazy/estimate.hpp>
#include <lazytrain/linalg/operator_norm_by_square.hpp>
#include <lazytrain/linalg/smallest_singular_value.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/model/linearize.hpp>

namespace lazytrain {

/// The singular values of Dh(w) from which the theorems start.
struct DifferentialSpectrum {
  /// ||Dh(w)||.
  Estimate norm;
  /// σ_min = inf ||Dh(w)^T g|| / ||g||_F; 0 when p < dim F.
  Estimate smallest;
  /// The smallest singular value that rounding tells from 0.
  Estimate smallest_positive;
  /// Number of singular values that rounding tells from 0.
  Index rank = 0;
  /// Products with Dh(w) and its adjoint.
  Index products = 0;
};

namespace detail {

template <class T>
concept HasGram = requires(const T& t) {
  t.gram();
};

/// A model whose linearization applies its raw tangent kernel, `kernel_product(u, out)`, at less than the
/// cost of a vjp and a jvp.
template <class T, class S>
concept HasKernelProduct = requires(const T& t, Vector<S>& out) {
  t.kernel_product(out, out);
};

/// A model whose linearization can be had in single precision.
template <class T>
concept HasCast = requires(const T& t) {
  t.template cast<float>();
};

/// Residuals from this on do not see the errors of products in single precision, about 1e-6.
inline constexpr double single_precision_tolerance = 1e-4;

/// An estimate from bounds that are proved only if `proved`.
inline Estimate as_estimate(const SingularValueEstimate& e) {
  const double lower = std::min(e.lower, e.value);
  const double upper = std::max(e.upper, e.value);
  return {e.value, lower, upper, e.proved ? Provenance::certified : Provenance::estimated};
}

/// Whether the tangent kernel, N x N, is smaller than the parameters and its decomposition is cheap.
inline bool gram_is_small(Index p, Index n) { return n <= 2048 && n * n <= std::max<Index>(p, 1 << 16); }

/// ||Dh|| from the largest eigenvalue of the tangent kernel in orthonormal coordinates of F. An entry is a
/// sum of p products: its rounding is at most (p + 16) eps (|J| |J|^T), and the norm of that at most the
/// trace.
template <class S>
Estimate norm_from_gram(const Matrix<S>& gram, const OutputSpace& space, Index p) {
  Vector<double> root = Vector<double>::Ones(space.dim());
  space.to_euclidean(root);
  const Matrix<double> kernel = root.asDiagonal() * gram.template cast<double>() * root.asDiagonal();
  const auto spectrum = symmetric_eigenvalues(kernel);
  const double rounding =
      static_cast<double>(p + 16) * static_cast<double>(std::numeric_limits<S>::epsilon());
  const double error = spectrum.error + rounding * kernel.trace();
  const double top = std::max(0.0, spectrum.values(0));
  return {std::sqrt(top), std::sqrt(std::max(0.0, top - error)), std::sqrt(top + error),
          Provenance::certified};
}

}  // namespace detail

/// ||Dh(w)||: R^p -> F. Certified where the problem is small enough to be solved densely (or, of a model that
/// knows its tangent kernel, where that matrix has less than p entries), otherwise estimated by Lanczos; see
/// `operator_norm`. A network in blocks takes the steps in single precision where the tolerance is 1e-4 or
/// more; what is returned is computed from the vector found with products in double precision.
/// @throws std::runtime_error if a product is not finite
template <Model H>
[[nodiscard]] Estimate differential_norm(const Tangent<H>& tangent, const SingularValueOptions& options,
                                         RandomEngine auto& rng) {
  using S = scalar_t<H>;
  const Index p = tangent.parameter_dim();
  const Index n = tangent.output_dim();
  if constexpr (detail::HasGram<typename Tangent<H>::Native>) {
    if (!detail::solved_densely(p, n, options) && detail::gram_is_small(p, n)) {
      return detail::norm_from_gram<S>(tangent.native().gram(), tangent.output_space(), p);
    }
  }
  if constexpr (detail::HasKernelProduct<typename Tangent<H>::Native, S>) {
    if (!detail::solved_densely(p, n, options) && n <= p) {
      Vector<S> cotangent(n);
      const auto square = [&](const Vector<S>& g, Vector<S>& out) {
        cotangent = g;
        tangent.output_space().to_cotangent(cotangent);
        tangent.native().kernel_product(cotangent, out);
      };
      const auto adjoint = [&](const Vector<S>& g, Vector<S>& out) { tangent.adjoint(g, out); };
      if constexpr (std::same_as<S, double> && detail::HasCast<typename Tangent<H>::Native>) {
        if (options.tolerance >= detail::single_precision_tolerance) {
          const auto narrow = tangent.native().template cast<float>();
          Vector<float> in(n), kernel_in(n);
          const auto rough = [&](const Vector<S>& g, Vector<S>& out) {
            cotangent = g;
            tangent.output_space().to_cotangent(cotangent);
            in = cotangent.template cast<float>();
            narrow.kernel_product(in, kernel_in);
            out = kernel_in.template cast<S>();
          };
          return detail::as_estimate(operator_norm_by_rough_square<S>(rough, square, adjoint, p,
                                                                      tangent.output_space(), options, rng));
        }
      }
      return detail::as_estimate(
          operator_norm_by_square<S>(square, adjoint, p, tangent.output_space(), options, rng));
    }
  }
  return detail::as_estimate(operator_norm([&](const auto& v, auto& out) { tangent.jvp(v, out); },
                                           [&](const auto& g, auto& out) { tangent.adjoint(g, out); },
                                           parameters_t<H>(p), tangent.value(), tangent.output_space(),
                                           options, rng));
}

/// Norm, σ_min, smallest positive singular value and rank of Dh(w). Certified where the problem is small
/// enough to be assembled; see `smallest_singular_value`. A numerical rank at w says nothing about
/// neighbours.
/// @throws std::runtime_error if a product is not finite
template <Model H>
[[nodiscard]] DifferentialSpectrum differential_spectrum(const Tangent<H>& tangent,
                                                         const SingularValueOptions& options,
                                                         RandomEngine auto& rng) {
  const auto bottom = smallest_singular_value([&](const auto& v, auto& out) { tangent.jvp(v, out); },
                                              [&](const auto& g, auto& out) { tangent.adjoint(g, out); },
                                              parameters_t<H>(tangent.parameter_dim()), tangent.value(),
                                              tangent.output_space(), options, rng);
  DifferentialSpectrum spectrum;
  spectrum.norm = differential_norm(tangent, options, rng);
  spectrum.smallest = detail::as_estimate(bottom.on_outputs);
  spectrum.smallest_positive = bottom.rank > 0 ? detail::as_estimate(bottom.positive) : Estimate();
  spectrum.rank = bottom.rank;
  spectrum.products = bottom.on_outputs.products;
  return spectrum;
}

}  // namespace lazytrain
