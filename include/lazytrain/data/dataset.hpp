#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/labels.hpp>
#include <lazytrain/core/types.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Data sets: where they come from, how they are cut and scaled. A sample is a column, everywhere.
namespace lazytrain::data {

/// Channels, rows and columns of an image. Pixel (c, y, x) is coordinate (c height + y) width + x of an
/// input.
struct ImageShape {
  Index channels = 1;
  Index height = 1;
  Index width = 1;

  [[nodiscard]] Index size() const { return channels * height * width; }
  [[nodiscard]] friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// Which half of a data set that comes in two.
enum class Part { train, test };

namespace detail {

inline void require_shape(const char* function, std::optional<ImageShape> shape, Index rows) {
  if (!shape) return;
  const Index least = std::min({shape->channels, shape->height, shape->width});
  require_argument(least >= 1, function, "the least size of the image shape", least, "at least 1");
  require_size(function, "inputs", rows, shape->size(), "channels x height x width of the image shape");
}

inline void require_index(const char* function, const char* argument, Index value, Index bound) {
  if (value < 0 || value >= bound) {
    raise<std::invalid_argument>(function, argument, " is ", value, ", expected 0 to ", bound - 1);
  }
}

}  // namespace detail

/// Numbers as class labels; `where` says in what is thrown whose they are.
/// @throws std::runtime_error that names the sample unless they are integers from 0 to 2^20 - 1
template <class Numbers>
[[nodiscard]] std::vector<Index> class_labels(const Numbers& numbers, const std::string& where) {
  std::vector<Index> labels;
  labels.reserve(static_cast<std::size_t>(numbers.size()));
  for (const auto value : numbers.reshaped()) {
    if (!(value >= 0 && value < (1 << 20) && value == std::floor(value))) {
      raise<std::runtime_error>("data::class_labels", where, ", sample ", labels.size(), ": the class is ",
                                value, ", expected an integer from 0 to 1048575");
    }
    labels.push_back(static_cast<Index>(value));
  }
  return labels;
}

/// Inputs with class labels: for networks with one output a class, or two classes.
template <class S>
struct LabelledData {
  using Scalar = S;

  /// @param x inputs, d x n @param y labels, n numbers in 0, ..., class_count - 1
  /// @param image_shape if given, of size d: the inputs are images
  /// @throws std::invalid_argument if sizes disagree or a label is out of range. Cost: O(n).
  LabelledData(Matrix<S> x, std::vector<Index> y, Index class_count,
               std::optional<ImageShape> image_shape = std::nullopt)
      : inputs(std::move(x)), labels(std::move(y)), classes(class_count), shape(image_shape) {
    require_size("LabelledData", "labels", static_cast<Index>(labels.size()), inputs.cols(),
                 "one a column of inputs");
    require_argument(classes >= 1, "LabelledData", "classes", classes, "at least 1");
    for (const Index label : labels) {
      detail::require_index("LabelledData", "a label", label, classes);
    }
    detail::require_shape("LabelledData", image_shape, inputs.rows());
  }

  [[nodiscard]] Index dim() const { return inputs.rows(); }
  [[nodiscard]] Index samples() const { return inputs.cols(); }

  Matrix<S> inputs;
  std::vector<Index> labels;
  Index classes;
  std::optional<ImageShape> shape;
};

/// Inputs with real targets in R^k. `targets` is k x n: read column by column it is an element of F.
template <class S>
struct RegressionData {
  using Scalar = S;

  /// @param x inputs, d x n @param y targets, k x n
  /// @param image_shape if given, of size d: the inputs are images
  /// @throws std::invalid_argument if sizes disagree
  RegressionData(Matrix<S> x, Matrix<S> y, std::optional<ImageShape> image_shape = std::nullopt)
      : inputs(std::move(x)), targets(std::move(y)), shape(image_shape) {
    require_size("RegressionData", "targets", targets.cols(), inputs.cols(), "one column a column of inputs");
    detail::require_shape("RegressionData", image_shape, inputs.rows());
  }

  [[nodiscard]] Index dim() const { return inputs.rows(); }
  [[nodiscard]] Index samples() const { return inputs.cols(); }

  Matrix<S> inputs;
  Matrix<S> targets;
  std::optional<ImageShape> shape;
};

/// LabelledData or RegressionData.
template <class D>
concept Dataset =
    std::same_as<D, LabelledData<typename D::Scalar>> || std::same_as<D, RegressionData<typename D::Scalar>>;

namespace detail {

template <class S>
[[nodiscard]] Matrix<S> columns(const Matrix<S>& from, std::span<const Index> indices) {
  Matrix<S> to(from.rows(), static_cast<Index>(indices.size()));
  for (std::size_t j = 0; j < indices.size(); ++j) to.col(static_cast<Index>(j)) = from.col(indices[j]);
  return to;
}

}  // namespace detail

/// The labels, or the targets, of the samples `indices`, in that order; an index may occur more than once.
/// @throws std::invalid_argument if an index is not in 0, ..., n - 1
template <Dataset D>
[[nodiscard]] auto subset_targets(const D& data, std::span<const Index> indices) {
  for (const Index i : indices) detail::require_index("data::subset", "an index", i, data.samples());
  if constexpr (std::same_as<D, LabelledData<typename D::Scalar>>) {
    std::vector<Index> labels;
    labels.reserve(indices.size());
    for (const Index i : indices) labels.push_back(data.labels[static_cast<std::size_t>(i)]);
    return labels;
  } else {
    return detail::columns(data.targets, indices);
  }
}

/// The samples `indices`, in that order; an index may occur more than once.
/// @throws std::invalid_argument if an index is not in 0, ..., n - 1
template <Dataset D>
[[nodiscard]] D subset(const D& data, std::span<const Index> indices) {
  auto targets = subset_targets(data, indices);
  Matrix<typename D::Scalar> inputs = detail::columns(data.inputs, indices);
  if constexpr (std::same_as<D, LabelledData<typename D::Scalar>>) {
    return D(std::move(inputs), std::move(targets), data.classes, data.shape);
  } else {
    return D(std::move(inputs), std::move(targets), data.shape);
  }
}

/// The first n samples. @throws std::invalid_argument if n is not in 0, ..., data.samples()
template <Dataset D>
[[nodiscard]] D take(const D& data, Index n) {
  detail::require_index("data::take", "n", n, data.samples() + 1);
  if constexpr (std::same_as<D, LabelledData<typename D::Scalar>>) {
    return D(data.inputs.leftCols(n), {data.labels.begin(), data.labels.begin() + n}, data.classes,
             data.shape);
  } else {
    return D(data.inputs.leftCols(n), data.targets.leftCols(n), data.shape);
  }
}

/// The targets of `data` as one-hot columns, classes x n. @throws as `lazytrain::one_hot`
template <class S>
[[nodiscard]] Matrix<S> one_hot(const LabelledData<S>& data) {
  return lazytrain::one_hot<S>(data.labels, data.classes);
}

/// +1 where the label is `positive`, -1 elsewhere: targets of the logistic loss, size n.
template <class S>
[[nodiscard]] Vector<S> signed_labels(std::span<const Index> labels, Index positive) {
  Vector<S> signs(static_cast<Index>(labels.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    signs(static_cast<Index>(i)) = labels[i] == positive ? S(1) : S(-1);
  }
  return signs;
}

/// The same for a data set. @throws std::invalid_argument if `positive` is not one of its classes
template <class S>
[[nodiscard]] Vector<S> signed_labels(const LabelledData<S>& data, Index positive) {
  detail::require_index("data::signed_labels", "positive", positive, data.classes);
  return signed_labels<S>(data.labels, positive);
}

}  // namespace lazytrain::data
