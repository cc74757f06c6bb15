#pragma once

#include <lazytrain/kernel/early_stopping.hpp>
#include <lazytrain/kernel/regression.hpp>
#include <lazytrain/kernel/spectrum.hpp>
#include <lazytrain/lazy/differential.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/loss_elsewhere.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <limits>
#include <support/device_laws.hpp>
#include <support/training_laws.hpp>

/// Spectra and laziness of a network on an executor agree with those on the host.
namespace lazytrain::testing {

/// The tangent kernel's spectrum, by its matrix and by products alone, and what it learns from targets.
template <class B>
Results<scalar_t<B>> spectrum_results(const B& backend) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const nn::Network<B> net = smooth_classifier(backend);
  Philox rng(4);
  const V w0 = nn::xavier_normal(net, rng);
  const auto tangent = linearize(net.on(Matrix<S>(small_data<S>().inputs.leftCols(11))), w0);
  Results<S> results;
  const auto keep = [&](const std::string& name, const Spectrum<S>& spectrum) {
    CHECK(spectrum.converged);
    results.emplace_back(name, spectrum.values.template cast<S>());
    results.emplace_back(name + ", trace", Vector<S>::Constant(1, static_cast<S>(spectrum.trace)));
    results.emplace_back(name + ", its error", Vector<S>::Constant(1, static_cast<S>(spectrum.trace_error)));
    if (spectrum.vectors.cols() > 0) results.emplace_back(name + ", first vector", spectrum.vectors.col(0));
  };
  keep("dense", dense_spectrum(tangent));
  for (const Index trace_probes : {0, 5}) {
    const SpectrumOptions options{.dense_limit = 1,
                                  .count = 4,
                                  .eigenvectors = Eigenvectors::wanted,
                                  .tolerance = 1e-13,
                                  .trace_probes = trace_probes};
    keep("largest", spectrum(tangent, options, rng));
  }
  results.emplace_back("diagonal", kernel_diagonal(tangent));
  const V targets(normal_vector<S>(tangent.output_dim(), rng));
  const auto curve = early_stopping(tangent, targets, tangent, targets, {0.1, 1.0, 10.0});
  results.emplace_back("early stopping", curve.test_loss.template cast<S>());
  results.emplace_back("displaced gram",
                       gram(linearize(displaced(tangent.model(), w0, S(0.5)), w0)).reshaped());
  results.emplace_back("Jacobian", jacobian(tangent).reshaped());
  return results;
}

/// Kernel regression by its three methods.
template <class B>
Results<scalar_t<B>> regression_results(const B& backend) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const nn::Network<B> net = smooth_classifier(backend);
  Philox rng(6);
  const V w0 = nn::xavier_normal(net, rng);
  const auto tangent = linearize(net.on(Matrix<S>(small_data<S>().inputs.leftCols(7))), w0);
  const V targets(normal_vector<S>(tangent.output_dim(), rng));
  const double tolerance = 10 * static_cast<double>(std::numeric_limits<S>::epsilon());
  Results<S> results;
  for (const auto method :
       {RegressionMethod::eigen, RegressionMethod::cholesky, RegressionMethod::conjugate_gradient}) {
    const auto fit =
        kernel_regression(tangent, targets, {.ridge = 1, .method = method, .tolerance = tolerance});
    results.emplace_back("regression", on_host(fit.displacement));
    results.emplace_back("regression's outputs", on_host(fit.outputs));
  }
  return results;
}

/// ||Dh||, ||D^2h||, kappa and the relative changes of a step.
template <class B>
Results<scalar_t<B>> laziness_results(const B& backend) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const nn::Network<B> net = smooth_classifier(backend);
  Philox rng(5);
  const V w0 = nn::xavier_normal(net, rng);
  const auto data = small_data<S>();
  const auto h = net.on(Matrix<S>(data.inputs.leftCols(5)));
  const std::vector<Index> labels(data.labels.begin(), data.labels.begin() + 5);
  const auto entropy = loss_where_outputs_are<V>(cross_entropy_loss<S>(labels, h.output_space()));
  const auto square =
      loss_where_outputs_are<V>(square_loss(normal_vector<S>(h.output_dim(), rng), h.output_space()));
  Results<S> results;
  const auto keep = [&](const char* name, std::initializer_list<double> numbers) {
    results.emplace_back(
        name, Eigen::Map<const Vector<double>>(std::data(numbers), static_cast<Index>(numbers.size()))
                  .template cast<S>());
  };
  // Assembled, and by Lanczos.
  for (const Index dense_limit : {128, 0}) {
    const SingularValueOptions norms{.tolerance = 1e-6, .dense_limit = dense_limit};
    const auto spectrum = differential_spectrum(linearize(h, w0), norms, rng);
    keep("differential", {spectrum.norm.value(), spectrum.norm.lower(), static_cast<double>(spectrum.rank)});
    const BilinearNormOptions search{.restarts = 2, .max_iterations = 10};
    for (const S alpha : {S(1), S(10)}) {
      const auto lazy =
          laziness(Objective(h, square, alpha), w0, {.differential = norms, .second_derivative = search});
      keep("laziness",
           {lazy.residual.value(), lazy.second_derivative.value(), lazy.differential.value(),
            lazy.kappa.value(), lazy.kappa_h.value(), lazy.alignment.value(), lazy.criterion.value()});
    }
    const auto changes = laziness(Objective(h, entropy, S(2)), w0, {.loss_change = 0.1, .norms = norms});
    keep("relative changes", {changes.loss_rate, changes.differential_rate.value(),
                              changes.predicted_ratio.value(), changes.step, changes.loss_change});
    keep("differential's change", {changes.differential_change.value(), changes.measured_ratio.value()});
  }
  return results;
}

}  // namespace lazytrain::testing
