#pragma once

#include <lazytrain/backend/pooling_shape.hpp>
#include <limits>
#include <type_traits>

/// What poolings do with a window and channel, for a backend's `for_pooled`, `spread_pooled` and
/// `count_pooled`: see maps.hpp for why these are types.
namespace lazytrain::nn::detail {

/// Calls f with the shape's window.
template <class F>
void with_window(const PoolingShape& shape, F&& f) {
  if (shape.kernel == 2) {
    f(PoolingWindow<std::integral_constant<int, 2>>{{}, shape.channels, shape.width});
  } else {
    f(PoolingWindow<int>{static_cast<int>(shape.kernel), shape.channels, shape.width});
  }
}

/// Whether a coordinate takes the place of the largest so far: a NaN does, and no number takes its place.
/// Written so that compilers make vectors of it.
template <class S>
[[nodiscard]] constexpr bool takes_over(S value, S best) {
  return value > best || value != value;
}

/// Place of the first largest coordinate of the window whose first coordinate is *x, in row order; of the
/// last NaN, if there is one.
template <class Kernel, class S>
[[nodiscard]] constexpr int largest(const PoolingWindow<Kernel>& window, const S* x) {
  S best = x[0];
  int place = 0;
  for (int row = 0; row < window.kernel; ++row) {
    for (int column = 0; column < window.kernel; ++column) {
      const S value = x[window.offset(row, column)];
      const bool larger = takes_over(value, best);
      place = larger ? row * window.kernel + column : place;
      best = larger ? value : best;
    }
  }
  return place;
}

/// out = in where x is largest.
template <class Kernel, class S>
struct ChooseLargest {
  PoolingWindow<Kernel> window;
  const S* x;
  const S* in;
  S* out;
  constexpr void operator()(Index from, Index to) const {
    S best = x[from];
    S chosen = in[from];
    for (int row = 0; row < window.kernel; ++row) {
      for (int column = 0; column < window.kernel; ++column) {
        const Index at = from + window.offset(row, column);
        const S value = x[at], candidate = in[at];
        const bool larger = takes_over(value, best);
        chosen = larger ? candidate : chosen;
        best = larger ? value : best;
      }
    }
    out[to] = chosen;
  }
};

/// What a window's coordinates get of the number at its largest one: the transpose of ChooseLargest.
template <class Kernel, class S>
struct GiveLargest {
  PoolingWindow<Kernel> window;
  const S* x;
  const S* in;
  struct Share {
    int place;
    S value;
    [[nodiscard]] constexpr S operator()(int k) const { return k == place ? value : S(0); }
  };
  [[nodiscard]] constexpr Share operator()(Index to, Index from) const {
    return {largest(window, x + to), in[from]};
  }
};

/// out = the largest of (x - y) / epsilon + dx in a window of which y is the largest x.
template <class Kernel, class S>
struct LargestChange {
  PoolingWindow<Kernel> window;
  S epsilon;
  const S* x;
  const S* dx;
  const S* y;
  S* out;
  constexpr void operator()(Index from, Index to) const {
    S best = -std::numeric_limits<S>::infinity();
    for (int row = 0; row < window.kernel; ++row) {
      for (int column = 0; column < window.kernel; ++column) {
        const Index at = from + window.offset(row, column);
        const S change = (x[at] - y[to]) / epsilon + dx[at];
        best = takes_over(change, best) ? change : best;
      }
    }
    out[to] = best;
  }
};

/// Whether the largest coordinates of x and z stand at the same place.
template <class Kernel, class S>
struct SameLargest {
  PoolingWindow<Kernel> window;
  const S* x;
  const S* z;
  [[nodiscard]] constexpr bool operator()(Index in, Index) const {
    return largest(window, x + in) == largest(window, z + in);
  }
};

/// out = weight times the sum of in.
template <class S>
struct MeanOfWindow {
  PoolingWindow<int> window;
  S weight;
  const S* in;
  S* out;
  constexpr void operator()(Index from, Index to) const {
    S sum = 0;
    for (int row = 0; row < window.kernel; ++row) {
      for (int column = 0; column < window.kernel; ++column) sum += in[from + window.offset(row, column)];
    }
    out[to] = weight * sum;
  }
};

/// The transpose of MeanOfWindow.
template <class S>
struct GiveMean {
  PoolingWindow<int> window;
  S weight;
  const S* in;
  struct Share {
    S weight;
    S value;
    [[nodiscard]] constexpr S operator()(int) const { return weight * value; }
  };
  [[nodiscard]] constexpr Share operator()(Index, Index from) const { return {weight, in[from]}; }
};

}  // namespace lazytrain::nn::detail
