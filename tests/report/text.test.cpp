#include <cstdlib>
#include <lazytrain/core/random.hpp>
#include <lazytrain/report/text.hpp>
#include <limits>

#include "support/catch.hpp"

using namespace lazytrain::report;

TEST_CASE("exact_number reads back bit by bit") {
  lazytrain::Philox rng(7);
  for (int i = 0; i < 1000; ++i) {
    const double x =
        std::ldexp(lazytrain::normal(rng), static_cast<int>(lazytrain::random_index(rng, 2000)) - 1000);
    REQUIRE(std::strtod(exact_number(x).c_str(), nullptr) == x);
  }
  CHECK(exact_number(0.1) == "0.1");
  CHECK(exact_number(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(exact_number(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(exact_number(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(std::strtod(exact_number(std::numeric_limits<double>::denorm_min()).c_str(), nullptr) > 0);
  CHECK(std::strtod(exact_number(-std::numeric_limits<double>::max()).c_str(), nullptr) ==
        -std::numeric_limits<double>::max());
}

TEST_CASE("format_number writes what printf writes") {
  const double x = GENERATE(0.0, 1.0, -2.5, 123456.789, 1e-9, 1e300, -0.000123456);
  const int digits = GENERATE(0, 1, 4, 12);
  char expected[400];
  std::snprintf(expected, sizeof expected, "%.*g", digits, x);
  CHECK(format_number(x, digits) == expected);
  std::snprintf(expected, sizeof expected, "%.*f", digits, x);
  CHECK(format_number(x, digits, Notation::fixed) == expected);
  std::snprintf(expected, sizeof expected, "%.*e", digits, x);
  CHECK(format_number(x, digits, Notation::scientific) == expected);
}

TEST_CASE("format_number spells what is not finite") {
  CHECK(format_number(std::numeric_limits<double>::infinity(), 3, Notation::fixed) == "inf");
  CHECK(format_number(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("display_width counts columns, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("alpha") == 5);
  CHECK(display_width("‖α·κ‖") == 5);
  CHECK(display_width("w\u0304") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("\xFF\xC3") == 2);
}

TEST_CASE("escape_html leaves nothing that markup would interpret") {
  CHECK(escape_html("a<b>&\"c\" 'd'") == "a&lt;b&gt;&amp;&quot;c&quot; &#39;d&#39;");
  CHECK(escape_html("αβ\n‖x‖") == "αβ\n‖x‖");
  CHECK(escape_html(std::string("a\0\x1B[b", 5)) == "a  [b");
}

TEST_CASE("text that is not UTF-8 is replaced") {
  CHECK(escape_html("a\xFFz") == "a\uFFFDz");
  CHECK(escape_html("\xC3") == "\uFFFD");
  CHECK(escape_html("\xC0\x80") == "\uFFFD\uFFFD");
  CHECK(escape_html("\xE0\x80\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(escape_html("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(escape_html("\xF4\x90\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(escape_html("😀") == "😀");
}
