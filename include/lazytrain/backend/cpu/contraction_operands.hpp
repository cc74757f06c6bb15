#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/ordered_products.hpp>

namespace lazytrain::cpu {

/// What a layer of a network hands to its part of the tangent kernel, for n images of k outputs.
template <class S>
struct LayerSamples {
  /// shape.input_dim() x n, one column an image.
  Eigen::Ref<const Matrix<S>> activations;
  /// shape.output_dim() x (n k): column i k + o is the derivative of output o of image i with respect to the
  /// layer's outputs before their activation.
  Eigen::Ref<const Matrix<S>> deltas;
};

/// Scratch memory of contractions; it grows to what the largest needs and stays. One a thread.
template <class S>
class ContractionWorkspace {
 public:
  static constexpr std::size_t buffers = 8;

  /// `memory`: bytes that packed images may take (one is always held). The results do not depend on it.
  explicit ContractionWorkspace(std::size_t memory = std::size_t(32) << 20) : memory_(memory) {}

  [[nodiscard]] std::size_t memory() const { return memory_; }

  /// At least `size` numbers, uninitialized; valid until the same buffer is asked for again.
  [[nodiscard]] S* buffer(std::size_t which, Index size) { return grown(packed_.at(which), size); }
  /// The same for the sums of sums, which are taken in double precision.
  [[nodiscard]] double* sums(Index size) { return grown(sums_, size); }

  /// Bytes held.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t numbers = 0;
    for (const auto& buffer : packed_) numbers += static_cast<std::size_t>(buffer.size());
    return numbers * sizeof(S) + static_cast<std::size_t>(sums_.size()) * sizeof(double);
  }

 private:
  template <class T>
  static T* grown(Vector<T>& buffer, Index size) {
    if (buffer.size() < size) buffer.resize(size);
    return buffer.data();
  }

  std::size_t memory_;
  std::array<Vector<S>, buffers> packed_;
  Vector<double> sums_;
};

/// V packets of a row of filters, of which `count` are there; the others become zeros.
template <class S>
void pack_row(const S* filters, Index count, Index V, S* out) {
  namespace simd = Eigen::internal;
  const Index whole = count / packet_size<S>;
  for (Index v = 0; v < whole; ++v) {
    simd::pstoreu(out + v * packet_size<S>, simd::ploadu<Packet<S>>(filters + v * packet_size<S>));
  }
  for (Index f = whole * packet_size<S>; f < V * packet_size<S>; ++f) out[f] = f < count ? filters[f] : S(0);
}

/// The deltas of V packets of filters from `first` on, with zeros for filters that are not there: for every
/// `span` of the positions, in it for every output, in it for every position a row of V packets. `deltas`:
/// one column an output, `stride` apart.
template <class S>
void pack_deltas(const ConvShape& shape, const S* deltas, Index stride, Index outputs, Index first, Index V,
                 Index span, S* out) {
  const Index width = V * packet_size<S>, count = std::min(width, shape.filters - first);
  for (Index p = 0; p < shape.positions(); p += span) {
    const Index last = std::min(p + span, shape.positions());
    for (Index o = 0; o < outputs; ++o) {
      const S* delta = deltas + o * stride + first;
      for (Index q = p; q < last; ++q, out += width) pack_row(delta + q * shape.filters, count, V, out);
    }
  }
}

/// Columns first, ..., first + count - 1 of the patches of an image, followed by a column of ones (the input
/// of the bias, column shape.patch_dim()), as a right operand (`grouped`) whose rows are positions.
template <class S>
void group_patches(const ConvShape& shape, const S* image, Index first, Index count, S* out) {
  const Index P = shape.positions(), c = shape.channels, width = shape.output_width();
  for (Index n = 0; n < count;) {
    const Index column = first + n, tap = column / c;
    const Index run = std::min(c - column % c, count - n);
    for (Index p = 0; p < P; ++p) {
      const Index y = p / width * shape.stride + tap / shape.kernel - shape.padding;
      const Index x = p % width * shape.stride + tap % shape.kernel - shape.padding;
      const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
      if (column == shape.patch_dim()) {
        out[grouped(P, p, n)] = S(1);
      } else if (inside) {
        const S* pixel = image + (y * shape.width + x) * c + column % c;
        for (Index r = 0; r < run; ++r) out[grouped(P, p, n + r)] = pixel[r];
      } else {
        for (Index r = 0; r < run; ++r) out[grouped(P, p, n + r)] = S(0);
      }
    }
    n += column == shape.patch_dim() ? 1 : run;
  }
}

}  // namespace lazytrain::cpu
