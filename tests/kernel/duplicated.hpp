#pragma once

#include <cmath>
#include <Eigen/Eigenvalues>
#include <lazytrain/core/random.hpp>
#include <lazytrain/model/jacobian.hpp>
#include <lazytrain/model/linearize.hpp>
#include <lazytrain/nn/two_layer.hpp>

namespace lazytrain::testing {

/// Twenty points of R^5, each twice with different targets, and a two-layer network: the kernel has rank 20,
/// and the problem is that of the twenty points with the means of the targets, whose kernel is well
/// conditioned.
template <class S>
struct Duplicated {
  static constexpr Index points = 20;
  static constexpr Index inputs = 5;
  static constexpr Index neurons = 20;

  Philox rng{5};
  TwoLayer<S, Tanh> net{{.inputs = inputs, .neurons = neurons, .scaling = Scaling::sqrt}};
  Matrix<S> X;
  Vector<S> targets;
  Vector<S> w;

  Duplicated() : X(inputs, 2 * points) {
    const Matrix<S> half = normal_matrix<S>(inputs, points, rng);
    X << half, half;
    targets = normal_vector<S>(2 * points, rng);
    w = normal_vector<S>(net.parameter_dim(), rng);
  }
  [[nodiscard]] auto h() const { return net.on(X); }
};

/// The problem of the twenty points in double precision: exact, up to errors that those in S exceed by the
/// number of their operations.
template <class S>
class Distinct {
 public:
  explicit Distinct(const Duplicated<S>& problem) {
    const Index n = Duplicated<S>::points;
    const TwoLayer<double, Tanh> net(
        {.inputs = Duplicated<S>::inputs, .neurons = Duplicated<S>::neurons, .scaling = Scaling::sqrt});
    const Matrix<double> X = problem.X.leftCols(n).template cast<double>();
    const auto tangent = linearize(net.on(X), Vector<double>(problem.w.template cast<double>()));
    scaled_ = jacobian(tangent) / std::sqrt(static_cast<double>(n));
    const Vector<double> y = problem.targets.template cast<double>();
    start_ = tangent.value();
    residual_ = ((y.head(n) + y.tail(n)) / 2 - start_) / std::sqrt(static_cast<double>(n));
    const double spread = (y.head(n) - y.tail(n)).squaredNorm() / (4.0 * static_cast<double>(n));
    floor_ = std::sqrt(spread);
    eigen_.compute(scaled_ * scaled_.transpose());
  }
  [[nodiscard]] double largest() const { return eigen_.eigenvalues().maxCoeff(); }
  [[nodiscard]] double smallest() const { return eigen_.eigenvalues().minCoeff(); }
  [[nodiscard]] double condition() const { return largest() / smallest(); }
  /// The residual in F that no displacement takes away.
  [[nodiscard]] double floor() const { return floor_; }
  /// ||y(0) - y*||_F.
  [[nodiscard]] double start() const { return std::hypot(floor_, residual_.norm()); }
  /// (Dh^T Dh + ridge)^(-1) Dh^T (y* - y(0)).
  [[nodiscard]] Vector<double> displacement(double ridge) const {
    return by_modes([&](double s) { return 1 / (s + ridge); });
  }
  /// (Sigma + ridge)^(-1) (y* - y(0)) on the twenty points, in orthonormal coordinates.
  [[nodiscard]] Vector<double> coefficients(double ridge) const {
    const Vector<double> modes = eigen_.eigenvectors().transpose() * residual_;
    return modes.array() / (eigen_.eigenvalues().array() + ridge);
  }
  /// Of the flow at time t.
  [[nodiscard]] Vector<double> flow(double t) const {
    return by_modes([&](double s) {
      return static_cast<double>(-std::expm1(-static_cast<long double>(t) * s) / static_cast<long double>(s));
    });
  }
  /// 1/2 ||y(t) - y*||_F^2 along the flow.
  [[nodiscard]] double loss(double t) const {
    const Vector<double> modes = eigen_.eigenvectors().transpose() * residual_;
    return ((-2 * t * eigen_.eigenvalues().array()).exp() * modes.array().square()).sum() / 2 +
           floor_ * floor_ / 2;
  }
  /// What errors of size eps in Dh(w0) and Sigma make of the least-norm displacement d: up to the number of
  /// operations, eps times the condition of Sigma times ||d|| + ||y(0) - y*|| / ||Dh(w0)||.
  [[nodiscard]] double sensitivity(const Vector<double>& d) const {
    return condition() * (d.norm() + start() / std::sqrt(largest()));
  }

 private:
  template <class F>
  [[nodiscard]] Vector<double> by_modes(F&& f) const {
    const Vector<double> modes = eigen_.eigenvectors().transpose() * residual_;
    Vector<double> c(modes.size());
    for (Index i = 0; i < c.size(); ++i) c(i) = f(eigen_.eigenvalues()(i)) * modes(i);
    return scaled_.transpose() * (eigen_.eigenvectors() * c);
  }

  Matrix<double> scaled_;
  Vector<double> start_;
  Vector<double> residual_;
  double floor_ = 0;
  Eigen::SelfAdjointEigenSolver<Matrix<double>> eigen_;
};

}  // namespace lazytrain::testing
