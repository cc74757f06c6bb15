#pragma once

#include <lazytrain/backend/cuda/executor.hpp>
#include <lazytrain/backend/epilogue.hpp>
#include <lazytrain/backend/image_move.hpp>
#include <lazytrain/backend/pooling_shape.hpp>
#include <utility>

/// What one thread does of element-wise maps, biases and windows.
namespace lazytrain::cuda::detail {

/// out_i = f(in_i...), of which `out` may be one.
template <class S, class F, int In>
struct MapEntry {
  F f;
  const S* in[In];
  S* out;
  constexpr void operator()(Index i) const { call(i, std::make_integer_sequence<int, In>()); }

 private:
  template <int... J>
  constexpr void call(Index i, std::integer_sequence<int, J...>) const {
    out[i] = f(in[J][i]...);
  }
};

/// f(in_i...) as a number: 1 for true.
template <class S, class F, int In>
struct CountEntry {
  F f;
  const S* in[In];
  [[nodiscard]] constexpr Index operator()(Index i) const {
    return call(i, std::make_integer_sequence<int, In>());
  }

 private:
  template <int... J>
  [[nodiscard]] constexpr Index call(Index i, std::integer_sequence<int, J...>) const {
    return f(in[J][i]...) ? 1 : 0;
  }
};

/// out_i = value.
template <class S>
struct FillEntry {
  S value;
  S* out;
  constexpr void operator()(Index i) const { out[i] = value; }
};

/// out_(i stride) = value.
template <class S>
struct FillStrided {
  S value;
  Index stride;
  S* out;
  constexpr void operator()(Index i) const { out[i * stride] = value; }
};

/// Columns of `rows` numbers from in to out, each with its own distance of columns.
template <class S>
struct CopyColumns {
  Index rows;
  const S* in;
  Index in_stride;
  S* out;
  Index out_stride;
  constexpr void operator()(Index i) const {
    const Index row = i % rows, column = i / rows;
    out[row + out_stride * column] = in[row + in_stride * column];
  }
};

/// The upper half of a square matrix becomes the transpose of the lower.
template <class S>
struct MirrorEntry {
  Index size;
  S* x;
  constexpr void operator()(Index i) const {
    const Index row = i % size, column = i / size;
    if (row < column) x[i] = x[column + size * row];
  }
};

/// x_i *= a.
template <class S>
struct ScaleEntry {
  S a;
  S* x;
  constexpr void operator()(Index i) const { x[i] *= a; }
};

/// y_i += a x_i.
template <class S>
struct AddEntry {
  S a;
  const S* x;
  S* y;
  constexpr void operator()(Index i) const { y[i] += a * x[i]; }
};

/// An epilogue of y, `rows` channels, whose bias is for all of it.
template <class S>
struct FinishEntry {
  Epilogue<S> epilogue;
  Index rows;
  S* y;
  constexpr void operator()(Index i) const {
    y[i] = epilogue.unbiased(epilogue.bias == nullptr ? y[i] : y[i] + epilogue.bias[i % rows], i);
  }
};

/// The same of a matrix whose columns are `stride` numbers apart; it has no mask.
template <class S>
struct FinishColumns {
  Epilogue<S> epilogue;
  Index rows;
  Index stride;
  S* y;
  constexpr void operator()(Index i) const {
    FinishEntry<S>{epilogue, rows, y + i / rows * stride}(i % rows);
  }
};

/// Coordinate i of the columns `columns` of a matrix, side by side.
template <class S>
struct GatherEntry {
  Index rows;
  const S* in;
  const Index* columns;
  S* out;
  constexpr void operator()(Index i) const { out[i] = in[i % rows + rows * columns[i / rows]]; }
};

/// The same of images, each moved.
template <class S>
struct GatherMoved {
  Index channels;
  Index height;
  Index width;
  const S* in;
  const Index* columns;
  const ImageMove* moves;
  S* out;
  constexpr void operator()(Index i) const {
    const Index dim = channels * height * width, image = i / dim;
    const Index from = moves[image].source(i % dim, channels, height, width);
    out[i] = from < 0 ? S(0) : in[from + dim * columns[image]];
  }
};

/// Where the windows of `shape` are: that of coordinate `thread` of the outputs of all samples.
[[nodiscard]] constexpr Index window_input(const PoolingShape& s, Index thread) {
  const Index channel = thread % s.channels, window = thread / s.channels;
  const Index x = window % s.output_width(), y = window / s.output_width() % s.output_height();
  const Index sample = window / (s.output_width() * s.output_height());
  return sample * s.input_dim() + channel + s.channels * s.stride * (y * s.width + x);
}

/// f(in, out) for a window and channel.
template <class F>
struct PooledWindow {
  PoolingShape shape;
  F f;
  constexpr void operator()(Index thread) const { f(window_input(shape, thread), thread); }
};

/// The same as a number: 1 for true.
template <class F>
struct CountWindow {
  PoolingShape shape;
  F f;
  [[nodiscard]] constexpr Index operator()(Index thread) const {
    return f(window_input(shape, thread), thread) ? 1 : 0;
  }
};

/// A coordinate of an input collects what the windows that hold it give it, in their order: see
/// `spread_windows`.
template <class S, class F>
struct SpreadEntry {
  PoolingShape shape;
  F f;
  S* out;
  constexpr void operator()(Index thread) const {
    const Index channel = thread % shape.channels, pixel = thread / shape.channels;
    const Index x = pixel % shape.width, y = pixel / shape.width % shape.height;
    const Index sample = pixel / (shape.width * shape.height);
    S sum(0);
    for (Index oy = first(y); oy <= last(y, shape.output_height()); ++oy) {
      for (Index ox = first(x); ox <= last(x, shape.output_width()); ++ox) {
        const Index window =
            sample * shape.output_dim() + channel + shape.channels * (oy * shape.output_width() + ox);
        const Index place = (y - oy * shape.stride) * shape.kernel + (x - ox * shape.stride);
        sum += f(window_input(shape, window), window)(static_cast<int>(place));
      }
    }
    out[thread] = sum;
  }

 private:
  /// The windows that hold row or column y of a map.
  [[nodiscard]] constexpr Index first(Index y) const {
    return y < shape.kernel ? 0 : (y - shape.kernel) / shape.stride + 1;
  }
  [[nodiscard]] constexpr Index last(Index y, Index windows) const {
    const Index at = y / shape.stride;
    return at < windows ? at : windows - 1;
  }
};

}  // namespace lazytrain::cuda::detail
