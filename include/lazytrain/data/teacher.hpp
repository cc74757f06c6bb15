#pragma once

#include <lazytrain/core/random.hpp>
#include <lazytrain/data/dataset.hpp>
#include <utility>

/// The synthetic experiment of Section 3.1: inputs on the sphere, targets from a small network.
namespace lazytrain::data {

/// Fills the columns of `inputs` with independent points, uniform on the unit sphere of R^rows.
template <class S>
void fill_sphere(Matrix<S>& inputs, RandomEngine auto& rng) {
  require_argument(inputs.rows() >= 1, "data::fill_sphere", "dim", inputs.rows(), "at least 1");
  for (Index j = 0; j < inputs.cols(); ++j) {
    for (Index i = 0; i < inputs.rows(); ++i) inputs(i, j) = normal<S>(rng);
    inputs.col(j).normalize();
  }
}

/// `samples` independent points, uniform on the unit sphere of R^dim: dim x samples.
/// @throws std::invalid_argument if dim < 1 or samples < 0
template <class S>
[[nodiscard]] Matrix<S> uniform_sphere(Index dim, Index samples, RandomEngine auto& rng) {
  require_argument(dim >= 1, "data::uniform_sphere", "dim", dim, "at least 1");
  require_argument(samples >= 0, "data::uniform_sphere", "samples", samples, "at least 0");
  Matrix<S> inputs(dim, samples);
  fill_sphere(inputs, rng);
  return inputs;
}

/// A two-layer ReLU network that makes targets: y(x) = sum_{j < m0} b_j max(a_j . x, 0).
template <class S>
class Teacher {
 public:
  using Scalar = S;

  /// @param inner d x m0, the a_j as columns @param outer the m0 numbers b_j
  /// @throws std::invalid_argument if sizes disagree or one is 0
  Teacher(Matrix<S> inner, Vector<S> outer) : inner_(std::move(inner)), outer_(std::move(outer)) {
    require_argument(inner_.rows() >= 1, "Teacher", "dim", inner_.rows(), "at least 1");
    require_argument(inner_.cols() >= 1, "Teacher", "neurons", inner_.cols(), "at least 1");
    require_size("Teacher", "outer", outer_.size(), inner_.cols(), "one a column of inner");
  }

  [[nodiscard]] const Matrix<S>& inner() const { return inner_; }
  [[nodiscard]] const Vector<S>& outer() const { return outer_; }
  [[nodiscard]] Index dim() const { return inner_.rows(); }
  [[nodiscard]] Index neurons() const { return inner_.cols(); }

  /// Targets of the d x n inputs, 1 x n. @throws std::invalid_argument if d is another. Cost: O(n d m0).
  [[nodiscard]] Matrix<S> operator()(const Matrix<S>& inputs) const {
    Matrix<S> targets(1, inputs.cols());
    (*this)(inputs, targets);
    return targets;
  }

  /// The same, written to 1 x n targets without allocation.
  void operator()(const Matrix<S>& inputs, Matrix<S>& targets) const {
    require_size("Teacher", "inputs", inputs.rows(), dim(), "dimension of the teacher");
    require_size("Teacher", "targets", targets.size(), inputs.cols(), "one a column of inputs");
    for (Index i = 0; i < inputs.cols(); ++i) {
      S sum = 0;
      for (Index j = 0; j < neurons(); ++j) {
        const S activation = inner_.col(j).dot(inputs.col(i));
        if (activation > S(0)) sum += outer_(j) * activation;
      }
      targets(i) = sum;
    }
  }

  /// n fresh samples, uniform on the sphere, with their targets.
  /// @throws std::invalid_argument if samples < 0
  [[nodiscard]] RegressionData<S> sample(Index samples, RandomEngine auto& rng) const {
    Matrix<S> inputs = uniform_sphere<S>(dim(), samples, rng);
    Matrix<S> targets = (*this)(inputs);
    return RegressionData<S>(std::move(inputs), std::move(targets));
  }

  /// Replaces every sample of `batch` by a fresh one without allocation: stochastic descent on the population
  /// risk draws each batch so. @throws std::invalid_argument if the batch has another dimension
  void resample(RegressionData<S>& batch, RandomEngine auto& rng) const {
    require_size("Teacher::resample", "batch", batch.dim(), dim(), "dimension of the teacher");
    fill_sphere(batch.inputs, rng);
    (*this)(batch.inputs, batch.targets);
  }

 private:
  Matrix<S> inner_;
  Vector<S> outer_;
};

/// A random teacher with |b_j| ||a_j|| = 1: a_j uniform on the unit sphere, b_j = +1 or -1 with equal
/// probability. By homogeneity of the ReLU every other split of the unit norm between a_j and b_j gives the
/// same function. @throws std::invalid_argument if dim < 1 or neurons < 1
template <class S>
[[nodiscard]] Teacher<S> random_teacher(Index dim, Index neurons, RandomEngine auto& rng) {
  require_argument(neurons >= 1, "data::random_teacher", "neurons", neurons, "at least 1");
  Matrix<S> inner = uniform_sphere<S>(dim, neurons, rng);
  Vector<S> outer(neurons);
  for (Index j = 0; j < neurons; ++j) outer(j) = random_index(rng, 2) == 0 ? S(1) : S(-1);
  return Teacher<S>(std::move(inner), std::move(outer));
}

/// Sizes of a teacher-student problem.
struct TeacherStudentOptions {
  Index inputs = 100;    ///< dimension d
  Index samples = 1000;  ///< n
  Index neurons = 3;     ///< m0, of the teacher
};

/// A teacher and the training data that it made; `teacher.sample` gives test data.
template <class S>
struct TeacherStudent {
  Teacher<S> teacher;
  RegressionData<S> data;
};

/// Draws a random teacher, then its training data: n inputs uniform on the unit sphere of R^d and the 1 x n
/// targets. @throws std::invalid_argument if d, n or m0 < 1. Cost: O(n d m0).
template <class S>
[[nodiscard]] TeacherStudent<S> teacher_student(const TeacherStudentOptions& options,
                                                RandomEngine auto& rng) {
  require_argument(options.samples >= 1, "data::teacher_student", "samples", options.samples, "at least 1");
  Teacher<S> teacher = random_teacher<S>(options.inputs, options.neurons, rng);
  RegressionData<S> data = teacher.sample(options.samples, rng);
  return {std::move(teacher), std::move(data)};
}

}  // namespace lazytrain::data
