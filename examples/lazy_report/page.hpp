#pragma once

#include <filesystem>
#include <lazytrain/report/page.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "verdict.hpp"

namespace lazy_report {

namespace report = lazytrain::report;

/// All that the page shows.
struct Results {
  Options options;
  std::string data;
  std::string network;
  std::string laziness;
  double horizon = 0;
  std::vector<Run> runs;
  Verdict verdict;
  Vector<double> eigenvalues;
  double trace = 0;
  bool whole_spectrum = false;
  bool classes = false;
  std::string command;
  std::string date;
};

inline report::Table sweep_table(const Results& r) {
  std::vector<report::Column> columns = {report::text_column("α"),
                                         report::number_column("sup ‖w − w0‖", 3),
                                         report::number_column("sup ‖w − w̄‖", 3),
                                         report::number_column("± error", 2),
                                         report::number_column("sup ‖αh − αh̄‖", 3),
                                         report::number_column("± error", 2),
                                         report::number_column("train loss", 3),
                                         report::number_column("test loss", 3),
                                         report::number_column("best test loss", 3)};
  if (r.classes) {
    columns.push_back(report::number_column("train accuracy", 3));
    columns.push_back(report::number_column("test accuracy", 3));
  }
  report::Table table(columns);
  for (const Run& run : r.runs) {
    std::vector<report::Cell> row = {
        alpha_text(run.alpha), run.displacement.value,    run.distance.value,
        run.distance.error,    run.output_distance.value, run.output_distance.error,
        last(run.train_loss),  last(run.test_loss),       run.best_test_loss()};
    if (r.classes) {
      row.emplace_back(last(run.train_accuracy));
      row.emplace_back(last(run.test_accuracy));
    }
    table.add_row(row);
  }
  return table;
}

inline report::Figure loss_figure(const Results& r) {
  const report::Axis time{.label = "time t", .unit = "", .scale = report::Scale::log};
  report::Panel train(time, {.label = "training loss R", .scale = report::Scale::log}, "training");
  report::Panel test(time, {.label = "test loss R", .scale = report::Scale::log}, "test");
  for (const Run& run : r.runs) {
    const bool linear = std::isinf(run.alpha);
    const report::Style style{.colour = linear ? report::Colour::black : report::Colour::automatic,
                              .dash = linear ? report::Dash::dashed : report::Dash::solid};
    const std::string label = linear ? "α = ∞ (linearized)" : "α = " + alpha_text(run.alpha);
    train.line(label, run.times, run.train_loss, style);
    test.line(label, run.times, run.test_loss, style);
  }
  test.legend = report::Legend::none;
  return {
      .title = "Loss along the gradient flow",
      .caption =
          "R = ½ mean squared error of αh(w(t)), on training and test samples, for each scale α; dashed: the "
          "linearized model.",
      .panels = {train, test}};
}

inline report::Figure accuracy_figure(const Results& r) {
  report::Panel panel({.label = "time t", .scale = report::Scale::log}, {.label = "test accuracy"});
  for (const Run& run : r.runs) {
    const bool linear = std::isinf(run.alpha);
    panel.line(linear ? "α = ∞ (linearized)" : "α = " + alpha_text(run.alpha), run.times, run.test_accuracy,
               {.colour = linear ? report::Colour::black : report::Colour::automatic,
                .dash = linear ? report::Dash::dashed : report::Dash::solid});
  }
  return {.title = "Test accuracy along the gradient flow",
          .caption = "Share of test samples whose largest output is that of their class.",
          .panels = {panel}};
}

inline report::Figure distance_figure(const Results& r) {
  std::vector<double> alphas, displacement, distance, outputs;
  for (const Run& run : r.runs) {
    if (std::isinf(run.alpha)) continue;
    alphas.push_back(run.alpha);
    displacement.push_back(run.displacement.value);
    distance.push_back(run.distance.value);
    outputs.push_back(run.output_distance.value);
  }
  const auto label = [](const std::string& name, double slope) {
    return std::isnan(slope) ? name : name + ", slope " + report::format_number(slope, 3);
  };
  report::Panel panel({.label = "scale α", .scale = report::Scale::log},
                      {.label = "supremum over time", .scale = report::Scale::log});
  panel.line_points(label("‖w − w0‖", r.verdict.displacement_slope), alphas, displacement)
      .line_points(label("‖w − w̄‖", r.verdict.distance_slope), alphas, distance)
      .line_points(label("‖αh(w) − αh̄(w̄)‖", r.verdict.output_slope), alphas, outputs);
  return {.title = "How far training leaves its linearization",
          .caption =
              "Suprema over the sampled times of the distances between the flow of the model and that of its "
              "linearization (w̄, h̄). Slopes are fitted where training is lazy; theory has −1, −2 and −1 (−2 "
              "for the "
              "symmetrized initialization).",
          .panels = {panel},
          .width = 860};
}

inline report::Figure spectrum_figure(const Results& r) {
  std::vector<double> index, value;
  for (Index i = 0; i < r.eigenvalues.size(); ++i) {
    index.push_back(static_cast<double>(i + 1));
    value.push_back(r.eigenvalues(i));
  }
  report::Panel panel({.label = "index", .scale = report::Scale::log},
                      {.label = "eigenvalue of Σ", .scale = report::Scale::log});
  panel.points(r.whole_spectrum ? "all eigenvalues" : "largest eigenvalues", index, value);
  panel.legend = report::Legend::none;
  return {
      .title = "Spectrum of the tangent kernel at initialization",
      .caption = "Eigenvalues of Σ = Dh(w0)Dh(w0)ᵀ on F: a mode with eigenvalue λ is learnt in a time 1/λ.",
      .panels = {panel}};
}

inline report::Page page_of(const Results& r) {
  report::Page page("Is this model lazy?");
  page.verdict(r.verdict.outcome, r.verdict.words);
  page.summary(r.data + ".\n" + r.network + ".");
  page.section("The laziness number").verbatim(r.laziness);
  page.section("The two flows at each scale")
      .table(sweep_table(r), "Suprema over time, and losses at the end of training.");
  for (const Run& run : r.runs) {
    if (!run.complete)
      page.text("At α = " + alpha_text(run.alpha) + " the run did not reach the end: " + run.message);
  }
  page.figure(loss_figure(r));
  if (r.classes) page.figure(accuracy_figure(r));
  page.figure(distance_figure(r));
  page.section("The tangent kernel").figure(spectrum_figure(r));
  page.provenance("command", r.command)
      .provenance("seed", std::to_string(r.options.seed))
      .provenance("date", r.date)
      .provenance("length of training", report::format_number(r.horizon, 6) + " = " +
                                            report::format_number(r.options.time, 4) + " / ‖Dh(w0)‖²");
  return page;
}

/// Writes everything into the output folder.
inline void write(const Results& r) {
  const std::filesystem::path folder(r.options.out);
  report::write_atomically(folder / "sweep.csv", sweep_table(r).to_csv());
  nlohmann::json departures = nlohmann::json::array();
  for (const Departure& d : r.verdict.departures) {
    departures.push_back({{"value", d.value}, {"numerical_error", d.error}});
  }
  nlohmann::json runs = nlohmann::json::array();
  for (const Run& run : r.runs) runs.push_back(json_of(run));
  report::write_json(folder / "report.json", {{"options", identity(r.options)},
                                              {"command", r.command},
                                              {"date", r.date},
                                              {"verdict",
                                               {{"words", r.verdict.words},
                                                {"lazy_from_alpha", r.verdict.lazy_from},
                                                {"departures", departures},
                                                {"slopes",
                                                 {{"displacement", r.verdict.displacement_slope},
                                                  {"distance", r.verdict.distance_slope},
                                                  {"output_distance", r.verdict.output_slope},
                                                  {"from_alpha", r.verdict.slope_from}}},
                                                {"linearized_test_loss", r.verdict.linear_loss},
                                                {"best_test_loss", r.verdict.best_loss},
                                                {"best_alpha", r.verdict.best_alpha}}},
                                              {"eigenvalues", report::json_of(r.eigenvalues)},
                                              {"horizon", r.horizon},
                                              {"runs", runs}});
  std::vector<report::Figure> figures = {loss_figure(r), distance_figure(r), spectrum_figure(r)};
  std::vector<std::string> names = {"losses", "distances", "spectrum"};
  if (r.classes) {
    figures.push_back(accuracy_figure(r));
    names.emplace_back("accuracy");
  } else {
    for (const char* name : {"accuracy.csv", "accuracy.svg"}) std::filesystem::remove(folder / name);
  }
  for (std::size_t i = 0; i < figures.size(); ++i) {
    report::write_atomically(folder / (names[i] + ".csv"), report::data_table(figures[i]).to_csv());
    // A picture of an earlier run does not stay beside the data of this one.
    std::filesystem::remove(folder / (names[i] + ".svg"));
    if (report::gnuplot_available()) report::write_svg(folder / (names[i] + ".svg"), figures[i]);
  }
  page_of(r).write(folder / "report.html");
}

}  // namespace lazy_report
