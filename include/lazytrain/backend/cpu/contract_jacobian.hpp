#pragma once

#include <algorithm>
#include <lazytrain/backend/cpu/contraction_operands.hpp>

namespace lazytrain::cpu::detail {

/// A panel of parameters: V packets of filters from `filter` on times `count` columns of the weights (the
/// bias is the last) from `column` on. Panels and their order follow from the shape alone.
struct ParameterPanel {
  Index filter, V, column, count;
};

/// Numbers of a gradient in the largest panel.
inline constexpr Index panel_size = 4096;
/// Products that are summed in one register, times its lanes; such sums are summed in double precision.
template <class S>
inline constexpr Index dot_piece = 64 * packet_size<S>;

template <class S, class F>
void for_parameter_panels(const ConvShape& shape, bool bias, F&& f) {
  const Index K = packets<S>(shape.filters), columns = shape.patch_dim() + (bias ? 1 : 0);
  for (Index v = 0; v < K; v += 2) {
    const Index V = std::min<Index>(2, K - v), most = panel_size / (V * packet_size<S>);
    for (Index c = 0; c < columns; c += most) {
      f(ParameterPanel{v * packet_size<S>, V, c, std::min(most, columns - c)});
    }
  }
}

/// Rows i k + o of `out`, `row` numbers apart: the part of the gradient of output o of image i that the panel
/// names, column by column, filters fastest.
template <class S>
void form_gradients(const ConvShape& shape, Index outputs, const ParameterPanel& panel,
                    const LayerSamples<S>& samples, Index row, S* out, ContractionWorkspace<S>& workspace) {
  const Index P = shape.positions(), width = panel.V * packet_size<S>, stride = samples.deltas.outerStride();
  S* deltas = workspace.buffer(0, width * P * outputs);
  S* patches = workspace.buffer(1, grouped_size(P, panel.count));
  for (Index i = 0; i < samples.activations.cols(); ++i) {
    pack_deltas(shape, samples.deltas.data() + i * outputs * stride, stride, outputs, panel.filter, panel.V,
                P, deltas);
    group_patches(shape, samples.activations.data() + i * samples.activations.outerStride(), panel.column,
                  panel.count, patches);
    for (Index o = 0; o < outputs; ++o, out += row) {
      multiply_panel(panel.V, P, deltas + o * P * width, width, patches, panel.count, out, width);
    }
  }
}

/// out = or += X Y^T for rows of `size` numbers, of the lower half only if `symmetric`.
template <class S, class Out>
void multiply_rows(const S* x, Index rows, const S* y, Index columns, Index row, Index size, bool symmetric,
                   Out& out, Write write, ContractionWorkspace<S>& workspace) {
  constexpr Index side = 40;
  double* sums = workspace.sums(side * side);
  S* lanes = workspace.buffer(2, dot_side * dot_side * packet_size<S>);
  for (Index j = 0; j < columns; j += side) {
    const Index width = std::min(side, columns - j);
    for (Index i = symmetric ? j : 0; i < rows; i += side) {
      const Index height = std::min(side, rows - i);
      std::fill_n(sums, side * side, 0.0);
      for (Index at = 0; at < size; at += dot_piece<S>) {
        const Index steps = std::min(dot_piece<S>, size - at) / packet_size<S>;
        for_tiles(height, [&](Index tile_row, Index tile_height) {
          for_tiles(width, [&](Index tile_column, Index tile_width) {
            if (symmetric && i + tile_row + tile_height <= j + tile_column) return;
            std::fill_n(lanes, tile_height * tile_width * packet_size<S>, S(0));
            add_inner_products(tile_height, tile_width, steps, x + (i + tile_row) * row + at, row,
                               y + (j + tile_column) * row + at, row, S(1), lanes, tile_width);
            for (Index r = 0; r < tile_height; ++r) {
              for (Index c = 0; c < tile_width; ++c) {
                sums[(tile_column + c) * side + tile_row + r] +=
                    static_cast<double>(sum_of_lanes(lanes + (r * tile_width + c) * packet_size<S>));
              }
            }
          });
        });
      }
      for (Index c = 0; c < width; ++c) {
        for (Index r = symmetric ? std::max<Index>(0, j + c - i) : 0; r < height; ++r) {
          S& place = out(i + r, j + c);
          const S value = static_cast<S>(sums[c * side + r]);
          place = write == Write::assign ? value : place + value;
        }
      }
    }
  }
}

/// out = or += J J'^T, or the lower half of it if `symmetric`, a panel of parameters at a time.
template <class S, class Out>
void contract_jacobian(const ConvShape& shape, Index outputs, bool bias, bool symmetric,
                       const LayerSamples<S>& rows, const LayerSamples<S>& columns, Out& out, Write write,
                       ContractionWorkspace<S>& workspace) {
  // One packet more than a power of 2: rows would otherwise fall on the same lines of the cache.
  const Index row = panel_size + packet_size<S>;
  const Index n = rows.deltas.cols(), m = symmetric ? 0 : columns.deltas.cols();
  S* left = workspace.buffer(3, n * row);
  S* right = symmetric ? left : workspace.buffer(4, m * row);
  for_parameter_panels<S>(shape, bias, [&](const ParameterPanel& panel) {
    form_gradients(shape, outputs, panel, rows, row, left, workspace);
    if (!symmetric) form_gradients(shape, outputs, panel, columns, row, right, workspace);
    multiply_rows(left, n, right, columns.deltas.cols(), row, panel.V * packet_size<S> * panel.count,
                  symmetric, out, write, workspace);
    write = Write::add;
  });
}

}  // namespace lazytrain::cpu::detail
