#pragma once

#include <algorithm>
#include <concepts>
#include <lazytrain/backend/cpu/contraction.hpp>
#include <lazytrain/backend/cpu/convolution.hpp>
#include <lazytrain/backend/cpu/parallel.hpp>
#include <lazytrain/backend/epilogue.hpp>
#include <lazytrain/backend/pooling_shape.hpp>
#include <lazytrain/core/error.hpp>
#include <utility>

namespace lazytrain::cpu {

/// How the host divides its work.
struct BackendOptions {
  /// Threads over chunks of samples; 0: one for each processor. Results do not depend on it.
  Index threads = 0;
  /// Samples that go through a network together. Sums over samples are taken chunk by chunk, so that results
  /// depend on it in their last digits.
  Index chunk = 32;
  /// How convolutions are computed: `automatic`, or `im2col` for the rounding of the definition.
  ConvAlgorithm convolution = ConvAlgorithm::automatic;
};

/// Where the numbers of a network live and what is done to them: here, Eigen on the host. Layers are written
/// against this interface and know no other; arrays are pointers to features x samples numbers, column-major.
template <std::floating_point S>
class Backend {
 public:
  using Scalar = S;
  /// Parameters and outputs.
  using Vector = lazytrain::Vector<S>;
  /// A chunk of samples, features x samples.
  using Batch = Matrix<S>;
  using ConvWeights = cpu::ConvWeights<S>;
  /// Scratch of one thread.
  using Workspace = ConvWorkspace<S>;
  /// Scratch of one thread for parts of a tangent kernel.
  using ContractionWorkspace = cpu::ContractionWorkspace<S>;
  using LayerContraction = cpu::LayerContraction;
  using LayerSamples = cpu::LayerSamples<S>;

  /// @throws std::invalid_argument if threads < 0 or chunk < 1
  explicit Backend(const BackendOptions& options = {})
      : options_(options), threads_(thread_count(options.threads)) {
    require_argument(options.threads >= 0, "cpu::Backend", "options.threads", options.threads, "at least 0");
    require_argument(options.convolution != ConvAlgorithm::winograd, "cpu::Backend", "options.convolution",
                     "winograd", "automatic or im2col, for not every layer can use Winograd's algorithm");
    require_argument(options.chunk >= 1, "cpu::Backend", "options.chunk", options.chunk, "at least 1");
  }

  /// The same with convolutions by the operations of their definition.
  [[nodiscard]] Backend exact() const {
    Backend copy = *this;
    copy.options_.convolution = ConvAlgorithm::im2col;
    return copy;
  }

  /// The same with another number of samples in a chunk.
  /// @throws std::invalid_argument if chunk < 1
  [[nodiscard]] Backend with_chunk(Index chunk) const {
    require_argument(chunk >= 1, "cpu::Backend::with_chunk", "chunk", chunk, "at least 1");
    Backend copy = *this;
    copy.options_.chunk = chunk;
    return copy;
  }

  /// Number of threads.
  [[nodiscard]] Index threads() const { return threads_; }
  /// Samples in a chunk.
  [[nodiscard]] Index chunk() const { return options_.chunk; }

  /// See `cpu::for_chunks`.
  template <class F>
  void for_chunks(Index count, F&& f) const {
    cpu::for_chunks(threads_, count, std::forward<F>(f));
  }
  /// See `cpu::for_chunks_in_order`.
  template <class Compute, class Commit>
  void for_chunks_in_order(Index count, Compute&& compute, Commit&& commit) const {
    cpu::for_chunks_in_order(threads_, count, std::forward<Compute>(compute), std::forward<Commit>(commit));
  }

  /// A features x samples matrix of a vector's numbers.
  [[nodiscard]] Batch batch(const Vector& values, Index rows, Index cols) const {
    return Eigen::Map<const Batch>(values.data(), rows, cols);
  }

  /// The weights of a convolution, made ready for products.
  [[nodiscard]] ConvWeights weights(const ConvShape& shape, const S* w) const {
    return ConvWeights(shape, w, options_.convolution);
  }
  /// y (+)= w * x, and then the epilogue.
  void convolve(const ConvWeights& w, const S* x, Index samples, S* y, Write write, Workspace& scratch,
                const Epilogue<S>& epilogue = {}) const {
    forward(w, x, samples, y, write, scratch);
    finish(epilogue, w.shape().filters, w.shape().positions(), samples, y);
  }
  /// gx (+)= w^T gy, the transpose in x, which then is 0 where `mask`, if it is not null, is not positive.
  void convolve_transposed(const ConvWeights& w, const S* gy, Index samples, S* gx, Write write,
                           Workspace& scratch, const S* mask = nullptr) const {
    input_gradient(w, gy, samples, gx, write, scratch);
    finish({.mask = mask}, w.shape().channels, w.shape().height * w.shape().width, samples, gx);
  }
  /// gw (+)= the transpose in w, summed over the samples.
  void convolve_weights(const ConvShape& shape, const S* x, const S* gy, Index samples, S* gw, Write write,
                        Workspace& scratch) const {
    weight_gradient(shape, options_.convolution, x, gy, samples, gw, write, scratch);
  }

  /// The contraction that costs least: see `lazytrain::choose_contraction`.
  [[nodiscard]] static KernelContraction choose_contraction(const ConvShape& shape,
                                                            const ContractionSize& size) {
    return lazytrain::choose_contraction(shape, size);
  }
  /// Most images that go through a network together on the way to a kernel: the activations and deltas of few
  /// take little memory, and threads share small sets of images too.
  [[nodiscard]] Index kernel_chunk() const { return std::min<Index>(chunk(), 16); }
  /// Images of a side of the piece of a kernel that one thread contracts.
  [[nodiscard]] Index contraction_tile() const { return 16; }
  /// Images first, ..., first + count - 1 of a layer's activations and deltas.
  [[nodiscard]] LayerSamples layer_samples(const Batch& activations, const Batch& deltas, Index first,
                                           Index count, Index outputs) const {
    return {activations.middleCols(first, count), deltas.middleCols(first * outputs, count * outputs)};
  }
  /// A block of a kernel, to be given to `contract`.
  [[nodiscard]] auto block(Batch& kernel, Index row, Index column, Index rows, Index columns) const {
    return kernel.block(row, column, rows, columns);
  }
  /// The upper half becomes the transpose of the lower.
  void mirror(Batch& kernel) const {
    kernel.template triangularView<Eigen::StrictlyUpper>() = kernel.transpose();
  }
  /// See `cpu::contract`: a layer's part of the tangent kernel between two sets of samples.
  void contract(const LayerContraction& layer, const LayerSamples& rows, const LayerSamples& columns,
                Eigen::Ref<Matrix<S>> out, Write write, ContractionWorkspace& scratch) const {
    cpu::contract<S>(layer, rows, columns, out, write, scratch);
  }
  /// The same of a set with itself.
  void contract(const LayerContraction& layer, const LayerSamples& samples, Eigen::Ref<Matrix<S>> out,
                Write write, ContractionWorkspace& scratch) const {
    cpu::contract<S>(layer, samples, out, write, scratch);
  }

  /// gb (+)= the sum of the columns of gy (channels x columns).
  void sum_columns(const S* gy, Index channels, Index columns, S* gb, Write write) const {
    Eigen::Map<lazytrain::Vector<S>> sum(gb, channels);
    if (write == Write::assign) sum.setZero();
    for (Index j = 0; j < columns; ++j)
      sum += Eigen::Map<const lazytrain::Vector<S>>(gy + j * channels, channels);
  }
  /// out[i] = f(in[i]...) for i < count.
  template <class F, class... In>
  void map(Index count, S* out, F&& f, const In*... in) const {
    for (Index i = 0; i < count; ++i) out[i] = f(in[i]...);
  }
  /// Columns of `rows` numbers, which are some numbers apart in `in` and in `out`.
  void copy_columns(Index rows, Index columns, const S* in, Index in_stride, S* out, Index out_stride) const {
    for (Index j = 0; j < columns; ++j) std::copy_n(in + j * in_stride, rows, out + j * out_stride);
  }
  /// out[i stride] = value for i < count.
  void fill_strided(Index count, S* out, Index stride, S value) const {
    for (Index i = 0; i < count; ++i) out[i * stride] = value;
  }
  /// Numbers for the host to read: they are there.
  [[nodiscard]] const Vector& to_host(const Vector& values) const { return values; }
  [[nodiscard]] const Batch& to_host(const Batch& values) const { return values; }
  /// out[i] = value for i < count.
  void fill(Index count, S* out, S value) const { std::fill_n(out, count, value); }
  /// Number of i < count with f(in[i]...).
  template <class F, class... In>
  [[nodiscard]] Index count(Index count, F&& f, const In*... in) const {
    Index number = 0;
    for (Index i = 0; i < count; ++i) number += f(in[i]...) ? 1 : 0;
    return number;
  }
  /// See `for_windows`.
  template <class F>
  void for_pooled(const PoolingShape& shape, Index samples, F&& f) const {
    for_windows(shape, samples, std::forward<F>(f));
  }
  /// Number of windows with f(in, out); see `for_windows`.
  template <class F>
  [[nodiscard]] Index count_pooled(const PoolingShape& shape, Index samples, F&& f) const {
    Index number = 0;
    for_windows(shape, samples, [&](Index in, Index out) { number += f(in, out) ? 1 : 0; });
    return number;
  }
  /// See `spread_windows`.
  template <class F>
  void spread_pooled(const PoolingShape& shape, Index samples, S* out, F&& f) const {
    spread_windows(shape, samples, out, std::forward<F>(f));
  }

 private:
  static void finish(const Epilogue<S>& epilogue, Index channels, Index positions, Index samples, S* y) {
    if (epilogue.empty()) return;
    const Index biased = epilogue.bias == nullptr ? 0 : std::min(samples, epilogue.biased) * positions;
    for (Index j = 0; j < samples * positions; ++j) {
      S* const column = y + j * channels;
      if (j < biased) {
        for (Index i = 0; i < channels; ++i) column[i] += epilogue.bias[i];
      }
      if (!epilogue.rectify && epilogue.mask == nullptr) continue;
      for (Index i = 0; i < channels; ++i) column[i] = epilogue.unbiased(column[i], j * channels + i);
    }
  }

  BackendOptions options_;
  Index threads_;
};

}  // namespace lazytrain::cpu
