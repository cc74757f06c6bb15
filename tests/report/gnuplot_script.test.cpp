#include <lazytrain/report/gnuplot_script.hpp>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain::report;
using namespace lazytrain::testing;
using Doubles = std::vector<double>;

TEST_CASE("user text stays inside its quotes, in one line") {
  Panel panel({.label = "it's\n!rm"}, {.label = "`date`"});
  panel.line("a'b", Doubles{1, 2}, Doubles{1, 2});
  const std::string script = GnuplotScript({.title = "x'; system 'ls", .panels = {panel}}).text();
  CHECK_THAT(script,
             ContainsSubstring("set label 'it''s !rm' at") && ContainsSubstring("set label '`date`' at"));
  CHECK_THAT(script,
             ContainsSubstring("title 'a''b'") && ContainsSubstring("set label 'x''; system ''ls' at"));
}

TEST_CASE("units stand in parentheses behind labels") {
  const Panel panel({.label = "time", .unit = "s"}, {});
  CHECK_THAT(GnuplotScript({.panels = {panel}}).text(), ContainsSubstring("'time (s)'"));
}

TEST_CASE("series take the colours in turn, unless they name one") {
  Panel panel;
  const Doubles x = {1, 2};
  panel.line("a", x, x).line("b", x, x, {.colour = Colour::black}).line("c", x, x);
  const std::string script = GnuplotScript({.panels = {panel}}).text();
  CHECK_THAT(script, ContainsSubstring("$d0 using 1:2 with lines lc rgb '#0072B2'"));
  CHECK_THAT(script, ContainsSubstring("$d1 using 1:2 with lines lc rgb '#000000'"));
  CHECK_THAT(script, ContainsSubstring("$d2 using 1:2 with lines lc rgb '#D55E00'"));
}

TEST_CASE("series without data are named as such, those without a label are not named") {
  Panel panel;
  panel.line("lost", Doubles{}, Doubles{})
      .line("", Doubles{}, Doubles{})
      .line("", Doubles{1, 2}, Doubles{1, 2});
  const std::string script = GnuplotScript({.panels = {panel}}).text();
  CHECK_THAT(script, ContainsSubstring("keyentry") && ContainsSubstring("'lost (no data)'"));
  CHECK(occurrences(script, "title '") == 1);
}

TEST_CASE("a figure grows with its legends and refuses impossible sizes") {
  Panel panel;
  for (int i = 0; i < 40; ++i) panel.line(std::string(60, 'a'), Doubles{1, 2}, Doubles{1, 2});
  const std::string script = GnuplotScript({.panels = {panel}, .height = 100}).text();
  const std::string size = script.substr(script.find("size 720,") + 9, 5);
  CHECK(std::stoi(size) > 40 * 20);
  CHECK_THROWS_AS(GnuplotScript({.width = 100}), std::invalid_argument);
  CHECK_THROWS_AS(GnuplotScript({.width = -1}), std::invalid_argument);
  CHECK_THROWS_AS(GnuplotScript({.height = 0}), std::invalid_argument);
}

TEST_CASE("what belongs to infinity has its own tick, and the numbers end before") {
  Panel panel({.label = "alpha", .scale = Scale::log, .infinity = 1e9}, {});
  panel.line("a", Doubles{1, 1e7, 1e9}, Doubles{1, 2, 3});
  const std::string script = GnuplotScript({.panels = {panel}}).text();
  CHECK_THAT(script, ContainsSubstring("'10^{7}' 1e+07") && ContainsSubstring("'∞' 1e+09)"));
  for (const char* number : {"' 4e+07", "' 1e+08", "' 9e+08"}) CHECK(occurrences(script, number) == 0);
}
