// Training far in the lazy regime in single precision: by displacement it follows double precision, by the
// plain difference alpha (h(w) - h(w0)) it does not, for w no longer resolves its own motion.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/table.hpp>
#include <string>
#include <vector>

#include "support/cnn_training.hpp"
#include "support/program.hpp"

namespace {

using namespace lazytrain;

struct Options {
  std::string data;
  double width = 0.1;
  Index train = 128;
  double alpha = 1e7;
  Index steps = 60;
  double step = 1;
  double momentum = 0.9;
  std::uint64_t seed = 1;
  Index threads = 0;
  std::string out = "single_precision";
};

enum class Coordinate { displacement, parameters };

/// The training losses before each step of gradient descent with momentum on all images, in precision S.
/// Images and w0 are the same numbers in both precisions.
template <class S>
std::vector<double> losses(const Options& o, Coordinate coordinate, double step,
                           const examples::ImageData<float>& images, const Vector<float>& start) {
  const auto net = nn::vgg11<S>({.width = o.width}, cpu::Backend<S>({.threads = o.threads}));
  const data::LabelledData<S> data(images.train.inputs.template cast<S>(), images.train.labels,
                                   images.train.classes);
  const examples::MakeCnnLoss<examples::CnnLoss::square, S> make_loss;
  auto problem = batches(net, data, {.size = data.samples(), .seed = o.seed}, make_loss);
  const Vector<S> w0 = start.cast<S>();
  std::vector<double> curve;
  const auto train = [&](auto field, const Vector<S>& from) {
    const auto end =
        stochastic_descent(field, from, {.step = step, .momentum = o.momentum, .epochs = o.steps},
                           [&](const auto& view) { curve.push_back(view.mean_loss); });
    if (!end.succeeded()) std::cerr << end.message << '\n';
  };
  const S alpha = static_cast<S>(o.alpha);
  if (coordinate == Coordinate::displacement) {
    train(batch_displacement_field(problem, w0, alpha, Start::centred), Vector<S>::Zero(w0.size()));
  } else {
    train(batch_parameter_field(problem, w0, alpha, Start::centred), w0);
  }
  return curve;
}

/// The largest difference of two curves relative to the first loss, where both go on.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]) / a.front());
  }
  return largest;
}

void run(const Options& o) {
  const auto images = examples::load_images<float>(o.data, o.train, 1);
  const auto net = nn::vgg11<float>({.width = o.width}, cpu::Backend<float>({.threads = o.threads}));
  Philox rng(o.seed);
  const Vector<float> w0 = nn::xavier_normal(net, rng, std::sqrt(2.0));
  const double step = o.step * examples::cnn_unit_step(net, w0, images, 1.0);
  const auto exact = losses<double>(o, Coordinate::displacement, step, images, w0);
  const auto displaced = losses<float>(o, Coordinate::displacement, step, images, w0);
  const auto plain = losses<float>(o, Coordinate::parameters, step, images, w0);

  report::Table table({report::integer_column("step"), report::number_column("double by displacement"),
                       report::number_column("float by displacement"),
                       report::number_column("float by difference")});
  std::vector<double> x;
  const auto at = [](const std::vector<double>& curve, std::size_t i) {
    return i < curve.size() ? curve[i] : std::nan("");
  };
  for (std::size_t i = 0; i < exact.size(); ++i) {
    x.push_back(static_cast<double>(i));
    table.add(static_cast<Index>(i), exact[i], at(displaced, i), at(plain, i));
  }
  const auto of = [&](const std::vector<double>& curve) {
    std::vector<double> y;
    for (std::size_t i = 0; i < x.size(); ++i) y.push_back(at(curve, i));
    return y;
  };
  report::Figure figure{.title = "VGG-11 at α = " + report::format_number(o.alpha) + " in single precision"};
  report::Panel panel({.label = "step"}, {.label = "training loss", .scale = report::Scale::log});
  panel.line("double, by displacement", x, exact, {.colour = report::Colour::sky, .width = 5})
      .line("float, by displacement", x, of(displaced),
            {.colour = report::Colour::black, .dash = report::Dash::dashed})
      .line("float, α (h(w) − h(w₀)) by difference", x, of(plain), {.colour = report::Colour::vermilion});
  figure.panels = {panel};
  figure.width = 640;
  const double by_displacement = distance(exact, displaced);
  const double by_difference = distance(exact, plain);
  figure.caption =
      "Square loss against the step of gradient descent with momentum " + report::format_number(o.momentum) +
      " and step " + report::format_number(step) + " on " + std::to_string(images.train.samples()) +
      " images (" + images.name + "), VGG-11 of " + report::format_number(o.width) +
      " times the paper's width, centred. Largest difference to double precision, relative to the first "
      "loss: " +
      report::format_number(by_displacement, 3) + " by displacement, " +
      report::format_number(by_difference, 3) + " by difference.";
  const std::filesystem::path folder = o.out;
  std::filesystem::create_directories(folder);
  report::write_json(folder / "single_precision.json",
                     {{"alpha", o.alpha},
                      {"step", step},
                      {"double_by_displacement", exact},
                      {"float_by_displacement", displaced},
                      {"float_by_difference", plain},
                      {"largest_difference_by_displacement", by_displacement},
                      {"largest_difference_by_difference", by_difference},
                      {"caption", figure.caption}});
  report::write_atomically(folder / "single_precision.csv", table.to_csv());
  report::write_svg(folder / "single_precision.svg", figure);
  std::cout << figure.caption << "\nWritten to " << (folder / "single_precision").string()
            << ".svg, .csv and .json\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Training at a large alpha in single and in double precision, by displacement and by difference");
  Options o;
  app.option_defaults()->always_capture_default();
  app.add_option("--data", o.data,
                 "folder of CIFAR-10's binary files, DIR or cifar10:DIR; without it, generated images");
  app.add_option("--width", o.width, "factor of the number of filters")->check(CLI::PositiveNumber);
  app.add_option("--train", o.train, "training images")->check(CLI::PositiveNumber);
  app.add_option("--alpha", o.alpha, "the scale, finite")->check(CLI::PositiveNumber);
  app.add_option("--steps", o.steps, "steps")->check(CLI::PositiveNumber);
  app.add_option("--step", o.step, "step size in units of 1 / ||Dh(w0)||^2")->check(CLI::PositiveNumber);
  app.add_option("--momentum", o.momentum, "momentum");
  app.add_option("--seed", o.seed, "seed of the initialization");
  app.add_option("--threads", o.threads, "threads; 0: all");
  app.add_option("--out,--output", o.out, "folder for the figure and its data");
  return examples::run_program(app, argc, argv, [&] { run(o); });
}
