#include <atomic>
#include <cmath>
#include <lazytrain/report/sweep.hpp>
#include <limits>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::report;
using namespace lazytrain::testing;
using nlohmann::json;

namespace {

/// Points whose results are sin(i) + shift; `computed` counts.
std::vector<SweepPoint> sines(int count, double shift, std::atomic<int>& computed) {
  std::vector<SweepPoint> points;
  for (int i = 0; i < count; ++i) {
    points.push_back({"point-" + std::to_string(i), {{"i", i}, {"shift", shift}}, [i, shift, &computed] {
                        ++computed;
                        return json{{"value", std::sin(i) + shift}};
                      }});
  }
  return points;
}

}  // namespace

TEST_CASE("A sweep gives the same results in the same order on any number of threads") {
  std::atomic<int> computed{0};
  const auto points = sines(20, 0.1, computed);
  std::vector<json> first;
  for (const Index threads : {1, 3, 0, 64}) {
    const TemporaryFolder folder;
    const auto results = run_sweep(folder / "points", points, {.threads = threads});
    REQUIRE(results.size() == 20);
    for (int i = 0; i < 20; ++i) {
      CHECK(results[static_cast<std::size_t>(i)]["value"].get<double>() == std::sin(i) + 0.1);
    }
    if (first.empty()) first = results;
    CHECK(results == first);
  }
  CHECK(computed == 80);
}

TEST_CASE("A sweep computes what is missing, damaged or of other settings, and nothing else") {
  const TemporaryFolder folder;
  std::atomic<int> computed{0};
  const auto before = run_sweep(folder / "points", sines(5, 0, computed), {});
  REQUIRE(computed == 5);
  CHECK(run_sweep(folder / "points", sines(5, 0, computed), {}) == before);
  CHECK(computed == 5);
  std::filesystem::remove(folder / "points/point-3.json");
  write_atomically(folder / "points/point-1.json", "{\"settings\": ");
  write_atomically(folder / "points/point-2.json", "{\"settings\": 1e999, \"result\": 0}");
  CHECK(run_sweep(folder / "points", sines(5, 0, computed), {}) == before);
  CHECK(computed == 8);
  CHECK(run_sweep(folder / "points", sines(5, 1, computed), {}) != before);
  CHECK(computed == 13);
}

TEST_CASE("Results that are not finite are the same whether computed or read") {
  const TemporaryFolder folder;
  static constexpr double inf = std::numeric_limits<double>::infinity();
  const std::vector<SweepPoint> points = {{"x", {{"alpha", inf}}, [] { return json{{"loss", inf}}; }}};
  const auto computed = run_sweep(folder / "points", points, {});
  CHECK(number_of(computed[0]["loss"]) == inf);
  const std::vector<SweepPoint> again = {
      {"x", {{"alpha", inf}}, []() -> json { throw std::logic_error("computed twice"); }}};
  CHECK(run_sweep(folder / "points", again, {}) == computed);
}

TEST_CASE("An exception ends a sweep and leaves what was finished") {
  const TemporaryFolder folder;
  std::atomic<int> computed{0};
  auto points = sines(6, 0, computed);
  points[2].compute = []() -> json { throw std::domain_error("no such point"); };
  CHECK_THROWS_AS(run_sweep(folder / "points", points, {.threads = 1}), std::domain_error);
  CHECK(computed == 2);
  CHECK(std::filesystem::exists(folder / "points/point-1.json"));
  CHECK_FALSE(std::filesystem::exists(folder / "points/point-2.json"));
  CHECK(run_sweep(folder / "points", sines(6, 0, computed), {}).size() == 6);
  CHECK(computed == 6);
}

TEST_CASE("A sweep refuses names that are no files or not unique, and negative numbers of threads") {
  const TemporaryFolder folder;
  const auto named = [](std::vector<std::string> names) {
    std::vector<SweepPoint> points;
    for (std::string& name : names) points.push_back({std::move(name), {}, [] { return json(); }});
    return points;
  };
  for (const std::string name : {"", "a/b", ".hidden", "two\nlines"}) {
    CHECK_THROWS_AS(run_sweep(folder / "points", named({name}), {}), std::invalid_argument);
  }
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)run_sweep(folder / "points", named({"a", "a"}), {});
             }),
             ContainsSubstring("no other point"));
  CHECK_THROWS_AS(run_sweep(folder / "points", named({"a"}), {.threads = -1}), std::invalid_argument);
  CHECK(run_sweep(folder / "points", {}, {}).empty());
}
