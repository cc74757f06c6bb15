// Trains a two-layer network by its gradient flow at several scales, beside its linearization, and tells in
// plain words whether training is lazy, from which scale on, and what laziness costs.

#include <ctime>
#include <iomanip>
#include <iostream>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/linalg/top_eigenpairs.hpp>
#include <lazytrain/model/gram.hpp>

#include "page.hpp"

namespace lazy_report {

using namespace lazytrain;

/// Eigenvalues of Sigma: all up to 1500 outputs, else the largest twenty.
template <class H>
void spectrum(const Tangent<H>& tangent, Results& r) {
  const OutputSpace& space = tangent.output_space();
  const Index n = space.dim();
  if (n <= 1500) {
    const Matrix<double> kernel = gram(tangent) * space.weight(0);
    r.eigenvalues = symmetric_eigenvalues(kernel).values.cwiseMax(0.0);
    r.whole_spectrum = true;
    return;
  }
  Philox rng(r.options.seed, 4);
  Vector<double> gradient(tangent.parameter_dim());
  const auto top = top_eigenpairs<double>(
      [&](const Vector<double>& u, Vector<double>& out) {
        tangent.adjoint(u, gradient);
        tangent.jvp(gradient, out);
      },
      n, 20, {.tolerance = 1e-6}, rng);
  r.eigenvalues = top.values;
}

template <class Sigma>
Results run(const Options& o, const Problem& problem) {
  const TwoLayer<double, Sigma> net({.inputs = problem.train.inputs.rows(),
                                     .neurons = o.neurons,
                                     .outputs = problem.train.targets.rows(),
                                     .scaling = o.scaling == "mean" ? Scaling::mean : Scaling::sqrt});
  Philox rng(o.seed, 2);
  const Vector<double> w0 =
      o.initialization == "symmetrized" ? symmetrized(net, o.tau, rng) : gaussian(net, o.tau, rng);
  const auto network = net.on(problem.train.inputs);
  const auto h = centred(network, w0);
  const auto test = centred(net.on(problem.test.inputs), w0);
  const auto loss = square_loss(problem.train.targets, output_space(h));

  Results r;
  r.options = o;
  r.data = problem.description;
  r.classes = problem.classes();
  std::ostringstream text;
  text << "Two-layer network: " << o.neurons << " neurons, " << Sigma::name << ", scale " << net.scale()
       << ", p = " << net.parameter_dim() << " parameters, " << o.initialization
       << " initialization with deviation " << o.tau << ", centred at w0, square loss";
  r.network = text.str();
  std::cout << r.data << '\n' << r.network << '\n' << std::flush;

  // The centred model has the derivatives of the network, whose second derivative is known in closed form.
  const Estimate curvature = second_derivative_norm(linearize(network, w0), {}, rng);
  const Laziness number = laziness(Objective(h, loss, 1.0), w0, {.second_derivative_norm = curvature});
  text.str("");
  text << number;
  r.laziness = text.str();
  std::cout << r.laziness << std::flush;
  r.horizon = o.time / (number.differential.value() * number.differential.value());
  spectrum(linearize(network, w0), r);

  std::vector<report::SweepPoint> points;
  for (const double alpha : o.alphas) points.push_back(point_at(alpha, h, test, problem, w0, r.horizon, o));
  // One after another: a run may need gigabytes.
  for (const auto& result : report::run_sweep(o.out, points, {.threads = 1, .label = "training"})) {
    r.runs.push_back(run_of(result));
  }
  r.verdict = judge(r.runs, number.residual.value(), o);
  return r;
}

int main(int argc, char** argv) {
  CLI::App app(
      "Is this model lazy? Trains a two-layer network and its linearization at several scales and reports.");
  Options o;
  declare(app, o);
  CLI11_PARSE(app, argc, argv);
  settle(o);
  std::filesystem::create_directories(o.out);

  const Problem problem = load(o);
  Results r = with_activation(o.activation, [&](auto sigma) { return run<decltype(sigma)>(o, problem); });
  for (int i = 0; i < argc; ++i) r.command += (i > 0 ? " " : "") + std::string(argv[i]);
  const std::time_t now = std::time(nullptr);
  std::ostringstream date;
  date << std::put_time(std::gmtime(&now), "%Y-%m-%d");
  r.date = date.str();
  write(r);
  std::cout << '\n'
            << sweep_table(r).to_text() << '\n'
            << r.verdict.words << "\n\nThe report: " << o.out << "/report.html\n";
  return 0;
}

}  // namespace lazy_report

int main(int argc, char** argv) {
  try {
    return lazy_report::main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
