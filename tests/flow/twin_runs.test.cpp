#include <cmath>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/twin_runs.hpp>

#include "problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Sample times are even in log t and end with the horizon itself") {
  const Index samples = GENERATE(1, 7, 100);
  const auto times = detail::twin_times(3.7, {.samples = samples, .first_sample = 1e-3});
  REQUIRE(times.size() == static_cast<std::size_t>(samples) + 1);
  CHECK_THAT(times.front(), WithinRel(3.7e-3, roundoff<double>(10)));
  CHECK(times.back() == 3.7);
  const double ratio = std::pow(1e-3, -1.0 / static_cast<double>(samples));
  for (std::size_t i = 1; i < times.size(); ++i) {
    CHECK_THAT(times[i] / times[i - 1], WithinRel(ratio, roundoff<double>(20)));
  }
}

TEST_CASE("Every second time keeps the last; the change is taken over the shared times only") {
  CHECK(detail::every_second({1, 2, 3, 4, 5}) == std::vector<double>{1, 3, 5});
  CHECK(detail::every_second({1, 2, 3, 4}) == std::vector<double>{2, 4});
  CHECK(detail::largest_change({1, 9, 3, 9, 5}, {1.5, 3, 4.75}) == 0.5);
  CHECK(detail::largest_change({9, 2, 9, 4}, {2, 4.25}) == 0.25);
  // A check that ended early is compared as far as it went.
  CHECK(detail::largest_change({1, 9, 3, 9, 5}, {1.25}) == 0.25);
  CHECK(detail::largest_change({}, {}) == 0);
}

TEST_CASE("The linearized twin: closed form, integration and what does not fit the closed form agree") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const Objective objective(h, loss, 20.0);
  const FlowOptions flow{
      .horizon = 5, .relative_tolerance = 1e-11, .sample_times = {0.5, 5}, .sampling = Sampling::land};
  const detail::LinearTwin closed(DormandPrince{}, objective, w0, flow, 5);
  const detail::LinearTwin integrated(DormandPrince{}, objective, w0, flow, 4);
  CHECK(closed.exact());
  CHECK_FALSE(integrated.exact());
  CHECK(integrated.message().empty());
  for (std::size_t i = 0; i < 2; ++i) {
    const double t = flow.sample_times[i];
    CHECK((closed.displacement(i, t) - integrated.displacement(i, t)).norm() <=
          1e-9 * closed.displacement(i, t).norm());
    CHECK((closed.outputs(i, t) - integrated.outputs(i, t)).norm() <= 1e-9 * closed.outputs(i, t).norm());
  }
  CHECK_FALSE(integrated.covers(2));
  CHECK(closed.covers(2));
}

TEST_CASE("A linearized run that fails says why, and how far it came") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto loss = logistic_loss(vector_of(oracle()["inputs"]["label"]), empirical(5));
  const FlowOptions flow{.horizon = 5,
                         .relative_tolerance = 1e-11,
                         .sample_times = {1e-6, 5},
                         .sampling = Sampling::land,
                         .max_steps = 3};
  const detail::LinearTwin twin(DormandPrince{}, Objective(h, loss, 20.0), w0, flow, 100);
  CHECK_FALSE(twin.exact());
  CHECK_FALSE(twin.message().empty());
  CHECK(twin.covers(0));
  CHECK_FALSE(twin.covers(1));
}
