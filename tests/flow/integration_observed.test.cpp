#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/integration_observed.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class Observer>
auto run(const FlowOptions& options, Observer&& observer) {
  auto field = LogisticPair::field();
  return integrate(DormandPrince{}, field, LogisticPair::start(), options, {}, observer);
}
auto run(const FlowOptions& options) {
  return run(options, [](const auto&) {});
}

}  // namespace

TEST_CASE("Samples come at their times, at 0 and the horizon too, and change no bit of the run") {
  const FlowOptions plain{.horizon = 3, .relative_tolerance = 1e-10};
  FlowOptions sampled = plain;
  sampled.sample_times = {0, 0.1, 0.1, 1, 2.999999, 3};
  std::vector<double> times;
  const auto end = run(sampled, [&](const auto& view) {
    times.push_back(view.t);
    CHECK((view.x - LogisticPair::solution(view.t)).norm() <= 1e-8);
    CHECK_THAT(view.velocity(0), WithinAbs(view.x(0) * (1 - view.x(0)), 1e-15));
  });
  CHECK(times == sampled.sample_times);
  CHECK(end.x == run(plain).x);
  CHECK(end.t == 3);
}

TEST_CASE("Without sample times the observer sees the start and every step") {
  std::vector<double> times;
  const auto end = run({.horizon = 3}, [&](const auto& view) { times.push_back(view.t); });
  CHECK(times.size() == static_cast<std::size_t>(end.counts.accepted + 1));
  CHECK(times.front() == 0);
  CHECK(times.back() == 3);
}

TEST_CASE("An observer that returns false ends the run at what it saw") {
  const auto end =
      run({.horizon = 3, .sample_times = {0.5, 1.25, 2}}, [](const auto& view) { return view.t < 1; });
  CHECK(end.reason == StopReason::observer);
  CHECK(end.t == 1.25);
  CHECK((end.x - LogisticPair::solution(1.25)).norm() <= 1e-4);
  CHECK(end.message == "the observer stopped the run at t = 1.25");
  CHECK_FALSE(end.succeeded());
}
