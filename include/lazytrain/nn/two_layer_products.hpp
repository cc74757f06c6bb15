#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/backend/write.hpp>
#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/two_layer_layout.hpp>
#include <memory>
#include <utility>

namespace lazytrain::detail {

/// The products of matrices that a two-layer network on n inputs consists of, whatever its activation: over
/// blocks of samples, without allocations but Eigen's. Matrices with a row a neuron stand as m x count.
template <class S>
class TwoLayerProducts {
 public:
  /// @throws std::invalid_argument if X has not d rows, or no column
  TwoLayerProducts(const TwoLayerLayout& layout, std::shared_ptr<const Matrix<S>> X)
      : layout_(layout), X_(std::move(X)) {
    require_size("TwoLayerTangent", "X.rows()", X_->rows(), layout_.inputs(), "the inputs d");
    require_argument(X_->cols() >= 1, "TwoLayerTangent", "X.cols()", X_->cols(), "at least 1 sample");
    const Index m = layout_.neurons();
    const Index n = X_->cols();
    const Index k = layout_.outputs();
    scale_ = static_cast<S>(layout_.scale());
    shallow_ = layout_.inputs() <= 8 || layout_.inputs() * m * n <= 4096;
    block_size_ = std::min<Index>(n, std::max<Index>(32, block_bytes / (m * Index(sizeof(S)))));
    gradient_outer_.resize(m, k);
    if (shallow_) {
      inner_.resize(m, layout_.inputs());
      gradient_inner_.resize(m, layout_.inputs());
    }
  }

  /// As many other samples. @throws std::invalid_argument if X has a wrong size
  void move_to_samples(std::shared_ptr<const Matrix<S>> X) {
    require_size("TwoLayerTangent::move_to_samples", "X.rows()", X->rows(), X_->rows(), "the inputs d");
    require_size("TwoLayerTangent::move_to_samples", "X.cols()", X->cols(), X_->cols(), "the samples n");
    X_ = std::move(X);
  }

  [[nodiscard]] const TwoLayerLayout& layout() const { return layout_; }
  /// X, d x n.
  [[nodiscard]] const Matrix<S>& inputs() const { return *X_; }
  [[nodiscard]] Index neurons() const { return layout_.neurons(); }
  [[nodiscard]] Index samples() const { return X_->cols(); }
  /// The largest number of samples in a block.
  [[nodiscard]] Index block_size() const { return block_size_; }

  /// action(first, count) for every block of samples.
  template <class Action>
  void for_blocks(Action&& action) const {
    for (Index first = 0; first < samples(); first += block_size_) {
      action(first, std::min(block_size_, samples() - first));
    }
  }

  /// outer = s B^T of the parameters at w; for short inputs, also A^T into `inner_`.
  void load(const S* w, Matrix<S>& outer) const {
    outer = scale_ * layout_.outer(w).transpose();
    load_inner(w);
  }
  /// A^T of the parameters at w for `project`, where inputs are short.
  void load_inner(const S* w) const {
    if (shallow_) inner_ = layout_.inner(w).transpose();
  }

  /// z = A^T X on a block of samples, A in w (and loaded).
  void project(const S* w, Index first, S* z, Index count) const {
    const Index m = neurons();
    if (!shallow_) {
      Map(z, m, count).noalias() = layout_.inner(w).transpose() * X_->middleCols(first, count);
      return;
    }
    const Index d = layout_.inputs();
    for (Index i = 0; i < count; ++i) {
      const S* const x = X_->data() + (first + i) * d;
      S* const zi = z + i * m;
      const S* a = inner_.data();
      if (d % 2 == 0) {
        for (Index j = 0; j < m; ++j) zi[j] = a[j] * x[0] + a[m + j] * x[1];
      } else {
        for (Index j = 0; j < m; ++j) zi[j] = a[j] * x[0];
      }
      for (Index l = 2 - d % 2; l < d; l += 2) {
        a = inner_.data() + l * m;
        for (Index j = 0; j < m; ++j) zi[j] += a[j] * x[l] + a[m + j] * x[l + 1];
      }
    }
  }
  /// `project` with A loaded first.
  void project_now(const S* w, Index first, Matrix<S>& z, Index count) const {
    load_inner(w);
    project(w, first, z.data(), count);
  }

  /// outer^T h on a block, k x count, written to or added to the outputs.
  void contract(const Matrix<S>& outer, const S* h, Index first, Index count, S* outputs, Write write) const {
    const Index k = layout_.outputs();
    const ConstMap H(h, neurons(), count);
    if (write == Write::assign) Eigen::Map<Vector<S>>(outputs + first * k, count * k).setZero();
    if (k > 1) {
      Map(outputs + first * k, k, count).noalias() += outer.transpose() * H;
    } else {
      Eigen::Map<Vector<S>>(outputs + first, count).noalias() += H.transpose() * outer.col(0);
    }
  }

  /// What the outputs of antisymmetric weights are but for rounding: 0 where they are finite.
  static void cancel(Vector<S>& outputs) {
    for (S& y : outputs) {
      if (std::isfinite(y)) y = S(0);
    }
  }

  /// Whether neuron j + m/2 is (a_j, -b_j) for every j: then h(w) = 0. Stops at the first difference.
  [[nodiscard]] bool is_antisymmetric(const S* w) const {
    if (neurons() % 2 != 0) return false;
    const Index half = neurons() / 2;
    const auto same = [](const auto& x, const auto& y) { return std::equal(x.begin(), x.end(), y.begin()); };
    const auto inner = layout_.inner(w);
    const auto outer = layout_.outer(w);
    for (Index j = 0; j < half; ++j) {
      if (!same(inner.col(j), inner.col(j + half))) return false;
      if (!same(outer.col(j), -outer.col(j + half))) return false;
    }
    return true;
  }

  /// out = outer u on a block of samples, m x count.
  void expand(const Matrix<S>& outer, const S* u, Index first, S* out, Index count) const {
    const Index m = neurons();
    const Index k = layout_.outputs();
    if (k > 1) {
      Map(out, m, count).noalias() = outer * ConstMap(u + first * k, k, count);
      return;
    }
    const S* const b = outer.data();
    for (Index i = 0; i < count; ++i) {
      const S ui = u[first + i];
      for (Index j = 0; j < m; ++j) out[i * m + j] = ui * b[j];
    }
  }

  /// Gradients X delta^T for A and u h^T for B of a block of samples; the first block assigns. The one for B
  /// (and, for short inputs, the one for A) waits in scratch for `store`.
  void collect(const S* delta, const S* h, const S* u, Index first, Index count, S* out) const {
    const Index m = neurons();
    const Index k = layout_.outputs();
    const ConstMap D(delta, m, count);
    const ConstMap H(h, m, count);
    const auto X = X_->middleCols(first, count);
    if (first == 0) gradient_outer_.setZero();
    if (shallow_) {
      if (first == 0) gradient_inner_.setZero();
      gradient_inner_.noalias() += D.lazyProduct(X.transpose());
    } else if (first == 0) {
      layout_.inner(out).noalias() = X * D.transpose();
    } else {
      layout_.inner(out).noalias() += X * D.transpose();
    }
    if (k == 1 && shallow_) {
      gradient_outer_.noalias() += H.lazyProduct(ConstMap(u + first, count, 1));
    } else if (k == 1) {
      gradient_outer_.col(0).noalias() += H * Eigen::Map<const Vector<S>>(u + first, count);
    } else {
      gradient_outer_.noalias() += H * ConstMap(u + first * k, k, count).transpose();
    }
  }
  /// What `collect` kept, into its places in the parameters at `out`.
  void store(S* out) const {
    if (shallow_) layout_.inner(out) = gradient_inner_.transpose();
    layout_.outer(out) = scale_ * gradient_outer_.transpose();
  }

  /// The tangent kernel between the samples row, ..., row + rows - 1 here and col, ..., col + cols - 1 of
  /// `other`, into its place in `out`. `h` are the activations, `slopes` the columns s b_c σ'(z_i), m x n k.
  void panel(const TwoLayerProducts& other, const Matrix<S>& h, const Matrix<S>& other_h,
             const Matrix<S>& slopes, const Matrix<S>& other_slopes, Index row, Index rows, Index col,
             Index cols, Eigen::Ref<Matrix<S>> out) const {
    const Index k = layout_.outputs();
    const Matrix<S> of_inputs = X_->middleCols(row, rows).transpose() * other.X_->middleCols(col, cols);
    const Matrix<S> of_activations =
        h.middleCols(row, rows).transpose() * (scale_ * scale_ * other_h.middleCols(col, cols));
    auto place = out.block(row * k, col * k, rows * k, cols * k);
    place.noalias() =
        slopes.middleCols(row * k, rows * k).transpose() * other_slopes.middleCols(col * k, cols * k);
    for (Index j = 0; j < cols; ++j) {
      for (Index c = 0; c < k; ++c) {
        auto column = place.col(j * k + c);
        for (Index i = 0; i < rows; ++i) {
          column.segment(i * k, k) *= of_inputs(i, j);
          column(i * k + c) += of_activations(i, j);
        }
      }
    }
  }

 private:
  using Map = Eigen::Map<Matrix<S>>;
  using ConstMap = Eigen::Map<const Matrix<S>>;

  /// Samples go through in blocks of about this many bytes of activations, which stay in the cache between
  /// the products.
  static constexpr Index block_bytes = 1 << 16;

  TwoLayerLayout layout_;
  std::shared_ptr<const Matrix<S>> X_;
  S scale_ = 1;
  bool shallow_ = false;
  Index block_size_ = 0;
  mutable Matrix<S> inner_;
  mutable Matrix<S> gradient_outer_;
  mutable Matrix<S> gradient_inner_;
};

}  // namespace lazytrain::detail
