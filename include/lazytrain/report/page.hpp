#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <lazytrain/report/atomic_file.hpp>
#include <lazytrain/report/figure.hpp>
#include <lazytrain/report/table.hpp>
#include <lazytrain/report/text.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// A report as one HTML file that needs nothing else: it can be mailed, printed and kept.
namespace lazytrain::report {

/// What the evidence says, shown in word and colour beside a verdict.
enum class Outcome { holds, fails, undecided };

/// The points of a figure as a table with a row a point: panel (if there are several), series, and the
/// coordinates that some series has. Notes and reference lines included.
[[nodiscard]] inline Table data_table(const Figure& figure) {
  const auto any = [&](auto member) {
    return std::any_of(figure.panels.begin(), figure.panels.end(), [&](const Panel& panel) {
      return std::any_of(panel.series().begin(), panel.series().end(),
                         [&](const Series& series) { return !(series.*member).empty(); });
    });
  };
  const bool panels = figure.panels.size() > 1;
  const bool x2 = any(&Series::x2);
  const bool y2 = any(&Series::y2);
  std::vector<Column> columns = {text_column("series"), number_column("x", 6), number_column("y", 6)};
  if (panels) columns.insert(columns.begin(), text_column("panel"));
  if (x2) columns.push_back(number_column("x end", 6));
  if (y2) columns.push_back(number_column("y end", 6));
  Table table(std::move(columns));
  for (std::size_t p = 0; p < figure.panels.size(); ++p) {
    const Panel& panel = figure.panels[p];
    for (const Series& series : panel.series()) {
      for (std::size_t i = 0; i < series.x.size(); ++i) {
        std::vector<Cell> row;
        if (panels) row.emplace_back(panel.title.empty() ? std::to_string(p + 1) : panel.title);
        row.emplace_back(series.label);
        row.push_back(series.kind == SeriesKind::horizontal ? Cell() : Cell(series.x[i]));
        row.push_back(series.kind == SeriesKind::vertical ? Cell() : Cell(series.y[i]));
        if (x2) row.push_back(series.x2.empty() ? Cell() : Cell(series.x2[i]));
        if (y2) row.push_back(series.y2.empty() ? Cell() : Cell(series.y2[i]));
        table.add_row(std::move(row));
      }
    }
  }
  return table;
}

namespace detail {

/// An SVG document as an element of a page: without XML declaration, its ids and the references to them
/// prefixed, for ids are unique in a page.
[[nodiscard]] inline std::string embed_svg(std::string_view svg, const std::string& prefix) {
  svg.remove_prefix(std::min(svg.find("<svg"), svg.size()));
  std::string text;
  bool in_tag = false;
  while (!svg.empty()) {
    if (svg.front() == '<') in_tag = true;
    if (svg.front() == '>') in_tag = false;
    std::size_t taken = 1;
    bool names_id = false;
    for (const std::string_view opening : {" id='", " id=\"", "href='#", "href=\"#", "url(#"}) {
      if (!in_tag || !svg.starts_with(opening)) continue;
      taken = opening.size();
      names_id = true;
    }
    text += svg.substr(0, taken);
    if (names_id) text += prefix;
    svg.remove_prefix(taken);
  }
  return text;
}

/// Paragraphs, separated by empty lines.
[[nodiscard]] inline std::string paragraphs(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    if (const auto part = text.substr(0, end); !part.empty()) html += "<p>" + escape_html(part) + "</p>\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return html;
}

inline constexpr std::string_view page_style = R"(
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; color: #1a1a1a; background: #fff;
  font: 17px/1.55 "Source Sans 3", "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 1rem 0; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid #ddd; }
p, figcaption, caption, .notice { max-width: 46rem; }
.summary { font-size: 1.1rem; }
.verdict, .notice { margin: 1rem 0; padding: .6rem 1rem; border-left: .35rem solid #777; background: #f6f6f6; }
.verdict p { margin: .2rem 0; }
.holds { border-color: #009E73; } .fails { border-color: #D55E00; } .undecided { border-color: #E69F00; }
.notice { border-color: #D55E00; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; font-size: .93rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #444; } td { border-bottom: 1px solid #e4e4e4; }
th.right, td.right { text-align: right; }
figure { margin: 1.5rem 0; }
figure svg { display: block; max-width: 100%; min-width: 34rem; height: auto; }
figure svg text, figure svg tspan { font-family: "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
figcaption, .caption, details { font-size: .93rem; color: #444; }
summary { cursor: pointer; }
pre { padding: .7rem 1rem; background: #f6f6f6; font-size: .85rem; line-height: 1.4; overflow-x: auto; }
footer { margin-top: 3rem; border-top: 1px solid #ddd; font-size: .9rem; color: #444; overflow-wrap: anywhere; }
@media print { body { font-size: 11pt; max-width: none; padding: 0; } figure, table { break-inside: avoid; }
  h2 { break-after: avoid; } figure svg { min-width: 0; } details:not([open]) { display: none; } }
)";

}  // namespace detail

/// A page, built top to bottom: a summary, sections with text, tables and figures, and where it all comes
/// from. Every text is plain UTF-8 and escaped; an empty line begins a paragraph.
class Page {
 public:
  explicit Page(std::string title) : title_(std::move(title)) {}

  /// The answer, above all sections. Several calls make several paragraphs.
  Page& summary(std::string_view text) {
    summary_ += "<div class=\"summary\">" + detail::paragraphs(text) + "</div>\n";
    return *this;
  }

  /// A claim and what became of it, above all sections.
  Page& verdict(Outcome outcome, std::string_view text) {
    const std::string word = outcome == Outcome::holds   ? "holds"
                             : outcome == Outcome::fails ? "fails"
                                                         : "undecided";
    summary_ += "<div class=\"verdict " + word + "\"><p><strong>" + word + "</strong> " + escape_html(text) +
                "</p></div>\n";
    return *this;
  }

  /// Begins a section.
  Page& section(std::string_view heading) { return html("<h2>" + escape_html(heading) + "</h2>\n"); }

  Page& text(std::string_view text) { return html(detail::paragraphs(text)); }

  /// Text whose lines and spaces matter.
  Page& verbatim(std::string_view text) { return html("<pre>" + escape_html(text) + "</pre>\n"); }

  Page& table(const Table& table, std::string_view caption = {}) {
    return html((caption.empty() ? "" : "<p class=\"caption\">" + escape_html(caption) + "</p>\n") +
                "<div class=\"wide\">" + table.to_html() + "</div>\n");
  }

  /// The picture, its caption and, folded, its data.
  Page& figure(Figure figure) {
    blocks_.emplace_back(std::move(figure));
    return *this;
  }

  /// A line of the last block: "command", "seed", "version", "date" and the like. The page adds none itself,
  /// so that the same report is the same file.
  Page& provenance(const std::string& name, const std::string& value) {
    provenance_.add(name, value);
    return *this;
  }

  /// The page. Without gnuplot it says that its pictures are missing and shows their data instead. Cost: one
  /// run of gnuplot a figure. @throws as to_svg if gnuplot is there and fails
  [[nodiscard]] std::string to_html(const Gnuplot& gnuplot = {}) const {
    const bool figures = std::any_of(blocks_.begin(), blocks_.end(),
                                     [](const auto& block) { return std::holds_alternative<Figure>(block); });
    const bool pictures = figures && gnuplot_available(gnuplot);
    std::string page =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        escape_html(title_) + "</title>\n<style>" + std::string(detail::page_style) +
        "</style>\n</head>\n<body>\n<main>\n<h1>" + escape_html(title_) + "</h1>\n" + summary_;
    if (figures && !pictures) {
      page += "<p class=\"notice\">The figures are missing, for gnuplot (" + escape_html(gnuplot.program) +
              ") did not run when this page was made. Their data are shown as tables.</p>\n";
    }
    int number = 0;
    for (const auto& block : blocks_) {
      if (const auto* figure = std::get_if<Figure>(&block)) {
        page += figure_html(*figure, ++number, pictures, gnuplot);
      } else {
        page += std::get<std::string>(block);
      }
    }
    page += "</main>\n";
    if (!provenance_.rows().empty()) {
      page += "<footer>\n<h2>Provenance</h2>\n<div class=\"wide\">" + provenance_.to_html() +
              "</div>\n</footer>\n";
    }
    return page + "</body>\n</html>\n";
  }

  /// Writes `to_html` to a file, atomically. @throws as to_html and write_atomically
  void write(const std::filesystem::path& path, const Gnuplot& gnuplot = {}) const {
    write_atomically(path, to_html(gnuplot));
  }

 private:
  /// Rows of a figure's data that a page holds; a picture of more points is not read off a table.
  static constexpr std::size_t most_rows = 1000;

  Page& html(std::string block) {
    blocks_.emplace_back(std::move(block));
    return *this;
  }

  [[nodiscard]] static std::string figure_html(const Figure& figure, int number, bool pictures,
                                               const Gnuplot& gnuplot) {
    const std::string name = "Figure " + std::to_string(number);
    std::string html = "<figure id=\"figure-" + std::to_string(number) + "\">\n";
    if (pictures) {
      html += "<div class=\"wide\">" +
              detail::embed_svg(to_svg(figure, gnuplot), "f" + std::to_string(number) + "-") + "</div>\n";
    }
    html += "<figcaption><strong>" + name + ".</strong> " +
            escape_html(figure.caption.empty() ? figure.title : figure.caption) + "</figcaption>\n";
    const Table data = data_table(figure);
    Table shown(data.columns());
    const std::size_t count = std::min(most_rows, data.rows().size());
    for (std::size_t i = 0; i < count; ++i) shown.add_row(data.rows()[i]);
    html += std::string("<details") + (pictures ? "" : " open") + "><summary>Data of " + name + ": " +
            (count < data.rows().size() ? "the first " + std::to_string(count) + " of " : "") +
            std::to_string(data.rows().size()) + " points</summary>\n<div class=\"wide\">" + shown.to_html() +
            "</div>\n</details>\n";
    return html + "</figure>\n";
  }

  std::string title_;
  std::string summary_;
  std::vector<std::variant<std::string, Figure>> blocks_;
  Table provenance_{{text_column("what"), text_column("value")}};
};

}  // namespace lazytrain::report
