#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/image_shape.hpp>
#include <lazytrain/nn/morlet.hpp>
#include <utility>
#include <vector>

namespace lazytrain::nn {

/// What stands beyond the border of an image.
enum class Border {
  periodic,  ///< the image again
  reflected  ///< its mirror image, the outermost pixels twice
};

/// Sizes of a `Scattering` transform, and its border.
struct ScatteringOptions {
  /// J: averages are over about 2^J pixels.
  Index scales = 2;
  /// L: angles in half a turn.
  Index orientations = 8;
  Border border = Border::reflected;
};

/// The two-layer scattering transform of an image (Bruna and Mallat 2013), each channel by itself: with the
/// wavelets ψ and averages φ of `MorletFamily`,
///
///     S0 = x * φ_J,    S1 = |x * ψ_jθ| * φ_J,    S2 = | |x * ψ_jθ| * ψ_j'θ' | * φ_J  for j < j',
///
/// on every 2^J-th pixel: 1 + J L + J (J - 1) L^2 / 2 numbers a channel and position, features that know
/// images in general and were not learned. What passed scale j is kept on every 2^j-th pixel, where the
/// filters are those of scales less by j. The transform is non-expansive, ||S x - S z|| <= ||x - z||, and
/// constants have S1 = S2 = 0.
///
///     const nn::Scattering<float> transform({3, 32, 32});
///     const Matrix<float> features = transform(images);          // (243 8 8) x n
///
/// A convolution has the real and imaginary parts of all angles as its filters; images go through one by one,
/// so that the bits depend neither on the number of threads nor on the images beside.
template <std::floating_point S>
class Scattering {
 public:
  /// @throws std::invalid_argument if J or L is below 1 or height or width is no multiple of 2^J
  explicit Scattering(const ImageShape& input, const ScatteringOptions& options = {},
                      cpu::Backend<S> backend = cpu::Backend<S>())
      : input_(input), options_(options), backend_(std::move(backend)) {
    require_argument(input.channels >= 1, "Scattering", "input.channels", input.channels, "at least 1");
    require_argument(options.scales >= 1 && options.scales < 32, "Scattering", "options.scales",
                     options.scales, "at least 1, and 2^scales no larger than the image");
    const Index reduction = Index(1) << options.scales;
    require_argument(input.height % reduction == 0, "Scattering", "input.height", input.height,
                     "a multiple of 2^scales");
    require_argument(input.width % reduction == 0, "Scattering", "input.width", input.width,
                     "a multiple of 2^scales");
    const MorletFamily family(options.scales, options.orientations, input.height, input.width);
    for (Index r = 0; r < options.scales; ++r) {
      averages_.push_back(filters(r, options.scales, {family.average_filter(options.scales - r)}));
      wavelets_.emplace_back();
      for (Index j = r; j < options.scales; ++j) {
        std::vector<PlaneFilter> angles;
        for (Index l = 0; l < options.orientations; ++l) angles.push_back(family.wavelet(j - r, l));
        wavelets_.back().push_back(filters(r, j, angles));
      }
    }
  }

  [[nodiscard]] ImageShape input_shape() const { return input_; }
  /// Channel c paths() + q is path q of channel c of the input. Paths: S0; S1 by j, then angle; S2 by j, then
  /// j', then the angle of j, then that of j'.
  [[nodiscard]] ImageShape output_shape() const {
    return {input_.channels * paths(), input_.height >> options_.scales, input_.width >> options_.scales};
  }
  /// Numbers that a channel and position of the result has for a channel of the input.
  [[nodiscard]] Index paths() const {
    const Index J = options_.scales, L = options_.orientations;
    return 1 + J * L + J * (J - 1) / 2 * L * L;
  }

  /// The transforms of the columns of X, images in a network's layout.
  /// @throws std::invalid_argument if X has not the input's rows
  [[nodiscard]] Matrix<S> operator()(const Matrix<S>& X) const {
    require_size("Scattering", "X.rows()", X.rows(), input_.dim(), "the coordinates of an image");
    Matrix<S> out(output_shape().dim(), X.cols());
    std::vector<Workspace> workspaces(static_cast<std::size_t>(backend_.threads()));
    backend_.for_chunks(X.cols(), [&](Index i, Index worker) {
      transform(X.data() + i * X.rows(), out.data() + i * out.rows(),
                workspaces[static_cast<std::size_t>(worker)]);
    });
    return out;
  }

 private:
  /// Filters on maps at resolution `from` (every 2^from-th pixel) with results at resolution `to`.
  struct Filters {
    Index from;
    Index radius;
    cpu::ConvWeights<S> weights;
    [[nodiscard]] const ConvShape& shape() const { return weights.shape(); }
  };

  /// Buffers of one thread.
  struct Workspace {
    cpu::ConvWorkspace<S> scratch;
    Vector<S> padded, response;
    /// Maps of the image, after one modulus, after two.
    std::array<Vector<S>, 3> maps;
  };

  [[nodiscard]] Filters filters(Index from, Index to, const std::vector<PlaneFilter>& planes) const {
    const Index radius = planes.front().radius, size = 2 * radius + 1;
    const auto count = static_cast<Index>(planes.size());
    const bool real = planes.front().values.imag().isZero(0);
    const ConvShape shape{.channels = 1,
                          .height = (input_.height >> from) + 2 * radius,
                          .width = (input_.width >> from) + 2 * radius,
                          .filters = real ? count : 2 * count,
                          .kernel = size,
                          .stride = Index(1) << (to - from),
                          .padding = 0};
    Matrix<S> w(shape.filters, size * size);
    for (Index f = 0; f < count; ++f) {
      for (Index q = 0; q < size * size; ++q) {
        const auto value = planes[static_cast<std::size_t>(f)].values(q / size, q % size);
        w(f, q) = static_cast<S>(value.real());
        if (!real) w(count + f, q) = static_cast<S>(value.imag());
      }
    }
    return {from, radius, backend_.weights(shape, w.data())};
  }

  /// Where pixel i of a line of `size` is found, for any i.
  [[nodiscard]] Index inside(Index i, Index size) const {
    const bool periodic = options_.border == Border::periodic;
    const Index period = periodic ? size : 2 * size;
    const Index place = (i % period + period) % period;
    return place < size ? place : period - 1 - place;
  }

  /// workspace.response = the filters on `count` maps, each height x width, rows first, one after the other:
  /// channels of a position side by side, as of a convolution.
  void convolve(const Filters& filters, const Vector<S>& maps, Index count, Workspace& workspace) const {
    const ConvShape& shape = filters.shape();
    const Index height = input_.height >> filters.from, width = input_.width >> filters.from;
    grow(workspace.padded, count * shape.input_dim());
    S* out = workspace.padded.data();
    for (Index k = 0; k < count; ++k) {
      for (Index y = 0; y < shape.height; ++y) {
        const S* row = maps.data() + (k * height + inside(y - filters.radius, height)) * width;
        for (Index x = 0; x < shape.width; ++x) *out++ = row[inside(x - filters.radius, width)];
      }
    }
    grow(workspace.response, count * shape.output_dim());
    backend_.convolve(filters.weights, workspace.padded.data(), count, workspace.response.data(),
                      Write::assign, workspace.scratch);
  }

  /// out = the moduli of the wavelets' responses: maps of each angle in turn for each of the `count` maps.
  void moduli(const Filters& wavelets, const Vector<S>& maps, Index count, Vector<S>& out,
              Workspace& workspace) const {
    convolve(wavelets, maps, count, workspace);
    const Index L = options_.orientations, positions = wavelets.shape().positions();
    grow(out, count * L * positions);
    const S* z = workspace.response.data();
    for (Index k = 0; k < count; ++k) {
      for (Index p = 0; p < positions; ++p, z += 2 * L) {
        for (Index l = 0; l < L; ++l) {
          out((k * L + l) * positions + p) = std::sqrt(z[l] * z[l] + z[L + l] * z[L + l]);
        }
      }
    }
  }

  /// Writes the averages of maps at resolution r, `count` for each channel, to paths first, first + 1, ...
  void average(Index r, const Vector<S>& maps, Index first, Index count, S* out, Workspace& workspace) const {
    const Filters& low = averages_[static_cast<std::size_t>(r)];
    convolve(low, maps, input_.channels * count, workspace);
    const Index positions = low.shape().positions(), channels = input_.channels * paths();
    const S* z = workspace.response.data();
    for (Index c = 0; c < input_.channels; ++c) {
      for (Index q = first; q < first + count; ++q) {
        for (Index p = 0; p < positions; ++p) out[c * paths() + q + channels * p] = *z++;
      }
    }
  }

  void transform(const S* image, S* out, Workspace& workspace) const {
    auto& [pixels, once, twice] = workspace.maps;
    const Index J = options_.scales, L = options_.orientations, C = input_.channels;
    grow(pixels, input_.dim());
    Eigen::Map<Matrix<S>>(pixels.data(), input_.positions(), C) =
        Eigen::Map<const Matrix<S>>(image, C, input_.positions()).transpose();
    average(0, pixels, 0, 1, out, workspace);
    Index second = 1 + J * L;
    for (Index j = 0; j < J; ++j) {
      moduli(wavelets_[0][static_cast<std::size_t>(j)], pixels, C, once, workspace);
      average(j, once, 1 + j * L, L, out, workspace);
      for (Index k = j + 1; k < J; ++k, second += L * L) {
        moduli(wavelets_[static_cast<std::size_t>(j)][static_cast<std::size_t>(k - j)], once, C * L, twice,
               workspace);
        average(k, twice, second, L * L, out, workspace);
      }
    }
  }

  static void grow(Vector<S>& buffer, Index size) {
    if (buffer.size() < size) buffer.resize(size);
  }

  ImageShape input_;
  ScatteringOptions options_;
  cpu::Backend<S> backend_;
  /// φ_J at resolution r.
  std::vector<Filters> averages_;
  /// Place r, j - r: ψ_j at resolution r.
  std::vector<std::vector<Filters>> wavelets_;
};

}  // namespace lazytrain::nn
