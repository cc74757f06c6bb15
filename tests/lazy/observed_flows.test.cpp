#include <lazytrain/lazy/observed_flows.hpp>
#include <lazytrain/loss/square.hpp>

#include "theorem_problems.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("what is observed along the flows comes with an error that bounds the true one", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  with_tanh_network("tanh_cen", [&](const auto& h, const auto& w0, const LipschitzBounds&) {
    const Objective objective(h, loss, 10.0);
    const auto probe = [&](const auto& view) {
      return std::vector<double>{loss.value(view.outputs), view.displacement.norm()};
    };
    const auto coarse = observe_flows(objective, w0, 5.0, {.relative_tolerance = 1e-5, .samples = 10}, probe);
    const auto fine = observe_flows(objective, w0, 5.0, {.relative_tolerance = 1e-11, .samples = 10}, probe);
    REQUIRE(coarse.series.size() == 2);
    REQUIRE(coarse.twin.times == fine.twin.times);
    for (std::size_t i = 0; i < fine.twin.times.size(); ++i) {
      CHECK_THAT(fine.series[0].values[i], WithinRel(fine.twin.loss[i], 1e-14));
      CHECK_THAT(fine.series[1].values[i], WithinRel(10 * fine.twin.displacements[i], 1e-14));
    }
    // The change from ten times the tolerance is larger than what is left of the error.
    for (std::size_t k = 0; k < 2; ++k) {
      const auto& s = coarse.series[k];
      CHECK(std::abs(s.values.back() - fine.series[k].values.back()) <= s.errors.back());
      CHECK(fine.series[k].errors.back() < s.errors.back());
    }
    CHECK(fine.completed(5.0).met);
    const auto q = fine.distance("x", fine.over_time([](double t) { return t; }));
    CHECK(q.rhs == fine.twin.times);
    CHECK(q.lhs == fine.twin.distances);
    CHECK(q.error.front() >= fine.twin.distance.error);
  });
}

TEST_CASE("flows that stop early do not count as computed", "[lazy]") {
  const Oracle oracle;
  const auto h = Oracle::network<Tanh>();
  const Objective objective(h, square_loss(oracle.target(), empirical(5)), 10.0);
  const auto flows = observe_flows(objective, Oracle::weights("sym"), 5.0, {.max_steps = 2});
  const Hypothesis reached = flows.completed(5.0);
  CHECK_FALSE(reached.met);
  CHECK(reached.value < 5);
  CHECK_THAT(reached.name, ContainsSubstring("horizon"));
}
