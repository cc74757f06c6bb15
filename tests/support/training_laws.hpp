#pragma once

#include <lazytrain/flow/augmented_batches.hpp>
#include <lazytrain/flow/batch_field.hpp>
#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <lazytrain/flow/stochastic_descent.hpp>
#include <lazytrain/kernel/kernel_operator.hpp>
#include <lazytrain/linalg/conjugate_gradient.hpp>
#include <lazytrain/linalg/top_eigenpairs.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/loss_elsewhere.hpp>
#include <lazytrain/nn/images.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <limits>
#include <support/device_laws.hpp>

/// Algorithms on an executor's vectors agree with those on the host's.
namespace lazytrain::testing {

/// A smooth convolutional network, 2 x 6 x 5 to 3, whose runs do not depend on the side of a kink.
template <class B>
nn::Network<B> smooth_classifier(const B& backend) {
  return {{2, 6, 5},
          nn::Series<B>{nn::Conv{.filters = 4}, nn::Pointwise<Tanh>{}, nn::AveragePool{},
                        nn::Dense{.outputs = 3}},
          backend};
}

template <class S>
data::LabelledData<S> small_data() {
  Philox rng(9);
  std::vector<Index> labels;
  for (Index i = 0; i < 12; ++i) labels.push_back(i % 3);
  return {normal_vector<S>(60 * 12, rng).reshaped(60, 12), labels, 3};
}

/// Ends of runs of stochastic descent with momentum and cross-entropy: in parameters and in displacements, at
/// alpha 1, 1e7 and infinity, as they are and centred.
template <class B>
Results<scalar_t<B>> training_results(const B& backend) {
  using S = scalar_t<B>;
  const nn::Network<B> net = smooth_classifier(backend);
  Philox rng(1);
  const auto w0 = nn::xavier_normal(net, rng);
  const auto zero = zeros_like(w0);
  const auto make_loss = [](const auto& labels, const auto& space) {
    return cross_entropy_loss<S>(labels, space);
  };
  const auto problem = batches(net, small_data<S>(), {.size = 4, .seed = 1}, make_loss);
  const StochasticDescentOptions options{.step = 0.1, .momentum = 0.9, .epochs = 4};
  Results<S> results;
  const auto keep = [&](const char* name, const auto& end) {
    CHECK(end.succeeded());
    results.emplace_back(name, on_host(end.x));
    results.emplace_back("loss", Vector<S>::Constant(1, static_cast<S>(end.loss)));
  };
  for (const Start start : {Start::as_is, Start::centred}) {
    auto field = batch_parameter_field(problem, w0, S(2), start);
    keep("parameters", stochastic_descent(field, w0, options));
  }
  for (const S alpha : {S(1), S(1e7), std::numeric_limits<S>::infinity()}) {
    auto field = batch_displacement_field(problem, w0, alpha, Start::centred);
    keep("displacement", stochastic_descent(field, zero, options));
  }
  const auto augmented = augmented_batches(net, small_data<S>(), {.size = 5, .seed = 2},
                                           nn::Augmenter(net.input_shape(), {.padding = 2}), make_loss);
  auto field = batch_parameter_field(augmented, w0, S(1));
  keep("augmented", stochastic_descent(field, w0, options));
  return results;
}

/// The gradient flow, products with the tangent kernel, a linear solve with it and its largest eigenvalues.
template <class B>
Results<scalar_t<B>> kernel_results(const B& backend) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const nn::Network<B> net = smooth_classifier(backend);
  Philox rng(2);
  const auto w0 = nn::xavier_normal(net, rng);
  const auto h = net.on(small_data<S>().inputs);
  const V u(normal_vector<S>(h.output_dim(), rng));
  Results<S> results;
  const auto loss =
      loss_where_outputs_are<V>(cross_entropy_loss<S>(small_data<S>().labels, h.output_space()));
  auto field = displacement_field(h, loss, w0, S(1));
  V velocity = zeros_like(w0);
  field(velocity, velocity);
  results.emplace_back("field", on_host(velocity));
  const auto flow = [&](const char* name, const auto& stepper) {
    const auto end = integrate(stepper, field, zeros_like(w0), {.horizon = 0.5, .step = 0.25});
    CHECK(end.succeeded());
    results.emplace_back(name, on_host(end.x));
  };
  flow("Runge-Kutta", RungeKutta4{});
  flow("Dormand-Prince", DormandPrince{});
  const KernelOperator kernel(linearize(h, w0));
  V product = zeros_like(u);
  kernel.apply(u, product);
  results.emplace_back("Sigma u", on_host(product));
  kernel.apply_symmetric(u, product);
  results.emplace_back("symmetric", on_host(product));
  // (1 + Sigma) x = u.
  V x = zeros_like(u);
  const auto solved = conjugate_gradient(
      [&](const V& from, V& to) {
        kernel.apply_symmetric(from, to);
        axpy(S(1), from, to);
      },
      u, x,
      {.max_iterations = 50, .tolerance = 100 * static_cast<double>(std::numeric_limits<S>::epsilon())});
  CHECK(solved.converged);
  results.emplace_back("solution", on_host(x));
  const auto top =
      top_eigenpairs_from([&](const V& from, V& to) { kernel.apply_symmetric(from, to); },
                          [&] { return V(normal_vector<S>(h.output_dim(), rng)); }, h.output_dim(), 3,
                          {.tolerance = 10 * static_cast<double>(std::numeric_limits<S>::epsilon())});
  results.emplace_back("eigenvalues", top.values.template cast<S>());
  return results;
}

}  // namespace lazytrain::testing
