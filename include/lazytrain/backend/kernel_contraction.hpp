#pragma once

#include <algorithm>
#include <array>
#include <lazytrain/backend/conv_shape.hpp>
#include <limits>

/// What one layer adds to the tangent kernel, and three ways to compute it.
///
/// For a convolution with weights W, P positions an image and K filters let a_{i,p} be the patch of image i
/// at position p, with a 1 below it if the layer has a bias, and d_{i,o,p} in R^K the derivative of output o
/// of image i with respect to the layer's outputs at p, its delta. The gradient of that output is
/// sum_p d_{i,o,p} a_{i,p}^T, so that the layer's part of the kernel (7) is
///
///     B[(i,o), (j,q)] = sum over p, p' of (a_{i,p} . a_{j,p'}) (d_{i,o,p} . d_{j,q,p'}).
///
/// A dense layer is a convolution with kernel 1, no padding, and one pixel.
namespace lazytrain {

/// How the sum is arranged. Each is best somewhere: see `contraction_cost`.
enum class KernelContraction {
  /// The cheapest of the others: `choose_contraction`.
  automatic,
  /// The gradients of all samples and outputs, and their inner products. For many positions, few weights.
  jacobian,
  /// The patch Gram matrix times the Gram matrix of the deltas, for every pair of positions. For one
  /// position.
  gram,
  /// The patch Gram matrix applied to the deltas of one image, then inner products with the other's.
  applied
};

/// Whose kernel is computed: `rows` x `columns` images, k outputs an image.
struct ContractionSize {
  Index rows = 0;
  Index columns = 0;
  Index outputs = 1;
  /// Rows and columns are the same images, of whose pairs half are computed.
  bool symmetric = false;
};

/// A layer whose part of the tangent kernel is computed.
struct LayerContraction {
  ConvShape shape;
  /// k, the outputs of the network.
  Index outputs = 1;
  /// Whether the layer has one bias a filter.
  bool bias = true;
  /// Not `automatic`: the same method for all blocks of a kernel, `choose_contraction` for the whole.
  KernelContraction method = KernelContraction::applied;
};

namespace detail {

/// Rows or columns of a map that a kernel touches.
[[nodiscard]] constexpr Index touched(Index size, Index outputs, const ConvShape& s) {
  Index count = 0;
  for (Index y = 0; y < size; ++y) {
    bool used = false;
    for (Index k = 0; k < s.kernel; ++k) {
      const Index from = y + s.padding - k;
      used = used || (from >= 0 && from % s.stride == 0 && from / s.stride < outputs);
    }
    count += used ? 1 : 0;
  }
  return count;
}

/// Pixels of an image that are in a patch.
[[nodiscard]] constexpr Index touched_pixels(const ConvShape& s) {
  return touched(s.height, s.output_height(), s) * touched(s.width, s.output_width(), s);
}

}  // namespace detail

/// Operations (multiplications and additions) of a contraction, its leading terms, for `method` other than
/// `automatic`. With K filters, P positions, U pixels under a patch, c = kernel^2 channels + 1 parameters a
/// filter (bias included), n and m images and N = n k, M = m k:
///
///     jacobian  2 N M K c + 2 (N + M) K P c
///     gram      n m (2 channels U^2 + kernel^2 P^2 + k^2 P^2 (2 K + 2))
///     applied   n m (2 channels U^2 + kernel^2 P^2 + 2 k K P^2 + 2 k^2 K P)
///
/// where a symmetric one has N (N + 1) / 2 and n (n + 1) / 2 pairs and forms N gradients.
/// @throws std::invalid_argument if a size makes no sense, or for `automatic`
[[nodiscard]] inline double contraction_cost(const ConvShape& shape, const ContractionSize& size,
                                             KernelContraction method) {
  require_conv_shape("contraction_cost", shape);
  require_argument(size.rows >= 0, "contraction_cost", "size.rows", size.rows, "at least 0");
  require_argument(size.columns >= 0, "contraction_cost", "size.columns", size.columns, "at least 0");
  require_argument(size.outputs >= 1, "contraction_cost", "size.outputs", size.outputs, "at least 1");
  if (size.symmetric) {
    require_size("contraction_cost", "size.columns", size.columns, size.rows, "rows, as it is symmetric");
  }
  const auto real = [](Index value) { return static_cast<double>(value); };
  const auto pairs = [&](Index rows, Index columns) {
    return size.symmetric ? real(rows) * real(rows + 1) / 2 : real(rows) * real(columns);
  };
  const double k = real(size.outputs), K = real(shape.filters), P = real(shape.positions());
  if (method == KernelContraction::jacobian) {
    const Index N = size.rows * size.outputs, M = size.columns * size.outputs;
    const double parameters = K * real(shape.patch_dim() + 1);
    return 2 * pairs(N, M) * parameters + 2 * real(size.symmetric ? N : N + M) * P * parameters;
  }
  const double U = real(detail::touched_pixels(shape));
  const double patch_gram = 2 * real(shape.channels) * U * U + real(shape.kernel * shape.kernel) * P * P;
  const double n = pairs(size.rows, size.columns);
  if (method == KernelContraction::gram) return n * (patch_gram + k * k * P * P * (2 * K + 2));
  if (method == KernelContraction::applied) return n * (patch_gram + 2 * k * K * P * P + 2 * k * k * K * P);
  raise<std::invalid_argument>("contraction_cost", "method is automatic, expected one that has a cost");
}

/// The cheapest method by `contraction_cost`; of equals the first of `gram`, `applied`, `jacobian`. Choose
/// once for all blocks of a kernel, with the size of the whole: another method is another order of summation.
/// @throws std::invalid_argument if a size makes no sense
[[nodiscard]] inline KernelContraction choose_contraction(const ConvShape& shape,
                                                          const ContractionSize& size) {
  auto best = KernelContraction::automatic;
  double least = std::numeric_limits<double>::infinity();
  for (const auto method :
       {KernelContraction::gram, KernelContraction::applied, KernelContraction::jacobian}) {
    const double cost = contraction_cost(shape, size, method);
    if (cost < least) {
      least = cost;
      best = method;
    }
  }
  return best;
}

}  // namespace lazytrain
