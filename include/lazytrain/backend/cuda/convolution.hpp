#pragma once

#include <algorithm>
#include <array>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cuda/vector.hpp>
#include <lazytrain/backend/epilogue.hpp>
#include <lazytrain/backend/write.hpp>

/// 2-D convolutions of batches of images by patches and matrix products, in the layout of ConvShape, and
/// their transposes: the products are those of the definition, cut into groups of images by the memory for
/// patches.
namespace lazytrain::cuda {

namespace detail {

/// One number of the patches of output pixels, patch_dim() x pixels.
template <class S>
struct GatherPatches {
  ConvShape shape;
  const S* x;
  S* patches;
  constexpr void operator()(Index thread) const {
    const Index dim = shape.patch_dim(), entry = thread % dim, pixel = thread / dim;
    const Index channel = entry % shape.channels, tap = entry / shape.channels;
    const Index image = pixel / shape.positions(), position = pixel % shape.positions();
    const Index y = position / shape.output_width() * shape.stride + tap / shape.kernel - shape.padding;
    const Index column = position % shape.output_width() * shape.stride + tap % shape.kernel - shape.padding;
    const bool inside = y >= 0 && y < shape.height && column >= 0 && column < shape.width;
    patches[thread] =
        inside ? x[image * shape.input_dim() + channel + shape.channels * (y * shape.width + column)] : S(0);
  }
};

/// One number of the inputs: the sum of the numbers that patches took from it, in the order of the patches; 0
/// where a mask is not positive.
template <class S>
struct SumPatches {
  ConvShape shape;
  const S* patches;
  bool add;
  const S* mask;
  S* x;
  constexpr void operator()(Index thread) const {
    if (mask != nullptr && !(mask[thread] > S(0))) {
      x[thread] = S(0);
      return;
    }
    const Index channel = thread % shape.channels, pixel = thread / shape.channels;
    const Index column = pixel % shape.width + shape.padding;
    const Index row = pixel / shape.width % shape.height + shape.padding;
    const Index image = pixel / (shape.width * shape.height);
    S sum(0);
    for (Index oy = first(row); oy <= last(row, shape.output_height()); ++oy) {
      for (Index ox = first(column); ox <= last(column, shape.output_width()); ++ox) {
        const Index tap = (row - oy * shape.stride) * shape.kernel + (column - ox * shape.stride);
        const Index patch = image * shape.positions() + oy * shape.output_width() + ox;
        sum += patches[channel + shape.channels * tap + shape.patch_dim() * patch];
      }
    }
    x[thread] = add ? x[thread] + sum : sum;
  }

 private:
  /// The outputs whose patches hold row or column y of the padded map.
  [[nodiscard]] constexpr Index first(Index y) const {
    return y < shape.kernel ? 0 : (y - shape.kernel) / shape.stride + 1;
  }
  [[nodiscard]] constexpr Index last(Index y, Index outputs) const {
    const Index at = y / shape.stride;
    return at < outputs ? at : outputs - 1;
  }
};

/// Whether the patches are the pixels themselves.
[[nodiscard]] constexpr bool patches_are_pixels(const ConvShape& s) {
  return s.kernel == 1 && s.stride == 1 && s.padding == 0;
}

}  // namespace detail

/// The weights of a convolution, where they are: valid as long as these.
template <class S>
class ConvWeights {
 public:
  /// @throws std::invalid_argument if the shape makes no sense
  ConvWeights(const ConvShape& shape, const S* weights) : shape_(shape), data_(weights) {
    require_conv_shape("cuda::ConvWeights", shape);
  }
  /// Other weights for the same shape.
  void assign(const S* weights) { data_ = weights; }
  [[nodiscard]] const ConvShape& shape() const { return shape_; }
  [[nodiscard]] const S* data() const { return data_; }

 private:
  ConvShape shape_;
  const S* data_;
};

/// Scratch memory of convolutions and contractions. It grows to the largest size that was asked for and
/// stays.
template <class S, class E>
class Workspace {
 public:
  static constexpr std::size_t buffers = 4;

  /// At least `size` numbers, uninitialized; valid until the same buffer is asked for again.
  [[nodiscard]] S* buffer(std::size_t which, Index size) {
    Vector<S, E>& memory = memory_.at(which);
    if (memory.size() < size) memory.resize(size);
    return memory.data();
  }

 private:
  std::array<Vector<S, E>, buffers> memory_;
};

/// The convolutions of an executor. `patch_numbers`: the most numbers of patches held at a time, but those of
/// one image at least.
template <class S, Executor E>
class Convolution {
 public:
  Convolution(typename E::Products& products, Index patch_numbers, Workspace<S, E>& scratch)
      : products_(products), patch_numbers_(patch_numbers), scratch_(scratch) {}

  /// y = or += w * x for n images, and then the epilogue: one matrix product for a group of images, with the
  /// bias and max(y, 0) if there is no mask.
  void forward(const ConvWeights<S>& w, const S* x, Index n, S* y, Write write,
               const Epilogue<S>& epilogue = {}) const {
    const ConvShape& s = w.shape();
    if (epilogue.bias != nullptr && epilogue.biased < n) {
      Epilogue<S> all = epilogue, rest = epilogue;
      all.biased = n;
      rest.bias = nullptr;
      const Index first = epilogue.biased * s.output_dim();
      if (rest.mask != nullptr) rest.mask += first;
      forward(w, x, epilogue.biased, y, write, all);
      return forward(w, x + epilogue.biased * s.input_dim(), n - epilogue.biased, y + first, write, rest);
    }
    const bool within = epilogue.mask == nullptr;
    for_groups(s, n, [&](Index first, Index images) {
      const Index dim = s.patch_dim(), pixels = images * s.positions();
      products_.multiply(MatrixProduct<S>{.m = s.filters,
                                          .n = pixels,
                                          .k = dim,
                                          .a = w.data(),
                                          .lda = s.filters,
                                          .b = patches(s, x + first * s.input_dim(), images),
                                          .ldb = dim,
                                          .beta = write == Write::add ? S(1) : S(0),
                                          .c = y + first * s.output_dim(),
                                          .ldc = s.filters,
                                          .bias = within ? epilogue.bias : nullptr,
                                          .rectify = within && epilogue.rectify});
    });
    if (!within) E::for_each(n * s.output_dim(), detail::FinishEntry<S>{epilogue, s.filters, y});
  }

  /// gx = or += the transpose of x -> w * x applied to gy; then 0 where a mask that is not null is not
  /// positive.
  void input_gradient(const ConvWeights<S>& w, const S* gy, Index n, S* gx, Write write,
                      const S* mask = nullptr) const {
    const ConvShape& s = w.shape();
    const bool direct = detail::patches_are_pixels(s), add = write == Write::add;
    for_groups(s, n, [&](Index first, Index images) {
      const Index dim = s.patch_dim(), pixels = images * s.positions();
      S* const to = gx + first * s.input_dim();
      S* const gathered = direct ? to : scratch_.buffer(0, dim * pixels);
      products_.multiply(MatrixProduct<S>{.left = Transpose::yes,
                                          .m = dim,
                                          .n = pixels,
                                          .k = s.filters,
                                          .a = w.data(),
                                          .lda = s.filters,
                                          .b = gy + first * s.output_dim(),
                                          .ldb = s.filters,
                                          .beta = direct && add ? S(1) : S(0),
                                          .c = gathered,
                                          .ldc = dim});
      if (direct) return;
      const S* const there = mask == nullptr ? nullptr : mask + first * s.input_dim();
      E::for_each(images * s.input_dim(), detail::SumPatches<S>{s, gathered, add, there, to});
    });
    if (direct && mask != nullptr) {
      E::for_each(n * s.input_dim(), detail::FinishEntry<S>{{.mask = mask}, s.channels, gx});
    }
  }

  /// gw = or += the transpose of w -> w * x applied to gy, summed over the images in the order of their
  /// groups.
  void weight_gradient(const ConvShape& s, const S* x, const S* gy, Index n, S* gw, Write write) const {
    if (n == 0 && write == Write::assign) E::for_each(s.weight_dim(), detail::FillEntry<S>{S(0), gw});
    for_groups(s, n, [&](Index first, Index images) {
      const Index dim = s.patch_dim();
      products_.multiply(MatrixProduct<S>{.right = Transpose::yes,
                                          .m = s.filters,
                                          .n = dim,
                                          .k = images * s.positions(),
                                          .a = gy + first * s.output_dim(),
                                          .lda = s.filters,
                                          .b = patches(s, x + first * s.input_dim(), images),
                                          .ldb = dim,
                                          .beta = first > 0 || write == Write::add ? S(1) : S(0),
                                          .c = gw,
                                          .ldc = s.filters});
    });
  }

 private:
  /// The patches of images, patch_dim() x (images positions()).
  [[nodiscard]] const S* patches(const ConvShape& s, const S* x, Index images) const {
    if (detail::patches_are_pixels(s)) return x;
    const Index numbers = s.patch_dim() * images * s.positions();
    S* const gathered = scratch_.buffer(0, numbers);
    E::for_each(numbers, detail::GatherPatches<S>{s, x, gathered});
    return gathered;
  }
  /// Calls f(first, images) for groups of n images.
  template <class F>
  void for_groups(const ConvShape& s, Index n, F&& f) const {
    const Index group = detail::patches_are_pixels(s)
                            ? n
                            : std::max<Index>(1, patch_numbers_ / (s.patch_dim() * s.positions()));
    for (Index first = 0; first < n; first += group) f(first, std::min(group, n - first));
  }

  typename E::Products& products_;
  Index patch_numbers_;
  Workspace<S, E>& scratch_;
};

}  // namespace lazytrain::cuda
