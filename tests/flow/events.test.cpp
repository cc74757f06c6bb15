#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/events.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using Field = decltype(LogisticPair::field());
using View = FlowView<Field>;
using Action = Event<Field>::Action;

/// x reaches `level` at log(level c / (1 - level)).
double time_of(double level) { return std::log(level * (1 / 0.1 - 1) / (1 - level)); }

Event<Field> first_coordinate(double level, Action action) {
  return {"x is " + std::to_string(level), [level](const View& view) { return view.x(0) - level; }, action};
}

const FlowOptions tight{.horizon = 8, .relative_tolerance = 1e-11};

}  // namespace

TEST_CASE("A stopping event ends the run where it happens") {
  auto field = LogisticPair::field();
  const auto end =
      integrate(DormandPrince{}, field, LogisticPair::start(), tight, {first_coordinate(0.5, Action::stop)});
  CHECK(end.reason == StopReason::event);
  CHECK(end.succeeded());
  CHECK_THAT(end.t, WithinAbs(time_of(0.5), 1e-9));
  CHECK_THAT(end.x(0), WithinAbs(0.5, 1e-11));
  CHECK((end.x - LogisticPair::solution(end.t)).norm() <= 1e-9);
  REQUIRE(end.events.size() == 1);
  CHECK(end.events[0].t == end.t);
  CHECK(end.message == "x is 0.500000 at t = " + detail::text(end.t));
}

TEST_CASE("Recorded events come in the order of time, up to the one that stops") {
  auto field = LogisticPair::field();
  // Fixed steps of 2: several events in one step, given in no order.
  const std::vector<Event<Field>> events = {
      first_coordinate(0.8, Action::record), first_coordinate(0.3, Action::record),
      first_coordinate(0.7, Action::stop), first_coordinate(0.5, Action::record)};
  const auto end = integrate(RungeKutta4{}, field, LogisticPair::start(), {.horizon = 8, .step = 2}, events);
  REQUIRE(end.events.size() == 3);
  CHECK(end.events[0].name == "x is 0.300000");
  CHECK(end.events[1].name == "x is 0.500000");
  CHECK(end.events[2].name == "x is 0.700000");
  CHECK(end.events[0].t < end.events[1].t);
  CHECK(end.events[1].t < end.events[2].t);
  CHECK(end.events[2].t == end.t);

  const auto exact = integrate(DormandPrince{}, field, LogisticPair::start(), tight, events);
  REQUIRE(exact.events.size() == 3);
  CHECK_THAT(exact.events[0].t, WithinAbs(time_of(0.3), 1e-9));
  CHECK_THAT(exact.events[1].t, WithinAbs(time_of(0.5), 1e-9));
}

TEST_CASE("Recording changes nothing of the run") {
  auto field = LogisticPair::field();
  const auto plain = integrate(DormandPrince{}, field, LogisticPair::start(), tight);
  const auto recorded =
      integrate(DormandPrince{}, field, LogisticPair::start(), tight,
                {first_coordinate(0.5, Action::record), first_coordinate(0.9, Action::record)});
  CHECK(recorded.x == plain.x);
  CHECK(recorded.events.size() == 2);
}

TEST_CASE("A quantity that is zero at the start, or has its final sign, is no event") {
  auto field = LogisticPair::field();
  const auto end = integrate(DormandPrince{}, field, LogisticPair::start(), tight,
                             {first_coordinate(0.1, Action::stop), first_coordinate(0.05, Action::stop)});
  CHECK(end.reason == StopReason::horizon);
  CHECK(end.events.empty());
}

TEST_CASE("distance_above and velocity_below on a decay") {
  // x' = -x from 1: the distance is 1 - e^-t, the velocity e^-t.
  auto field = PlainField{[](const Vector<double>& x, Vector<double>& f) { f = -x; }};
  using Decay = decltype(field);
  const Vector<double> one = vector({1.0});
  const auto far = integrate(DormandPrince{}, field, one, tight, {distance_above<Decay>(one, 0.75)});
  CHECK_THAT(far.t, WithinAbs(std::log(4), 1e-9));
  CHECK_THAT(far.message, ContainsSubstring("the distance from the start grew to 0.75 at t = 1.386"));
  const auto slow = integrate(DormandPrince{}, field, one, tight, {velocity_below<Decay>(1e-3)});
  CHECK_THAT(slow.t, WithinAbs(std::log(1e3), 1e-7));
  CHECK_THAT(slow.message, ContainsSubstring("the velocity's norm fell to 0.001 at t = 6.90"));
}

TEST_CASE("loss_below on the linearized flow of the square loss") {
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto R = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  auto field = linearized_field(oracle_network<Tanh>(), R, w0, 1.0);
  using Flow = decltype(field);
  const Vector<double> zero = Vector<double>::Zero(24);
  const auto& row = oracle_flow("tanh_sym", "square", 1, 2);
  // The level of the oracle's loss at t = 2 is reached at t = 2, at a rate of ||x'||^2.
  const double level = row["Rbar_T"];
  const auto end = integrate(DormandPrince{}, field, zero, {.horizon = 10, .relative_tolerance = 1e-12},
                             {loss_below<Flow>(level)});
  CHECK(end.reason == StopReason::event);
  CHECK_THAT(end.t, WithinAbs(2, 1e-8));
  CHECK_THAT(static_cast<double>(field.loss_value()), WithinRel(level, 1e-10));
  CHECK_THAT(loss_below<Flow>(1e-8).name, ContainsSubstring("the loss fell to 1e-08"));
}

TEST_CASE("An event serves the samples before it, at their own times") {
  auto field = LogisticPair::field();
  std::vector<double> times;
  double worst = 0;
  const auto observer = [&](const View& view) {
    times.push_back(view.t);
    worst = std::max(worst, (view.x - LogisticPair::solution(view.t)).norm());
  };
  FlowOptions options = tight;
  options.sample_times = {0, 1, 2, 2.1, 2.2, 3, 8};
  const auto end = integrate(DormandPrince{}, field, LogisticPair::start(), options,
                             {first_coordinate(0.5, Action::stop)}, observer);
  CHECK(times == std::vector<double>{0, 1, 2, 2.1});
  CHECK(worst <= 1e-9);
  CHECK(end.reason == StopReason::event);
}
