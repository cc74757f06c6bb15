#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/kernel/kernel_operator.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/linalg/top_eigenpairs.hpp>
#include <limits>
#include <utility>

namespace lazytrain {

/// Whether eigenvectors are wanted beside eigenvalues.
enum class Eigenvectors { none, wanted };

enum class SpectrumMethod { dense, lanczos };

/// A lower and an upper bound; equal where the number is known.
struct Bracket {
  double lower = 0;
  double upper = 0;
};

/// Eigenvalues of Sigma = Dh(w) Dh(w)^T on F, all or the largest.
template <class S>
struct Spectrum {
  /// σ_1 >= σ_2 >= ... >= 0.
  Vector<double> values;
  /// An eigenvalue of Sigma lies within errors(i) of values(i): the rounding bound of the dense decomposition
  /// or the residual of Lanczos, which does not see a value that was missed.
  Vector<double> errors;
  /// Column i is an eigenvector of values(i), an element of F; the columns are orthonormal in F. N x 0 if not
  /// wanted.
  Matrix<S> vectors;
  /// The trace of Sigma, the sum of all N eigenvalues.
  double trace = 0;
  /// Standard error of the trace where it was estimated, otherwise 0.
  double trace_error = 0;
  /// N.
  Index dim = 0;
  SpectrumMethod method = SpectrumMethod::dense;
  /// Lanczos reached its tolerance.
  bool converged = true;

  /// All N eigenvalues are here.
  [[nodiscard]] bool complete() const { return values.size() == dim; }

  /// The fraction of the trace in the first j eigenvalues, at j - 1: increases to 1 if complete. A kernel
  /// that is 0 has it all.
  [[nodiscard]] Vector<double> explained() const {
    Vector<double> out(values.size());
    double sum = 0;
    for (Index i = 0; i < out.size(); ++i) {
      sum += values(i);
      out(i) = trace > 0 ? sum / trace : 1.0;
    }
    return out;
  }

  /// The effective dimension sum_i σ_i / (σ_i + λ): the modes that a ridge λ, or a flow stopped at 1/λ, has
  /// learned. Where eigenvalues are missing they add up to r = trace - sum(values), and none exceeds the
  /// smallest one here, σ_k: their part lies between r / (σ_k + λ) and that of N - k equal ones. Where the
  /// trace is an estimate, three of its standard errors are added to r and taken off.
  /// @throws std::domain_error unless 0 < λ < infinity
  [[nodiscard]] Bracket effective_dimension(double lambda) const {
    require_positive("Spectrum::effective_dimension", "lambda", lambda);
    double known = 0;
    for (const double value : values) known += value / (value + lambda);
    if (complete()) return {known, known};
    const double least = std::max(trace - 3 * trace_error - values.sum(), 0.0);
    const double most = std::max(trace + 3 * trace_error - values.sum(), 0.0);
    const double missing = static_cast<double>(dim - values.size());
    const double smallest = std::max(values(values.size() - 1), least / missing);
    const double mean = std::min(most / missing, smallest);
    return {known + least / (smallest + lambda), known + missing * mean / (mean + lambda)};
  }

  /// trace^2 / sum_i σ_i^2 of the eigenvalues that are here: the number of equal modes with this spread.
  [[nodiscard]] double participation_ratio() const {
    const double sum = values.sum();
    const double squares = values.squaredNorm();
    return squares > 0 ? sum * sum / squares : 0.0;
  }
};

struct SpectrumOptions {
  /// The largest N for which Sigma is formed and decomposed.
  Index dense_limit = 2000;
  /// Beyond it: how many of the largest eigenvalues.
  Index count = 50;
  Eigenvectors eigenvectors = Eigenvectors::none;
  /// Of the residuals of Lanczos, relative to σ_1; not below 100 roundings of the scalar type.
  double tolerance = 1e-8;
  /// Multiplicities up to this are found with probability 1.
  Index block = 4;
  Index max_products = 10000;
  /// Random vectors for the trace of what Lanczos leaves; 0 asks for the exact trace by min(N, p) products.
  Index trace_probes = 32;
};

/// All eigenvalues of Sigma. Cost: the kernel, (4/3) N^3 operations, or 9 N^3 with eigenvectors; N^2 numbers.
template <Model H>
[[nodiscard]] Spectrum<scalar_t<H>> dense_spectrum(const Tangent<H>& tangent,
                                                   Eigenvectors eigenvectors = Eigenvectors::none) {
  using S = scalar_t<H>;
  const Matrix<S> sigma = sigma_matrix(tangent);
  auto eigen = eigenvectors == Eigenvectors::wanted ? symmetric_eigen(sigma) : symmetric_eigenvalues(sigma);
  Spectrum<S> out;
  out.dim = tangent.output_dim();
  out.values = eigen.values.template cast<double>().cwiseMax(0.0);
  out.errors = Vector<double>::Constant(out.dim, static_cast<double>(eigen.error));
  out.trace = sigma.template cast<double>().trace();
  out.vectors.resize(out.dim, eigen.vectors.cols());
  for (Index i = 0; i < eigen.vectors.cols(); ++i) {
    Vector<S> u = eigen.vectors.col(i);
    tangent.output_space().from_euclidean(u);
    out.vectors.col(i) = u;
  }
  return out;
}

/// The `options.count` largest eigenvalues of Sigma by block Lanczos on products, one vjp and one jvp each,
/// and the trace, of which the eigenvectors' part is exact and the rest estimated from random vectors
/// (Hutchinson).
/// @throws std::invalid_argument on options, std::runtime_error if a product is not finite
template <Model H>
[[nodiscard]] Spectrum<scalar_t<H>> top_spectrum(const Tangent<H>& tangent, const SpectrumOptions& options,
                                                 RandomEngine auto& rng) {
  using S = scalar_t<H>;
  const Index n = tangent.output_dim();
  require_argument(options.trace_probes >= 0 && options.trace_probes != 1, "top_spectrum", "trace_probes",
                   options.trace_probes, "0 or at least 2, for a standard error");
  using O = outputs_t<H>;
  const KernelOperator<H> kernel(tangent);
  const auto apply = [&](const O& u, O& out) { kernel.apply_symmetric(u, out); };
  const double finest = 100 * static_cast<double>(std::numeric_limits<S>::epsilon());
  const auto top =
      top_eigenpairs_from(apply, [&rng, n] { return placed<O>(normal_vector<S>(n, rng)); }, n, options.count,
                          {.block = options.block,
                           .tolerance = std::max(options.tolerance, finest),
                           .max_products = options.max_products});
  Spectrum<S> out;
  out.dim = n;
  out.method = SpectrumMethod::lanczos;
  out.converged = top.converged;
  out.values = top.values.cwiseMax(0.0);
  out.errors = top.residuals;

  Matrix<S> basis(n, top.values.size());
  for (Index i = 0; i < basis.cols(); ++i) {
    basis.col(i) = host_numbers(top.vectors[static_cast<std::size_t>(i)]);
  }
  if (out.complete()) {
    out.trace = top.values.sum();
  } else if (options.trace_probes == 0) {
    out.trace = kernel_trace(tangent);
  } else {
    const Index probes = options.trace_probes;
    Vector<double> samples(probes);
    O probe = zeros_like(tangent.value());
    O image = probe;
    for (Index i = 0; i < probes; ++i) {
      Vector<S> u = normal_vector<S>(n, rng);
      u -= basis * (basis.transpose() * u).eval();
      place(u, probe);
      apply(probe, image);
      samples(i) = static_cast<double>(dot(probe, image));
    }
    const double mean = samples.mean();
    const double count = static_cast<double>(probes);
    out.trace = top.values.sum() + mean;
    out.trace_error = (samples.array() - mean).matrix().norm() / std::sqrt(count * (count - 1));
  }
  out.vectors.resize(n, options.eigenvectors == Eigenvectors::wanted ? basis.cols() : 0);
  for (Index i = 0; i < out.vectors.cols(); ++i) {
    Vector<S> u = basis.col(i);
    tangent.output_space().from_euclidean(u);
    out.vectors.col(i) = u;
  }
  return out;
}

/// The spectrum of Sigma: `dense_spectrum` up to N = options.dense_limit, beyond it `top_spectrum`, the only
/// one to draw from `rng`. @throws as they do
template <Model H>
[[nodiscard]] Spectrum<scalar_t<H>> spectrum(const Tangent<H>& tangent, const SpectrumOptions& options,
                                             RandomEngine auto& rng) {
  if (tangent.output_dim() <= options.dense_limit) return dense_spectrum(tangent, options.eigenvectors);
  return top_spectrum(tangent, options, rng);
}

}  // namespace lazytrain
