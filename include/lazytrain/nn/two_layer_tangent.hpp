#pragma once

#include <algorithm>
#include <lazytrain/backend/write.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/nn/activation.hpp>
#include <lazytrain/nn/two_layer_layout.hpp>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace lazytrain {

template <class S, Activation Sigma>
class TwoLayerDisplacedTangent;

/// A two-layer network on n inputs at a point w: h(w) and its derivatives, which share one forward pass.
///
/// Everything is a product of matrices over blocks of samples. `move_to`, `jvp`, `vjp`, `second` and
/// `second_vjp` allocate nothing of their own. Eigen's products keep their panels on the stack up to d and m
/// of about 128; beyond, each takes one or two buffers above EIGEN_STACK_ALLOCATION_LIMIT (128 KiB) from the
/// heap. Const members write scratch: use one object in each thread; copies are independent.
template <class S, Activation Sigma>
class TwoLayerTangent {
 public:
  using Scalar = S;

  /// Forward pass at w on the columns of X, d x n. @throws std::invalid_argument if a size is wrong
  TwoLayerTangent(const TwoLayerLayout& layout, std::shared_ptr<const Matrix<S>> X, view_t<Vector<S>> w)
      : TwoLayerTangent(layout, std::move(X)) {
    move_to(w);
  }

  /// h(w), size n k: the k outputs of the first sample, then of the second, ...
  [[nodiscard]] const Vector<S>& value() const { return value_; }

  /// Forward pass at another point. Where the second half of the neurons is the first with -b for b (the
  /// doubling trick), the value is its exact one, 0, to the bit. Cost: 2 n m (d + k) operations. @throws
  /// std::invalid_argument if w has a wrong size
  void move_to(view_t<Vector<S>> w) {
    require_size("TwoLayerTangent::move_to", "w", w.size(), w_.size(), "m (d + k)");
    w_ = w;
    evaluate();
  }
  /// Forward pass on as many other samples at the same point. Cost: as `move_to`.
  /// @throws std::invalid_argument if X has a wrong size
  void move_to_samples(std::shared_ptr<const Matrix<S>> X) {
    require_size("TwoLayerTangent::move_to_samples", "X.rows()", X->rows(), X_->rows(), "the inputs d");
    require_size("TwoLayerTangent::move_to_samples", "X.cols()", X->cols(), X_->cols(), "the samples n");
    X_ = std::move(X);
    evaluate();
  }

  /// Dh(w) v. Cost: 2 n m (d + 2k) operations.
  void jvp(view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    check_parameters("TwoLayerTangent::jvp", "v", v.size());
    check_outputs("TwoLayerTangent::jvp", "out", out.size());
    load(v.data(), direction_);
    for_blocks([&](Index first, Index count) {
      const Index start = first * neurons();
      S* const zv = block_.data();
      project(v.data(), first, zv, count);
      for (Index q = 0; q < count * neurons(); ++q) zv[q] *= slope(start + q);
      contract(outer_, zv, first, count, out.data(), Write::assign);
      contract(direction_, h_.data() + start, first, count, out.data(), Write::add);
    });
  }

  /// The Jacobian, transposed, times the cotangent u. Cost: 2 n m (d + 2k) operations.
  void vjp(view_t<Vector<S>> u, out_t<Vector<S>> out) const {
    check_outputs("TwoLayerTangent::vjp", "u", u.size());
    check_parameters("TwoLayerTangent::vjp", "out", out.size());
    for_blocks([&](Index first, Index count) {
      const Index start = first * neurons();
      S* const delta = block_.data();
      expand(outer_, u.data(), first, delta, count);
      for (Index q = 0; q < count * neurons(); ++q) delta[q] *= slope(start + q);
      collect(delta, h_.data() + start, u.data(), first, count, out.data());
    });
    store(out.data());
  }

  /// D^2h(w)[u, v], almost everywhere for an activation with kinks. Cost: 2 n m (2d + 3k) operations.
  void second(view_t<Vector<S>> u, view_t<Vector<S>> v, out_t<Vector<S>> out) const {
    check_parameters("TwoLayerTangent::second", "u", u.size());
    check_parameters("TwoLayerTangent::second", "v", v.size());
    check_outputs("TwoLayerTangent::second", "out", out.size());
    const auto pass = [&](view_t<Vector<S>> one, view_t<Vector<S>> other, Write write) {
      load(other.data(), direction_);
      for_blocks([&](Index first, Index count) {
        const Index start = first * neurons();
        project_now(one.data(), first, block_, count);
        for (Index q = 0; q < count * neurons(); ++q) block_.data()[q] *= slope(start + q);
        contract(direction_, block_.data(), first, count, out.data(), write);
      });
    };
    pass(u, v, Write::assign);
    pass(v, u, Write::add);
    for_blocks([&](Index first, Index count) {
      const S* const z = z_.data() + first * neurons();
      project_now(u.data(), first, block_, count);
      project_now(v.data(), first, other_block_, count);
      for (Index q = 0; q < count * neurons(); ++q) {
        block_.data()[q] *= other_block_.data()[q] * Sigma::second(z[q]);
      }
      contract(outer_, block_.data(), first, count, out.data(), Write::add);
    });
  }

  /// The sum over i of c_i D^2h_i(w) u for a cotangent c. Cost: 2 n m (2d + 4k) operations.
  void second_vjp(view_t<Vector<S>> u, view_t<Vector<S>> c, out_t<Vector<S>> out) const {
    check_parameters("TwoLayerTangent::second_vjp", "u", u.size());
    check_outputs("TwoLayerTangent::second_vjp", "c", c.size());
    check_parameters("TwoLayerTangent::second_vjp", "out", out.size());
    load(u.data(), direction_);
    for_blocks([&](Index first, Index count) {
      const Index start = first * neurons();
      S* const delta = block_.data();
      S* const other = other_block_.data();
      project(u.data(), first, delta, count);
      expand(outer_, c.data(), first, other, count);
      for (Index q = 0; q < count * neurons(); ++q) {
        const S zu = delta[q];
        delta[q] = other[q] * Sigma::second(z_.data()[start + q]) * zu;
        curved_.data()[q] = slope(start + q) * zu;
      }
      expand(direction_, c.data(), first, other, count);
      for (Index q = 0; q < count * neurons(); ++q) delta[q] += other[q] * slope(start + q);
      collect(delta, curved_.data(), c.data(), first, count, out.data());
    });
    store(out.data());
  }

  /// The raw tangent kernel J J^T (equation (7)), N x N with N = n k and index i k + c:
  ///
  ///     K[(i,c), (j,e)] = s^2 (1{c = e} sum_l σ(z_li) σ(z_lj) + x_i.x_j sum_l b_lc b_le σ'(z_li) σ'(z_lj)).
  ///
  /// Cost: n^2 (m (1 + k^2) + d) operations, one triangle by panels and its mirror.
  void gram(Eigen::Ref<Matrix<S>> out) const {
    require_size("TwoLayerTangent::gram", "out.rows()", out.rows(), value_.size(), "n k");
    require_size("TwoLayerTangent::gram", "out.cols()", out.cols(), value_.size(), "n k");
    const Matrix<S> features = weighted_slopes();
    for_panels(samples(), [&](Index first, Index count) {
      panel(*this, features, features, first, samples() - first, first, count, out);
    });
    out.template triangularView<Eigen::StrictlyUpper>() = out.transpose();
  }
  [[nodiscard]] Matrix<S> gram() const {
    Matrix<S> out(value_.size(), value_.size());
    gram(out);
    return out;
  }

  /// J J'^T between these samples (rows) and those of another tangent of the same network at the same w
  /// (columns): train x test. Cost: 2 n n' (m (1 + k^2) + d) operations.
  void cross_gram(const TwoLayerTangent& other, Eigen::Ref<Matrix<S>> out) const {
    require_size("TwoLayerTangent::cross_gram", "other's parameters", other.w_.size(), w_.size(),
                 "those of this network");
    require_size("TwoLayerTangent::cross_gram", "out.rows()", out.rows(), value_.size(), "n k");
    require_size("TwoLayerTangent::cross_gram", "out.cols()", out.cols(), other.value_.size(), "n' k");
    const Matrix<S> features = weighted_slopes();
    const Matrix<S> others = other.weighted_slopes();
    for_panels(other.samples(), [&](Index first, Index count) {
      panel(other, features, others, 0, samples(), first, count, out);
    });
  }
  [[nodiscard]] Matrix<S> cross_gram(const TwoLayerTangent& other) const {
    Matrix<S> out(value_.size(), other.value_.size());
    cross_gram(other, out);
    return out;
  }
  /// The same with the inputs X, d x n'.
  [[nodiscard]] Matrix<S> cross_gram(Matrix<S> X) const {
    require_size("TwoLayerTangent::cross_gram", "X.rows()", X.rows(), layout_.inputs(), "the inputs d");
    return cross_gram(TwoLayerTangent(layout_, std::make_shared<const Matrix<S>>(std::move(X)), w_));
  }

  [[nodiscard]] const TwoLayerLayout& layout() const { return layout_; }
  /// X, d x n.
  [[nodiscard]] const Matrix<S>& inputs() const { return *X_; }
  /// w.
  [[nodiscard]] const Vector<S>& parameters() const { return w_; }
  /// Z = A^T X, m x n.
  [[nodiscard]] const Matrix<S>& preactivations() const { return z_; }
  /// The quantities at whose zeros h is not differentiable, of an activation with kinks: the pre-activations.
  [[nodiscard]] const Matrix<S>& kinks() const requires(!Sigma::is_smooth) { return z_; }
  /// "neuron 0, sample 3" for the i-th of them, column by column.
  [[nodiscard]] std::string describe_kink(Index i) const requires(!Sigma::is_smooth) {
    return "neuron " + std::to_string(i % neurons()) + ", sample " + std::to_string(i / neurons());
  }
  /// σ(Z), m x n.
  [[nodiscard]] const Matrix<S>& activations() const { return h_; }
  /// A, d x m, in place.
  [[nodiscard]] auto inner() const { return layout_.inner(w_.data()); }
  /// B, k x m, in place and without the factor of the network.
  [[nodiscard]] auto outer() const { return layout_.outer(w_.data()); }
  /// (a_j, b_j), in place. @throws std::invalid_argument if there is no neuron j
  [[nodiscard]] auto neuron(Index j) const {
    require_argument(j >= 0 && j < neurons(), "TwoLayerTangent::neuron", "j", j, "an index below m");
    return w_.segment(layout_.inner_offset(j), layout_.stride());
  }

 private:
  friend class TwoLayerDisplacedTangent<S, Sigma>;

  using Map = Eigen::Map<Matrix<S>>;
  using ConstMap = Eigen::Map<const Matrix<S>>;

  /// Without a forward pass.
  TwoLayerTangent(const TwoLayerLayout& layout, std::shared_ptr<const Matrix<S>> X)
      : layout_(layout), X_(std::move(X)) {
    require_size("TwoLayerTangent", "X.rows()", X_->rows(), layout_.inputs(), "the inputs d");
    require_argument(X_->cols() >= 1, "TwoLayerTangent", "X.cols()", X_->cols(), "at least 1 sample");
    const Index m = layout_.neurons();
    const Index n = X_->cols();
    const Index k = layout_.outputs();
    scale_ = static_cast<S>(layout_.scale());
    shallow_ = layout_.inputs() <= 8 || layout_.inputs() * m * n <= 4096;
    block_size_ = std::min<Index>(n, std::max<Index>(32, block_bytes / (m * Index(sizeof(S)))));
    w_.resize(layout_.parameter_dim());
    z_.resize(m, n);
    h_.resize(m, n);
    if constexpr (!Sigma::cheap_derivative) slopes_.resize(m, n);
    value_.resize(n * k);
    outer_.resize(m, k);
    direction_.resize(m, k);
    gradient_outer_.resize(m, k);
    if (shallow_) {
      inner_.resize(m, layout_.inputs());
      gradient_inner_.resize(m, layout_.inputs());
    }
    for (Matrix<S>* scratch : {&block_, &other_block_, &curved_}) scratch->resize(m, block_size_);
  }

  /// The forward pass at w_ on X_.
  void evaluate() {
    load(w_.data(), outer_);
    for_blocks([&](Index first, Index count) {
      project(w_.data(), first, z_.data() + first * neurons(), count);
      activate(first, count);
      contract(outer_, h_.data() + first * neurons(), first, count, value_.data(), Write::assign);
    });
    if (is_antisymmetric()) value_.setZero();
  }

  [[nodiscard]] Index neurons() const { return layout_.neurons(); }
  [[nodiscard]] Index samples() const { return X_->cols(); }

  void check_parameters(const char* function, const char* argument, Index size) const {
    require_size(function, argument, size, w_.size(), "m (d + k)");
  }
  void check_outputs(const char* function, const char* argument, Index size) const {
    require_size(function, argument, size, value_.size(), "n k");
  }

  template <class Action>
  void for_blocks(Action&& action) const {
    for (Index first = 0; first < samples(); first += block_size_) {
      action(first, std::min(block_size_, samples() - first));
    }
  }

  template <class Action>
  static void for_panels(Index samples, Action&& action) {
    for (Index first = 0; first < samples; first += 128) action(first, std::min<Index>(128, samples - first));
  }

  /// σ'(z) at a position of Z.
  [[nodiscard]] S slope(Index position) const {
    if constexpr (Sigma::cheap_derivative) {
      return Sigma::derivative(z_.data()[position]);
    } else {
      return slopes_.data()[position];
    }
  }

  /// outer = s B^T of the parameters at w; for short inputs, also A^T into `inner_`.
  void load(const S* w, Matrix<S>& outer) const {
    outer = scale_ * layout_.outer(w).transpose();
    load_inner(w);
  }
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
  void project_now(const S* w, Index first, Matrix<S>& z, Index count) const {
    load_inner(w);
    project(w, first, z.data(), count);
  }

  /// h = σ(z) and its slopes on a block of samples.
  void activate(Index first, Index count) {
    const Index start = first * neurons();
    const S* const z = z_.data() + start;
    S* const h = h_.data() + start;
    if constexpr (Sigma::cheap_derivative) {
      for (Index q = 0; q < count * neurons(); ++q) h[q] = Sigma::value(z[q]);
    } else {
      S* const slopes = slopes_.data() + start;
      for (Index q = 0; q < count * neurons(); ++q) {
        h[q] = Sigma::value(z[q]);
        slopes[q] = Sigma::derivative(z[q]);
      }
    }
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

  /// Whether neuron j + m/2 is (a_j, -b_j) for every j: then h(w) = 0. Stops at the first difference.
  [[nodiscard]] bool is_antisymmetric() const {
    if (neurons() % 2 != 0) return false;
    const Index half = neurons() / 2;
    const auto same = [](const auto& x, const auto& y) { return std::equal(x.begin(), x.end(), y.begin()); };
    for (Index j = 0; j < half; ++j) {
      if (!same(inner().col(j), inner().col(j + half))) return false;
      if (!same(outer().col(j), -outer().col(j + half))) return false;
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
  void store(S* out) const {
    if (shallow_) layout_.inner(out) = gradient_inner_.transpose();
    layout_.outer(out) = scale_ * gradient_outer_.transpose();
  }

  /// The columns s b_c σ'(z_i), m x n k, with index i k + c.
  [[nodiscard]] Matrix<S> weighted_slopes() const {
    const Index k = layout_.outputs();
    Matrix<S> out(neurons(), samples() * k);
    for (Index i = 0; i < samples(); ++i) {
      for (Index c = 0; c < k; ++c) {
        for (Index j = 0; j < neurons(); ++j) out(j, i * k + c) = outer_(j, c) * slope(i * neurons() + j);
      }
    }
    return out;
  }

  /// The kernel between the samples row, ..., row + rows - 1 of this tangent and col, ..., col + cols - 1 of
  /// the other, into its place in `out`.
  void panel(const TwoLayerTangent& other, const Matrix<S>& features, const Matrix<S>& others, Index row,
             Index rows, Index col, Index cols, Eigen::Ref<Matrix<S>> out) const {
    const Index k = layout_.outputs();
    const Matrix<S> of_inputs = X_->middleCols(row, rows).transpose() * other.X_->middleCols(col, cols);
    const Matrix<S> of_activations =
        h_.middleCols(row, rows).transpose() * (scale_ * scale_ * other.h_.middleCols(col, cols));
    auto place = out.block(row * k, col * k, rows * k, cols * k);
    place.noalias() =
        features.middleCols(row * k, rows * k).transpose() * others.middleCols(col * k, cols * k);
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

  /// Samples go through in blocks of about this many bytes of activations, which stay in the cache between
  /// the products.
  static constexpr Index block_bytes = 1 << 16;

  TwoLayerLayout layout_;
  std::shared_ptr<const Matrix<S>> X_;
  S scale_ = 1;
  bool shallow_ = false;
  Index block_size_ = 0;
  Vector<S> w_;
  Matrix<S> z_;
  Matrix<S> h_;
  Matrix<S> slopes_;
  Vector<S> value_;
  Matrix<S> outer_;
  mutable Matrix<S> direction_;
  mutable Matrix<S> inner_;
  mutable Matrix<S> gradient_outer_;
  mutable Matrix<S> gradient_inner_;
  mutable Matrix<S> block_;
  mutable Matrix<S> other_block_;
  mutable Matrix<S> curved_;
};

}  // namespace lazytrain
