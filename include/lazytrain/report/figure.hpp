#pragma once

#include <filesystem>
#include <lazytrain/report/atomic_file.hpp>
#include <lazytrain/report/gnuplot_script.hpp>
#include <lazytrain/report/plot.hpp>
#include <lazytrain/report/process.hpp>
#include <lazytrain/report/text.hpp>
#include <string>

/// Figures as SVG, drawn by gnuplot (5.2 or later).
namespace lazytrain::report {

/// The gnuplot to run: a name looked up in PATH, or a path.
struct Gnuplot {
  std::string program = "gnuplot";
};

/// Whether `gnuplot.program` runs.
[[nodiscard]] inline bool gnuplot_available(const Gnuplot& gnuplot = {}) {
  return run_process({gnuplot.program, "--version"}, "").status == 0;
}

/// The figure as an SVG document; the same figure gives the same bytes. Text is plain UTF-8: nothing in it is
/// interpreted. A panel without anything that can be drawn says so.
/// @throws std::invalid_argument for sizes and ranges that make no sense, std::runtime_error without gnuplot
[[nodiscard]] inline std::string to_svg(const Figure& figure, const Gnuplot& gnuplot = {}) {
  const ProcessResult result =
      run_process({gnuplot.program, "--default-settings", "-"}, GnuplotScript(figure).text());
  if (result.status == 127) {
    raise<std::runtime_error>("report::to_svg", "cannot run ", result.errors,
                              "; install gnuplot 5.2 or later (Debian: apt install gnuplot-nox)");
  }
  const std::size_t begin = result.output.find("<svg");
  const std::size_t end = result.output.rfind("</svg>");
  if (result.status != 0 || begin == std::string::npos || end == std::string::npos) {
    raise<std::runtime_error>("report::to_svg", gnuplot.program, " failed with status ", result.status, ": ",
                              result.errors);
  }
  std::string svg = result.output;
  const std::size_t head = svg.find("<title>");
  const std::string close = "</desc>";
  const std::size_t tail = svg.find(close, head);
  if (head != std::string::npos && tail != std::string::npos) {
    svg.replace(
        head, tail + close.size() - head,
        "<title>" + escape_html(figure.title) + "</title>\n<desc>" + escape_html(figure.caption) + close);
  }
  // gnuplot names its plots, and names some twice.
  for (std::size_t at = 0; (at = svg.find(" id=\"gnuplot_plot_", at)) != std::string::npos;) {
    svg.erase(at, svg.find('"', at + 5) + 1 - at);
  }
  return svg;
}

/// Writes `to_svg` to a file, atomically. @throws as to_svg and write_atomically
inline void write_svg(const std::filesystem::path& path, const Figure& figure, const Gnuplot& gnuplot = {}) {
  write_atomically(path, to_svg(figure, gnuplot));
}

}  // namespace lazytrain::report
