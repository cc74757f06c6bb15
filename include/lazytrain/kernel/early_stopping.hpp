#pragma once

#include <cmath>
#include <lazytrain/kernel/kernel_modes.hpp>
#include <lazytrain/kernel/regression.hpp>
#include <utility>
#include <vector>

namespace lazytrain {

/// Losses along the linearized gradient flow. See `early_stopping`.
struct EarlyStoppingCurve {
  std::vector<double> times;
  /// 1/2 ||y(t) - y*||^2 in the space of the training and of the test set.
  Vector<double> train_loss;
  Vector<double> test_loss;
  /// ||d(t)||.
  Vector<double> distance;
  /// Modes with eigenvalues of Sigma up to this, which rounding does not tell from 0, rest as in
  /// `LinearFlow`.
  double cutoff = 0;

  /// Position of the least test loss, the first of equals.
  [[nodiscard]] Index best() const {
    Index position = 0;
    test_loss.minCoeff(&position);
    return position;
  }
};

/// Train and test loss of the linearized gradient flow of the square loss 1/2 ||y - y*||^2 with the offset
/// alpha h(w0) at the given times in [0, infinity], in closed form:
///
///     d(t) = Dh^T t phi_1(-t Sigma) (y* - alpha h(w0)),      y(t) = alpha h(w0) + Dh d(t),
///
/// kernel regression that stops at t, of which `kernel_regression` without a ridge is the end. `train` and
/// `test` are tangents at one w0. Cost: the two kernels, 9 N^3 + 2 N^2 N' operations, and 2 N N' a time.
/// @throws std::invalid_argument on sizes or if the tangents' w differ, std::domain_error on times or alpha
template <Model H, Model G>
[[nodiscard]] EarlyStoppingCurve early_stopping(const Tangent<H>& train, const outputs_t<H>& targets,
                                                const Tangent<G>& test, const outputs_t<G>& test_targets,
                                                std::vector<double> times, double alpha = 1) {
  using S = scalar_t<H>;
  const char* const here = "early_stopping";
  for (const double t : times) require_domain(t >= 0, here, "a time", t, "a time in [0, infinity]");
  require_argument(!times.empty(), here, "the number of times", times.size(), "at least 1");
  outputs_t<H> residual = detail::offset_residual(here, train, targets, alpha);
  train.output_space().to_euclidean(residual);
  const detail::KernelModes<S> modes(sigma_matrix(train), host_numbers(residual));
  const Vector<S> test_residual = host_numbers(detail::offset_residual(here, test, test_targets, alpha));

  // Column i of `images` is what mode i of the training set does to the test set.
  Vector<S> roots = Vector<S>::Ones(train.output_dim());
  train.output_space().to_euclidean(roots);
  Matrix<S> weighted = modes.vectors;
  for (Index i = 0; i < weighted.cols(); ++i) weighted.col(i).array() *= roots.array();
  const Matrix<S> images = cross_kernel(train, test).transpose() * weighted;

  const auto count = static_cast<Index>(times.size());
  EarlyStoppingCurve curve{.times = std::move(times),
                           .train_loss = Vector<double>(count),
                           .test_loss = Vector<double>(count),
                           .distance = Vector<double>(count),
                           .cutoff = modes.cutoff};
  Vector<double> lengths(modes.values.size());
  for (Index s = 0; s < count; ++s) {
    const double t = curve.times[static_cast<std::size_t>(s)];
    double left = 0;
    double squares = 0;
    for (Index i = 0; i < lengths.size(); ++i) {
      lengths(i) = modes.residual(i) * modes.length(i, t);
      left += std::pow(modes.decay(i, t) * modes.residual(i), 2);
      if (modes.resolved(i)) squares += modes.values(i) * lengths(i) * lengths(i);
    }
    const Vector<S> error = test_residual - images * lengths.template cast<S>();
    curve.train_loss(s) = left / 2;
    curve.test_loss(s) = static_cast<double>(test.output_space().inner(error, error)) / 2;
    curve.distance(s) = std::sqrt(squares);
  }
  return curve;
}

}  // namespace lazytrain
