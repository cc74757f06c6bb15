#include <cstdlib>
#include <lazytrain/report/table.hpp>
#include <limits>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain::report;
using namespace lazytrain::testing;

namespace {

Table example() {
  Table table({text_column("model"), number_column("κ", 3), integer_column("n")});
  table.add("VGG-11, wide", 0.123456789, 10000).add("a \"b\" | <c>", 1, std::nullopt);
  return table;
}

/// The fields of CSV text by the grammar of RFC 4180.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows = {{""}};
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      rows.back().back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().emplace_back();
    } else if (!quoted && c == '\n') {
      rows.push_back({""});
    } else {
      rows.back().back() += c;
    }
  }
  rows.pop_back();
  return rows;
}

}  // namespace

TEST_CASE("to_text aligns columns by what is seen") {
  CHECK(example().to_text() ==
        "model             κ      n\n"
        "────────────  ─────  ─────\n"
        "VGG-11, wide  0.123  10000\n"
        "a \"b\" | <c>       1\n");
}

TEST_CASE("to_csv quotes where RFC 4180 asks for it") {
  CHECK(example().to_csv() == "model,κ,n\n\"VGG-11, wide\",0.123456789,10000\n\"a \"\"b\"\" | <c>\",1,\n");
}

TEST_CASE("CSV gives back text and numbers exactly") {
  const std::string text = "a,\"b\"\r\nc\"";
  const double number = 0.1 + 0.2;
  Table table({text_column("x,y"), number_column("v", 2)});
  table.add(text, number).add("", -std::numeric_limits<double>::infinity());
  const auto rows = parse_csv(table.to_csv());
  REQUIRE(rows.size() == 3);
  CHECK(rows[0] == std::vector<std::string>{"x,y", "v"});
  CHECK(rows[1][0] == text);
  CHECK(std::strtod(rows[1][1].c_str(), nullptr) == number);
  CHECK(rows[2][1] == "-inf");
  CHECK(table.csv_header() + "\n" + table.csv_row(0) + "\n" + table.csv_row(1) + "\n" == table.to_csv());
}

TEST_CASE("to_html is well-formed and escaped") {
  const std::string html = example().to_html();
  CHECK(markup_fault(html).empty());
  CHECK_THAT(html, ContainsSubstring("<td>a &quot;b&quot; | &lt;c&gt;</td>"));
  CHECK_THAT(html, ContainsSubstring("<td class=\"right\">0.123</td>"));
}

TEST_CASE("to_markdown escapes what would break the row") {
  CHECK(example().to_markdown() ==
        "| model | κ | n |\n| --- | ---: | ---: |\n"
        "| VGG-11, wide | 0.123 | 10000 |\n| a \"b\" \\| \\<c\\> | 1 |  |\n");
  Table table({text_column("x")});
  CHECK_THAT(table.add("two\nlines").to_markdown(), ContainsSubstring("| two lines |"));
  CHECK_THAT(table.add("&lt;").to_markdown(), ContainsSubstring("| \\&lt; |"));
}

TEST_CASE("titles cannot break the lines of a table as text") {
  CHECK(Table({text_column("a\nb")}).to_text() == Table({text_column("a b")}).to_text());
}

TEST_CASE("a table without rows has its titles") {
  const Table table({text_column("x"), integer_column("y")});
  CHECK(table.to_csv() == "x,y\n");
  CHECK(markup_fault(table.to_html()).empty());
  CHECK(table.to_text() == "x  y\n─  ─\n");
}

TEST_CASE("rows that do not fit are refused") {
  Table table({text_column("name"), number_column("x"), integer_column("n")});
  CHECK_THAT(message_of<std::invalid_argument>([&] { table.add("a", 1.0); }),
             ContainsSubstring("has size 2, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { table.add("a", "b", 1); }),
             ContainsSubstring("column 'x' is b, expected a number"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { table.add("a", 1.0, 1.5); }),
             ContainsSubstring("column 'n' is 1.5, expected an integer"));
  CHECK_THROWS_AS(table.add(1, 1.0, 1), std::invalid_argument);
  CHECK_THROWS_AS(table.add("a", 1.0, std::numeric_limits<std::uint64_t>::max()), std::invalid_argument);
  CHECK(table.rows().empty());
  CHECK_THROWS_AS(Table({}), std::invalid_argument);
}
