#include <lazytrain/report/figure.hpp>
#include <limits>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::report;
using namespace lazytrain::testing;
using Doubles = std::vector<double>;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

/// Every kind of series, both scales, gaps, hostile text.
Figure everything() {
  const Doubles x = {1, 10, 100, 1000}, y = {3, -1, 0.2, nan_value}, high = {5, 1, 0.4, 1};
  Panel left({.label = "α <x> & 'y'", .scale = Scale::log}, {.label = "‖w‖ {_^} \"q\"", .scale = Scale::log},
             "panel @ ~a{b}");
  left.band("band", x, y, high)
      .line("line </svg>", x, y)
      .line_points("κ_0 \\n", x, high, {.dash = Dash::dotted});
  left.vertical("v", 20).horizontal("h", 2).note("note ]]>", 2, 3).line("gone", Doubles{}, Doubles{});
  Panel right({.label = "x", .unit = "s"}, {}, "");
  right.histogram("histogram", Doubles{0, 1, 2}, Doubles{4, 2}).steps("steps", x, high);
  right.arrows("arrows", x, high, high, x).points("points", x, y);
  right.legend = Legend::top_right;
  return {.title = "Title & <b>\x01", .caption = "caption & <i>", .panels = {left, right}};
}

}  // namespace

TEST_CASE("without gnuplot to_svg says what to install, and nothing is written") {
  const TemporaryFolder folder;
  const Gnuplot missing = {.program = "/nonexistent/gnuplot"};
  CHECK_FALSE(gnuplot_available(missing));
  CHECK_THAT(message_of<std::runtime_error>([&] { return to_svg(everything(), missing); }),
             ContainsSubstring("/nonexistent/gnuplot") && ContainsSubstring("apt install gnuplot-nox"));
  CHECK_THROWS_AS(write_svg(folder / "x.svg", everything(), missing), std::runtime_error);
  CHECK(folder.size() == 0);
}

TEST_CASE("a program that fails is quoted") {
  const Gnuplot wrong = {.program = "ls"};
  CHECK_THAT(message_of<std::runtime_error>([&] { return to_svg({}, wrong); }),
             ContainsSubstring("ls failed with status 2") && ContainsSubstring("--default-settings"));
}

TEST_CASE("an SVG is well-formed, its ids differ, and the same figure gives the same bytes") {
  if (!gnuplot_available()) {
    WARN("gnuplot is not installed: pictures are not tested");
    return;
  }
  const std::string svg = to_svg(everything());
  CHECK(markup_fault(svg).empty());
  CHECK(svg == to_svg(everything()));
  for (const auto& [id, count] : ids(svg)) {
    INFO(id);
    CHECK(count == 1);
  }
  CHECK_THAT(svg, ContainsSubstring("<title>Title &amp; &lt;b&gt; </title>"));
  CHECK_THAT(svg, ContainsSubstring("<desc>caption &amp; &lt;i&gt;</desc>"));
}

TEST_CASE("text arrives in an SVG letter by letter") {
  if (!gnuplot_available()) return;
  const std::string svg = to_svg(everything());
  for (const char* text : {"α &lt;x> &amp; 'y'", "‖w‖ {_^} ", "panel @ ~a{b}", "κ_0 \\n", "line &lt;/svg>",
                           "x (s)", "note ]]>", "gone (no data)"}) {
    CHECK_THAT(svg, ContainsSubstring(text));
  }
}

TEST_CASE("figures without anything to draw say so") {
  if (!gnuplot_available()) return;
  CHECK_THAT(to_svg({}), ContainsSubstring("nothing to draw"));
  Panel panel({.scale = Scale::log}, {.scale = Scale::log});
  panel.line("negative", Doubles{1, 2}, Doubles{-1, 0}).points("", Doubles{}, Doubles{});
  const std::string svg = to_svg({.panels = {panel}});
  CHECK_THAT(svg, ContainsSubstring("nothing to draw") && ContainsSubstring("negative (no data)"));
  CHECK(markup_fault(svg).empty());
  CHECK_THAT(to_svg(everything()), !ContainsSubstring("nothing to draw"));
}

TEST_CASE("a line is drawn where its data are, with a gap where they are not") {
  if (!gnuplot_available()) return;
  Panel panel({.low = 0, .high = 4}, {.low = 0, .high = 4});
  panel.line("l", Doubles{0, 1, 2, 3, 4}, Doubles{0, 1, nan_value, 3, 4});
  const std::string svg = to_svg({.panels = {panel}});
  const std::size_t plot = svg.find("<title>l</title>");
  REQUIRE(plot != std::string::npos);
  const std::size_t begin = svg.find("stroke='rgb(  0, 114, 178)'", plot);
  REQUIRE(begin != std::string::npos);
  const std::string path = svg.substr(begin, svg.find("/>", begin) - begin);
  // One stroke for the sample in the legend, one for each piece of the line.
  CHECK(occurrences(path, "M") == 3);
  CHECK(occurrences(path, "L") == 3);
}

TEST_CASE("extreme numbers and single points are drawn") {
  if (!gnuplot_available()) return;
  const Scale scale = GENERATE(Scale::linear, Scale::log);
  const Doubles x = GENERATE(Doubles{1}, Doubles{5, 5, 5}, Doubles{1e-299, 1e299}, Doubles{1, 1 + 1e-15},
                             Doubles{1e-12, 2e-12}, Doubles{1e15, 1e15 + 1});
  Panel panel({.scale = scale}, {.scale = scale});
  panel.line_points("p", x, x)
      .band("b", x, x, x)
      .histogram("h", Doubles{1, 2}, Doubles{0.0})
      .vertical("", x[0]);
  CHECK(markup_fault(to_svg({.panels = {panel}})).empty());
}

TEST_CASE("every place of the legend gives a picture") {
  if (!gnuplot_available()) return;
  Figure figure = everything();
  figure.panels[0].legend =
      GENERATE(Legend::below, Legend::top_left, Legend::bottom_left, Legend::bottom_right, Legend::none);
  const std::string svg = to_svg(figure);
  CHECK(markup_fault(svg).empty());
  CHECK((svg.find("κ_0 \\n</text>") != std::string::npos) == (figure.panels[0].legend != Legend::none));
}

TEST_CASE("write_svg writes what to_svg returns") {
  if (!gnuplot_available()) return;
  const TemporaryFolder folder;
  write_svg(folder / "figures/x.svg", everything());
  CHECK(contents(folder / "figures/x.svg") == to_svg(everything()));
}
