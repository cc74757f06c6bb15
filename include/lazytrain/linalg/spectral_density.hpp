#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/lanczos.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

namespace lazytrain {

/// A mean over random probes and the standard error of that mean.
struct ProbedValue {
  double value = 0;
  double standard_error = 0;
};

struct SpectralDensityOptions {
  /// Random probes, at least 2; standard errors fall like their square root.
  Index probes = 10;
  /// Lanczos steps a probe, a product each; steps + 1 vectors are kept.
  Index steps = 80;
};

/// The spectrum of a symmetric operator A on R^n that is known by its products, as the averages
///
///     (1/n) tr f(A) = (1/n) Σ f(λ_i),
///
/// estimated by stochastic Lanczos quadrature: each probe, uniform on the sphere, gives a Gauss rule of its
/// own spectral measure, and the mean over probes is without bias up to the rule's error, which vanishes for
/// polynomials f of degree below 2 `steps`. Standard errors say how far the probes disagree; they do not see
/// the rule's error.
class SpectralDensity {
 public:
  /// Of every probe the nodes and weights of its rule; weights are positive and sum to 1.
  SpectralDensity(Index dim, std::vector<Vector<double>> nodes, std::vector<Vector<double>> weights,
                  Index products)
      : dim_(dim), nodes_(std::move(nodes)), weights_(std::move(weights)), products_(products) {
    for (const auto& x : nodes_) {
      largest_ = std::max(largest_, x.maxCoeff());
      smallest_ = std::min(smallest_, x.minCoeff());
    }
  }

  /// n.
  [[nodiscard]] Index dim() const { return dim_; }
  [[nodiscard]] Index probes() const { return static_cast<Index>(nodes_.size()); }
  /// Products with A that were spent.
  [[nodiscard]] Index products() const { return products_; }
  /// The largest and the smallest node: within the spectrum.
  [[nodiscard]] double largest() const { return largest_; }
  [[nodiscard]] double smallest() const { return smallest_; }

  /// (1/n) tr f(A).
  template <class F>
  requires std::invocable<F, double>
  [[nodiscard]] ProbedValue average(F&& f) const {
    double mean = 0, squares = 0;
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      double value = 0;
      for (Index i = 0; i < nodes_[k].size(); ++i) value += weights_[k](i) * f(nodes_[k](i));
      const double before = value - mean;
      mean += before / static_cast<double>(k + 1);
      squares += before * (value - mean);
    }
    const double count = static_cast<double>(nodes_.size());
    return {mean, std::sqrt(squares / (count * (count - 1)))};
  }

  /// Fraction of the eigenvalues that are at least x, each node counted in full: a step function within a
  /// rule's resolution.
  [[nodiscard]] ProbedValue fraction_above(double x) const {
    return average([x](double node) { return node >= x ? 1.0 : 0.0; });
  }

  /// Density of the eigenvalues at x, smoothed by a normal law of standard deviation `width`.
  /// @throws std::domain_error unless width > 0
  [[nodiscard]] ProbedValue density(double x, double width) const {
    require_positive("SpectralDensity::density", "width", width);
    const double height = 1 / (width * std::sqrt(2 * std::numbers::pi));
    return average([=](double node) {
      const double z = (node - x) / width;
      return height * std::exp(-z * z / 2);
    });
  }

  /// Density of log10 of the eigenvalues at log10 x, smoothed over `width` decades; nodes that are not
  /// positive are left out. Of kernels, whose spectra spread over decades.
  /// @throws std::domain_error unless x > 0 and width > 0
  [[nodiscard]] ProbedValue log_density(double x, double width) const {
    require_positive("SpectralDensity::log_density", "x", x);
    require_positive("SpectralDensity::log_density", "width", width);
    const double height = 1 / (width * std::sqrt(2 * std::numbers::pi));
    return average([=](double node) {
      if (node <= 0) return 0.0;
      const double z = std::log10(node / x) / width;
      return height * std::exp(-z * z / 2);
    });
  }

 private:
  Index dim_;
  std::vector<Vector<double>> nodes_;
  std::vector<Vector<double>> weights_;
  Index products_;
  double largest_ = -std::numeric_limits<double>::infinity();
  double smallest_ = std::numeric_limits<double>::infinity();
};

/// Stochastic Lanczos quadrature of the symmetric operator `apply(x, out)` on R^n, n = dim, whose vectors are
/// of type V and may live elsewhere. Probe k draws from stream k of `seed`, so that more probes extend what
/// fewer gave. Cost: probes x steps products and probes x 2 steps^2 dot products and updates.
/// @throws std::invalid_argument on dim and options, std::runtime_error if a product is not finite
template <HilbertVector V>
[[nodiscard]] SpectralDensity spectral_density(MapView<V> apply, Index dim,
                                               const SpectralDensityOptions& options = {},
                                               std::uint64_t seed = 1) {
  constexpr const char* here = "spectral_density";
  require_argument(dim >= 1, here, "dim", dim, "at least 1");
  require_argument(options.probes >= 2, here, "options.probes", options.probes, "at least 2");
  require_argument(options.steps >= 1, here, "options.steps", options.steps, "at least 1");
  std::vector<Vector<double>> nodes, weights;
  Index products = 0;
  for (Index k = 0; k < options.probes; ++k) {
    Philox rng(seed, static_cast<std::uint64_t>(k));
    LanczosProcess<V> process(placed<V>(normal_vector<typename V::Scalar>(dim, rng)));
    while (process.size() < options.steps && process.step(apply)) {
    }
    const Index m = process.size();
    products += m;
    Matrix<double> first_row = Matrix<double>::Zero(1, m);
    first_row(0, 0) = 1;
    TridiagonalEigen rule = process.eigen(std::move(first_row));
    nodes.push_back(std::move(rule.values));
    weights.push_back(rule.rows.row(0).transpose().cwiseAbs2());
  }
  return SpectralDensity(dim, std::move(nodes), std::move(weights), products);
}

/// The same for vectors of the host, Vector<S>.
template <std::floating_point S = double>
[[nodiscard]] SpectralDensity spectral_density(MapView<Vector<S>> apply, Index dim,
                                               const SpectralDensityOptions& options = {},
                                               std::uint64_t seed = 1) {
  return spectral_density<Vector<S>>(apply, dim, options, seed);
}

}  // namespace lazytrain
