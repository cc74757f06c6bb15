#pragma once

#include <algorithm>
#include <lazytrain/backend/cpu/contraction_operands.hpp>
#include <lazytrain/backend/cpu/patch_gram.hpp>

namespace lazytrain::cpu::detail {

/// The k x k block of a pair of images, from their packed deltas and their patch Gram matrix. Products are
/// summed by lanes over pieces of about `piece` of them, these over at most 32 pieces, and those sums in
/// double precision.
template <class S>
class PairContraction {
 public:
  /// Products that are summed in one register, times its lanes.
  static constexpr Index piece = 32 * packet_size<S>;

  PairContraction(const ConvShape& shape, Index outputs, bool applied, ContractionWorkspace<S>& workspace)
      : P_(shape.positions()), k_(outputs), K_(packets<S>(shape.filters)), applied_(applied) {
    V_ = applied ? std::min<Index>(P_ <= 4 ? 4 : 2, K_) : K_;
    span_ = std::max(Index(1), piece / (V_ * packet_size<S>));
    if (span_ > group) span_ = span_ / group * group;
    span_ = std::min(span_, P_);
    image_ = workspace.buffer(0, applied ? k_ * span_ * V_ * packet_size<S> : 0);
    lanes_ = workspace.buffer(1, k_ * k_ * packet_size<S>);
    sums_ = workspace.sums(k_ * k_);
  }

  /// Numbers that the packed deltas of an image take.
  [[nodiscard]] Index packed_size() const { return K_ * packet_size<S> * P_ * k_; }

  /// The deltas of an image as rows of a block.
  void pack_rows(const ConvShape& shape, const S* deltas, Index stride, S* out) const {
    pack(shape, deltas, stride, P_, out);
  }
  /// The same as columns.
  void pack_columns(const ConvShape& shape, const S* deltas, Index stride, S* out) const {
    pack(shape, deltas, stride, applied_ ? span_ : P_, out);
  }

  /// B(o, q) at o k + q.
  const double* operator()(const S* rows, const S* columns, const S* patch_gram) {
    std::fill_n(sums_, k_ * k_, 0.0);
    pieces_ = 0;
    std::fill_n(lanes_, k_ * k_ * packet_size<S>, S(0));
    if (applied_) {
      apply(rows, columns, patch_gram);
    } else {
      for (Index p = 0; p < P_; ++p) {
        for (Index q = 0; q < P_; ++q) {
          const Index width = K_ * packet_size<S>;
          add(K_, rows + p * width, P_ * width, columns + q * width, P_ * width,
              patch_gram[grouped(P_, p, q)]);
        }
      }
    }
    flush();
    return sums_;
  }

 private:
  void pack(const ConvShape& shape, const S* deltas, Index stride, Index span, S* out) const {
    for (Index v = 0; v < K_; v += V_) {
      const Index at = v * packet_size<S>;
      pack_deltas(shape, deltas, stride, k_, at, std::min(V_, K_ - v), span, out + at * P_ * k_);
    }
  }

  void apply(const S* rows, const S* columns, const S* patch_gram) {
    for (Index v = 0; v < K_; v += V_) {
      const Index V = std::min(V_, K_ - v), width = V * packet_size<S>;
      const S* left = rows + v * packet_size<S> * P_ * k_;
      const S* right = columns + v * packet_size<S> * P_ * k_;
      for (Index q = 0; q < P_; q += span_) {
        const Index count = std::min(span_, P_ - q), row = count * width;
        // The columns are read when the image is complete; until then they are on their way.
        const Index fetch = std::max<Index>(1, outer_accumulators * packet_size<S> / P_);
        const S* columns_here = right + q * width * k_;
        for (Index o = 0; o < k_; ++o) {
          multiply_panel(V, P_, left + o * P_ * width, width, patch_gram + grouped(P_, 0, q), count,
                         image_ + o * row, width, {columns_here + o * row, fetch});
        }
        add(count * V, image_, row, columns_here, row, S(1));
      }
    }
  }

  void add(Index steps, const S* x, Index x_stride, const S* y, Index y_stride, S scale) {
    if (++pieces_ > 32) flush();
    add_inner_products(k_, k_, steps, x, x_stride, y, y_stride, scale, lanes_, k_);
  }

  void flush() {
    for (Index e = 0; e < k_ * k_; ++e) {
      sums_[e] += static_cast<double>(sum_of_lanes(lanes_ + e * packet_size<S>));
    }
    std::fill_n(lanes_, k_ * k_ * packet_size<S>, S(0));
    pieces_ = 0;
  }

  Index P_, k_, K_, V_ = 1, span_ = 1, pieces_ = 0;
  bool applied_;
  S* image_;
  S* lanes_;
  double* sums_;
};

/// out = or += the blocks of all pairs, or of the pairs i >= j if `symmetric`, into the lower half.
template <class S, class Out>
void contract_pairs(const ConvShape& shape, Index outputs, bool bias, bool applied, bool symmetric,
                    const LayerSamples<S>& rows, const LayerSamples<S>& columns, Out& out, Write write,
                    ContractionWorkspace<S>& workspace) {
  const Index n = rows.activations.cols(), m = columns.activations.cols(), k = outputs, C = shape.channels;
  PatchGram<S> patch_gram(shape);
  PairContraction<S> pair(shape, k, applied, workspace);
  const Index U = patch_gram.pixels(), P = shape.positions();
  const Index an_image = pair.packed_size() + U * C + U * U;
  const Index many =
      std::max<Index>(1, static_cast<Index>(workspace.memory() / sizeof(S)) / std::max<Index>(an_image, 1));
  const Index chunk = std::min(many, m), row = patch_gram.row_size(chunk);
  // Rows whose deltas share a second-level cache: the deltas of a column come once for all of them.
  const Index tile = std::clamp<Index>((Index(1) << 20) / static_cast<Index>(sizeof(S)) / pair.packed_size(),
                                       1, std::max<Index>(1, n));
  S* left_deltas = workspace.buffer(2, pair.packed_size() * tile);
  S* left_pixels = workspace.buffer(3, grouped_size(C, U));
  S* right_deltas = workspace.buffer(4, pair.packed_size() * chunk);
  S* right_pixels = workspace.buffer(5, row * C);
  S* products = workspace.buffer(6, row * U * tile);
  S* gram = workspace.buffer(7, grouped_size(P, P));
  const Index row_stride = rows.deltas.outerStride(), stride = columns.deltas.outerStride();
  for (Index first = 0; first < m; first += chunk) {
    const Index count = std::min(chunk, m - first);
    patch_gram.pack_pixels(columns.activations.data() + first * columns.activations.outerStride(),
                           columns.activations.outerStride(), count, right_pixels);
    for (Index j = 0; j < count; ++j) {
      pair.pack_columns(shape, columns.deltas.data() + (first + j) * k * stride, stride,
                        right_deltas + j * pair.packed_size());
    }
    for (Index top = symmetric ? first : 0; top < n; top += tile) {
      const Index height = std::min(tile, n - top);
      for (Index i = 0; i < height; ++i) {
        pair.pack_rows(shape, rows.deltas.data() + (top + i) * k * row_stride, row_stride,
                       left_deltas + i * pair.packed_size());
        patch_gram.group_pixels(rows.activations.data() + (top + i) * rows.activations.outerStride(),
                                left_pixels);
        const Index needed = symmetric ? std::min(count, top + i - first + 1) : count;
        patch_gram.pixel_products(left_pixels, right_pixels, count, needed, products + i * row * U);
      }
      for (Index j = 0; j < count; ++j) {
        for (Index i = symmetric ? std::max<Index>(0, first + j - top) : 0; i < height; ++i) {
          patch_gram(products + i * row * U + j * U, patch_gram.row_size(count), S(bias ? 1 : 0), gram);
          const double* block =
              pair(left_deltas + i * pair.packed_size(), right_deltas + j * pair.packed_size(), gram);
          for (Index q = 0; q < k; ++q) {
            for (Index o = 0; o < k; ++o) {
              S& place = out((top + i) * k + o, (first + j) * k + q);
              const S value = static_cast<S>(block[o * k + q]);
              place = write == Write::assign ? value : place + value;
            }
          }
        }
      }
    }
  }
}

}  // namespace lazytrain::cpu::detail
