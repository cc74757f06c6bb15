#include <lazytrain/report/page.hpp>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain::report;
using namespace lazytrain::testing;
using Doubles = std::vector<double>;

namespace {

Figure figure() {
  Panel panel({.label = "α"}, {.label = "y"});
  panel.line_points("a < b", Doubles{1, 2}, Doubles{3, 4}).vertical("v", 1.5);
  return {.title = "title", .caption = "A caption & more.", .panels = {panel, panel}};
}

Page example() {
  Table table({text_column("<name>"), number_column("κ")});
  table.add("a&b", 0.25);
  Page page("Report <1> & more");
  page.summary("First.\n\nSecond <p>.")
      .verdict(Outcome::holds, "1 < 2")
      .verdict(Outcome::undecided, "P = NP");
  page.section("Setup & more").text("One.\n\nTwo.").table(table, "A table.").verbatim("a  b\n <c>");
  page.section("Results").figure(figure()).figure(figure());
  page.provenance("command", "run --alpha '<3>'").provenance("seed", "7");
  return page;
}

const Gnuplot missing = {.program = "/nonexistent"};

}  // namespace

TEST_CASE("a page is well-formed, escaped and in the order of its making") {
  const std::string html = example().to_html(missing);
  CHECK(markup_fault(html).empty());
  std::size_t last = 0;
  for (const char* part :
       {"<title>Report &lt;1&gt; &amp; more</title>", "<h1>", "<p>First.</p>", "<p>Second &lt;p&gt;.</p>",
        "<strong>holds</strong> 1 &lt; 2", "<strong>undecided</strong> P = NP", "<h2>Setup &amp; more</h2>",
        "<p>One.</p>", "<p>Two.</p>", "A table.", "<td>a&amp;b</td>", "<pre>a  b\n &lt;c&gt;</pre>",
        "<h2>Results</h2>", "Figure 1.", "A caption &amp; more.", "Figure 2.", "Provenance",
        "run --alpha &#39;&lt;3&gt;&#39;"}) {
    const std::size_t at = html.find(part, last);
    INFO(part);
    REQUIRE(at != std::string::npos);
    last = at;
  }
}

TEST_CASE("a page without gnuplot says that figures are missing and opens their data") {
  const std::string html = example().to_html(missing);
  CHECK_THAT(html, ContainsSubstring("The figures are missing") && ContainsSubstring("/nonexistent"));
  CHECK(occurrences(html, "<details open>") == 2);
  CHECK(occurrences(html, "<svg") == 0);
  CHECK_THAT(Page("no figures").to_html(missing), !ContainsSubstring("missing"));
}

TEST_CASE("a page with pictures is self-contained, its ids differ and its references hold") {
  if (!gnuplot_available()) {
    WARN("gnuplot is not installed: pictures are not tested");
    return;
  }
  const std::string html = example().to_html();
  CHECK(markup_fault(html).empty());
  CHECK(html == example().to_html());
  CHECK(occurrences(html, "<svg") == 2);
  CHECK(occurrences(html, "<?xml") == 0);
  CHECK(occurrences(html, "<details>") == 2);
  for (const char* resource :
       {"<script", "<link", "src=", "@import", "href='http", "href=\"http", "url(http"}) {
    CHECK(occurrences(html, resource) == 0);
  }
  const auto given = ids(html);
  for (const auto& [id, count] : given) {
    INFO(id);
    CHECK(count == 1);
  }
  for (std::size_t at = html.find("href='#"); at != std::string::npos; at = html.find("href='#", at + 1)) {
    const std::string id = html.substr(at + 7, html.find('\'', at + 7) - at - 7);
    INFO(id);
    REQUIRE(given.count(id) == 1);
  }
}

TEST_CASE("embed_svg prefixes ids and references in tags, and no text") {
  CHECK(detail::embed_svg("<?xml?><svg><a id='x'/><b id=\"y\" fill='url(#x)'/><use xlink:href='#x'/>"
                          "<text>id='x' url(#x)</text></svg>",
                          "p-") ==
        "<svg><a id='p-x'/><b id=\"p-y\" fill='url(#p-x)'/><use xlink:href='#p-x'/>"
        "<text>id='x' url(#x)</text></svg>");
}

TEST_CASE("data_table has a row a point and only the columns that are needed") {
  CHECK(data_table(figure()).to_csv() ==
        "panel,series,x,y\n1,a < b,1,3\n1,a < b,2,4\n1,v,1.5,\n2,a < b,1,3\n2,a < b,2,4\n2,v,1.5,\n");
  Panel panel;
  panel.band("b", Doubles{1}, Doubles{2}, Doubles{3}).horizontal("h", 4);
  CHECK(data_table({.panels = {panel}}).to_csv() == "series,x,y,y end\nb,1,2,3\nh,,4,\n");
  CHECK(data_table({}).to_csv() == "series,x,y\n");
}

TEST_CASE("long data are cut, and the page says how much is shown") {
  Panel panel;
  panel.line("l", Doubles(2500, 1.0), Doubles(2500, 2.0));
  Page page("x");
  page.figure({.panels = {panel}});
  const std::string html = page.to_html(missing);
  CHECK_THAT(html, ContainsSubstring("the first 1000 of 2500 points"));
  CHECK(occurrences(html, "<tr>") == 1001);
}

TEST_CASE("a page is written in one step") {
  const TemporaryFolder folder;
  example().write(folder / "a/page.html", missing);
  CHECK(contents(folder / "a/page.html") == example().to_html(missing));
}
