#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Flows y' = -Σ(t) grad R(y) in F, which Lemmas B.1 and B.2 are about.
namespace lazytrain {

/// t -> Σ(t), an operator of F as an N x N matrix that acts on coordinates, self-adjoint in F's inner
/// product.
template <class K, class S>
concept KernelPath = requires(const K& kernel, double t) {
  { kernel(t) } -> std::convertible_to<Matrix<S>>;
};

struct KernelFlowOptions {
  double relative_tolerance = 1e-10;
  /// Evenly spaced times at which both sides are compared, besides 0.
  Index samples = 400;
  Index max_steps = std::numeric_limits<Index>::max();
};

/// y' = -Σ(t) grad R(y) and y-bar' = -Σ(0) grad R(y-bar) at evenly spaced times, with what the lemmas
/// measure.
template <class S>
struct KernelFlow {
  std::vector<double> times;
  std::vector<Vector<S>> y, linear;
  /// k(t) = ||(Σ(t) - Σ(0)) grad R(y(t))||, and the integral of e^{-rate (t - s)} k(s) over s <= t.
  std::vector<double> drive, memory;
  bool complete = true;
  std::string message;
};

namespace detail {

/// The state is (y, y-bar, the integral of the drive with decay, the time).
template <class K, class R>
class KernelPathField {
 public:
  using Scalar = scalar_t<R>;
  using State = Vector<Scalar>;

  KernelPathField(const K& kernel, R loss, double rate)
      : kernel_(&kernel), loss_(std::move(loss)), start_(kernel(0)), rate_(static_cast<Scalar>(rate)) {}

  void operator()(const State& x, State& f) const {
    const Index n = start_.rows();
    const Vector<Scalar> y = x.head(n), linear = x.segment(n, n);
    Vector<Scalar> g(n), linear_g(n);
    loss_.gradient(y, g);
    loss_.gradient(linear, linear_g);
    f.head(n) = -(*kernel_)(static_cast<double>(x(2 * n + 1))) * g;
    f.segment(n, n) = -start_ * linear_g;
    f(2 * n) = drive(x) - rate_ * x(2 * n);
    f(2 * n + 1) = 1;
  }

  [[nodiscard]] Scalar drive(const State& x) const {
    const Index n = start_.rows();
    Vector<Scalar> g(n);
    loss_.gradient(Vector<Scalar>(x.head(n)), g);
    const Matrix<Scalar> now = (*kernel_)(static_cast<double>(x(2 * n + 1)));
    return loss_.output_space().norm(Vector<Scalar>((now - start_) * g));
  }

 private:
  const K* kernel_;
  R loss_;
  Matrix<Scalar> start_;
  Scalar rate_;
};

/// The eigenvalues of a self-adjoint operator of F, descending, and a bound of their error.
/// @throws std::domain_error if it is not self-adjoint in F
template <class S>
SymmetricEigen<S> spectrum_in(const OutputSpace& space, Matrix<S> kernel) {
  require_size("kernel_flow", "Sigma(t)", kernel.rows(), space.dim(), "N, the space's dimension");
  Vector<S> root = Vector<S>::Ones(kernel.rows());
  space.to_euclidean(root);
  return symmetric_eigenvalues(Matrix<S>(root.asDiagonal() * kernel * root.cwiseInverse().asDiagonal()));
}

/// Bounds of the spectrum of a positive operator of F.
struct KernelRange {
  Estimate least, largest;
};

template <class S>
KernelRange kernel_range(const OutputSpace& space, const Matrix<S>& kernel) {
  const auto spectrum = spectrum_in<S>(space, kernel);
  const auto known = [&](double value) {
    const double x = std::max(value, 0.0), error = static_cast<double>(spectrum.error);
    return Estimate(x, std::max(x - error, 0.0), x + error, Provenance::certified);
  };
  return {known(static_cast<double>(spectrum.values(spectrum.values.size() - 1))),
          known(static_cast<double>(spectrum.values(0)))};
}

}  // namespace detail

/// Runs both flows up to the horizon. Cost: two kernels and three gradients an evaluation.
/// @throws std::invalid_argument, std::domain_error on sizes, options, or a kernel that is not self-adjoint
template <Loss R, KernelPath<scalar_t<R>> K>
[[nodiscard]] KernelFlow<scalar_t<R>> kernel_flow(const K& kernel, const R& loss,
                                                  const Vector<scalar_t<R>>& y0,
                                                  const Vector<scalar_t<R>>& linear_y0, double horizon,
                                                  double rate, const KernelFlowOptions& options = {}) {
  using S = scalar_t<R>;
  require_positive("kernel_flow", "horizon", horizon);
  require_argument(options.samples >= 1, "kernel_flow", "options.samples", options.samples, "at least 1");
  const Index n = loss.output_space().dim();
  require_size("kernel_flow", "y0", y0.size(), n, "N, the space's dimension");
  require_size("kernel_flow", "linear_y0", linear_y0.size(), n, "N, the space's dimension");
  (void)detail::spectrum_in<S>(loss.output_space(), kernel(0));
  detail::KernelPathField<K, R> field(kernel, loss, rate);
  Vector<S> start(2 * n + 2);
  start << y0, linear_y0, S(0), S(0);
  FlowOptions flow{.horizon = horizon,
                   .relative_tolerance = options.relative_tolerance,
                   .sampling = Sampling::land,
                   .max_steps = options.max_steps};
  for (Index i = 0; i <= options.samples; ++i) {
    flow.sample_times.push_back(horizon * static_cast<double>(i) / static_cast<double>(options.samples));
  }
  KernelFlow<S> result;
  const auto run = integrate(DormandPrince{}, field, start, flow, {}, [&](const auto& view) {
    result.times.push_back(view.t);
    result.y.push_back(view.x.head(n));
    result.linear.push_back(view.x.segment(n, n));
    result.drive.push_back(static_cast<double>(field.drive(view.x)));
    result.memory.push_back(static_cast<double>(view.x(2 * n)));
  });
  result.complete = run.succeeded();
  result.message = run.message;
  return result;
}

namespace detail {

/// A kernel flow and the same with ten times the tolerance, which tells errors.
template <class S>
struct CheckedKernelFlow {
  KernelFlow<S> fine, coarse;

  /// `of(flow, i)`, a number >= 0, as a left side, with its largest change with the tolerance as its error.
  /// At the start it is exact.
  template <class F>
  [[nodiscard]] BoundInequality inequality(std::string name, F&& of, std::vector<double> rhs) const {
    BoundInequality q{std::move(name), {}, {}, std::move(rhs)};
    double change = 0, size = 0;
    for (std::size_t i = 0; i < fine.times.size(); ++i) {
      q.lhs.push_back(of(fine, i));
      size = std::max(size, static_cast<double>(fine.y[i].norm()));
      const double other = i < coarse.times.size() ? of(coarse, i) : 0.0;
      change = std::max(change, std::abs(q.lhs.back() - other));
    }
    const double rounding = 100 * static_cast<double>(std::numeric_limits<S>::epsilon()) * size;
    q.error.assign(q.lhs.size(), change + rounding);
    if (!q.error.empty()) q.error.front() = 0;
    return q;
  }

  template <class F>
  [[nodiscard]] std::vector<double> over_time(F&& f) const {
    std::vector<double> out;
    for (const double t : fine.times) out.push_back(f(t));
    return out;
  }

  /// Error of the drive at any time: its largest change with the tolerance, and the rounding of numbers of
  /// `size`, that of Σ times that of the gradient.
  [[nodiscard]] double drive_error(double size) const {
    double change = 0;
    for (std::size_t i = 0; i < fine.times.size(); ++i) {
      const double other = i < coarse.drive.size() ? coarse.drive[i] : 0.0;
      change = std::max(change, std::abs(fine.drive[i] - other));
    }
    return change + 100 * static_cast<double>(std::numeric_limits<S>::epsilon()) * size;
  }

  [[nodiscard]] Hypothesis completed(double horizon) const {
    const double reached = fine.times.empty() ? 0 : fine.times.back();
    return {"the flow is computed up to the horizon", reached, words(">= ", horizon),
            fine.complete && coarse.complete, Provenance::certified};
  }
};

template <class R, class K>
CheckedKernelFlow<scalar_t<R>> checked_kernel_flow(const K& kernel, const R& loss,
                                                   const Vector<scalar_t<R>>& y0,
                                                   const Vector<scalar_t<R>>& linear_y0, double horizon,
                                                   double rate, const KernelFlowOptions& options) {
  KernelFlowOptions coarse = options;
  coarse.relative_tolerance *= 10;
  return {kernel_flow(kernel, loss, y0, linear_y0, horizon, rate, options),
          kernel_flow(kernel, loss, y0, linear_y0, horizon, rate, coarse)};
}

/// The least eigenvalue of Σ over the samples: an upper bound of the infimum over time, hence only estimated;
/// `upper` has its rounding. @throws std::domain_error if Σ is not self-adjoint at a sample
template <class R, class K>
Estimate sampled_lambda(const K& kernel, const R& loss, double horizon, Index samples) {
  double least = std::numeric_limits<double>::infinity(), upper = least;
  for (Index i = 0; i <= samples; ++i) {
    const double t = horizon * static_cast<double>(i) / static_cast<double>(samples);
    const Estimate at = kernel_range<scalar_t<R>>(loss.output_space(), kernel(t)).least;
    least = std::min(least, at.value());
    upper = std::min(upper, at.upper());
  }
  return {least, 0, std::max(least, upper), Provenance::estimated};
}

/// "lambda is not above an eigenvalue of Sigma(t) at a sample".
inline Hypothesis not_above_samples(double lambda, const Estimate& sampled, Provenance provenance) {
  return at_most("lambda is not above an eigenvalue of Sigma(t) at a sample", lambda, sampled.upper(),
                 provenance);
}

}  // namespace detail

}  // namespace lazytrain
