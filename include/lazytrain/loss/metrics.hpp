#pragma once

#include <lazytrain/core/labels.hpp>
#include <lazytrain/core/output_space.hpp>
#include <string>
#include <string_view>

/// What one reports of outputs besides their loss. Samples count by their weights in F; all functions cost
/// O(N) and allocate nothing.
namespace lazytrain {

namespace detail {

/// Output j of sample i of y, a vector of F, sample after sample, or a k x n matrix.
template <class Derived>
[[nodiscard]] auto output_of(const Eigen::MatrixBase<Derived>& y, Index k, Index i, Index j) {
  if constexpr (Derived::IsVectorAtCompileTime) {
    return y.derived().coeff(i * k + j);
  } else {
    return y.derived().coeff(j, i);
  }
}

template <class Derived>
void require_outputs(std::string_view function, std::string_view argument,
                     const Eigen::MatrixBase<Derived>& y, const OutputSpace& space) {
  require_size(function, argument, y.size(), space.dim(), "n k, the space's dimension");
  if constexpr (!Derived::IsVectorAtCompileTime) {
    require_argument(y.rows() == space.outputs(), function, std::string(argument) + ".rows()", y.rows(),
                     "k: a matrix has a sample a column");
  }
}

/// sum_i w_i [right(i)] / sum_i w_i; a ratio of counts where all weights are equal.
template <class Right>
[[nodiscard]] double fraction(const OutputSpace& space, const Right& right) {
  double hits = 0;
  double total = 0;
  for (Index i = 0; i < space.samples(); ++i) {
    const double weight = space.uniform() ? 1.0 : space.weight(i);
    total += weight;
    if (right(i)) hits += weight;
  }
  return hits / total;
}

}  // namespace detail

/// Fraction of the samples whose class is found. y is a vector of F or a k x n matrix. With k >= 2 outputs
/// the class found is that of the strictly largest output, with k = 1 it is 1 for y > 0 and 0 for y < 0. A
/// tie (y = 0 for k = 1) or a NaN is an error of the classifier, not a hit.
/// @throws std::invalid_argument on wrong sizes, std::domain_error on a label outside 0, ..., max(k, 2) - 1
template <class Derived>
[[nodiscard]] double accuracy(const Eigen::MatrixBase<Derived>& y, const Labels& labels,
                              const OutputSpace& space) {
  const Index k = space.outputs();
  detail::require_outputs("accuracy", "y", y, space);
  require_size("accuracy", "labels", static_cast<Index>(labels.size()), space.samples(),
               "n, the space's samples");
  detail::require_labels("accuracy", labels, k == 1 ? 2 : k);
  return detail::fraction(space, [&](Index i) {
    const Index label = labels[static_cast<std::size_t>(i)];
    if (k == 1) return label == 1 ? detail::output_of(y, 1, i, 0) > 0 : detail::output_of(y, 1, i, 0) < 0;
    for (Index j = 0; j < k; ++j) {
      if (j != label && !(detail::output_of(y, k, i, label) > detail::output_of(y, k, i, j))) return false;
    }
    return true;
  });
}

/// Fraction of the samples, one output each, whose sign is that of y; y = 0 and NaN are errors.
/// @throws std::invalid_argument on wrong sizes or k > 1, std::domain_error on a number that is not -1 or +1
template <class Derived, class Signs>
[[nodiscard]] double sign_accuracy(const Eigen::MatrixBase<Derived>& y, const Eigen::MatrixBase<Signs>& signs,
                                   const OutputSpace& space) {
  require_argument(space.outputs() == 1, "sign_accuracy", "space.outputs()", space.outputs(), "1");
  require_size("sign_accuracy", "y", y.size(), space.dim(), "n, the space's dimension");
  require_size("sign_accuracy", "signs", signs.size(), space.dim(), "n, the space's dimension");
  detail::require_signs("sign_accuracy", signs);
  return detail::fraction(space, [&](Index i) { return signs(i) > 0 ? y(i) > 0 : y(i) < 0; });
}

/// sum_i w_i |y_i - t_i|^2 / sum_i w_i: the mean over samples of the squared distance in R^k, summed (not
/// averaged) over the k outputs and without a factor 1/2. In a space of total weight 1 it is twice the square
/// loss.
/// @throws std::invalid_argument on wrong sizes
template <class Derived, class Targets>
[[nodiscard]] double mean_squared_error(const Eigen::MatrixBase<Derived>& y,
                                        const Eigen::MatrixBase<Targets>& targets, const OutputSpace& space) {
  detail::require_outputs("mean_squared_error", "y", y, space);
  detail::require_outputs("mean_squared_error", "targets", targets, space);
  const Index k = space.outputs();
  double sum = 0;
  for (Index i = 0; i < space.samples(); ++i) {
    double sample = 0;
    for (Index j = 0; j < k; ++j) {
      const double e = static_cast<double>(detail::output_of(y, k, i, j)) -
                       static_cast<double>(detail::output_of(targets, k, i, j));
      sample += e * e;
    }
    sum += space.weight(i) * sample;
  }
  return sum / space.total_weight();
}

}  // namespace lazytrain
