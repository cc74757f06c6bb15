#pragma once

#include <algorithm>
#include <lazytrain/data/teacher.hpp>
#include <lazytrain/kernel/gaussian_pair.hpp>
#include <lazytrain/nn/two_layer.hpp>

/// Two-layer ReLU networks as functions, with their exact mean square over the unit sphere: the population
/// risk of Section 3.1 needs no test samples.
namespace lazytrain {

/// The function x -> sum_j c_j max(v_j.x, 0) on R^d.
struct ReluSum {
  /// d x J, the v_j as columns.
  Matrix<double> directions;
  /// The J numbers c_j.
  Vector<double> factors;

  /// The difference of two functions, with the terms of both.
  /// @throws std::invalid_argument if the dimensions differ
  friend ReluSum operator-(const ReluSum& f, const ReluSum& g) {
    require_size("ReluSum", "g.directions", g.directions.rows(), f.directions.rows(), "the dimension of f");
    ReluSum out{Matrix<double>(f.directions.rows(), f.directions.cols() + g.directions.cols()),
                Vector<double>(f.factors.size() + g.factors.size())};
    out.directions << f.directions, g.directions;
    out.factors << f.factors, -g.factors;
    return out;
  }
};

/// The function that a network of one output has at w.
/// @throws std::invalid_argument if w has a wrong size or the network more than one output
template <class S>
[[nodiscard]] ReluSum relu_sum(const TwoLayer<S, Relu>& net, view_t<Vector<S>> w) {
  require_size("relu_sum", "w", w.size(), net.parameter_dim(), "m (d + k)");
  require_argument(net.outputs() == 1, "relu_sum", "the number of outputs", net.outputs(), "1");
  return {net.layout().inner(w.data()).template cast<double>(),
          net.layout().scale() * net.layout().outer(w.data()).row(0).transpose().template cast<double>()};
}

/// The function of a teacher.
template <class S>
[[nodiscard]] ReluSum relu_sum(const data::Teacher<S>& teacher) {
  return {teacher.inner().template cast<double>(), teacher.outer().template cast<double>()};
}

/// E f(x)^2 for x uniform on the unit sphere of R^d, in closed form: with the angle φ between v_i and v_j
///
///     E max(v_i.x, 0) max(v_j.x, 0) = |v_i| |v_j| (sin φ + (π - φ) cos φ) / 2πd.
///
/// Terms that cancel leave rounding of about 1e-16 (sum_j |c_j| |v_j|)^2 / d. Cost: J^2 d operations.
/// @throws std::invalid_argument if the sizes disagree, std::domain_error if a number is not finite
[[nodiscard]] inline double sphere_mean_square(const ReluSum& f) {
  const Index count = f.directions.cols();
  require_argument(f.directions.rows() >= 1, "sphere_mean_square", "the dimension", f.directions.rows(),
                   "at least 1");
  require_size("sphere_mean_square", "f.factors", f.factors.size(), count, "one a column of f.directions");
  require_finite("sphere_mean_square", "f.factors", f.factors);
  double sum = 0;
  for (Index i = 0; i < count; ++i) {
    for (Index j = i; j < count; ++j) {
      const double product = gaussian_product<Relu>(gaussian_pair(f.directions.col(i), f.directions.col(j)));
      sum += (i == j ? 1 : 2) * f.factors(i) * f.factors(j) * product;
    }
  }
  return std::max(0.0, sum) / static_cast<double>(f.directions.rows());
}

}  // namespace lazytrain
