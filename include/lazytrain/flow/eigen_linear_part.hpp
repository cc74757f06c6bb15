#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/linalg/phi.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/model/gram.hpp>
#include <utility>
#include <vector>

namespace lazytrain::detail {

/// weight * phi_k(-tau L) applied to the vector in a slot.
struct PhiTerm {
  std::size_t slot;
  double weight;
  int k;
  double tau;
};

/// A symmetric factor C of the Hessian of the loss as a matrix: C^T C = W R''(y), for positive semidefinite
/// R''. A diagonal one (losses that act output by output) is kept as a vector. Negative curvature is cut off:
/// the linear part of an exponential method need not be exact.
template <class S>
class HessianFactor {
 public:
  /// Of the loss at the outputs y, which may live elsewhere; the factor is on the host.
  template <class R, HilbertVector O>
  void compute(const R& loss, const O& y) {
    const OutputSpace space = loss.output_space();
    const Index n = space.dim();
    const Index k = space.outputs();
    // Samples do not interact in R = sum w_i l(y_i), so k products give every k x k block.
    blocks_.resize(k, n);
    Vector<S> e = Vector<S>::Zero(n);
    O direction = y;
    O product = y;
    for (Index c = 0; c < k; ++c) {
      for (Index i = 0; i < space.samples(); ++i) e(i * k + c) = S(1);
      place(e, direction);
      loss.hessian_apply(y, direction, product);
      space.to_cotangent(product);
      const Vector<S>& column = host_numbers(product);
      for (Index i = 0; i < space.samples(); ++i) blocks_.col(i * k + c) = column.segment(i * k, k);
      e.setZero();
    }
    diagonal_ = k == 1 || is_diagonal(k);
    if (diagonal_) {
      for (Index j = 0; j < n; ++j) {
        const S value = blocks_(j % k, j);
        blocks_.col(j).setZero();
        blocks_(j % k, j) = std::sqrt(std::max(value, S(0)));
      }
      return;
    }
    for (Index i = 0; i < space.samples(); ++i) {
      auto block = blocks_.middleCols(i * k, k);
      const auto eigen = symmetric_eigen(Matrix<S>(block));
      block =
          eigen.vectors * eigen.values.cwiseMax(S(0)).cwiseSqrt().asDiagonal() * eigen.vectors.transpose();
    }
  }

  /// u becomes C u; C is symmetric.
  void apply(Vector<S>& u) const {
    const Index k = blocks_.rows();
    if (diagonal_) {
      for (Index j = 0; j < u.size(); ++j) u(j) *= blocks_(j % k, j);
      return;
    }
    for (Index i = 0; i < u.size() / k; ++i) {
      u.segment(i * k, k) = (blocks_.middleCols(i * k, k) * u.segment(i * k, k)).eval();
    }
  }

  /// K becomes C K C.
  void sandwich(Matrix<S>& kernel) const {
    Vector<S> column(kernel.rows());
    for (int side = 0; side < 2; ++side) {
      for (Index j = 0; j < kernel.cols(); ++j) {
        column = kernel.col(j);
        apply(column);
        kernel.col(j) = column;
      }
      kernel.transposeInPlace();
    }
  }

 private:
  [[nodiscard]] bool is_diagonal(Index k) const {
    for (Index j = 0; j < blocks_.cols(); ++j) {
      for (Index c = 0; c < k; ++c) {
        if (c != j % k && blocks_(c, j) != S(0)) return false;
      }
    }
    return true;
  }

  Matrix<S> blocks_;  // k x N: the k x k blocks side by side
  bool diagonal_ = true;
};

/// phi-functions of L = rate J^T W R'' J at a reference point, in the eigenbasis of its N x N Gram matrix.
///
/// With B = rate^(1/2) C J, L = B^T B and B B^T = U Lambda U^T,
///
///     phi_k(-tau L) v = v / k! - tau B^T U phi_{k+1}(-tau Lambda) U^T B v,
///
/// so that nothing is divided by an eigenvalue. A slot holds v = a + B^T U q with coefficients U^T B v; one
/// jvp makes a slot and one vjp a combination, whatever the number of terms. The eigenbasis and the
/// coefficients are on the host, wherever the vectors of size p live.
template <class Field>
class EigenLinearPart {
 public:
  using State = typename Field::State;
  using Scalar = typename Field::Scalar;
  using Outputs = typename Field::Outputs;
  using TangentType = std::remove_cvref_t<decltype(std::declval<const Field&>().tangent())>;

  /// Takes the field's last point as the reference. Cost: a Gram matrix and a dense eigenproblem of size N.
  explicit EigenLinearPart(const Field& field)
      : tangent_(field.tangent()), root_rate_(std::sqrt(field.rate())), outputs_(field.outputs()) {
    refresh(field);
  }

  void refresh(const Field& field) {
    tangent_ = field.tangent();
    factor_.compute(field.loss(), field.outputs());
    gram(tangent_, gram_);
    factor_.sandwich(gram_);
    gram_ *= field.rate();
    auto eigen = symmetric_eigen(gram_);
    basis_ = std::move(eigen.vectors);
    values_ = eigen.values.cwiseMax(Scalar(0));
  }

  /// Cost of a refresh in evaluations, of about 16 N p operations each: 15 N^3 for the decomposition, N^2 p
  /// for a Gram matrix that the model does not have in closed form, and one for the rest.
  [[nodiscard]] static double refresh_cost(const TangentType& tangent) {
    const auto n = static_cast<double>(tangent.output_dim());
    const auto p = static_cast<double>(tangent.parameter_dim());
    const bool closed = requires(Matrix<Scalar> & out) { tangent.native().gram(out); };
    return 1 + n * (15 * n / p + (closed ? 0 : 1)) / 16;
  }

  [[nodiscard]] const Vector<Scalar>& eigenvalues() const { return values_; }

  /// Slot 0 becomes f, the field at the step's beginning.
  void begin(const State& f) {
    used_ = 0;
    Slot& slot = next_slot(f);
    copy(f, slot.a);
    slot.q.setZero(values_.size());
    to_eigen(slot.a, slot.c);
  }

  /// Forgets every slot but the first: a step is tried again.
  void keep_first() { used_ = 1; }

  /// The next slot becomes D = f_i - f + L dx, with dx the result of the last `combine`.
  void add_remainder(const State& f_i, const State& f) {
    Slot& slot = next_slot(f);
    copy(f_i, slot.a);
    axpy(Scalar(-1), f, slot.a);
    slot.q = image_;
    to_eigen(slot.a, slot.c);
    slot.c += values_.cwiseProduct(slot.q);
  }

  /// out = sum of the terms.
  void combine(const std::vector<PhiTerm>& terms, State& out) {
    fill(out, Scalar(0));
    image_.setZero(values_.size());
    range_.setZero(values_.size());
    for (const PhiTerm& term : terms) {
      const Slot& slot = slots_[term.slot];
      const double inverse_factorial = 1.0 / factorial[static_cast<std::size_t>(term.k)];
      axpy(Scalar(term.weight * inverse_factorial), slot.a, out);
      for (Index j = 0; j < values_.size(); ++j) {
        const double z = -term.tau * static_cast<double>(values_(j));
        const double next = phi(term.k + 1, z);
        const double here = inverse_factorial + z * next;
        range_(j) += Scalar(term.weight) *
                     (Scalar(inverse_factorial) * slot.q(j) - Scalar(term.tau * next) * slot.c(j));
        image_(j) += Scalar(term.weight * here) * slot.c(j);
      }
    }
    add_range(range_, out);
  }

  /// c = U^T B v. Cost: a jvp.
  void to_eigen(const State& v, Vector<Scalar>& c) {
    tangent_.jvp(v, outputs_);
    work_ = host_numbers(outputs_);
    factor_.apply(work_);
    c.noalias() = basis_.transpose() * work_;
    c *= root_rate_;
  }

  /// out += B^T U q. Cost: a vjp.
  void add_range(const Vector<Scalar>& q, State& out) {
    work_.noalias() = basis_ * q;
    factor_.apply(work_);
    scale(root_rate_, work_);
    place(work_, outputs_);
    tangent_.vjp(outputs_, product_);
    axpy(Scalar(1), product_, out);
  }

 private:
  struct Slot {
    State a;
    Vector<Scalar> q;
    Vector<Scalar> c;
  };

  Slot& next_slot(const State& like) {
    if (used_ == slots_.size()) slots_.push_back({like, {}, {}});
    return slots_[used_++];
  }

  TangentType tangent_;
  Scalar root_rate_;
  HessianFactor<Scalar> factor_;
  Matrix<Scalar> gram_;
  Matrix<Scalar> basis_;
  Vector<Scalar> values_;
  Outputs outputs_;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  Vector<Scalar> image_;
  Vector<Scalar> range_;
  Vector<Scalar> work_;
  State product_;
};

}  // namespace lazytrain::detail
