#pragma once

#include <cmath>
#include <lazytrain/flow/twin_flows.hpp>
#include <lazytrain/lazy/lazy_scale.hpp>
#include <lazytrain/lazy/proposition_a_1.hpp>
#include <lazytrain/lazy/sampled_lipschitz.hpp>
#include <lazytrain/lazy/theorem_2_2.hpp>
#include <lazytrain/lazy/theorem_2_3.hpp>
#include <lazytrain/lazy/theorem_2_4.hpp>
#include <lazytrain/lazy/theorem_2_5.hpp>
#include <lazytrain/linalg/spectral_density.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/loss_elsewhere.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/check_derivatives.hpp>
#include <lazytrain/model/symmetrized.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <support/device_laws.hpp>
#include <support/training_laws.hpp>

/// Both flows of a network on an executor, what the theorems say of them, and models made from models agree
/// with those on the host.
namespace lazytrain::testing {

/// A problem of seven outputs with a smooth network.
template <class B>
struct SmallProblem {
  using S = scalar_t<B>;
  using V = typename B::Vector;

  explicit SmallProblem(const B& backend)
      : net(smooth_classifier(backend)),
        w0(nn::xavier_normal(net, rng)),
        h(net.on(Matrix<S>(small_data<S>().inputs.leftCols(3)))),
        square(
            loss_where_outputs_are<V>(square_loss(normal_vector<S>(h.output_dim(), rng), h.output_space()))) {
  }

  Philox rng{8};
  nn::Network<B> net;
  V w0;
  nn::NetworkOnData<B> h;
  decltype(loss_where_outputs_are<V>(square_loss(Vector<S>(), OutputSpace::empirical(1)))) square;
};

/// Ends and distances of both flows, by the scaled difference and directly.
template <class B>
Results<scalar_t<B>> twin_results(const B& backend) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const SmallProblem<B> p(backend);
  const auto entropy = loss_where_outputs_are<V>(cross_entropy_loss<S>({0, 2, 1}, p.h.output_space()));
  Results<S> results;
  const auto run = [&](const std::string& name, const auto& loss, TwinMethod method, S alpha) {
    const auto twin = compare_flows(Objective(p.h, loss, alpha), p.w0, 2.0,
                                    {.relative_tolerance = 1e-4, .samples = 3, .method = method});
    CHECK(twin.complete);
    CHECK(twin.method == method);
    results.emplace_back(name + ", end", on_host(twin.end));
    results.emplace_back(name + ", linearized end", on_host(twin.linear_end));
    results.emplace_back(name + ", outputs", on_host(twin.outputs));
    results.emplace_back(name + ", linearized outputs", on_host(twin.linear_outputs));
    const auto keep = [&](const char* what, const std::vector<double>& values) {
      Vector<S> numbers(static_cast<Index>(values.size()));
      for (Index i = 0; i < numbers.size(); ++i)
        numbers(i) = static_cast<S>(values[static_cast<std::size_t>(i)]);
      results.emplace_back(name + what, numbers);
    };
    keep(", losses", twin.loss);
    keep(", displacements", twin.displacements);
    if (method == TwinMethod::difference) keep(", distances", twin.distances);
  };
  run("square, difference", p.square, TwinMethod::difference, S(50));
  run("square, direct", p.square, TwinMethod::direct, S(2));
  run("entropy, difference", entropy, TwinMethod::difference, S(50));
  run("entropy, direct", entropy, TwinMethod::direct, S(2));
  return results;
}

/// The right sides of the theorems, with constants from samples, and Lipschitz constants.
template <class B>
Results<scalar_t<B>> theorem_results(const B& backend) {
  using S = scalar_t<B>;
  const SmallProblem<B> p(backend);
  const Objective objective(p.h, p.square, S(200));
  const SampledLipschitzOptions sampling{
      .samples = 1, .ascent_steps = 2, .second_derivative = {.restarts = 1, .max_iterations = 3}};
  // Of one radius: a theorem asks for hundreds.
  const LipschitzBounds sampled = sampled_lipschitz(p.h, p.w0, sampling);
  const Estimate of_h = sampled.of_h(0.1), of_dh = sampled.of_dh(0.1);
  const LipschitzBounds bounds([=](double) { return of_h; }, [=](double) { return of_dh; }, "one radius");
  const TheoremOptions options{.flows = {.relative_tolerance = 1e-3, .samples = 2}};
  Results<S> results;
  const auto keep = [&](const BoundReport& report) {
    Vector<S> values(static_cast<Index>(report.constants.size()));
    for (Index i = 0; i < values.size(); ++i) {
      const double value = report.constants[static_cast<std::size_t>(i)].value.value();
      values(i) = std::isfinite(value) ? static_cast<S>(value) : S(-1);
    }
    results.emplace_back(report.result + ", " + report.form, values);
    for (const auto& inequality : report.inequalities) {
      results.emplace_back(report.result + ": " + inequality.name,
                           Vector<S>::Constant(1, static_cast<S>(inequality.rhs.back())));
    }
  };
  keep(theorem_2_2(objective, p.w0, 1.0, bounds, options).sharp);
  keep(theorem_2_3(objective, p.w0, 1.0, bounds, options).sharp);
  keep(theorem_2_4(objective, p.w0, 1.0, bounds, options).sharp);
  keep(theorem_2_5(objective, p.w0, 1.0, bounds, {.common = options}).quantitative);
  keep(proposition_a_1(objective, p.h, p.w0, 1.0, Estimate::at_least(1), {.flows = options.flows}).corrected);
  const auto scale = lazy_scale(p.h, p.square, p.w0, bounds, {.tolerance = 10, .horizon = 0.01});
  results.emplace_back("Lipschitz constants",
                       Eigen::Matrix<S, 2, 1>(static_cast<S>(of_h.value()), static_cast<S>(of_dh.value())));
  results.emplace_back("scale", Vector<S>::Constant(1, static_cast<S>(scale.distance)));
  return results;
}

/// Symmetrized models, the check of derivatives and spectral densities.
template <class B>
Results<scalar_t<B>> composed_results(const B& backend) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  SmallProblem<B> p(backend);
  const auto random = [&](Index size) { return V(normal_vector<S>(size, p.rng)); };
  const Index dim = 2 * dimension(p.w0), outputs = p.h.output_dim();
  const auto model = symmetrized(p.h);
  V w = random(dim);
  scale(S(0.1), w);
  axpy(S(1), doubled(p.w0), w);
  const V u = random(dim), v = random(dim), c = random(outputs);
  Results<S> results;
  const auto tangent = linearize(model, w);
  results.emplace_back("symmetrized", on_host(tangent.value()));
  results.emplace_back("jvp", on_host(tangent.jvp(v)));
  results.emplace_back("vjp", on_host(tangent.vjp(c)));
  results.emplace_back("second", on_host(tangent.second(u, v)));
  results.emplace_back("gram by products", gram(tangent).reshaped());
  V out = zeros_like(w);
  tangent.second_vjp(u, c, out);
  results.emplace_back("second_vjp", on_host(out));
  results.emplace_back("displaced", on_host(linearize(displaced(model, w, S(0.5)), v).value()));
  CHECK(norm(linearize(model, doubled(p.w0)).value()) == S(0));

  const auto report = check_derivatives(p.h, p.w0);
  INFO(report);
  CHECK(report.passed());
  const KernelOperator kernel(linearize(p.h, p.w0));
  const auto density = spectral_density<V>([&](const V& from, V& to) { kernel.apply_symmetric(from, to); },
                                           outputs, {.probes = 3});
  results.emplace_back("largest node", Vector<S>::Constant(1, static_cast<S>(density.largest())));
  results.emplace_back(
      "mean", Vector<S>::Constant(1, static_cast<S>(density.average([](double x) { return x; }).value)));
  return results;
}

}  // namespace lazytrain::testing
