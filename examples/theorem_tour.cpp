// Every bound of the paper on one smooth two-layer network: Theorems 2.2 to 2.5, Lemmas B.1 and B.2 and
// Proposition A.1, printed and sharp, beside the measured left side, over the scale alpha.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/lemma_b_1.hpp>
#include <lazytrain/lazy/lemma_b_2.hpp>
#include <lazytrain/lazy/proposition_a_1.hpp>
#include <lazytrain/lazy/theorem_2_2.hpp>
#include <lazytrain/lazy/theorem_2_3.hpp>
#include <lazytrain/lazy/theorem_2_4.hpp>
#include <lazytrain/lazy/theorem_2_5.hpp>
#include <lazytrain/lazy/two_layer_lipschitz.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/report/progress.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "support/tour_figures.hpp"

namespace {

using namespace lazytrain;

struct Options {
  Index inputs = 4;
  Index neurons = 12;
  Index samples = 4;
  double smallest = 1;
  double largest = 1e6;
  Index scales = 13;
  double iterations = 1;
  double horizon = 10;
  std::uint64_t seed = 1;
  std::string out = "theorem_tour";
};

void declare(CLI::App& app, Options& o) {
  app.option_defaults()->always_capture_default();
  app.add_option("--inputs", o.inputs, "dimension d of the inputs")->check(CLI::PositiveNumber);
  app.add_option("--neurons", o.neurons, "tanh neurons m")->check(CLI::PositiveNumber);
  app.add_option("--samples", o.samples, "training samples n")->check(CLI::PositiveNumber);
  app.add_option("--smallest", o.smallest, "smallest scale alpha")->check(CLI::PositiveNumber);
  app.add_option("--largest", o.largest, "largest scale alpha")->check(CLI::PositiveNumber);
  app.add_option("--scales", o.scales, "number of scales, evenly in log alpha")->check(CLI::Range(2, 1000));
  app.add_option("--iterations", o.iterations,
                 "K of Theorem 2.3, and the horizon of Theorem 2.2 in 1 / ||Dh(w0)||^2")
      ->check(CLI::PositiveNumber);
  app.add_option("--horizon", o.horizon, "where left sides of infinite horizons end, in 1 / sigma_min^2")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", o.seed, "seed of the data and the weights");
  app.add_option("--out", o.out, "folder for the figures, the data, the reports and a summary");
}

/// Σ(t), the tangent kernel on its way from w0 to w1: a path of kernels for the lemmas.
class MovingKernel {
 public:
  MovingKernel(const TwoLayerOnData<double, Tanh>& h, const Vector<double>& w0, const Vector<double>& w1,
               double rate)
      : h_(h), w0_(w0), way_(w1 - w0), rate_(rate) {}

  [[nodiscard]] Matrix<double> operator()(double t) const {
    const Vector<double> w = w0_ - std::expm1(-rate_ * t) * way_;
    return h_.linearize(w).gram() / static_cast<double>(h_.output_dim());
  }

 private:
  TwoLayerOnData<double, Tanh> h_;
  Vector<double> w0_, way_;
  double rate_;
};

void tour(const Options& o) {
  Philox rng(o.seed);
  const TwoLayer<double, Tanh> net({.inputs = o.inputs, .neurons = o.neurons, .scaling = Scaling::sqrt});
  const Matrix<double> X = normal_matrix(o.inputs, o.samples, rng);
  const Matrix<double> held_out_points = normal_matrix(o.inputs, 5, rng);
  const Vector<double> targets = normal_vector(o.samples, rng);
  const auto f = net.on(X);
  const auto held_out = net.on(held_out_points);
  const Vector<double> w0 = gaussian(net, 1.0, rng);
  const auto h = centred(f, w0);
  const auto loss = square_loss(targets, f.output_space());
  const LipschitzBounds bounds =
      two_layer_lipschitz(f, view_t<Vector<double>>(w0), SingularValueOptions{}, rng);
  const auto spectrum = differential_spectrum(linearize(f, w0), {}, rng);
  const double finite = o.iterations / std::pow(spectrum.norm.value(), 2);
  const double sigma = spectrum.smallest.value(), infinite = o.horizon / (sigma * sigma);

  examples::TourFigures figures;
  std::ostringstream reports;
  report::Progress progress(2, "scales", o.scales);
  for (Index s = 0; s < o.scales; ++s) {
    const double alpha = o.smallest * std::pow(o.largest / o.smallest,
                                               static_cast<double>(s) / static_cast<double>(o.scales - 1));
    const Objective objective(h, loss, alpha);
    const auto keep = [&](const BoundReport& report) {
      figures.add(alpha, report);
      reports << "alpha = " << alpha << ": " << report << '\n';
    };
    TheoremOptions options;
    options.flows.samples = 60;
    const auto theorem_2_2_check = theorem_2_2(objective, w0, finite, bounds, options);
    keep(theorem_2_2_check.printed);
    keep(theorem_2_2_check.sharp);
    const auto theorem_2_3_check = theorem_2_3(objective, w0, o.iterations, bounds, options);
    keep(theorem_2_3_check.printed);
    keep(theorem_2_3_check.sharp);
    keep(theorem_2_3_check.local);
    keep(theorem_2_3_check.a_posteriori);
    const auto theorem_2_4_check = theorem_2_4(objective, w0, infinite, bounds, options);
    keep(theorem_2_4_check.printed);
    keep(theorem_2_4_check.sharp);
    Theorem25Options options_2_5;
    options_2_5.common = options;
    keep(theorem_2_5(objective, w0, infinite, bounds, options_2_5).quantitative);

    // The flow's end is where the kernel of the lemmas goes.
    const auto twin = compare_flows(objective, w0, infinite, options.flows);
    const Vector<double> w1 = w0 + twin.end / alpha;
    const MovingKernel kernel(f, w0, w1, sigma * sigma);
    const Vector<double> y0 = Vector<double>::Zero(o.samples);
    const KernelFlowOptions flow{.relative_tolerance = 1e-11, .samples = 100};
    const auto b_1 = lemma_b_1(kernel, loss, y0, infinite, std::nullopt, flow);
    keep(b_1.printed);
    keep(b_1.sharp);
    const auto b_2 = lemma_b_2(kernel, loss, y0, infinite, {.flow = flow});
    keep(b_2.printed);
    keep(b_2.sharp);

    double M2 = 0;
    for (Index i = 0; i < held_out_points.cols(); ++i) {
      const auto at = net.on(Matrix<double>(held_out_points.col(i)), euclidean(1));
      const auto of_point = two_layer_lipschitz(at, view_t<Vector<double>>(w0), Estimate::exactly(0));
      M2 = std::max(M2, of_point.of_dh((twin.displacement.value + twin.displacement.error) * 1.001).upper());
    }
    const auto a_1 =
        proposition_a_1(objective, held_out, w0, infinite, Estimate::at_most(M2), {.flows = options.flows});
    keep(a_1.printed);
    keep(a_1.corrected);
    progress.step(1, [&] { return "alpha = " + report::format_number(alpha); });
  }

  const std::string network = "Two-layer tanh network f with " + std::to_string(o.neurons) + " neurons on " +
                              std::to_string(o.samples) + " samples in R^" + std::to_string(o.inputs) +
                              ", h = f − f(w0), square loss, certified Lipschitz constants. ";
  const std::filesystem::path folder = o.out;
  const auto files = figures.write(folder, network);
  report::write_atomically(folder / "theorem_tour.csv", figures.table().to_csv());
  report::write_atomically(folder / "theorem_tour.txt", reports.str());
  report::write_json(folder / "theorem_tour.json", {{"inputs", o.inputs},
                                                    {"neurons", o.neurons},
                                                    {"samples", o.samples},
                                                    {"seed", o.seed},
                                                    {"norm_of_Dh", spectrum.norm.value()},
                                                    {"sigma_min", sigma},
                                                    {"finite_horizon", finite},
                                                    {"infinite_horizon", infinite},
                                                    {"figures", files}});
  std::cout << figures.summary().to_text() << "Written to " << folder.string()
            << ": theorem_tour.csv, .txt (every report) and .json, and the figures\n ";
  for (const auto& file : files) std::cout << ' ' << file.at("file").get<std::string>();
  std::cout << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Every bound of the paper, printed and sharp, with its measured left side over alpha");
  Options options;
  declare(app, options);
  return examples::run_program(app, argc, argv, [&] { tour(options); });
}
