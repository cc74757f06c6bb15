#include <lazytrain/report/json.hpp>
#include <limits>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::report;
using namespace lazytrain::testing;
using nlohmann::json;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("JSON files give back numbers exactly, infinities and NaN too") {
  const TemporaryFolder folder;
  write_json(folder / "a/x.json",
             {{"x", 0.1 + 0.2}, {"list", {inf, -inf, nan_value, {{"deep", inf}}}}, {"n", 3}});
  const json back = read_json(folder / "a/x.json");
  CHECK(back["x"].get<double>() == 0.1 + 0.2);
  CHECK(back["n"] == 3);
  CHECK(back["list"][0] == "inf");
  CHECK(number_of(back["list"][0]) == inf);
  CHECK(number_of(back["list"][1]) == -inf);
  CHECK(std::isnan(number_of(back["list"][2])));
  CHECK(number_of(back["list"][3]["deep"]) == inf);
  CHECK(number_of(back["n"]) == 3.0);
  CHECK_THROWS_AS(number_of("infinity"), std::runtime_error);
  CHECK_THAT(message_of<std::runtime_error>([] { return number_of(json::array()); }),
             ContainsSubstring("[]"));
}

TEST_CASE("Eigen vectors are arrays, matrices arrays of rows") {
  Matrix<double> m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  CHECK(json_of(m) == json::parse("[[1.0,2.0,3.0],[4.0,5.0,6.0]]"));
  CHECK(json_of(m.transpose().col(1)) == json::parse("[4.0,5.0,6.0]"));
  CHECK(json_of(2 * m.row(0)) == json::parse("[2.0,4.0,6.0]"));
  CHECK(json_of(Vector<Index>::Constant(2, 7)) == json::parse("[7,7]"));
  CHECK(json_of(Vector<float>()) == json::array());
}

TEST_CASE("non-finite coordinates survive a file") {
  const TemporaryFolder folder;
  write_json(folder / "v.json", json_of(Vector<float>::Constant(1, -std::numeric_limits<float>::infinity())));
  CHECK(number_of(read_json(folder / "v.json")[0]) == -inf);
}

TEST_CASE("the same value is the same file, whatever the text") {
  const TemporaryFolder folder;
  write_json(folder / "a", {{"b", 1}, {"a", "α\xFF"}});
  write_json(folder / "b", {{"a", "α\xFF"}, {"b", 1}});
  CHECK(contents(folder / "a") == contents(folder / "b"));
  CHECK(read_json(folder / "a")["a"] == "α\uFFFD");
}

TEST_CASE("read_json names the file and what is wrong") {
  const TemporaryFolder folder;
  CHECK_THAT(message_of<std::runtime_error>([&] { return read_json(folder / "missing"); }),
             ContainsSubstring((folder / "missing").string()) && ContainsSubstring("No such file"));
  CHECK_THAT(message_of<std::runtime_error>([&] { return read_json(folder / "."); }),
             ContainsSubstring("Is a directory"));
  write_atomically(folder / "bad", "{\"a\": 1,\n oops}");
  CHECK_THAT(message_of<std::runtime_error>([&] { return read_json(folder / "bad"); }),
             ContainsSubstring((folder / "bad").string()) && ContainsSubstring("line 2"));
  write_atomically(folder / "huge", "[1e999]");
  CHECK_THAT(message_of<std::runtime_error>([&] { return read_json(folder / "huge"); }),
             ContainsSubstring((folder / "huge").string()) && ContainsSubstring("number overflow"));
}
