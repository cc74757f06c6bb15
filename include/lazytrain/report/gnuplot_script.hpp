#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/report/panel_data.hpp>
#include <lazytrain/report/plot.hpp>
#include <lazytrain/report/text.hpp>
#include <lazytrain/report/ticks.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Figures in gnuplot's language.
namespace lazytrain::report {

namespace detail {

/// Text as gnuplot's single-quoted string, in which nothing but the quote is special.
[[nodiscard]] inline std::string gnuplot_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : clean_text(text)) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

[[nodiscard]] inline std::string colour_code(Colour colour) {
  static constexpr std::array codes = {"#0072B2", "#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                       "#E69F00", "#56B4E9", "#000000", "#777777"};
  return std::string("'") + codes[static_cast<std::size_t>(colour)] + "'";
}

}  // namespace detail

/// Writes the script of one figure. All positions are pixels that it computes itself, so that panels align
/// and nothing depends on gnuplot's guesses.
class GnuplotScript {
 public:
  /// @throws std::invalid_argument for a width below 200 a panel or a height below 1
  explicit GnuplotScript(Figure figure)
      : figure_(std::move(figure)),
        columns_(static_cast<int>(std::max<std::size_t>(1, figure_.panels.size()))) {
    if (figure_.panels.empty()) figure_.panels.emplace_back();
    width_ = figure_.width > 0 ? figure_.width : columns_ == 1 ? 720 : columns_ == 2 ? 960 : 400 * columns_;
    require_argument(figure_.width >= 0 && width_ >= 200 * columns_, "report::to_svg", "the width",
                     figure_.width, "0 or at least 200 a panel");
    require_argument(figure_.height > 0, "report::to_svg", "the height", figure_.height, "at least 1");
  }

  /// The script. A figure too low for its legends is made higher.
  [[nodiscard]] std::string text() {
    script_.clear();
    bool titled = false;
    int legend_rows = 0;
    for (const Panel& panel : figure_.panels) {
      titled = titled || !panel.title.empty();
      if (panel.legend == Legend::below) legend_rows = std::max(legend_rows, rows_of_legend(panel));
    }
    top_ = (figure_.title.empty() ? 12 : 40) + (titled ? 26 : 0);
    bottom_ = 60 + (legend_rows > 0 ? legend_rows * line + 6 : 0);
    figure_.height = std::max(figure_.height, top_ + bottom_ + 100);
    put("set encoding utf8");
    put("set terminal svg size ", width_, ",", figure_.height, " font 'sans-serif,", font,
        "' background 'white'");
    put("set multiplot");
    put("set border 3 lc rgb '#444444'\nset clip two\nset style fill transparent solid 0.2 noborder");
    put("set grid xtics ytics lt 1 lw 1 lc rgb '#E3E3E3'\nset tics out nomirror scale 0.6,0.3");
    for (std::size_t i = 0; i < figure_.panels.size(); ++i) draw(figure_.panels[i], static_cast<int>(i));
    put("unset multiplot");
    return script_;
  }

 private:
  static constexpr int font = 15;
  static constexpr int line = 23;

  template <class... Parts>
  void put(const Parts&... parts) {
    std::ostringstream text = lazytrain::detail::plain_text();
    (text << ... << parts);
    script_ += text.str() + "\n";
  }

  /// Width in pixels, estimated.
  [[nodiscard]] static int extent(std::string_view text) {
    const auto markup =
        std::count_if(text.begin(), text.end(), [](char c) { return c == '^' || c == '{' || c == '}'; });
    return static_cast<int>(8.5 *
                            static_cast<double>(display_width(text) - static_cast<std::size_t>(markup)));
  }

  [[nodiscard]] static std::string legend_label(const Series& series, const PanelData& data) {
    return data.drawable(series) ? series.label : series.label + " (no data)";
  }

  [[nodiscard]] int legend_columns(const Panel& panel) const {
    const PanelData data(panel);
    int widest = 0;
    for (const Series& series : panel.series()) {
      if (series.kind != SeriesKind::note) widest = std::max(widest, extent(legend_label(series, data)));
    }
    return std::max(1, (width_ / columns_ - 90) / (widest + 60));
  }

  [[nodiscard]] int rows_of_legend(const Panel& panel) const {
    const auto entries = std::count_if(
        panel.series().begin(), panel.series().end(),
        [](const Series& series) { return !series.label.empty() && series.kind != SeriesKind::note; });
    return (static_cast<int>(entries) + legend_columns(panel) - 1) / legend_columns(panel);
  }

  /// A position on the canvas, in pixels from the upper left corner.
  [[nodiscard]] std::string at(int x, int y) const { return at_x(x) + "," + at_y(y); }
  [[nodiscard]] std::string at_x(int x) const {
    return "screen " + exact_number(static_cast<double>(x) / width_);
  }
  [[nodiscard]] std::string at_y(int y) const {
    return "screen " + exact_number(1 - static_cast<double>(y) / figure_.height);
  }

  [[nodiscard]] static std::string axis_label(const Axis& axis) {
    return axis.unit.empty() ? axis.label : axis.label + " (" + axis.unit + ")";
  }

  /// Sets range and ticks of the axis `name`; returns the width of its widest label.
  int put_axis(const char* name, const Axis& axis, Range range, int most) {
    put(axis.scale == Scale::log ? "set logscale " : "unset logscale ", name);
    put("set ", name, "range [", exact_number(range.low), ":", exact_number(range.high), "]");
    std::string list;
    int widest = 0;
    std::vector<Tick> ticks = axis_ticks(range, axis.scale, most);
    if (axis.infinity) {
      const double last =
          axis.scale == Scale::log ? *axis.infinity / 30 : *axis.infinity - (range.high - range.low) / 10;
      std::erase_if(ticks, [last](const Tick& tick) { return tick.at > last; });
      ticks.push_back({*axis.infinity, "∞"});
    }
    for (const Tick& tick : ticks) {
      list += (list.empty() ? "" : ", ") + ("'" + tick.label + "' ") + exact_number(tick.at) +
              (tick.major() ? "" : " 1");
      widest = std::max(widest, extent(tick.label));
    }
    put("set ", name, "tics ", name[0] == 'x' ? "offset 0,0.4 (" : "offset 0.6,0 (", list, ")");
    return widest;
  }

  void put_label(std::string_view text, const std::string& where, const char* how) {
    if (!text.empty()) put("set label ", detail::gnuplot_quote(text), " at ", where, " ", how, " noenhanced");
  }

  void draw(const Panel& panel, int column) {
    const int cell = width_ / columns_;
    const int begin = column * cell;
    PanelData data(panel);
    if (panel.aspect == Aspect::equal) data.equalize(cell - 110, figure_.height - top_ - bottom_);
    put("unset label\nunset key");
    put_axis("x", panel.x, data.x_range(),
             std::max(3, (cell - 110) / (panel.x.scale == Scale::log ? 50 : 70)));
    const int labels =
        put_axis("y", panel.y, data.y_range(), std::max(2, (figure_.height - top_ - bottom_) / 45));
    const int left = begin + labels + (panel.y.label.empty() ? 20 : 50);
    const int right = begin + cell - 24;
    put("set lmargin at ", at_x(left), "\nset rmargin at ", at_x(right));
    put("set tmargin at ", at_y(top_), "\nset bmargin at ", at_y(figure_.height - bottom_));
    const int center = (left + right) / 2;
    const int axis = figure_.height - bottom_;
    if (column == 0) put_label(figure_.title, at(width_ / 2, 22), "center font ',17'");
    put_label(panel.title, at(center, top_ - 16), "center");
    put_label(axis_label(panel.x), at(center, axis + 46), "center");
    put_label(axis_label(panel.y), at(begin + 18, (top_ + axis) / 2), "center rotate by 90");
    for (const Series& series : panel.series()) {
      if (series.kind != SeriesKind::note || !data.drawable(series)) continue;
      put_label(series.label, "first " + exact_number(series.x[0]) + ",first " + exact_number(series.y[0]),
                "left front");
    }
    put_key(panel, left, axis + 60);
    plot(panel, data);
  }

  void put_key(const Panel& panel, int x, int y) {
    if (panel.legend == Legend::none || rows_of_legend(panel) == 0) return;
    const std::string look = " Left reverse noenhanced samplen 2 spacing 1";
    if (panel.legend == Legend::below) {
      put("set key at ", at(x, y), " left top vertical maxrows ", rows_of_legend(panel), look);
    } else {
      const bool top = panel.legend == Legend::top_left || panel.legend == Legend::top_right;
      const bool left = panel.legend == Legend::top_left || panel.legend == Legend::bottom_left;
      put("set key inside opaque fillcolor rgb '#FFFFFF' ", top ? "top " : "bottom ", left ? "left" : "right",
          " vertical maxcols 1", look);
    }
  }

  void plot(const Panel& panel, const PanelData& data) {
    static constexpr std::array cycle = {Colour::blue,   Colour::vermilion, Colour::green, Colour::purple,
                                         Colour::orange, Colour::sky,       Colour::black};
    std::size_t colour = 0, marker = 0;
    const std::string next = ", \\\n  ";
    std::string plots;
    if (data.empty()) {
      script_ +=
          "$none << EOD\n" +
          PanelData::row({middle(data.x_range(), panel.x.scale), middle(data.y_range(), panel.y.scale)}) +
          "EOD\n";
      plots = "$none using 1:2:('nothing to draw') with labels textcolor rgb '#777777' notitle";
    }
    int block = 0;
    for (const Series& series : panel.series()) {
      if (series.kind == SeriesKind::note) continue;
      Style style = series.style;
      if (style.colour == Colour::automatic) style.colour = cycle[colour++ % cycle.size()];
      const bool marked = series.kind == SeriesKind::points || series.kind == SeriesKind::line_points;
      const std::string name = "$d" + std::to_string(block++);
      const std::string rows = data.rows(series);
      const std::string title =
          series.label.empty() ? " notitle" : " title " + detail::gnuplot_quote(series.label);
      if (rows.empty() && series.label.empty()) continue;
      if (!plots.empty()) plots += next;
      if (rows.empty()) {
        plots += "keyentry " + with(series, style, marker) + " title " +
                 detail::gnuplot_quote(legend_label(series, data));
      } else {
        script_ += name + " << EOD\n" + rows + "EOD\n";
        plots += name + using_columns(series.kind) + with(series, style, marker) + title;
        if (series.kind == SeriesKind::histogram) {
          script_ += name + "o << EOD\n" + data.outline(series) + "EOD\n";
          plots +=
              next + name + "o with lines lw 1.5 lc rgb " + detail::colour_code(style.colour) + " notitle";
        }
      }
      if (marked) ++marker;
    }
    put("plot ", plots);
  }

  [[nodiscard]] static double middle(Range range, Scale scale) {
    return scale == Scale::log ? std::sqrt(range.low) * std::sqrt(range.high)
                               : 0.5 * (range.low + range.high);
  }

  [[nodiscard]] static std::string using_columns(SeriesKind kind) {
    return kind == SeriesKind::band || kind == SeriesKind::histogram ? " using 1:2:3 "
           : kind == SeriesKind::arrows                              ? " using 1:2:($3-$1):($4-$2) "
                                                                     : " using 1:2 ";
  }

  [[nodiscard]] static std::string with(const Series& series, const Style& style, std::size_t marker) {
    static constexpr std::array shapes = {7, 5, 9, 13, 11};
    const std::string colour = " lc rgb " + detail::colour_code(style.colour);
    const std::string stroke = colour + " lw " + exact_number(style.width) +
                               (style.dash == Dash::dashed   ? " dt (10,6)"
                                : style.dash == Dash::dotted ? " dt (2,4)"
                                                             : " dt solid");
    const std::string mark = " pt " + std::to_string(shapes[marker % shapes.size()]) + " ps " +
                             (series.x.size() > 200 ? "0.35" : "0.6");
    switch (series.kind) {
      case SeriesKind::points:
        return "with points" + colour + mark;
      case SeriesKind::line_points:
        return "with linespoints" + stroke + mark;
      case SeriesKind::band:
      case SeriesKind::histogram:
        return "with filledcurves" + colour;
      case SeriesKind::arrows:
        return "with vectors head size screen 0.011,22 filled fixed" + stroke;
      default:
        return "with lines" + stroke;
    }
  }

  Figure figure_;
  int columns_;
  int width_ = 0;
  int top_ = 0;
  int bottom_ = 0;
  std::string script_;
};

}  // namespace lazytrain::report
