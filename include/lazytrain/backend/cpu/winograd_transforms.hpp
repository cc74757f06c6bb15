#pragma once

#include <lazytrain/core/types.hpp>

/// The transforms of Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks", CVPR 2016; points 0, 1, -1, 2, -2, infinity): the valid correlation of a 6 x 6 tile d with a 3
/// x 3 kernel g is
///
///     y = A' [(G g G') . (B' d B)] A,
///
/// . entry by entry. Here are the maps of one dimension, their transposes, and what applies one in both.
namespace lazytrain::cpu {

/// Side of a tile of outputs.
inline constexpr Index winograd_outputs = 4;
/// Side of a tile of inputs, and of a transformed tile.
inline constexpr Index winograd_inputs = 6;
/// Entries of a transformed tile.
inline constexpr Index winograd_points = winograd_inputs * winograd_inputs;

/// B': a tile of inputs to its transform.
struct WinogradInput {
  static constexpr Index in = winograd_inputs, out = winograd_inputs;
  template <class A>
  static void apply(const A* d, A* t) {
    using S = typename A::Scalar;
    const A a = d[4] - S(4) * d[2], b = d[3] - S(4) * d[1];
    const A c = d[4] - d[2], e = S(2) * (d[3] - d[1]);
    t[0] = S(4) * d[0] - S(5) * d[2] + d[4];
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + e;
    t[4] = c - e;
    t[5] = S(4) * d[1] - S(5) * d[3] + d[5];
  }
};

/// B, the transpose of WinogradInput.
struct WinogradInputTransposed {
  static constexpr Index in = winograd_inputs, out = winograd_inputs;
  template <class A>
  static void apply(const A* t, A* d) {
    using S = typename A::Scalar;
    const A sum12 = t[1] + t[2], difference12 = t[1] - t[2];
    const A sum34 = t[3] + t[4], difference34 = S(2) * (t[3] - t[4]);
    d[0] = S(4) * t[0];
    d[1] = S(4) * (t[5] - difference12) - difference34;
    d[2] = S(-5) * t[0] - S(4) * sum12 - sum34;
    d[3] = difference12 + difference34 - S(5) * t[5];
    d[4] = t[0] + sum12 + sum34;
    d[5] = t[5];
  }
};

/// G: a kernel to its transform.
struct WinogradKernel {
  static constexpr Index in = 3, out = winograd_inputs;
  template <class A>
  static void apply(const A* g, A* u) {
    using S = typename A::Scalar;
    const A even = (g[0] + g[2]) * (S(-1) / S(6)), odd = g[1] * (S(-1) / S(6));
    const A even2 = g[0] * (S(1) / S(24)) + g[2] * (S(1) / S(6)), odd2 = g[1] * (S(1) / S(12));
    u[0] = g[0] * S(0.25);
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = even2 + odd2;
    u[4] = even2 - odd2;
    u[5] = g[2];
  }
};

/// G', the transpose of WinogradKernel.
struct WinogradKernelTransposed {
  static constexpr Index in = winograd_inputs, out = 3;
  template <class A>
  static void apply(const A* u, A* g) {
    using S = typename A::Scalar;
    const A sum12 = (u[1] + u[2]) * (S(-1) / S(6)), sum34 = u[3] + u[4];
    g[0] = u[0] * S(0.25) + sum12 + sum34 * (S(1) / S(24));
    g[1] = (u[2] - u[1]) * (S(1) / S(6)) + (u[3] - u[4]) * (S(1) / S(12));
    g[2] = sum12 + sum34 * (S(1) / S(6)) + u[5];
  }
};

/// A': a transformed tile to outputs.
struct WinogradOutput {
  static constexpr Index in = winograd_inputs, out = winograd_outputs;
  template <class A>
  static void apply(const A* m, A* y) {
    using S = typename A::Scalar;
    const A sum12 = m[1] + m[2], difference12 = m[1] - m[2];
    const A sum34 = m[3] + m[4], difference34 = m[3] - m[4];
    y[0] = m[0] + sum12 + sum34;
    y[1] = difference12 + S(2) * difference34;
    y[2] = sum12 + S(4) * sum34;
    y[3] = difference12 + S(8) * difference34 + m[5];
  }
};

/// A, the transpose of WinogradOutput.
struct WinogradOutputTransposed {
  static constexpr Index in = winograd_outputs, out = winograd_inputs;
  template <class A>
  static void apply(const A* y, A* m) {
    using S = typename A::Scalar;
    const A even = y[0] + y[2], odd = y[1] + y[3];
    const A even2 = y[0] + S(4) * y[2], odd2 = S(2) * y[1] + S(8) * y[3];
    m[0] = y[0];
    m[1] = even + odd;
    m[2] = even - odd;
    m[3] = even2 + odd2;
    m[4] = even2 - odd2;
    m[5] = y[3];
  }
};

namespace detail {

/// Eight or sixteen channels, those of a cache line, or one: what a transform works on at a time.
template <class S, int lanes>
using WinogradLanes = Eigen::Array<S, lanes, 1>;

template <class Map, class S, int lanes, class In, class Out>
void winograd_transform_lanes(const In& in, const Out& out, Index c) {
  using Lanes = WinogradLanes<S, lanes>;
  Lanes between[Map::out][Map::in];
  for (Index j = 0; j < Map::in; ++j) {
    Lanes column[Map::in], transformed[Map::out];
    for (Index i = 0; i < Map::in; ++i) column[i] = Eigen::Map<const Lanes>(in(i * Map::in + j) + c);
    Map::apply(column, transformed);
    for (Index i = 0; i < Map::out; ++i) between[i][j] = transformed[i];
  }
  for (Index i = 0; i < Map::out; ++i) {
    Lanes transformed[Map::out];
    Map::apply(between[i], transformed);
    for (Index j = 0; j < Map::out; ++j) out(i * Map::out + j, c, transformed[j]);
  }
}

}  // namespace detail

/// Applies `Map` along rows and columns of a tile of vectors: entry i (row by row) of the Map::in x Map::in
/// tile is the `size` numbers at in(i), and the entries of the Map::out x Map::out tile go to out(i, first,
/// numbers), where `numbers` is an Eigen array of those from `first` on.
template <class Map, class S, class In, class Out>
void winograd_transform(Index size, const In& in, const Out& out) {
  constexpr int lanes = 64 / sizeof(S);
  Index c = 0;
  for (; c + lanes <= size; c += lanes) detail::winograd_transform_lanes<Map, S, lanes>(in, out, c);
  for (; c < size; ++c) detail::winograd_transform_lanes<Map, S, 1>(in, out, c);
}

}  // namespace lazytrain::cpu
