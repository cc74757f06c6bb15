#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/table.hpp>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "neuron_runs.hpp"

/// The paths of the neurons of a two-layer ReLU network in the plane while it learns a small network: what
/// Figures 1(a)-(b) and 6 of the paper show.
namespace examples {

/// The neurons with b_j > 0 (sign = 1) or b_j < 0 (sign = -1) through time, a gap between two neurons.
inline std::pair<std::vector<double>, std::vector<double>> path_of_sign(const Paths& paths, double sign) {
  constexpr double gap = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> x, y;
  for (Index j = 0; j < paths.frames.front().outer.size(); ++j) {
    for (const Frame& frame : paths.frames) {
      const bool shown = sign * frame.outer(j) > 0;
      x.push_back(shown ? frame.positions(0, j) : gap);
      y.push_back(frame.positions(1, j));
    }
    x.push_back(gap);
    y.push_back(gap);
  }
  return {x, y};
}

/// A panel with the unit circle, the paths, their ends and the teacher.
inline lazytrain::report::Panel draw(const Paths& paths, const lazytrain::data::Teacher<double>& teacher,
                                     const std::string& title) {
  namespace report = lazytrain::report;
  using report::Colour;
  double reach = 0;
  for (const Frame& frame : paths.frames) reach = std::max(reach, frame.positions.cwiseAbs().maxCoeff());
  // Many neurons share the teacher's length: then only its directions fit into the panel.
  const double shown = reach < 0.3 ? reach : 1;
  reach = std::max(reach, shown);
  const auto axis = [&](const char* label) {
    return report::Axis{.label = label, .low = -1.1 * reach, .high = 1.1 * reach};
  };
  report::Panel panel(axis("first coordinate of |b| a"), axis("second coordinate of |b| a"), title);
  panel.aspect = report::Aspect::equal;
  const Vector<double> angle = Vector<double>::LinSpaced(181, 0, 2 * std::numbers::pi);
  panel.line(shown < 1 ? "" : "unit circle", angle.array().cos().matrix(), angle.array().sin().matrix(),
             {.colour = Colour::grey, .dash = report::Dash::dotted, .width = 1.5});
  Paths last = paths;
  last.frames = {paths.frames.back()};
  const auto colour = [](double sign) { return sign > 0 ? Colour::vermilion : Colour::blue; };
  for (const double sign : {1.0, -1.0}) {
    const auto [x, y] = path_of_sign(paths, sign);
    panel.line(sign > 0 ? "path, b > 0" : "path, b < 0", x, y, {.colour = colour(sign), .width = 1.2});
  }
  for (const double sign : {1.0, -1.0}) {
    const auto [x, y] = path_of_sign(last, sign);
    panel.points(sign > 0 ? "end, b > 0" : "end, b < 0", x, y, {.colour = colour(sign)});
  }
  for (const double sign : {1.0, -1.0}) {
    std::vector<double> origin, x, y;
    for (Index j = 0; j < teacher.neurons(); ++j) {
      if (sign * teacher.outer()(j) <= 0) continue;
      origin.push_back(0);
      x.push_back(shown * std::abs(teacher.outer()(j)) * teacher.inner()(0, j));
      y.push_back(shown * std::abs(teacher.outer()(j)) * teacher.inner()(1, j));
    }
    if (x.empty()) continue;
    panel.arrows(std::string(shown < 1 ? "direction" : "teacher") + (sign > 0 ? ", b > 0" : ", b < 0"),
                 origin, origin, x, y,
                 {.colour = Colour::black,
                  .dash = sign > 0 ? report::Dash::solid : report::Dash::dashed,
                  .width = 2.2});
  }
  return panel;
}

/// Trains once a tau and writes `name`.svg, .csv (every frame) and .json (every choice and result) to o.out.
inline void figure_of_paths(const std::string& name, const std::string& title, const PathOptions& o) {
  namespace report = lazytrain::report;
  lazytrain::Philox rng(o.seed, 1);
  const auto problem = lazytrain::data::teacher_student<double>(
      {.inputs = 2, .samples = o.samples, .neurons = o.teacher_neurons}, rng);

  report::Figure figure{.title = title};
  report::Table frames({report::number_column("tau"), report::integer_column("iteration"),
                        report::integer_column("neuron"), report::number_column("x"),
                        report::number_column("y"), report::number_column("b")});
  report::Table summary({report::number_column("tau"), report::number_column("step size"),
                         report::integer_column("iterations"), report::number_column("initial loss"),
                         report::number_column("final loss"), report::number_column("||w - w0|| / ||w0||")});
  nlohmann::json runs = nlohmann::json::array();
  std::string steps;
  const auto kept = kept_paths(problem.data, o);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const Paths paths = paths_of(kept[i]);
    const std::string label = std::string("(") + static_cast<char>('a' + i) + ") ";
    figure.panels.push_back(draw(paths, problem.teacher,
                                 label + "τ = " + report::format_number(paths.tau) + ", ‖w − w0‖ / ‖w0‖ = " +
                                     report::format_number(paths.relative_displacement, 2)));
    summary.add(paths.tau, paths.step, paths.iterations, paths.first_loss, paths.last_loss,
                paths.relative_displacement);
    for (const Frame& frame : paths.frames) {
      for (Index j = 0; j < o.neurons; ++j) {
        frames.add(paths.tau, frame.iteration, j, frame.positions(0, j), frame.positions(1, j),
                   frame.outer(j));
      }
    }
    nlohmann::json run = kept[i];
    run.erase("frames");
    runs.push_back(std::move(run));
    steps += (i > 0 ? ", " : "") + report::format_number(paths.step, 3);
  }
  figure.width = 480 * static_cast<int>(figure.panels.size());
  figure.height = 600;
  figure.caption =
      "Paths of the " + std::to_string(o.neurons) +
      " neurons |b| a of a two-layer ReLU network in the plane, trained by full-batch gradient descent "
      "(steps " +
      steps + ", at most " + std::to_string(o.iterations) + " iterations) on " + std::to_string(o.samples) +
      " points of the circle labelled by a teacher with " + std::to_string(o.teacher_neurons) +
      " neurons. Weights start from N(0, τ²), symmetrized so that the output is 0. Square loss, no scaling "
      "of "
      "the output. Where training is lazy neurons hardly move relative to their size, and do not find the "
      "teacher's directions. Arrows are the teacher's neurons, shortened where the paths are much shorter.";

  const std::filesystem::path folder = o.out;
  report::write_svg(folder / (name + ".svg"), figure);
  report::write_atomically(folder / (name + ".csv"), frames.to_csv());
  report::write_json(folder / (name + ".json"), {{"neurons", o.neurons},
                                                 {"samples", o.samples},
                                                 {"teacher_neurons", o.teacher_neurons},
                                                 {"seed", o.seed},
                                                 {"largest_step", o.largest_step},
                                                 {"loss_level", o.loss_level},
                                                 {"teacher_inner", report::json_of(problem.teacher.inner())},
                                                 {"teacher_outer", report::json_of(problem.teacher.outer())},
                                                 {"caption", figure.caption},
                                                 {"runs", runs}});
  std::cout << summary.to_text() << "Written to " << (folder / name).string() << ".svg, .csv and .json\n";
}

}  // namespace examples
