#pragma once

#include <algorithm>
#include <lazytrain/backend/write.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/nn/activation.hpp>
#include <lazytrain/nn/two_layer_layout.hpp>
#include <lazytrain/nn/two_layer_products.hpp>
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
class TwoLayerTangent : private detail::TwoLayerProducts<S> {
  using Products = detail::TwoLayerProducts<S>;

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
    Products::move_to_samples(std::move(X));
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
      panel(*this, h_, h_, features, features, first, samples() - first, first, count, out);
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
      panel(other, h_, other.h_, features, others, 0, samples(), first, count, out);
    });
  }
  [[nodiscard]] Matrix<S> cross_gram(const TwoLayerTangent& other) const {
    Matrix<S> out(value_.size(), other.value_.size());
    cross_gram(other, out);
    return out;
  }
  /// The same with the inputs X, d x n'.
  [[nodiscard]] Matrix<S> cross_gram(Matrix<S> X) const {
    require_size("TwoLayerTangent::cross_gram", "X.rows()", X.rows(), layout().inputs(), "the inputs d");
    return cross_gram(TwoLayerTangent(layout(), std::make_shared<const Matrix<S>>(std::move(X)), w_));
  }

  [[nodiscard]] const TwoLayerLayout& layout() const { return Products::layout(); }
  /// X, d x n.
  [[nodiscard]] const Matrix<S>& inputs() const { return Products::inputs(); }
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
  [[nodiscard]] auto inner() const { return layout().inner(w_.data()); }
  /// B, k x m, in place and without the factor of the network.
  [[nodiscard]] auto outer() const { return layout().outer(w_.data()); }
  /// (a_j, b_j), in place. @throws std::invalid_argument if there is no neuron j
  [[nodiscard]] auto neuron(Index j) const {
    require_argument(j >= 0 && j < neurons(), "TwoLayerTangent::neuron", "j", j, "an index below m");
    return w_.segment(layout().inner_offset(j), layout().stride());
  }

 private:
  friend class TwoLayerDisplacedTangent<S, Sigma>;

  using Products::collect;
  using Products::contract;
  using Products::expand;
  using Products::for_blocks;
  using Products::is_antisymmetric;
  using Products::load;
  using Products::neurons;
  using Products::panel;
  using Products::project;
  using Products::project_now;
  using Products::samples;
  using Products::store;

  /// Without a forward pass.
  TwoLayerTangent(const TwoLayerLayout& layout, std::shared_ptr<const Matrix<S>> X)
      : Products(layout, std::move(X)) {
    const Index m = neurons();
    const Index n = samples();
    const Index k = layout.outputs();
    w_.resize(layout.parameter_dim());
    z_.resize(m, n);
    h_.resize(m, n);
    if constexpr (!Sigma::cheap_derivative) slopes_.resize(m, n);
    value_.resize(n * k);
    outer_.resize(m, k);
    direction_.resize(m, k);
    for (Matrix<S>* scratch : {&block_, &other_block_, &curved_}) scratch->resize(m, this->block_size());
  }

  /// The forward pass at w_.
  void evaluate() {
    load(w_.data(), outer_);
    for_blocks([&](Index first, Index count) {
      project(w_.data(), first, z_.data() + first * neurons(), count);
      activate(first, count);
      contract(outer_, h_.data() + first * neurons(), first, count, value_.data(), Write::assign);
    });
    if (is_antisymmetric(w_.data())) Products::cancel(value_);
  }

  void check_parameters(const char* function, const char* argument, Index size) const {
    require_size(function, argument, size, w_.size(), "m (d + k)");
  }
  void check_outputs(const char* function, const char* argument, Index size) const {
    require_size(function, argument, size, value_.size(), "n k");
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

  /// The columns s b_c σ'(z_i), m x n k, with index i k + c.
  [[nodiscard]] Matrix<S> weighted_slopes() const {
    const Index k = layout().outputs();
    Matrix<S> out(neurons(), samples() * k);
    for (Index i = 0; i < samples(); ++i) {
      for (Index c = 0; c < k; ++c) {
        for (Index j = 0; j < neurons(); ++j) out(j, i * k + c) = outer_(j, c) * slope(i * neurons() + j);
      }
    }
    return out;
  }

  Vector<S> w_;
  Matrix<S> z_;
  Matrix<S> h_;
  Matrix<S> slopes_;
  Vector<S> value_;
  Matrix<S> outer_;
  mutable Matrix<S> direction_;
  mutable Matrix<S> block_;
  mutable Matrix<S> other_block_;
  mutable Matrix<S> curved_;
};

}  // namespace lazytrain
