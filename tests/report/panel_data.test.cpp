#include <lazytrain/report/panel_data.hpp>
#include <limits>

#include "support/catch.hpp"

using namespace lazytrain::report;
using namespace lazytrain::testing;
using Doubles = std::vector<double>;

namespace {
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("points that are not finite make gaps") {
  Panel panel;
  panel.line("a", Doubles{nan_value, 1, 2, 3, 4, 5, 6}, Doubles{0, 1, inf, -inf, -4, 5, nan_value});
  const PanelData data(panel);
  CHECK(data.rows(panel.series()[0]) == "1 1\n\n4 -4\n5 5\n");
  CHECK_FALSE(data.empty());
  CHECK((data.x_range().contains(1) && data.x_range().contains(5) && !data.x_range().contains(0)));
}

TEST_CASE("logarithmic axes drop what is not positive") {
  Panel panel({.scale = Scale::log}, {.scale = Scale::log});
  panel.points("a", Doubles{-1, 0, 1, 10}, Doubles{1, 1, -1, 5}).points("b", Doubles{1}, Doubles{0});
  const PanelData data(panel);
  CHECK(data.rows(panel.series()[0]) == "10 5\n");
  CHECK_FALSE(data.drawable(panel.series()[1]));
  CHECK(data.y_range().low > 0);
}

TEST_CASE("a panel is empty if nothing can be drawn") {
  Panel panel({}, {.scale = Scale::log});
  CHECK(PanelData(panel).empty());
  panel.line("a", Doubles{1, 2}, Doubles{-1, 0}).line("b", Doubles{}, Doubles{}).note("here", 1, 1);
  CHECK(PanelData(panel).empty());
  panel.vertical("v", 1);
  CHECK_FALSE(PanelData(panel).empty());
}

TEST_CASE("the y range sees only what lies in the x range") {
  Panel panel({.high = 1.5}, {});
  panel.line("a", Doubles{1, 2}, Doubles{3, 1000});
  CHECK(PanelData(panel).y_range().high < 10);
}

TEST_CASE("reference lines run from end to end") {
  Panel panel({.low = 0, .high = 10}, {.low = -1, .high = 1});
  panel.vertical("v", 3).horizontal("h", 0.5);
  const PanelData data(panel);
  CHECK(data.rows(panel.series()[0]) == "3 -1\n3 1\n");
  CHECK(data.rows(panel.series()[1]) == "0 0.5\n10 0.5\n");
}

TEST_CASE("bands are cut where a logarithmic axis ends") {
  Panel panel({}, {.scale = Scale::log, .low = 0.01});
  panel.band("b", Doubles{1, 2, 3}, Doubles{0.1, -1, -1}, Doubles{1, 1, -0.5});
  CHECK(PanelData(panel).rows(panel.series()[0]) == "1 0.1 1\n2 0.01 1\n");
}

TEST_CASE("bars stand on 0 and their outline is closed") {
  Panel panel;
  panel.histogram("h", Doubles{0, 1, 2, 3}, Doubles{5, nan_value, 2});
  const PanelData data(panel);
  CHECK(data.y_range().low == 0);
  CHECK(data.rows(panel.series()[0]) == "0 0 5\n1 0 5\n\n2 0 2\n3 0 2\n");
  CHECK(data.outline(panel.series()[0]) == "0 0\n0 5\n1 5\n1 0\n\n2 0\n2 2\n3 2\n3 0\n\n");
}

TEST_CASE("arrows without length have no direction and are dropped") {
  Panel panel;
  panel.arrows("a", Doubles{1, 1}, Doubles{2, 2}, Doubles{1, 3}, Doubles{2, 4});
  CHECK(PanelData(panel).rows(panel.series()[0]) == "1 2 3 4\n");
}

TEST_CASE("equal aspect gives a unit one length on both axes and keeps the data inside") {
  Panel panel;
  panel.points("p", Doubles{0, 1}, Doubles{0, 10});
  PanelData data(panel);
  data.equalize(600, 300);
  const auto length = [](Range range) { return range.high - range.low; };
  CHECK_THAT(length(data.x_range()) / 600, WithinRel(length(data.y_range()) / 300, 1e-13));
  CHECK((data.x_range().contains(0) && data.x_range().contains(1) && data.y_range().contains(10)));
  Panel log({.scale = Scale::log}, {});
  CHECK_THROWS_AS(PanelData(log).equalize(1, 1), std::invalid_argument);
}
