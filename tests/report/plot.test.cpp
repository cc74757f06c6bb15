#include <lazytrain/report/plot.hpp>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::report;
using namespace lazytrain::testing;
using Doubles = std::vector<double>;

TEST_CASE("series take Eigen expressions and ranges of any numbers") {
  const Vector<float> x = Vector<float>::LinSpaced(3, 0, 1);
  Panel panel;
  panel.line("a", x, 2 * x)
      .points("b", x.transpose(), std::vector<int>{1, 2, 3})
      .line("c", x.tail(2), x.head(2));
  const auto& series = panel.series();
  REQUIRE(series.size() == 3);
  CHECK(series[0].x == Doubles{0, 0.5, 1});
  CHECK(series[0].y == Doubles{0, 1, 2});
  CHECK(series[1].x == Doubles{0, 0.5, 1});
  CHECK(series[1].y == Doubles{1, 2, 3});
  CHECK(series[1].kind == SeriesKind::points);
  CHECK(series[2].x == Doubles{0.5, 1});
}

TEST_CASE("steps hold a value until the next abscissa") {
  Panel panel;
  panel.steps("s", Doubles{0, 1, 3}, Doubles{5, 6, 7}).steps("e", Doubles{}, Doubles{});
  CHECK(panel.series()[0].x == Doubles{0, 1, 1, 3, 3});
  CHECK(panel.series()[0].y == Doubles{5, 5, 6, 6, 7});
  CHECK(panel.series()[1].x.empty());
}

TEST_CASE("bars, bands, arrows and reference lines keep their ends") {
  Panel panel;
  panel.histogram("h", Doubles{0, 1, 3}, Doubles{5, 6}).band("b", Doubles{1}, Doubles{2}, Doubles{3});
  panel.arrows("a", Doubles{1}, Doubles{2}, Doubles{3}, Doubles{4}).vertical("v", 7).horizontal("h", 8);
  CHECK(panel.series()[0].x == Doubles{0, 1});
  CHECK(panel.series()[0].x2 == Doubles{1, 3});
  CHECK(panel.series()[1].y2 == Doubles{3});
  CHECK(panel.series()[2].x2 == Doubles{3});
  CHECK(panel.series()[2].y2 == Doubles{4});
  CHECK(panel.series()[3].x == Doubles{7});
  CHECK(panel.series()[4].y == Doubles{8});
}

TEST_CASE("data of different sizes are refused") {
  Panel panel;
  const Doubles one = {1}, two = {1, 2};
  CHECK_THAT(message_of<std::invalid_argument>([&] { panel.line("", one, two); }),
             ContainsSubstring("y has size 2, expected 1"));
  CHECK_THROWS_AS(panel.steps("", one, two), std::invalid_argument);
  CHECK_THROWS_AS(panel.band("", one, two, one), std::invalid_argument);
  CHECK_THROWS_AS(panel.band("", one, one, two), std::invalid_argument);
  CHECK_THROWS_AS(panel.arrows("", one, one, two, one), std::invalid_argument);
  CHECK_THROWS_AS(panel.arrows("", one, one, one, two), std::invalid_argument);
  CHECK_THAT(message_of<std::invalid_argument>([&] { panel.histogram("", two, two); }),
             ContainsSubstring("heights has size 2, expected 1 (one less than edges)"));
  CHECK_THROWS_AS(panel.histogram("", Doubles{}, Doubles{}), std::invalid_argument);
  CHECK(panel.series().empty());
}
