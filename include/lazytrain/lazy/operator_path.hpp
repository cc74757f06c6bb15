#pragma once

#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <utility>

namespace lazytrain {

/// t -> Σ(t) from a function that only applies it: apply(t, g, out) is out = Σ(t) g for g in F.
///
/// A path of matrices for Lemmas B.1 and B.2, whose bounds rest on the spectrum of Σ(t): every evaluation
/// costs N products, one a column.
template <class S, class Apply>
class OperatorPath {
 public:
  /// @throws std::invalid_argument if N < 1
  OperatorPath(Apply apply, Index dim) : apply_(std::move(apply)), dim_(dim) {
    require_argument(dim >= 1, "OperatorPath", "dim", dim, "at least 1");
  }

  [[nodiscard]] Matrix<S> operator()(double t) const {
    Matrix<S> sigma(dim_, dim_);
    Vector<S> g = Vector<S>::Zero(dim_), out(dim_);
    for (Index i = 0; i < dim_; ++i) {
      g(i) = 1;
      apply_(t, std::as_const(g), out);
      sigma.col(i) = out;
      g(i) = 0;
    }
    return sigma;
  }

 private:
  Apply apply_;
  Index dim_;
};

/// The same, S first: operator_path<double>(apply, N).
template <class S, class Apply>
[[nodiscard]] OperatorPath<S, Apply> operator_path(Apply apply, Index dim) {
  return {std::move(apply), dim};
}

}  // namespace lazytrain
