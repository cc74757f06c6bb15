#include <flow/problems.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Whether x agrees with the reference to `tolerance`, relative to the reference's largest coordinate.
void check_close(const Vector<double>& x, const Vector<double>& reference, double tolerance) {
  const double scale = reference.lpNorm<Eigen::Infinity>();
  CHECK((x - reference).lpNorm<Eigen::Infinity>() <= tolerance * scale);
}

}  // namespace

TEST_CASE("Flows of the oracle in displacements, and their linearizations") {
  // The oracle's flows agree with a second method to 2e-12; a tolerance of 1e-12 a step adds up over the
  // steps, which contraction does not always forget.
  for (const auto& flow : oracle()["flows"]) {
    const std::string net = flow["net"];
    const std::string loss = flow["loss"];
    const double alpha = flow["alpha"];
    const double horizon = flow["T"];
    INFO(net << ' ' << loss << ' ' << alpha << ' ' << horizon);
    with_network(net, [&](const auto& h, const Vector<double>& w0) {
      with_loss(loss, [&](const auto& R) {
        const Vector<double> zero = Vector<double>::Zero(w0.size());
        const FlowOptions options{.horizon = horizon, .relative_tolerance = 1e-12};
        auto field = displacement_field(h, R, w0, alpha);
        const auto end = integrate(DormandPrince{}, field, zero, options);
        CHECK(end.reason == StopReason::horizon);
        CHECK(end.t == horizon);
        check_close(end.x, vector_of(flow["u_T"]), 2e-11);
        check_close(field.outputs(), vector_of(flow["y_T"]), 2e-11);
        CHECK(end.counts.kinks == static_cast<Index>(flow["relu_events"].size()));

        auto linear = linearized_field(h, R, w0, alpha);
        const auto linear_end = integrate(DormandPrince{}, linear, zero, options);
        check_close(linear_end.x, vector_of(flow["ubar_T"]), 2e-11);
        check_close(linear.outputs(), vector_of(flow["ybar_T"]), 2e-11);
        CHECK_THAT(linear.loss_value(), WithinRel(flow["Rbar_T"].get<double>(), 1e-10) ||
                                            WithinAbs(flow["Rbar_T"].get<double>(), 1e-11));
      });
    });
  }
}

TEST_CASE("Flows of the oracle by the exponential method") {
  for (const auto& flow : oracle()["flows"]) {
    const std::string net = flow["net"];
    const double alpha = flow["alpha"];
    if (net == "relu_sym" || flow["T"] != 10.0) continue;
    INFO(net << ' ' << flow["loss"] << ' ' << alpha);
    with_network(net, [&](const auto& h, const Vector<double>& w0) {
      with_loss(flow["loss"], [&](const auto& R) {
        auto field = displacement_field(h, R, w0, alpha);
        const auto end = integrate(Exponential{}, field, Vector<double>(Vector<double>::Zero(w0.size())),
                                   {.horizon = 10, .relative_tolerance = 1e-10});
        CHECK(end.reason == StopReason::horizon);
        check_close(end.x, vector_of(flow["u_T"]), 1e-8);
        check_close(field.outputs(), vector_of(flow["y_T"]), 1e-8);
      });
    });
  }
}

TEST_CASE("Flows of the oracle in parameters") {
  for (const auto& flow : oracle()["flows"]) {
    const std::string net = flow["net"];
    const double alpha = flow["alpha"];
    if (flow["T"] != 2.0) continue;
    INFO(net << ' ' << flow["loss"] << ' ' << alpha);
    with_network(net, [&](const auto& h, const Vector<double>& w0) {
      with_loss(flow["loss"], [&](const auto& R) {
        auto field = parameter_field(h, R, w0, alpha);
        const auto end = integrate(DormandPrince{}, field, w0, {.horizon = 2, .relative_tolerance = 1e-9});
        CHECK(end.reason == StopReason::horizon);
        // The displacement is known to the rounding of w, alpha times that of the displacement itself.
        const Vector<double> u = alpha * (end.x - w0);
        check_close(u, vector_of(flow["u_T"]), 1e-8 + alpha * 1e-14);
        check_close(field.outputs(), vector_of(flow["y_T"]), 1e-8 + alpha * 1e-14);
      });
    });
  }
}

TEST_CASE("An observer needs no events beside it, and may stop the run") {
  auto decay = PlainField{[](const Vector<double>& x, Vector<double>& f) { f = -x; }};
  std::vector<double> times;
  const auto end = integrate(DormandPrince{}, decay, vector({1.0}),
                             {.horizon = 2, .sample_times = {0.5, 1.0, 1.5}}, [&](const auto& view) {
                               times.push_back(view.t);
                               return view.t < 1;
                             });
  CHECK(end.reason == StopReason::observer);
  CHECK(times == std::vector<double>{0.5, 1.0});
}
