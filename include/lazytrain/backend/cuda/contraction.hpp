#pragma once

#include <algorithm>
#include <lazytrain/backend/cuda/convolution.hpp>
#include <lazytrain/backend/kernel_contraction.hpp>
#include <limits>

/// What a layer adds to the tangent kernel, by matrix products: see kernel_contraction.hpp for the sum and
/// the three ways, each of which is here arranged for few and large products.
namespace lazytrain::cuda {

/// What a layer of a network hands to its part of the tangent kernel: as cpu::LayerSamples, in the executor's
/// memory.
template <class S>
struct LayerSamples {
  const S* activations = nullptr;
  const S* deltas = nullptr;
  Index images = 0;
};

/// A block of a kernel: columns are `stride` numbers apart.
template <class S>
struct KernelBlock {
  S* data = nullptr;
  Index stride = 0;
};

namespace detail {

/// out[(i,o), (j,q)] += (a[i, j] + bias) d[(i,o), (j,q)].
template <class S>
struct AddWeighted {
  const S* a;
  const S* d;
  Index rows;
  Index outputs;
  S bias;
  KernelBlock<S> out;
  constexpr void operator()(Index thread) const {
    const Index row = thread % rows, column = thread / rows;
    const S weight = a[row / outputs + rows / outputs * (column / outputs)] + bias;
    out.data[row + out.stride * column] += weight * d[thread];
  }
};

/// The gradient of a bias: the sum of a delta over its positions.
template <class S>
struct SumPositions {
  const S* deltas;
  Index filters;
  Index positions;
  S* out;
  constexpr void operator()(Index thread) const {
    const Index filter = thread % filters, column = thread / filters;
    S sum(0);
    for (Index p = 0; p < positions; ++p) sum += deltas[filter + filters * (p + positions * column)];
    out[thread] = sum;
  }
};

/// x_i += a.
template <class S>
struct ShiftEntry {
  S a;
  S* x;
  constexpr void operator()(Index i) const { x[i] += a; }
};

}  // namespace detail

/// The cost of a contraction on a device in operations: those of the products, and what fits into the time of
/// the rest: 20 for every byte that goes through the memory, 3e8 for every launch. These are quotients of an
/// H100's data sheet in single precision, 67e12 operations and 3.35e12 bytes a second, and 5 microseconds a
/// launch; not measured.
/// @throws std::invalid_argument as `lazytrain::contraction_cost`
[[nodiscard]] inline double contraction_cost(const ConvShape& shape, const ContractionSize& size,
                                             KernelContraction method, double bytes_of_number) {
  (void)lazytrain::contraction_cost(shape, size, method);
  const auto real = [](Index value) { return static_cast<double>(value); };
  const double launch = 3e8, number = 20 * bytes_of_number;
  const double n = real(size.rows), m = real(size.columns), k = real(size.outputs), K = real(shape.filters),
               P = real(shape.positions()), c = real(shape.patch_dim());
  const double N = n * k, M = m * k, images = size.symmetric ? n : n + m;
  if (method == KernelContraction::jacobian) {
    return 2 * N * M * K * c + images * (launch + k * K * c * (2 * P + 2 * number));
  }
  if (method == KernelContraction::gram) {
    return P * P * (3 * launch + 2 * n * m * c + N * M * (2 * K + 4 * number));
  }
  return n *
         (4 * launch + m * (2 * c * P * P + k * K * P * (2 * P + 2 * k + 2 * number) + 2 * k * k * number));
}

/// The contractions of an executor. `numbers`: the most numbers of gradients or of applied deltas held at a
/// time, but those of one filter or one image at least; beside them the patches of the images are held.
template <class S, Executor E>
class Contraction {
 public:
  Contraction(typename E::Products& products, Index numbers, Workspace<S, E>& scratch)
      : products_(products), numbers_(numbers), scratch_(scratch) {}

  /// out += the layer's part of the kernel between rows and columns.
  /// @throws std::invalid_argument if the method is automatic
  void contract(const LayerContraction& layer, const LayerSamples<S>& rows, const LayerSamples<S>& columns,
                const KernelBlock<S>& out) const {
    require_conv_shape("contract", layer.shape);
    require_argument(layer.outputs >= 1, "contract", "layer.outputs", layer.outputs, "at least 1");
    if (rows.images == 0 || columns.images == 0) return;
    switch (layer.method) {
      case KernelContraction::jacobian:
        return by_jacobian(layer, rows, columns, out);
      case KernelContraction::gram:
        return by_gram(layer, rows, columns, out);
      case KernelContraction::applied:
        return by_applied(layer, rows, columns, out);
      case KernelContraction::automatic:
        break;
    }
    raise<std::invalid_argument>(
        "contract",
        "layer.method is automatic, expected that of choose_contraction for all blocks of "
        "the kernel");
  }

 private:
  /// Gradients of some filters at a time, of all images; their inner products.
  void by_jacobian(const LayerContraction& layer, const LayerSamples<S>& rows, const LayerSamples<S>& columns,
                   const KernelBlock<S>& out) const {
    const ConvShape& s = layer.shape;
    const Index N = rows.images * layer.outputs, M = columns.images * layer.outputs;
    const bool same = rows.deltas == columns.deltas && N == M;
    const Index most = std::clamp<Index>(numbers_ / (s.patch_dim() * (N + M)), 1, s.filters);
    for (Index first = 0; first < s.filters; first += most) {
      const Index filters = std::min(most, s.filters - first);
      const S* const left = gradients(layer, rows, first, filters, 1);
      const S* const right = same ? left : gradients(layer, columns, first, filters, 2);
      inner_products(filters * s.patch_dim(), left, N, right, M, out);
    }
    if (!layer.bias) return;
    const S* const left = bias_gradients(layer, rows, 1);
    const S* const right = same ? left : bias_gradients(layer, columns, 2);
    inner_products(s.filters, left, N, right, M, out);
  }

  /// filters patch_dim() x (images k): column i k + o is the gradient of output o of image i.
  [[nodiscard]] const S* gradients(const LayerContraction& layer, const LayerSamples<S>& samples, Index first,
                                   Index filters, std::size_t buffer) const {
    const ConvShape& s = layer.shape;
    const Index dim = s.patch_dim(), P = s.positions(), k = layer.outputs;
    S* const out = scratch_.buffer(buffer, filters * dim * samples.images * k);
    const S* const x = patches(s, samples, 0);
    for (Index i = 0; i < samples.images; ++i) {
      products_.multiply(MatrixProduct<S>{.right = Transpose::yes,
                                          .m = filters,
                                          .n = dim,
                                          .k = P,
                                          .a = samples.deltas + i * k * s.output_dim() + first,
                                          .lda = s.filters,
                                          .b = x + i * dim * P,
                                          .ldb = dim,
                                          .c = out + i * k * filters * dim,
                                          .ldc = filters,
                                          .count = k,
                                          .step_a = s.output_dim(),
                                          .step_c = filters * dim});
    }
    return out;
  }
  [[nodiscard]] const S* bias_gradients(const LayerContraction& layer, const LayerSamples<S>& samples,
                                        std::size_t buffer) const {
    const Index size = layer.shape.filters * samples.images * layer.outputs;
    S* const out = scratch_.buffer(buffer, size);
    E::for_each(size,
                detail::SumPositions<S>{samples.deltas, layer.shape.filters, layer.shape.positions(), out});
    return out;
  }
  /// out += the inner products of the columns of two matrices of `size` rows.
  void inner_products(Index size, const S* left, Index rows, const S* right, Index columns,
                      const KernelBlock<S>& out) const {
    products_.multiply(MatrixProduct<S>{.left = Transpose::yes,
                                        .m = rows,
                                        .n = columns,
                                        .k = size,
                                        .a = left,
                                        .lda = size,
                                        .b = right,
                                        .ldb = size,
                                        .beta = S(1),
                                        .c = out.data,
                                        .ldc = out.stride});
  }

  /// For every pair of positions the Gram matrices of patches and of deltas, of all images.
  void by_gram(const LayerContraction& layer, const LayerSamples<S>& rows, const LayerSamples<S>& columns,
               const KernelBlock<S>& out) const {
    const ConvShape& s = layer.shape;
    const Index dim = s.patch_dim(), P = s.positions(), n = rows.images, m = columns.images;
    const Index N = n * layer.outputs, M = m * layer.outputs;
    const S* const x = patches(s, rows, 0);
    const S* const z = rows.activations == columns.activations && n == m ? x : patches(s, columns, 1);
    S* const a = scratch_.buffer(2, n * m);
    S* const d = scratch_.buffer(3, N * M);
    for (Index p = 0; p < P; ++p) {
      for (Index q = 0; q < P; ++q) {
        products_.multiply(MatrixProduct<S>{.left = Transpose::yes,
                                            .m = n,
                                            .n = m,
                                            .k = dim,
                                            .a = x + p * dim,
                                            .lda = P * dim,
                                            .b = z + q * dim,
                                            .ldb = P * dim,
                                            .c = a,
                                            .ldc = n});
        products_.multiply(MatrixProduct<S>{.left = Transpose::yes,
                                            .m = N,
                                            .n = M,
                                            .k = s.filters,
                                            .a = rows.deltas + p * s.filters,
                                            .lda = s.output_dim(),
                                            .b = columns.deltas + q * s.filters,
                                            .ldb = s.output_dim(),
                                            .c = d,
                                            .ldc = N});
        E::for_each(N * M, detail::AddWeighted<S>{a, d, N, layer.outputs, layer.bias ? S(1) : S(0), out});
      }
    }
  }

  /// For every image of the rows: its patches' Gram matrix with all others, applied to its deltas, and inner
  /// products with those of the others.
  void by_applied(const LayerContraction& layer, const LayerSamples<S>& rows, const LayerSamples<S>& columns,
                  const KernelBlock<S>& out) const {
    const ConvShape& s = layer.shape;
    const Index dim = s.patch_dim(), P = s.positions(), k = layer.outputs, m = columns.images;
    const Index size = s.output_dim();
    const S* const z = patches(s, columns, 0);
    S* const a = scratch_.buffer(2, P * P * m);
    const Index group = std::clamp<Index>(numbers_ / (size * k), 1, m);
    S* const applied = scratch_.buffer(3, size * k * group);
    for (Index i = 0; i < rows.images; ++i) {
      const S* const x = patches(s, {rows.activations + i * s.input_dim(), nullptr, 1}, 1);
      products_.multiply(MatrixProduct<S>{.left = Transpose::yes,
                                          .m = P,
                                          .n = P * m,
                                          .k = dim,
                                          .a = x,
                                          .lda = dim,
                                          .b = z,
                                          .ldb = dim,
                                          .c = a,
                                          .ldc = P});
      if (layer.bias) E::for_each(P * P * m, detail::ShiftEntry<S>{S(1), a});
      for (Index first = 0; first < m; first += group) {
        const Index images = std::min(group, m - first);
        products_.multiply(MatrixProduct<S>{.m = s.filters,
                                            .n = P * images,
                                            .k = P,
                                            .a = rows.deltas + i * k * size,
                                            .lda = s.filters,
                                            .b = a + P * P * first,
                                            .ldb = P,
                                            .c = applied,
                                            .ldc = s.filters,
                                            .count = k,
                                            .step_a = size,
                                            .step_c = size * images});
        products_.multiply(MatrixProduct<S>{.left = Transpose::yes,
                                            .m = k,
                                            .n = k,
                                            .k = size,
                                            .a = applied,
                                            .lda = size * images,
                                            .b = columns.deltas + first * k * size,
                                            .ldb = size,
                                            .beta = S(1),
                                            .c = out.data + i * k + out.stride * first * k,
                                            .ldc = out.stride,
                                            .count = images,
                                            .step_a = size,
                                            .step_b = k * size,
                                            .step_c = out.stride * k});
      }
    }
  }

  /// patch_dim() x (images positions()).
  [[nodiscard]] const S* patches(const ConvShape& s, const LayerSamples<S>& samples,
                                 std::size_t buffer) const {
    if (detail::patches_are_pixels(s)) return samples.activations;
    const Index size = s.patch_dim() * s.positions() * samples.images;
    S* const out = scratch_.buffer(buffer, size);
    E::for_each(size, detail::GatherPatches<S>{s, samples.activations, out});
    return out;
  }

  typename E::Products& products_;
  Index numbers_;
  Workspace<S, E>& scratch_;
};

}  // namespace lazytrain::cuda
