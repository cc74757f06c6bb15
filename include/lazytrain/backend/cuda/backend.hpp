#pragma once

#include <algorithm>
#include <concepts>
#include <lazytrain/backend/cuda/contraction.hpp>
#include <lazytrain/core/error.hpp>
#include <memory>
#include <span>
#include <utility>

namespace lazytrain::cuda {

/// How a device divides its work, and in which arithmetic.
struct BackendOptions {
  /// Samples that go through a network together. Sums over samples are taken chunk by chunk, so that results
  /// depend on it in their last digits.
  Index chunk = 512;
  /// Bytes of the patches that a convolution holds at a time (those of one image at least), and of the
  /// gradients of a contraction.
  double patch_memory = 5e8;
  /// The arithmetic of matrix products; `tf32` is faster and a thousand times less exact.
  Arithmetic arithmetic = Arithmetic::ieee;
};

/// Where the numbers of a network live and what is done to them: the interface of `cpu::Backend` on an
/// executor. Pointers are the executor's. Functions that `map`, `for_pooled`, ... take are function objects
/// whose calls are constexpr. Copies share the executor's products. Results are the same bits at every run.
template <std::floating_point S, Executor E>
class ExecutorBackend {
 public:
  using Scalar = S;
  /// Parameters and outputs.
  using Vector = cuda::Vector<S, E>;
  /// Samples, features x samples.
  using Batch = cuda::Batch<S, E>;
  using ConvWeights = cuda::ConvWeights<S>;
  using Workspace = cuda::Workspace<S, E>;
  using ContractionWorkspace = cuda::Workspace<S, E>;
  using LayerContraction = lazytrain::LayerContraction;
  using LayerSamples = cuda::LayerSamples<S>;

  /// @throws std::invalid_argument if chunk < 1, std::domain_error unless patch_memory > 0,
  /// std::runtime_error if there is no device
  explicit ExecutorBackend(const BackendOptions& options = {})
      : ExecutorBackend(options, products(options)) {}

  /// The same with IEEE arithmetic.
  [[nodiscard]] ExecutorBackend exact() const {
    if (options_.arithmetic == Arithmetic::ieee) return *this;
    BackendOptions options = options_;
    options.arithmetic = Arithmetic::ieee;
    return ExecutorBackend(options);
  }
  /// The same with another number of samples in a chunk.
  /// @throws std::invalid_argument if chunk < 1
  [[nodiscard]] ExecutorBackend with_chunk(Index chunk) const {
    BackendOptions options = options_;
    options.chunk = chunk;
    return ExecutorBackend(options, products_);
  }

  /// 1: chunks follow each other, each with all of the device.
  [[nodiscard]] Index threads() const { return 1; }
  [[nodiscard]] Index chunk() const { return options_.chunk; }
  [[nodiscard]] typename E::Products& products() const { return *products_; }

  template <class F>
  void for_chunks(Index count, F&& f) const {
    for (Index i = 0; i < count; ++i) f(i, Index{0});
  }
  template <class Compute, class Commit>
  void for_chunks_in_order(Index count, Compute&& compute, Commit&& commit) const {
    for (Index i = 0; i < count; ++i) {
      compute(i, Index{0});
      commit(i, Index{0});
    }
  }

  /// A features x samples matrix of a vector's numbers.
  [[nodiscard]] Batch batch(const Vector& values, Index rows, Index cols) const {
    return {values, rows, cols};
  }

  [[nodiscard]] ConvWeights weights(const ConvShape& shape, const S* w) const {
    return ConvWeights(shape, w);
  }
  /// y (+)= w * x, and then the epilogue: bias and max(y, 0) within the product, where there is no mask.
  void convolve(const ConvWeights& w, const S* x, Index samples, S* y, Write write, Workspace& scratch,
                const Epilogue<S>& epilogue = {}) const {
    convolution(scratch).forward(w, x, samples, y, write, epilogue);
  }
  /// gx (+)= w^T gy, the transpose in x, which then is 0 where `mask`, if it is not null, is not positive.
  void convolve_transposed(const ConvWeights& w, const S* gy, Index samples, S* gx, Write write,
                           Workspace& scratch, const S* mask = nullptr) const {
    convolution(scratch).input_gradient(w, gy, samples, gx, write, mask);
  }
  /// gw (+)= the transpose in w, summed over the samples.
  void convolve_weights(const ConvShape& shape, const S* x, const S* gy, Index samples, S* gw, Write write,
                        Workspace& scratch) const {
    convolution(scratch).weight_gradient(shape, x, gy, samples, gw, write);
  }

  /// The contraction that costs least by `cuda::contraction_cost`; of equals the first of gram, applied,
  /// jacobian.
  [[nodiscard]] static KernelContraction choose_contraction(const ConvShape& shape,
                                                            const ContractionSize& size) {
    const auto cost = [&](KernelContraction method) {
      return contraction_cost(shape, size, method, sizeof(S));
    };
    return std::min({KernelContraction::gram, KernelContraction::applied, KernelContraction::jacobian},
                    [&](auto a, auto b) { return cost(a) < cost(b); });
  }
  [[nodiscard]] Index kernel_chunk() const { return chunk(); }
  /// A unit of a kernel is contracted at once.
  [[nodiscard]] Index contraction_tile() const { return std::numeric_limits<Index>::max() / 2; }
  [[nodiscard]] LayerSamples layer_samples(const Batch& activations, const Batch& deltas, Index first,
                                           Index count, Index outputs) const {
    return {activations.data() + first * activations.rows(), deltas.data() + first * outputs * deltas.rows(),
            count};
  }
  [[nodiscard]] KernelBlock<S> block(Batch& kernel, Index row, Index column, Index, Index) const {
    return {kernel.data() + row + kernel.rows() * column, kernel.rows()};
  }
  /// A layer's part of the tangent kernel between two sets of samples.
  /// @throws std::invalid_argument if the method is automatic or `write` is not Write::add
  void contract(const LayerContraction& layer, const LayerSamples& rows, const LayerSamples& columns,
                const KernelBlock<S>& out, Write write, ContractionWorkspace& scratch) const {
    if (write != Write::add) {
      raise<std::invalid_argument>("cuda::Backend::contract",
                                   "write is assign, expected add: parts are sums");
    }
    Contraction<S, E>(*products_, static_cast<Index>(options_.patch_memory / sizeof(S)), scratch)
        .contract(layer, rows, columns, out);
  }
  void contract(const LayerContraction& layer, const LayerSamples& samples, const KernelBlock<S>& out,
                Write write, ContractionWorkspace& scratch) const {
    contract(layer, samples, samples, out, write, scratch);
  }
  /// The upper half becomes the transpose of the lower.
  void mirror(Batch& kernel) const {
    E::for_each(kernel.rows() * kernel.cols(), detail::MirrorEntry<S>{kernel.rows(), kernel.data()});
  }
  /// Columns of `rows` numbers, which are some numbers apart in `in` and in `out`.
  void copy_columns(Index rows, Index columns, const S* in, Index in_stride, S* out, Index out_stride) const {
    E::for_each(rows * columns, detail::CopyColumns<S>{rows, in, in_stride, out, out_stride});
  }
  /// out[i stride] = value for i < count.
  void fill_strided(Index count, S* out, Index stride, S value) const {
    E::for_each(count, detail::FillStrided<S>{value, stride, out});
  }
  /// Numbers for the host to read: waits for them.
  [[nodiscard]] lazytrain::Vector<S> to_host(const Vector& values) const { return values.to_host(); }
  [[nodiscard]] Matrix<S> to_host(const Batch& values) const { return values.to_host(); }

  /// Columns `columns` of X, in that order, for batches of a data set that is here: the host sends their
  /// numbers. @throws std::invalid_argument if one is no column of X
  [[nodiscard]] Batch gather(const Batch& X, std::span<const Index> columns) const {
    check_columns(X, columns);
    Batch out = uninitialized(X.rows(), static_cast<Index>(columns.size()));
    const detail::Scratch<Index, E> places(columns);
    E::for_each(out.rows() * out.cols(),
                detail::GatherEntry<S>{X.rows(), X.data(), places.data(), out.data()});
    return out;
  }
  /// The same of images, channels x height x width numbers each, which also move, one move each.
  /// @throws std::invalid_argument if sizes differ or one is no column of X
  [[nodiscard]] Batch gather(const Batch& X, std::span<const Index> columns, Index channels, Index height,
                             Index width, std::span<const ImageMove> moves) const {
    check_columns(X, columns);
    require_size("cuda::Backend::gather", "X.rows()", X.rows(), channels * height * width,
                 "channels x height x width");
    require_size("cuda::Backend::gather", "moves", static_cast<Index>(moves.size()),
                 static_cast<Index>(columns.size()), "a move for each column");
    Batch out = uninitialized(X.rows(), static_cast<Index>(columns.size()));
    const detail::Scratch<Index, E> places(columns);
    const detail::Scratch<ImageMove, E> moves_there(moves);
    E::for_each(out.rows() * out.cols(),
                detail::GatherMoved<S>{channels, height, width, X.data(), places.data(), moves_there.data(),
                                       out.data()});
    return out;
  }

  /// gb (+)= the sum of the columns of gy (channels x columns).
  void sum_columns(const S* gy, Index channels, Index columns, S* gb, Write write) const {
    detail::sum_columns<E>(gy, channels, columns, gb, write == Write::add);
  }
  /// out[i] = f(in[i]...) for i < count.
  template <class F, std::same_as<S>... In>
  void map(Index count, S* out, F f, const In*... in) const {
    E::for_each(count, detail::MapEntry<S, F, sizeof...(In)>{f, {in...}, out});
  }
  /// out[i] = value for i < count.
  void fill(Index count, S* out, S value) const { E::for_each(count, detail::FillEntry<S>{value, out}); }
  /// Number of i < count with f(in[i]...): waits for it.
  template <class F, std::same_as<S>... In>
  [[nodiscard]] Index count(Index count, F f, const In*... in) const {
    return detail::sum_on_host<Index, E>(count, detail::CountEntry<S, F, sizeof...(In)>{f, {in...}});
  }
  /// f(in, out) for every window, at the positions of `for_windows`.
  template <class F>
  void for_pooled(const PoolingShape& shape, Index samples, const F& f) const {
    E::for_each(samples * shape.output_dim(), detail::PooledWindow<F>{shape, f});
  }
  /// Number of windows with f(in, out): waits for it.
  template <class F>
  [[nodiscard]] Index count_pooled(const PoolingShape& shape, Index samples, const F& f) const {
    return detail::sum_on_host<Index, E>(samples * shape.output_dim(), detail::CountWindow<F>{shape, f});
  }
  /// See `spread_windows`.
  template <class F>
  void spread_pooled(const PoolingShape& shape, Index samples, S* out, const F& f) const {
    E::for_each(samples * shape.input_dim(), detail::SpreadEntry<S, F>{shape, f, out});
  }

 private:
  static void check_columns(const Batch& X, std::span<const Index> columns) {
    for (const Index i : columns) {
      require_argument(i >= 0 && i < X.cols(), "cuda::Backend::gather", "a column", i, "one of X");
    }
  }

  ExecutorBackend(const BackendOptions& options, std::shared_ptr<typename E::Products> products)
      : options_(options), products_(std::move(products)) {
    require_argument(options.chunk >= 1, "cuda::Backend", "options.chunk", options.chunk, "at least 1");
    require_positive("cuda::Backend", "options.patch_memory", options.patch_memory);
  }
  [[nodiscard]] static std::shared_ptr<typename E::Products> products(const BackendOptions& options) {
    auto made = std::make_shared<typename E::Products>();
    made->use(options.arithmetic);
    return made;
  }
  [[nodiscard]] static Batch uninitialized(Index rows, Index cols) {
    return Batch(Vector(rows * cols), rows, cols);
  }
  [[nodiscard]] Convolution<S, E> convolution(Workspace& scratch) const {
    return {*products_, static_cast<Index>(options_.patch_memory / sizeof(S)), scratch};
  }

  BackendOptions options_;
  std::shared_ptr<typename E::Products> products_;
};

}  // namespace lazytrain::cuda
