#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/exponential_adams.hpp>
#include <limits>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

auto tanh_field(double alpha) {
  return displacement_field(oracle_network<Tanh>(),
                            square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5)),
                            oracle_parameters("w_sym"), alpha);
}

Vector<double> zero() { return Vector<double>::Zero(24); }

}  // namespace

TEST_CASE("ExponentialAdams converges with one order more than it predicts with") {
  const int order = GENERATE(1, 2, 3, 4, 5, 6);
  const double horizon = 2;
  const Vector<double> exact = vector_of(oracle_flow("tanh_sym", "square", 1, horizon)["u_T"]);
  auto field = tanh_field(1);
  double before = 0;
  for (const int steps : {64, 128}) {
    // Times T (i / n)^4: the first steps, of lower order, are short enough, and no two steps are equal.
    ExponentialAdams::Method<decltype(field)> method({.max_order = order, .refresh_cost = 1e9}, field,
                                                     zero());
    method.start(zero());
    double t = 0;
    for (int i = 1; i <= steps; ++i) {
      const double next = horizon * std::pow(double(i) / steps, 4);
      method.attempt(next - t);
      method.accept();
      t = next;
    }
    CHECK(method.current_order() == order);
    CHECK(method.refreshes() == 1);
    const double error = (method.x() - exact).norm();
    INFO("order " << order << ": " << before << ", " << error);
    if (before > 0) CHECK_THAT(observed_order(before, error), WithinAbs(order + 1, 0.4));
    before = error;
  }
}

TEST_CASE("The estimate of ExponentialAdams is the local error") {
  const int order = GENERATE(1, 2, 3, 4, 5);
  auto field = tanh_field(1);
  // Equal steps on the exact flow, of which the last is measured.
  const double h = 0.05;
  ExponentialAdams::Method<decltype(field)> method({.max_order = order, .refresh_cost = 1e9}, field, zero());
  method.start(zero());
  for (int i = 0; i < 200; ++i) {
    method.attempt(h / 10);
    method.accept();
  }
  method.attempt(h);
  const Vector<double> candidate = method.candidate();
  auto reference = tanh_field(1);
  const auto exact =
      integrate(DormandPrince{}, reference, method.x(), {.horizon = h, .relative_tolerance = 1e-13});
  const double error = (candidate - exact.x).norm();
  INFO("order " << order << ": error " << error << ", estimate " << method.error());
  CHECK(method.error() <= 2 * error);
  CHECK(method.error() >= error / 2);
}

TEST_CASE("ExponentialAdams takes steps from a state of lower error than the one it shows") {
  auto field = tanh_field(1);
  ExponentialAdams::Method<decltype(field)> method({.max_order = 2, .refresh_cost = 1e9}, field, zero());
  method.start(zero());
  const double h = 0.05;
  for (int i = 0; i < 40; ++i) {
    method.attempt(h);
    method.accept();
  }
  // The beginning of the next step, in dense output.
  method.attempt(h);
  Vector<double> base = zero();
  method.interpolate(0, base);
  const Vector<double> exact = vector_of(oracle_flow("tanh_sym", "square", 1, 40 * h)["u_T"]);
  INFO("shown " << (method.x() - exact).norm() << ", base " << (base - exact).norm());
  CHECK((base - exact).norm() < (method.x() - exact).norm());

  // Not beyond a kink, at which the state shown lies.
  method.restart();
  method.attempt(h);
  method.interpolate(0, base);
  CHECK(base == method.x());
}

TEST_CASE("The order of ExponentialAdams stops rising where a lower one predicts better") {
  auto field = tanh_field(1);
  ExponentialAdams::Method<decltype(field)> method({}, field, zero());
  method.start(zero());
  // Steps that grow fourfold are too long for polynomials of high degree through past remainders.
  int highest = 1;
  double h = 0.1;
  for (int i = 0; i < 5; ++i, h *= 4) {
    method.attempt(h);
    method.accept();
    (void)method.growth(1e-3);
    highest = std::max(highest, method.current_order());
  }
  CHECK(highest <= 3);
  CHECK(method.current_order() < highest);
}

TEST_CASE("ExponentialAdams is exact in one step of any length on the linearized flow of the square loss") {
  auto field = tanh_field(std::numeric_limits<double>::infinity());
  for (const double horizon : {0.5, 2.0, 10.0}) {
    const Vector<double> exact = vector_of(oracle_flow("tanh_sym", "square", 1, horizon)["ubar_T"]);
    for (const int steps : {1, 7}) {
      const Vector<double> end = fixed_steps(ExponentialAdams{}, field, zero(), horizon, steps);
      CHECK((end - exact).norm() <= 1e-13 * steps * exact.norm());
    }
  }
}

TEST_CASE("ExponentialAdams's error follows the tolerance at every alpha") {
  for (const double alpha : {1.0, 10.0, 100.0, 1000.0}) {
    const Vector<double> exact = vector_of(oracle_flow("tanh_sym", "square", alpha, 10)["u_T"]);
    for (const double tolerance : {1e-6, 1e-8, 1e-10}) {
      auto field = tanh_field(alpha);
      const auto end =
          integrate(ExponentialAdams{}, field, zero(), {.horizon = 10, .relative_tolerance = tolerance});
      INFO("alpha " << alpha << ", tolerance " << tolerance << ": " << end);
      CHECK(end.succeeded());
      CHECK((end.x - exact).norm() <= 30 * tolerance * exact.norm());
    }
  }
}

TEST_CASE("ExponentialAdams takes an evaluation a step, and one for each reference point after a failure") {
  auto field = tanh_field(2);
  const auto end = integrate(ExponentialAdams{}, field, zero(), {.horizon = 20, .relative_tolerance = 1e-8});
  INFO(end);
  const Index attempts = end.counts.accepted + end.counts.rejected;
  CHECK(end.counts.evaluations >= 1 + attempts);
  CHECK(end.counts.evaluations <= 1 + attempts + end.counts.rejected);
  CHECK(end.counts.refreshes >= 2);
}

TEST_CASE("ExponentialAdams agrees with DormandPrince to 1e-10 in w and in displacements, for every loss") {
  const std::string loss = GENERATE("square", "logistic", "cosine");
  const Vector<double> w0 = oracle_parameters("w_uns");
  const double alpha = 3;
  with_loss(loss, [&](const auto& R) {
    const auto h = centred(oracle_network<Tanh>(), w0);
    const FlowOptions options{.horizon = 10, .relative_tolerance = 1e-12};
    auto field = displacement_field(h, R, w0, alpha);
    auto same = displacement_field(h, R, w0, alpha);
    auto in_w = parameter_field(h, R, w0, alpha);
    const auto adams = integrate(ExponentialAdams{}, field, zero(), options);
    const auto pair = integrate(DormandPrince{}, same, zero(), options);
    const auto parameters = integrate(ExponentialAdams{}, in_w, w0, options);
    REQUIRE(adams.succeeded());
    REQUIRE(parameters.succeeded());
    CHECK((adams.x - pair.x).norm() <= 1e-10 * pair.x.norm());
    CHECK((alpha * (parameters.x - w0) - pair.x).norm() <= 1e-10 * pair.x.norm());
  });
}

TEST_CASE("ExponentialAdams's dense output has the accuracy of its steps") {
  auto field = tanh_field(2);
  std::vector<double> times;
  for (int i = 1; i < 40; ++i) times.push_back(0.25 * i);
  const FlowOptions options{.horizon = 10, .relative_tolerance = 1e-8, .sample_times = times};
  std::vector<Vector<double>> adams;
  std::vector<Vector<double>> exact;
  using View = FlowView<decltype(field)>;
  (void)integrate(ExponentialAdams{}, field, zero(), options, {},
                  [&](const View& view) { adams.push_back(view.x); });
  FlowOptions tight = options;
  tight.relative_tolerance = 1e-12;
  tight.sampling = Sampling::land;
  (void)integrate(DormandPrince{}, field, zero(), tight, {},
                  [&](const View& view) { exact.push_back(view.x); });
  REQUIRE(adams.size() == exact.size());
  for (std::size_t i = 0; i < adams.size(); ++i) {
    CHECK((adams[i] - exact[i]).norm() <= 30 * 1e-8 * exact[i].norm());
  }
}

TEST_CASE("ExponentialAdams ends its steps at kinks") {
  for (const auto& flow : oracle()["flows"]) {
    if (flow["relu_events"].empty()) continue;
    INFO(flow["loss"] << ' ' << flow["alpha"] << ' ' << flow["T"]);
    with_network(flow["net"], [&](const auto& h, const Vector<double>& w0) {
      with_loss(flow["loss"], [&](const auto& R) {
        auto field = displacement_field(h, R, w0, flow["alpha"].template get<double>());
        const auto end = integrate(ExponentialAdams{}, field, Vector<double>(Vector<double>::Zero(w0.size())),
                                   {.horizon = flow["T"], .relative_tolerance = 1e-10});
        const Vector<double> exact = vector_of(flow["u_T"]);
        INFO(end);
        CHECK(end.succeeded());
        CHECK(end.counts.kinks == static_cast<Index>(flow["relu_events"].size()));
        CHECK((end.x - exact).norm() <= 1e-8 * exact.norm());
      });
    });
  }
}

TEST_CASE("ExponentialAdams finds the flow that slides along a kink") {
  const auto& sliding = oracle()["relu_sliding"][0]["event"];
  const Vector<double> w0 = oracle_parameters("w_sym");
  with_loss("logistic", [&](const auto& R) {
    auto field = displacement_field(oracle_network<Relu>(), R, w0, 1.0);
    const auto end = integrate(ExponentialAdams{}, field, Vector<double>(Vector<double>::Zero(w0.size())),
                               {.horizon = 10, .relative_tolerance = 1e-10});
    CHECK(end.reason == StopReason::sliding);
    CHECK_THAT(end.t, WithinAbs(sliding["t"].get<double>(), 1e-7));
  });
}

TEST_CASE("ExponentialAdams refuses orders that it does not have and kernels that do not fit") {
  auto field = tanh_field(1);
  const FlowOptions options{.horizon = 1};
  const int order = GENERATE(-1, 0, 7);
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { (void)integrate(ExponentialAdams{.max_order = order}, field, zero(), options); }),
             ContainsSubstring("ExponentialAdams: max_order is " + std::to_string(order) +
                               ", expected an order from 1 to 6"));
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { (void)integrate(ExponentialAdams{.eigenbasis_limit = 4}, field, zero(), options); }),
             ContainsSubstring("ExponentialAdams: the number of outputs is 5, expected at most "
                               "eigenbasis_limit; Exponential works without an eigenbasis"));
  CHECK_THROWS_AS(integrate(ExponentialAdams{.refresh_cost = -1}, field, zero(), options), std::domain_error);
}
