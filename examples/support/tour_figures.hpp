#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <lazytrain/lazy/bound_report.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/table.hpp>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// Bound reports over the scale alpha, as figures and tables.
namespace examples {

using lazytrain::BoundInequality;
using lazytrain::BoundReport;
using lazytrain::Index;

/// The text up to the first ',' or ':'.
inline std::string head(const std::string& text) { return text.substr(0, text.find_first_of(",:")); }

/// "||w - wbar||" as ‖w − w̄‖.
inline std::string typeset(std::string text) {
  const std::vector<std::pair<std::string, std::string>> signs = {
      {"||", "‖"},   {" - ", " − "}, {"alpha ", "α"},
      {"wbar", "w̄"}, {"hbar", "h̄"},  {"ybar", "ȳ"},
      {"fbar", "f̄"}, {"w'", "w′"},   {"sup ‖α", "sup over x of ‖α"}};
  for (const auto& [from, to] : signs) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

/// Collects the inequalities of reports and draws, for every result, a panel a left side with all its bounds.
class TourFigures {
 public:
  /// What is compared at a scale: for a right side that grows with time the supremum of the left side over
  /// the samples with the last right side; for one that falls, both at half of the horizon; for one that does
  /// neither, both where the left side is largest.
  void add(double alpha, const BoundReport& report) {
    const std::string result = report.result, form = head(report.form);
    auto& outcome = outcomes_[result + ", " + form];
    if (outcome.result.empty()) {
      outcome.result = result;
      outcome.form = form;
      order_.push_back(result + ", " + form);
    }
    if (!report.applies()) return;
    outcome.least_alpha = std::min(outcome.least_alpha, alpha);
    ++outcome.scales;
    outcome.violations += report.verdict() == lazytrain::Verdict::violated;
    outcome.weakest = std::max(outcome.weakest, report.provenance());
    outcome.least_slack = std::min(outcome.least_slack, report.slack());
    for (const BoundInequality& q : report.inequalities) {
      const bool falls = std::is_sorted(q.rhs.rbegin(), q.rhs.rend()) && q.rhs.back() < q.rhs.front();
      std::size_t at = q.lhs.size() - 1;
      if (falls) {
        while (at > 0 && report.times[at] > report.times.back() / 2) --at;
      } else if (!std::is_sorted(q.rhs.begin(), q.rhs.end())) {
        at = static_cast<std::size_t>(std::max_element(q.lhs.begin(), q.lhs.end()) - q.lhs.begin());
      }
      const double measured = falls ? q.lhs[at] : *std::max_element(q.lhs.begin(), q.lhs.end());
      const double bound = q.rhs[at];
      const std::string quantity = head(q.name);
      const std::string label = q.name == quantity ? form : form + q.name.substr(quantity.size());
      const std::string when = report.times.size() == 1 ? " at the horizon"
                               : falls                  ? " at half of the horizon"
                                                        : "";
      Panel& panel = panel_of(result, quantity, when);
      panel.measured[alpha] = measured;
      panel.bounds[label][alpha] = bound;
      rows_.push_back({result, label, q.name, alpha, report.times[at], measured, q.error[at], bound,
                       std::string(lazytrain::name(report.verdict()))});
    }
  }

  /// Every number of the figures.
  [[nodiscard]] lazytrain::report::Table table() const {
    namespace report = lazytrain::report;
    report::Table table({report::text_column("result"), report::text_column("form"),
                         report::text_column("left side"), report::number_column("alpha"),
                         report::number_column("time"), report::number_column("measured"),
                         report::number_column("numerical error"), report::number_column("bound"),
                         report::text_column("verdict")});
    for (const Row& r : rows_) {
      table.add(r.result, r.form, r.quantity, r.alpha, r.time, r.measured, r.error, r.bound, r.verdict);
    }
    return table;
  }

  /// A line for every form of every result.
  [[nodiscard]] lazytrain::report::Table summary() const {
    namespace report = lazytrain::report;
    report::Table table({report::text_column("result"), report::text_column("form"),
                         report::integer_column("scales where it applies"),
                         report::number_column("from alpha"), report::integer_column("violations"),
                         report::number_column("least bound / measured"), report::text_column("constants")});
    for (const std::string& key : order_) {
      const Outcome& one = outcomes_.at(key);
      table.add(one.result, one.form, one.scales, one.least_alpha, one.violations, one.least_slack,
                one.scales == 0 ? std::string("-") : std::string(lazytrain::name(one.weakest)));
    }
    return table;
  }

  /// Writes a figure a result (two where there are more than three left sides); returns names and captions.
  [[nodiscard]] nlohmann::json write(const std::filesystem::path& folder, const std::string& about) const {
    nlohmann::json files = nlohmann::json::array();
    for (const auto& [result, panels] : panels_) {
      const std::size_t parts = (panels.size() + 2) / 3;
      for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t first = part * panels.size() / parts, last = (part + 1) * panels.size() / parts;
        lazytrain::report::Figure figure{.title = result};
        std::string name = file_name(result);
        if (parts > 1) {
          figure.title += " (" + std::to_string(part + 1) + " of " + std::to_string(parts) + ")";
          name += "_" + std::to_string(part + 1);
        }
        for (std::size_t i = first; i < last; ++i) figure.panels.push_back(draw(panels[i]));
        figure.width = std::max(640, (last - first == 2 ? 600 : 480) * static_cast<int>(last - first));
        figure.height = 540;
        figure.caption = about +
                         "Points: measured left side, its supremum over the sampled times, or, where the "
                         "bound falls with time, at "
                         "half of the horizon. Lines: bounds, where their hypotheses are met.";
        if (result == "Proposition A.1") {
          figure.caption += " The printed bound is false in general, though not on this network.";
        }
        lazytrain::report::write_svg(folder / (name + ".svg"), figure);
        files.push_back({{"file", name + ".svg"}, {"caption", figure.caption}});
      }
    }
    return files;
  }

 private:
  struct Row {
    std::string result, form, quantity;
    double alpha, time, measured, error, bound;
    std::string verdict;
  };
  struct Outcome {
    std::string result, form;
    Index scales = 0, violations = 0;
    double least_alpha = std::numeric_limits<double>::infinity();
    double least_slack = std::numeric_limits<double>::infinity();
    lazytrain::Provenance weakest = lazytrain::Provenance::certified;
  };
  struct Panel {
    std::string quantity;
    /// Where in time both sides are taken; empty for the supremum.
    std::string when;
    std::map<double, double> measured;
    std::map<std::string, std::map<double, double>> bounds;
  };

  Panel& panel_of(const std::string& result, const std::string& quantity, const std::string& when) {
    auto& panels = panels_[result];
    for (Panel& panel : panels) {
      if (panel.quantity == quantity) return panel;
    }
    panels.push_back({quantity, when, {}, {}});
    return panels.back();
  }

  [[nodiscard]] static std::pair<std::vector<double>, std::vector<double>> columns(
      const std::map<double, double>& points) {
    std::pair<std::vector<double>, std::vector<double>> out;
    for (const auto& [x, y] : points) {
      out.first.push_back(x);
      out.second.push_back(y);
    }
    return out;
  }

  /// One look for one form in all panels.
  [[nodiscard]] static lazytrain::report::Style style_of(const std::string& label) {
    using lazytrain::report::Colour;
    using lazytrain::report::Dash;
    if (label == "printed") return {.colour = Colour::vermilion, .dash = Dash::dashed, .width = 2.4};
    if (label.starts_with("printed")) return {.colour = Colour::orange, .dash = Dash::dashed, .width = 2.4};
    if (label == "local") return {.colour = Colour::green, .dash = Dash::dotted, .width = 3};
    if (label == "a posteriori") return {.colour = Colour::purple};
    if (label.starts_with("sharp,")) return {.colour = Colour::sky};
    return {.colour = Colour::blue};
  }

  [[nodiscard]] static lazytrain::report::Panel draw(const Panel& one) {
    namespace report = lazytrain::report;
    const std::string quantity = typeset(one.quantity);
    report::Panel panel({.label = "scale α", .scale = report::Scale::log},
                        {.label = one.when.empty() ? "sup over t of " + quantity : quantity + one.when,
                         .scale = report::Scale::log},
                        quantity);
    // Dashed and dotted lines last: they are seen on a solid one with which they agree.
    for (const report::Dash dash : {report::Dash::solid, report::Dash::dashed, report::Dash::dotted}) {
      for (const auto& [label, bound] : one.bounds) {
        const report::Style style = style_of(label);
        if (style.dash != dash) continue;
        const auto [x, y] = columns(bound);
        panel.line(label, x, y, style);
      }
    }
    const auto [x, y] = columns(one.measured);
    panel.points("measured", x, y, {.colour = report::Colour::black});
    return panel;
  }

  [[nodiscard]] static std::string file_name(std::string result) {
    for (char& c : result)
      c = c == ' ' || c == '.' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return result;
  }

  std::vector<Row> rows_;
  std::map<std::string, Outcome> outcomes_;
  std::vector<std::string> order_;
  std::map<std::string, std::vector<Panel>> panels_;
};

}  // namespace examples
