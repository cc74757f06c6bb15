#pragma once

#include <cmath>
#include <lazytrain/data/dataset.hpp>
#include <utility>

namespace lazytrain::data {

/// The map x -> (x - mean) / deviation per group of coordinates, with numbers fitted to training data, to be
/// applied to any data. A group is one feature, or all pixels of one channel.
template <class S>
class Normalization {
 public:
  /// @param mean, deviation one a group @param group_size consecutive coordinates that share them
  /// @throws std::invalid_argument if sizes disagree, std::domain_error unless means are finite and
  /// deviations finite and > 0
  Normalization(Vector<S> mean, Vector<S> deviation, Index group_size = 1, Index constant = 0)
      : mean_(std::move(mean)),
        deviation_(std::move(deviation)),
        group_size_(group_size),
        constant_(constant) {
    require_size("Normalization", "deviation", deviation_.size(), mean_.size(), "one a mean");
    require_argument(group_size >= 1, "Normalization", "group_size", group_size, "at least 1");
    require_finite("Normalization", "mean", mean_);
    for (Index i = 0; i < deviation_.size(); ++i) {
      require_positive("Normalization", "a deviation", deviation_(i));
    }
  }

  [[nodiscard]] const Vector<S>& mean() const { return mean_; }
  [[nodiscard]] const Vector<S>& deviation() const { return deviation_; }

  /// Number of groups that were constant in the fitted data. They have mean 0 and deviation 1 here: they are
  /// left alone.
  [[nodiscard]] Index constant() const { return constant_; }

  /// Normalizes d x m inputs in place. @throws std::invalid_argument if d is not that of the fitted data
  void apply_to(Matrix<S>& inputs) const {
    require_size("Normalization::apply", "inputs", inputs.rows(), mean_.size() * group_size_,
                 "coordinates of the fitted data");
    for (Index j = 0; j < inputs.cols(); ++j) {
      for (Index g = 0; g < mean_.size(); ++g) {
        auto group = inputs.col(j).segment(g * group_size_, group_size_).array();
        group = (group - mean_(g)) / deviation_(g);
      }
    }
  }

  /// The normalized inputs.
  [[nodiscard]] Matrix<S> apply(Matrix<S> inputs) const {
    apply_to(inputs);
    return inputs;
  }

  /// The data set with normalized inputs.
  template <Dataset D>
  [[nodiscard]] D apply(D data) const {
    apply_to(data.inputs);
    return data;
  }

 private:
  Vector<S> mean_;
  Vector<S> deviation_;
  Index group_size_;
  Index constant_;
};

namespace detail {

/// Two passes in double: the deviation does not suffer from a large mean. Constant means exactly constant.
template <class S>
[[nodiscard]] Normalization<S> fit_groups(const char* function, const Matrix<S>& inputs, Index group_size) {
  require_argument(inputs.size() > 0, function, "number of inputs", inputs.size(), "at least 1");
  require_finite(function, "inputs", inputs);
  const Index groups = inputs.rows() / group_size;
  const auto count = static_cast<double>(group_size * inputs.cols());
  const auto sum_over = [&](const auto& term) {
    Vector<double> sum = Vector<double>::Zero(groups);
    for (Index j = 0; j < inputs.cols(); ++j) {
      for (Index i = 0; i < inputs.rows(); ++i) {
        sum(i / group_size) += term(static_cast<double>(inputs(i, j)), i / group_size);
      }
    }
    return sum;
  };
  Vector<double> mean = sum_over([](double x, Index) { return x; }) / count;
  Vector<double> deviation =
      (sum_over([&](double x, Index g) { return (x - mean(g)) * (x - mean(g)); }) / count).cwiseSqrt();
  const Vector<double> changes = sum_over(
      [&](double x, Index g) { return x != static_cast<double>(inputs(g * group_size, 0)) ? 1.0 : 0.0; });
  Index constant = 0;
  for (Index g = 0; g < groups; ++g) {
    // A deviation that underflows in S cannot be divided by either.
    if (changes(g) == 0.0 || static_cast<S>(deviation(g)) == S(0)) {
      mean(g) = 0.0;
      deviation(g) = 1.0;
      ++constant;
    }
  }
  return Normalization<S>(mean.template cast<S>(), deviation.template cast<S>(), group_size, constant);
}

}  // namespace detail

/// Mean and deviation (of the n samples: sum / n) of each coordinate. Constant coordinates are left alone.
/// @throws std::invalid_argument if there are no inputs, std::domain_error if one is not finite.
/// Cost: three passes.
template <class S>
[[nodiscard]] Normalization<S> fit_features(const Matrix<S>& inputs) {
  return detail::fit_groups("data::fit_features", inputs, 1);
}

/// Mean and deviation of each channel over its pixels and the n samples.
/// @throws as fit_features, and std::invalid_argument if the data set has no image shape
template <Dataset D>
[[nodiscard]] Normalization<typename D::Scalar> fit_channels(const D& data) {
  require_argument(data.shape.has_value(), "data::fit_channels", "shape", "not set",
                   "a data set of images (fit_features needs no shape)");
  return detail::fit_groups("data::fit_channels", data.inputs, data.shape->height * data.shape->width);
}

/// Every sample divided by its Euclidean norm: inputs on the unit sphere, as the theory of Section 3.1 has
/// them. @throws std::domain_error if a sample is zero or not finite
template <class S>
[[nodiscard]] Matrix<S> unit_samples(Matrix<S> inputs) {
  for (Index j = 0; j < inputs.cols(); ++j) {
    const S norm = inputs.col(j).stableNorm();
    if (!(norm > S(0) && std::isfinite(norm))) {
      raise<std::domain_error>("data::unit_samples", "the norm of sample ", j, " is ", norm,
                               ", expected a finite number > 0");
    }
    inputs.col(j) /= norm;
  }
  return inputs;
}

/// The data set with unit samples.
template <Dataset D>
[[nodiscard]] D unit_samples(D data) {
  data.inputs = unit_samples(std::move(data.inputs));
  return data;
}

}  // namespace lazytrain::data
