#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/euler.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/initial_step.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

auto oracle_field(double alpha) {
  const Vector<double> w0 = oracle_parameters("w_sym");
  return displacement_field(oracle_network<Tanh>(),
                            square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5)), w0, alpha);
}

}  // namespace

TEST_CASE("gradient_step is 1 / ||Dh(w0)||^2 for the square loss, and says so") {
  auto field = oracle_field(3);
  const Vector<double> zero = Vector<double>::Zero(24);
  Vector<double> f(24);
  field(zero, f);
  const StepChoice choice = gradient_step(field, zero);
  const double norm = oracle()["static"]["tanh_sym"]["Dh_norm"];
  CHECK_THAT(choice.step, WithinRel(1 / (norm * norm), 1e-2));
  CHECK_THAT(choice.reason, ContainsSubstring("= 1 / (M ||Dh(w0)||^2) with ||Dh(w0)|| = "));

  const auto end = integrate(Euler{}, field, zero, {.horizon = 10});
  CHECK(end.step == choice.step);
  CHECK(end.step_choice == choice.reason);
}

TEST_CASE("gradient_step in parameters counts alpha once") {
  // rate = 1 / alpha^2 and ||D(alpha h)|| = alpha ||Dh||.
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto R = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  auto field = parameter_field(oracle_network<Tanh>(), R, w0, 50.0);
  Vector<double> f(24);
  field(w0, f);
  const double norm = oracle()["static"]["tanh_sym"]["Dh_norm"];
  CHECK_THAT(gradient_step(field, w0).step, WithinRel(1 / (norm * norm), 1e-2));
}

TEST_CASE("The first step of an adaptive method follows the curvature along the velocity") {
  auto field = oracle_field(1);
  const Vector<double> zero = Vector<double>::Zero(24);
  Vector<double> f(24);
  field(zero, f);
  const double ratio = field.tangent().output_space().norm(field.tangent().jvp(f)) / f.norm();
  const FlowOptions options{.horizon = 10, .relative_tolerance = 1e-10};
  const StepChoice choice = detail::initial_step<DormandPrince>(field, zero, f, options);
  CHECK_THAT(choice.step, WithinRel(std::pow(1e-10, 0.2) / (ratio * ratio), 1e-12));
  CHECK_THAT(choice.reason, ContainsSubstring("from the curvature "));
  const StepChoice exponential = detail::initial_step<Exponential>(field, zero, f, options);
  CHECK_THAT(exponential.step, WithinRel(0.1 / (ratio * ratio), 1e-12));
}

TEST_CASE("A first step that is given is taken, and max_step bounds every step") {
  auto field = oracle_field(1);
  const Vector<double> zero = Vector<double>::Zero(24);
  const auto given = integrate(DormandPrince{}, field, zero, {.horizon = 1, .step = 1e-3});
  CHECK(given.step == 1e-3);
  CHECK(given.step_choice == "step 0.001 given");
  double before = 0;
  double longest = 0;
  const auto observer = [&](const auto& view) {
    longest = std::max(longest, view.t - before);
    before = view.t;
  };
  const auto bounded =
      integrate(DormandPrince{}, field, zero, {.horizon = 1, .max_step = 0.015625}, {}, observer);
  CHECK(longest <= 0.015625);
  CHECK(bounded.counts.accepted >= 64);
  CHECK(bounded.counts.accepted <= 72);
}

TEST_CASE("Fields without structure start with a fraction of the horizon, stationary ones with all of it") {
  auto field = LogisticPair::field();
  const auto end = integrate(DormandPrince{}, field, LogisticPair::start(), {.horizon = 5});
  CHECK_THAT(end.step, WithinRel(5e-4, 1e-15));
  CHECK(end.step_choice == "first step 0.0005, a fraction of the horizon");

  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto h = oracle_network<Tanh>();
  auto still =
      displacement_field(h, square_loss(Vector<double>(Vector<double>::Zero(5)), empirical(5)), w0, 1.0);
  const auto rest =
      integrate(DormandPrince{}, still, Vector<double>(Vector<double>::Zero(24)), {.horizon = 5});
  CHECK(rest.step_choice == "first step: the horizon, since x' = 0");
  CHECK(rest.counts.accepted == 1);
  CHECK(rest.x.norm() == 0);
}
