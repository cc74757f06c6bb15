#pragma once

#include <concepts>
#include <initializer_list>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <string_view>
#include <vector>

/// Class labels 0, ..., k - 1 as targets of losses.
namespace lazytrain {

/// A label a sample, from a std::vector or an Eigen vector of integers of any type.
class Labels {
 public:
  // NOLINTBEGIN(google-explicit-constructor): numbers are labels
  template <std::integral I>
  Labels(const std::vector<I>& labels) : labels_(labels.begin(), labels.end()) {}
  template <std::integral I>
  Labels(const Vector<I>& labels) : labels_(labels.begin(), labels.end()) {}
  Labels(std::initializer_list<Index> labels) : labels_(labels) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] std::size_t size() const { return labels_.size(); }
  [[nodiscard]] Index operator[](std::size_t i) const { return labels_[i]; }

 private:
  std::vector<Index> labels_;
};

namespace detail {

/// @throws std::domain_error that names the first label outside 0, ..., classes - 1
inline void require_labels(std::string_view function, const Labels& labels, Index classes) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes) {
      raise<std::domain_error>(function, "labels[", i, "] is ", labels[i], ", expected a class from 0 to ",
                               classes - 1);
    }
  }
}

}  // namespace detail

/// k x n matrix whose column i is the basis vector of class labels[i].
/// @throws std::invalid_argument if classes < 2, std::domain_error on a label outside 0, ..., classes - 1
template <class S = double>
[[nodiscard]] Matrix<S> one_hot(const Labels& labels, Index classes) {
  require_argument(classes >= 2, "one_hot", "classes", classes, "at least 2");
  detail::require_labels("one_hot", labels, classes);
  Matrix<S> targets = Matrix<S>::Zero(classes, static_cast<Index>(labels.size()));
  for (Index i = 0; i < targets.cols(); ++i) targets(labels[static_cast<std::size_t>(i)], i) = S(1);
  return targets;
}

/// Class 0 as -1 and class 1 as +1. @throws std::domain_error on another label
template <class S = double>
[[nodiscard]] Vector<S> signs_of_classes(const Labels& labels) {
  detail::require_labels("signs_of_classes", labels, 2);
  Vector<S> signs(static_cast<Index>(labels.size()));
  for (Index i = 0; i < signs.size(); ++i) signs(i) = labels[static_cast<std::size_t>(i)] == 1 ? S(1) : S(-1);
  return signs;
}

namespace detail {

/// @throws std::domain_error that names the first number that is neither -1 nor +1
template <class Derived>
void require_signs(std::string_view function, const Eigen::DenseBase<Derived>& signs) {
  for (Index j = 0; j < signs.cols(); ++j) {
    for (Index i = 0; i < signs.rows(); ++i) {
      const auto sign = signs.derived().coeff(i, j);
      if (sign != 1 && sign != -1) {
        raise<std::domain_error>(function, "signs is ", sign, " at (", i, ", ", j,
                                 "), expected -1 or +1 (signs_of_classes makes them of classes 0 and 1)");
      }
    }
  }
}

}  // namespace detail

}  // namespace lazytrain
