#pragma once

#include <cmath>
#include <Eigen/SVD>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/random.hpp>

namespace lazytrain::testing {

/// A map between R^p and F with its adjoint in F and its exact norm.
template <class S>
struct Map {
  Matrix<S> a;
  OutputSpace space;

  auto apply() const {
    return [this](const Vector<S>& v, Vector<S>& out) { out = a * v; };
  }
  auto adjoint() const {
    return [this](const Vector<S>& g, Vector<S>& out) {
      Vector<S> cotangent = g;
      space.to_cotangent(cotangent);
      out = a.transpose() * cotangent;
    };
  }
  double norm() const {
    Matrix<double> euclidean = a.template cast<double>();
    for (Index i = 0; i < a.rows(); ++i) euclidean.row(i) *= std::sqrt(space.weight(i));
    return Eigen::JacobiSVD<Matrix<double>>(euclidean).singularValues()(0);
  }
};

/// Normal entries, between R^p and F with 0: the Euclidean, 1: the empirical, 2: other weights.
template <class S>
Map<S> random_map(Index n, Index p, int kind, Philox& rng) {
  OutputSpace space = kind == 0 ? euclidean(n)
                      : kind == 1
                          ? empirical(n)
                          : OutputSpace::weighted((normal_vector(n, rng).cwiseAbs().array() + 0.1).matrix());
  return {normal_matrix<S>(n, p, rng), space};
}

}  // namespace lazytrain::testing
