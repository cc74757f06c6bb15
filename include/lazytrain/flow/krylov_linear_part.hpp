#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/eigen_linear_part.hpp>
#include <lazytrain/linalg/phi_basis.hpp>
#include <lazytrain/loss/weak_convexity.hpp>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace lazytrain::detail {

/// phi-functions of L = rate J^T W R'' J at a reference point by Lanczos on R^p, with products only: two
/// passes of the tangent a basis vector. Negative curvature of R is cut off, by blocks on the host. The same
/// operations as EigenLinearPart; a slot holds its vector and a basis grown from it.
template <class Field>
class KrylovLinearPart {
 public:
  using State = typename Field::State;
  using Scalar = typename Field::Scalar;
  using Outputs = typename Field::Outputs;
  using TangentType = std::remove_cvref_t<decltype(std::declval<const Field&>().tangent())>;

  KrylovLinearPart(const Field& field, double tolerance, Index max_basis)
      : tangent_(field.tangent()),
        loss_(field.loss()),
        reference_(field.outputs()),
        rate_(field.rate()),
        image_(reference_),
        curved_(reference_),
        last_(zeros_like_state(field)),
        options_{.tolerance = tolerance,
                 .max_basis = max_basis,
                 .max_products = std::numeric_limits<Index>::max()} {
    cut_curvature();
  }

  void refresh(const Field& field) {
    tangent_ = field.tangent();
    copy(field.outputs(), reference_);
    cut_curvature();
  }

  /// Slot 0 becomes f, the field at the step's beginning.
  void begin(const State& f) {
    slots_.clear();
    add(f);
  }

  /// Forgets every slot but the first: a step is tried again.
  void keep_first() { slots_.erase(slots_.begin() + 1, slots_.end()); }

  /// The next slot becomes D = f_i - f + L dx, with dx the result of the last `combine`.
  void add_remainder(const State& f_i, const State& f) {
    State d = f;
    apply(last_, d);
    ++products_;
    axpy(Scalar(1), f_i, d);
    axpy(Scalar(-1), f, d);
    add(d);
  }

  /// out = sum of the terms. Where the basis does not suffice for the tolerance, `sufficient()` turns false.
  void combine(const std::vector<PhiTerm>& terms, State& out) {
    fill(out, Scalar(0));
    for (const PhiTerm& term : terms) {
      auto& basis = slots_[term.slot];
      if (!basis) continue;
      const auto accepted = [&] {
        const double allowed =
            options_.tolerance * basis->start_norm() / factorial[static_cast<std::size_t>(term.k)];
        return basis->error(term.k, term.tau) <= std::max(allowed, basis->floor(term.k, term.tau));
      };
      const auto product = [&](const State& x, State& y) { apply(x, y); };
      if (basis->size() == 0) basis->extend(product, options_.max_basis, products_, options_);
      while (!basis->finished(options_.max_basis) && !accepted()) {
        basis->extend(product, options_.max_basis, products_, options_);
      }
      sufficient_ = sufficient_ && (accepted() || basis->finished(dimension(out)));
      basis->close();
      basis->add(term.k, term.tau, term.weight, out);
    }
    copy(out, last_);
  }

  /// Whether every combination since the last call met the tolerance.
  [[nodiscard]] bool sufficient() { return std::exchange(sufficient_, true); }
  /// Products with L so far.
  [[nodiscard]] Index products() const { return products_; }

 private:
  static State zeros_like_state(const Field& field) {
    State zero(field.tangent().parameter_dim());
    fill(zero, Scalar(0));
    return zero;
  }

  void add(const State& v) {
    if (norm(v) == Scalar(0)) {
      slots_.emplace_back();
    } else {
      slots_.emplace_back(PhiBasis<State>(v));
    }
  }

  void cut_curvature() {
    if (weak_convexity(loss_) == 0) return;
    if (!factor_) factor_.emplace();
    factor_->compute(loss_, reference_);
  }

  void apply(const State& x, State& out) {
    tangent_.jvp(x, image_);
    if (factor_) {
      cotangent_ = host_numbers(image_);
      factor_->apply(cotangent_);
      factor_->apply(cotangent_);
      place(cotangent_, curved_);
      tangent_.vjp(curved_, out);
    } else {
      loss_.hessian_apply(reference_, image_, curved_);
      tangent_.adjoint(curved_, out);
    }
    scale(rate_, out);
  }

  using LossType = std::remove_cvref_t<decltype(std::declval<const Field&>().loss())>;

  TangentType tangent_;
  LossType loss_;
  Outputs reference_;
  Scalar rate_;
  Outputs image_;
  Outputs curved_;
  /// Of the positive part of W R'', where R need not be convex.
  std::optional<HessianFactor<Scalar>> factor_;
  Vector<Scalar> cotangent_;
  State last_;
  KrylovPhiOptions options_;
  std::vector<std::optional<PhiBasis<State>>> slots_;
  Index products_ = 0;
  bool sufficient_ = true;
};

}  // namespace lazytrain::detail
