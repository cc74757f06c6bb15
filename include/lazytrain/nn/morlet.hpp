#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <numbers>
#include <vector>

namespace lazytrain::nn {

/// A real or complex filter on the (2 radius + 1)^2 points around 0; row ky, column kx is the value at
/// (ky - radius, kx - radius).
struct PlaneFilter {
  Index radius = 0;
  Matrix<std::complex<double>> values;
};

namespace detail {

/// Its Fourier transform at the frequencies 2 pi (ky / height, kx / width), height x width. Cost: two
/// products.
[[nodiscard]] inline Matrix<std::complex<double>> transfer(const PlaneFilter& filter, Index height,
                                                           Index width) {
  const auto waves = [&filter](Index frequencies) {
    Matrix<std::complex<double>> e(frequencies, 2 * filter.radius + 1);
    for (Index k = 0; k < e.rows(); ++k) {
      for (Index u = 0; u < e.cols(); ++u) {
        e(k, u) = std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k * (u - filter.radius)) /
                                      static_cast<double>(frequencies));
      }
    }
    return e;
  };
  // Small and rare: plain sums compile in a fraction of the time of blocked products.
  using Plane = Matrix<std::complex<double>>;
  const auto product = [](const Plane& a, const Plane& b) {
    Plane sum = Plane::Zero(a.rows(), b.cols());
    for (Index j = 0; j < b.cols(); ++j) {
      for (Index k = 0; k < a.cols(); ++k) {
        for (Index i = 0; i < a.rows(); ++i) sum(i, j) += a(i, k) * b(k, j);
      }
    }
    return sum;
  };
  return product(product(waves(height), filter.values), waves(width).transpose());
}

}  // namespace detail

/// A family of Morlet wavelets and Gaussian averages in the plane, the filters of a scattering transform
/// (Bruna and Mallat 2013). At scale j and angle θ, with e the unit vector of θ,
///
///     ψ_jθ(u) = c g(u) (exp(i ξ u·e) - β),    g(u) = exp(-(|u·e|^2 + s^2 |u·e_⊥|^2) / (2 σ^2)) s / (2 π
///     σ^2),
///
/// with σ = 0.8 2^j, ξ = (3 π / 4) 2^-j, s = 4 / L and β such that sum ψ = 0 exactly, cut off beyond three
/// deviations; φ_m is the Gaussian of deviation 0.8 2^m of sum 1. Angles are π l / L, l < L. The factor c is
/// the largest with which every real image x of the torus that the family is made for has
///
///     ||x * φ_m||^2 + sum over j < m and θ of ||x * ψ_jθ||^2 <= ||x||^2       for m = 1, ..., J:
///
/// the family is non-expansive, to rounding, and tight at some frequency beside 0.
class MorletFamily {
 public:
  /// For images of at most height x width points, periodic or reflected at the border.
  /// @throws std::invalid_argument unless J, L, height and width are at least 1
  MorletFamily(Index scales, Index orientations, Index height, Index width) {
    require_argument(scales >= 1, "MorletFamily", "scales", scales, "at least 1");
    require_argument(orientations >= 1, "MorletFamily", "orientations", orientations, "at least 1");
    require_argument(height >= 1, "MorletFamily", "height", height, "at least 1");
    require_argument(width >= 1, "MorletFamily", "width", width, "at least 1");
    for (Index j = 0; j < scales; ++j) {
      wavelets_.emplace_back();
      for (Index l = 0; l < orientations; ++l) wavelets_.back().push_back(wavelet(j, l, orientations));
      averages_.push_back(average(j + 1));
    }
    // A reflected image is periodic at twice its size.
    const double factor = std::sqrt(largest_square(2 * height, 2 * width));
    for (auto& scale : wavelets_) {
      for (PlaneFilter& filter : scale) filter.values *= factor;
    }
  }

  /// J.
  [[nodiscard]] Index scales() const { return static_cast<Index>(wavelets_.size()); }
  /// L.
  [[nodiscard]] Index orientations() const { return static_cast<Index>(wavelets_.front().size()); }
  /// ψ_jθ for θ = π l / L. @throws std::out_of_range unless 0 <= j < J and 0 <= l < L
  [[nodiscard]] const PlaneFilter& wavelet(Index j, Index l) const {
    return wavelets_.at(static_cast<std::size_t>(j)).at(static_cast<std::size_t>(l));
  }
  /// φ_m. @throws std::out_of_range unless 1 <= m <= J
  [[nodiscard]] const PlaneFilter& average_filter(Index m) const {
    return averages_.at(static_cast<std::size_t>(m - 1));
  }

  /// |φ_m|^2 + sum over j < m and θ of (|ψ_jθ(ω)|^2 + |ψ_jθ(-ω)|^2) / 2 of Fourier transforms, at the
  /// frequencies of a torus of height x width points: what the family keeps of the energy of real images.
  /// @throws std::out_of_range unless 1 <= m <= J
  [[nodiscard]] Matrix<double> energy(Index m, Index height, Index width) const {
    return detail::transfer(average_filter(m), height, width).cwiseAbs2() + wavelet_energy(m, height, width);
  }

 private:
  [[nodiscard]] static PlaneFilter gaussian(double sigma, double slant, double angle) {
    PlaneFilter filter;
    filter.radius = static_cast<Index>(std::ceil(3 * sigma / std::min(1.0, slant)));
    filter.values.resize(2 * filter.radius + 1, 2 * filter.radius + 1);
    for (Index y = -filter.radius; y <= filter.radius; ++y) {
      for (Index x = -filter.radius; x <= filter.radius; ++x) {
        const double along =
            std::cos(angle) * static_cast<double>(x) + std::sin(angle) * static_cast<double>(y);
        const double across =
            slant * (std::cos(angle) * static_cast<double>(y) - std::sin(angle) * static_cast<double>(x));
        filter.values(y + filter.radius, x + filter.radius) =
            std::exp(-(along * along + across * across) / (2 * sigma * sigma)) * slant /
            (2 * std::numbers::pi * sigma * sigma);
      }
    }
    return filter;
  }

  [[nodiscard]] static PlaneFilter average(Index m) {
    PlaneFilter filter = gaussian(0.8 * std::ldexp(1.0, static_cast<int>(m)), 1.0, 0.0);
    filter.values /= filter.values.sum();
    return filter;
  }

  [[nodiscard]] static PlaneFilter wavelet(Index j, Index l, Index orientations) {
    const double width = std::ldexp(1.0, static_cast<int>(j));
    const double angle = std::numbers::pi * static_cast<double>(l) / static_cast<double>(orientations);
    PlaneFilter filter = gaussian(0.8 * width, 4.0 / static_cast<double>(orientations), angle);
    const Matrix<std::complex<double>> envelope = filter.values;
    for (Index y = -filter.radius; y <= filter.radius; ++y) {
      for (Index x = -filter.radius; x <= filter.radius; ++x) {
        const double along =
            std::cos(angle) * static_cast<double>(x) + std::sin(angle) * static_cast<double>(y);
        filter.values(y + filter.radius, x + filter.radius) *=
            std::polar(1.0, 0.75 * std::numbers::pi / width * along);
      }
    }
    // The sum is real: the values at u and -u are conjugate.
    filter.values -= filter.values.sum().real() / envelope.sum() * envelope;
    return filter;
  }

  [[nodiscard]] Matrix<double> wavelet_energy(Index m, Index height, Index width) const {
    Matrix<double> sum = Matrix<double>::Zero(height, width);
    for (Index j = 0; j < m; ++j) {
      for (Index l = 0; l < orientations(); ++l) {
        const Matrix<double> squares = detail::transfer(wavelet(j, l), height, width).cwiseAbs2();
        for (Index x = 0; x < width; ++x) {
          for (Index y = 0; y < height; ++y) {
            sum(y, x) += 0.5 * (squares(y, x) + squares((height - y) % height, (width - x) % width));
          }
        }
      }
    }
    return sum;
  }

  /// The largest c^2 on a torus. At frequency 0 the average keeps everything and wavelets nothing.
  [[nodiscard]] double largest_square(Index height, Index width) const {
    double least = std::numeric_limits<double>::infinity();
    for (Index m = 1; m <= scales(); ++m) {
      const Matrix<double> low = detail::transfer(average_filter(m), height, width).cwiseAbs2();
      const Matrix<double> high = wavelet_energy(m, height, width);
      for (Index x = 0; x < width; ++x) {
        for (Index y = 0; y < height; ++y) {
          if (x == 0 && y == 0) continue;
          least = std::min(least, (1 - low(y, x)) / high(y, x));
        }
      }
    }
    return least;
  }

  std::vector<std::vector<PlaneFilter>> wavelets_;
  std::vector<PlaneFilter> averages_;
};

}  // namespace lazytrain::nn
