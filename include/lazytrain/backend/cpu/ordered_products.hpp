#pragma once

#include <algorithm>
#include <array>
#include <lazytrain/backend/cpu/write.hpp>
#include <lazytrain/core/types.hpp>
#include <type_traits>
#include <utility>

/// Matrix products in registers whose order of summation is part of their contract. A library's product
/// sums in an order that follows from its blocking, and so from the sizes of all operands; here an element
/// of a product has the same bits whatever stands beside it.
namespace lazytrain::cpu {

/// What one instruction computes with: packet_size<S> numbers.
template <class S>
using Packet = typename Eigen::internal::packet_traits<S>::type;

template <class S>
inline constexpr Index packet_size = Eigen::internal::unpacket_traits<Packet<S>>::size;

/// Packets that hold `count` numbers.
template <class S>
[[nodiscard]] constexpr Index packets(Index count) {
  return (count + packet_size<S> - 1) / packet_size<S>;
}

/// Columns of right operands are stored in groups of so many: element (t, n) of a right operand with `inner`
/// rows is at `grouped(inner, t, n)`.
inline constexpr Index group = 8;

[[nodiscard]] constexpr Index grouped(Index inner, Index t, Index n) {
  return (n / group * inner + t) * group + n % group;
}
/// Numbers that a right operand of `inner` rows and n columns takes.
[[nodiscard]] constexpr Index grouped_size(Index inner, Index n) {
  return (n + group - 1) / group * group * inner;
}

/// Memory that will be read soon: each of a product's innermost steps fetches what is at `next` and moves on
/// by `step` numbers.
template <class S>
struct Prefetch {
  const S* next = nullptr;
  Index step = 0;
};

namespace detail {

inline constexpr bool many_registers = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32;
/// Accumulators that one tile of an outer product holds, and rows and columns of a tile of inner products.
inline constexpr int outer_accumulators = many_registers ? 16 : 8;
inline constexpr int dot_side = many_registers ? 5 : 3;

/// Calls f(0), ..., f(N - 1) with compile-time numbers, so that arrays which f indexes stay in registers.
template <int N, class F>
[[gnu::always_inline]] inline void unrolled(F&& f) {
  [&]<int... i>(std::integer_sequence<int, i...>) { (f(std::integral_constant<int, i>{}), ...); }
  (std::make_integer_sequence<int, N>{});
}

/// C(v, n) = or += sum_t A(t, v) b(t, n) for V packets and N columns: one accumulator an element, t upwards.
template <class S, int V, int N>
[[gnu::noinline]] void outer_tile(Index inner, const S* a, Index a_stride, const S* b, S* c, Index c_stride,
                                  Write write, Prefetch<S>& prefetch) {
  namespace simd = Eigen::internal;
  Packet<S> sum[N][V];
  unrolled<N>([&](auto n) {
    unrolled<V>([&](auto v) {
      sum[n][v] = write == Write::assign ? simd::pset1<Packet<S>>(S(0))
                                         : simd::ploadu<Packet<S>>(c + n * c_stride + v * packet_size<S>);
    });
  });
  const S* next = prefetch.next;
  for (Index t = 0; t < inner; ++t, a += a_stride, b += group, next += prefetch.step) {
    simd::prefetch(next);
    Packet<S> column[V];
    unrolled<V>([&](auto v) { column[v] = simd::ploadu<Packet<S>>(a + v * packet_size<S>); });
    unrolled<N>([&](auto n) {
      const Packet<S> factor = simd::pset1<Packet<S>>(b[n]);
      unrolled<V>([&](auto v) { sum[n][v] = simd::pmadd(column[v], factor, sum[n][v]); });
    });
  }
  prefetch.next = next;
  unrolled<N>([&](auto n) {
    unrolled<V>([&](auto v) { simd::pstoreu(c + n * c_stride + v * packet_size<S>, sum[n][v]); });
  });
}

template <class S, int V, int N>
Index outer_tiles(Index inner, const S* a, Index a_stride, const S* b, Index first, Index columns, S* c,
                  Index c_stride, Write write, Prefetch<S>& prefetch) {
  for (; first + N <= columns; first += N) {
    outer_tile<S, V, N>(inner, a, a_stride, b + first, c + first * c_stride, c_stride, write, prefetch);
  }
  return first;
}

/// The same for at most `group` columns.
template <class S, int V>
void outer_group(Index inner, const S* a, Index a_stride, const S* b, Index columns, S* c, Index c_stride,
                 Write write, Prefetch<S>& prefetch) {
  Index n = 0;
  if constexpr (V * 8 <= outer_accumulators) {
    n = outer_tiles<S, V, 8>(inner, a, a_stride, b, n, columns, c, c_stride, write, prefetch);
  }
  if constexpr (V * 4 <= outer_accumulators) {
    n = outer_tiles<S, V, 4>(inner, a, a_stride, b, n, columns, c, c_stride, write, prefetch);
  }
  n = outer_tiles<S, V, 2>(inner, a, a_stride, b, n, columns, c, c_stride, write, prefetch);
  outer_tiles<S, V, 1>(inner, a, a_stride, b, n, columns, c, c_stride, write, prefetch);
}

template <class S, int V>
void outer_panel(Index inner, const S* a, Index a_stride, const S* b, Index columns, S* c, Index c_stride,
                 Prefetch<S>& prefetch) {
  constexpr Index depth = 512 / V;
  for (Index t = 0; t < inner; t += depth) {
    const Index count = std::min(depth, inner - t);
    for (Index n = 0; n < columns; n += group) {
      outer_group<S, V>(count, a + t * a_stride, a_stride, b + n * inner + t * group,
                        std::min(group, columns - n), c + n * c_stride, c_stride,
                        t == 0 ? Write::assign : Write::add, prefetch);
    }
  }
}

/// acc(m, n) += scale * (X(m, .) Y(n, .)) by lanes, for M x N rows of `steps` packets.
template <class S, int M, int N>
[[gnu::noinline]] void dot_tile(Index steps, const S* x, Index x_stride, const S* y, Index y_stride, S scale,
                                S* acc, Index acc_stride) {
  namespace simd = Eigen::internal;
  Packet<S> sum[M][N];
  unrolled<M>([&](auto m) { unrolled<N>([&](auto n) { sum[m][n] = simd::pset1<Packet<S>>(S(0)); }); });
  for (Index s = 0; s < steps; ++s, x += packet_size<S>, y += packet_size<S>) {
    Packet<S> right[N];
    unrolled<N>([&](auto n) { right[n] = simd::ploadu<Packet<S>>(y + n * y_stride); });
    unrolled<M>([&](auto m) {
      const Packet<S> left = simd::ploadu<Packet<S>>(x + m * x_stride);
      unrolled<N>([&](auto n) { sum[m][n] = simd::pmadd(left, right[n], sum[m][n]); });
    });
  }
  const Packet<S> factor = simd::pset1<Packet<S>>(scale);
  unrolled<M>([&](auto m) {
    unrolled<N>([&](auto n) {
      S* place = acc + (m * acc_stride + n) * packet_size<S>;
      simd::pstoreu(place, simd::pmadd(sum[m][n], factor, simd::ploadu<Packet<S>>(place)));
    });
  });
}

template <class S>
using DotTile = void (*)(Index, const S*, Index, const S*, Index, S, S*, Index);

/// dot_tile<S, m + 1, n + 1> at m * dot_side + n.
template <class S>
inline constexpr auto dot_tiles = []<int... i>(std::integer_sequence<int, i...>) {
  return std::array<DotTile<S>, sizeof...(i)>{&dot_tile<S, i / dot_side + 1, i % dot_side + 1>...};
}
(std::make_integer_sequence<int, dot_side * dot_side>{});

/// Calls f(first, count) for pieces of at most dot_side of 0, ..., count - 1, as equal as can be.
template <class F>
void for_tiles(Index count, F&& f) {
  const Index tiles = (count + dot_side - 1) / dot_side;
  for (Index i = 0; i < tiles; ++i) f(count * i / tiles, count * (i + 1) / tiles - count * i / tiles);
}

}  // namespace detail

/// C = A B for the V packets (V = 1, 2 or 4) that each row of A has: A(t, .) at a + t a_stride, B a right
/// operand of `inner` rows and `columns` columns (`grouped`), C(., n) at c + n c_stride.
///
/// An element is the sum of its products in the order of t. On the way `prefetch` is fetched. Cost: 2 V
/// packet_size<S> inner columns.
template <class S>
void multiply_panel(Index V, Index inner, const S* a, Index a_stride, const S* b, Index columns, S* c,
                    Index c_stride, Prefetch<std::type_identity_t<S>> prefetch = {}) {
  if (V == 4) return detail::outer_panel<S, 4>(inner, a, a_stride, b, columns, c, c_stride, prefetch);
  if (V == 2) return detail::outer_panel<S, 2>(inner, a, a_stride, b, columns, c, c_stride, prefetch);
  for (Index v = 0; v < V; ++v) {
    const Index at = v * packet_size<S>;
    detail::outer_panel<S, 1>(inner, a + at, a_stride, b, columns, c + at, c_stride, prefetch);
  }
}

/// Adds scale times the inner products of the rows of X and Y, `steps` packets long, to the packets
/// acc[m acc_stride + n], whose lanes sum to them. Cost: 2 steps packet_size<S> rows columns.
template <class S>
void add_inner_products(Index rows, Index columns, Index steps, const S* x, Index x_stride, const S* y,
                        Index y_stride, S scale, S* acc, Index acc_stride) {
  detail::for_tiles(rows, [&](Index m, Index height) {
    detail::for_tiles(columns, [&](Index n, Index width) {
      const auto which = static_cast<std::size_t>((height - 1) * detail::dot_side + width - 1);
      detail::dot_tiles<S>[which](steps, x + m * x_stride, x_stride, y + n * y_stride, y_stride, scale,
                                  acc + (m * acc_stride + n) * packet_size<S>, acc_stride);
    });
  });
}

/// The sum of the lanes of a packet, pairwise.
template <class S>
[[nodiscard]] S sum_of_lanes(const S* packet) {
  return Eigen::internal::predux(Eigen::internal::ploadu<Packet<S>>(packet));
}

}  // namespace lazytrain::cpu
