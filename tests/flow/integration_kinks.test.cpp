#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/integration_kinks.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class Action>
void with_relu_field(const std::string& loss, Action action) {
  const Vector<double> w0 = oracle_parameters("w_sym");
  with_loss(loss, [&](const auto& R) {
    auto field = displacement_field(oracle_network<Relu>(), R, w0, 1.0);
    action(field, Vector<double>(Vector<double>::Zero(w0.size())));
  });
}

/// Times at which the number of active units changes, seen by an observer after every step.
template <class Stepper, class Field>
std::vector<double> crossing_times(const Stepper& stepper, Field& field, const Vector<double>& x0,
                                   const FlowOptions& options) {
  std::vector<double> times;
  Index active = -1;
  (void)integrate(stepper, field, x0, options, {}, [&](const auto& view) {
    const Index now = (view.field.tangent().native().kinks().array() > 0).count();
    if (active >= 0 && now != active) times.push_back(view.t);
    active = now;
  });
  return times;
}

}  // namespace

TEST_CASE("Crossings of kinks happen at the oracle's times") {
  for (const auto& flow : oracle()["flows"]) {
    if (flow["relu_events"].empty()) continue;
    INFO(flow["loss"] << ' ' << flow["T"]);
    with_relu_field(flow["loss"], [&](auto& field, const Vector<double>& zero) {
      const FlowOptions options{.horizon = flow["T"], .relative_tolerance = 1e-13};
      const auto times = crossing_times(DormandPrince{}, field, zero, options);
      REQUIRE(times.size() == flow["relu_events"].size());
      // An error of 2e-11 in the state, times |x_i| <= 2.3, moves a crossing by its inverse speed.
      for (std::size_t i = 0; i < times.size(); ++i) {
        const auto& event = flow["relu_events"][i];
        const double speed = event["zdot_before"];
        CHECK_THAT(times[i], WithinAbs(event["t"].get<double>(), 2e-11 * 2.3 / speed));
      }
    });
  }
}

TEST_CASE("A flow that slides along a kink is stopped there") {
  const auto& sliding = oracle()["relu_sliding"][0]["event"];
  with_relu_field("logistic", [&](auto& field, const Vector<double>& zero) {
    const auto end = integrate(DormandPrince{}, field, zero, {.horizon = 10, .relative_tolerance = 1e-12});
    CHECK(end.reason == StopReason::sliding);
    CHECK_FALSE(end.succeeded());
    CHECK_THAT(end.t, WithinAbs(sliding["t"].get<double>(), 1e-9));
    CHECK_THAT(end.message, ContainsSubstring("slides along a kink (neuron 0, sample 3) from t = 9.2918165"));
  });
  SECTION("in parameters too") {
    const Vector<double> w0 = oracle_parameters("w_sym");
    with_loss("logistic", [&](const auto& R) {
      auto field = parameter_field(oracle_network<Relu>(), R, w0, 1.0);
      const auto end = integrate(DormandPrince{}, field, w0, {.horizon = 10, .relative_tolerance = 1e-11});
      CHECK(end.reason == StopReason::sliding);
      CHECK_THAT(end.t, WithinAbs(sliding["t"].get<double>(), 1e-8));
    });
  }
}

TEST_CASE("Beyond a number of kinks crossings are only counted") {
  with_relu_field("square", [&](auto& field, const Vector<double>& zero) {
    const auto end =
        integrate(RungeKutta4{}, field, zero, {.horizon = 10, .step = 0.125, .locate_kinks_up_to = 29});
    CHECK(end.counts.kinks == 2);
    CHECK(end.counts.accepted == 80);
    CHECK(end.counts.evaluations == 1 + 4 * 80);
  });
}
