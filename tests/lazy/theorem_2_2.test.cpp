#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/lazy/theorem_2_2.hpp>
#include <lazytrain/loss/cosine.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <sstream>

#include "theorem_problems.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class Visit>
void with_loss(const std::string& name, const Oracle& oracle, Visit&& visit) {
  if (name == "square") visit(square_loss(oracle.target(), empirical(5)));
  if (name == "cosine") visit(cosine_loss(oracle.target(), empirical(5)));
  if (name == "logistic") visit(logistic_loss(oracle.labels(), empirical(5)));
}

}  // namespace

TEST_CASE("Theorem 2.2: both sides agree with the oracle and the bounds hold", "[lazy]") {
  const Oracle oracle;
  int cases = 0;
  for (const auto& record : oracle["thm22"]) {
    const auto number = [&](const char* key) { return record.at(key).get<double>(); };
    const std::string net = record.at("net"), loss_name = record.at("loss");
    INFO(net << ' ' << loss_name << " alpha " << number("alpha") << " T " << number("T"));
    with_tanh_network(net, [&](const auto& h, const auto& w0, const LipschitzBounds& bounds) {
      with_loss(loss_name, oracle, [&](const auto& loss) {
        const Theorem22 check =
            theorem_2_2(Objective(h, loss, number("alpha")), w0, number("T"), bounds, precise());
        INFO(check);
        CHECK(check.verdict() == Verdict::holds);
        CHECK(check.printed.verdict() == Verdict::holds);
        CHECK(check.sharp.constant("mu").value() == number("mu_weak"));
        CHECK_THAT(check.sharp.constant("R0 = R(alpha h(w0)) - inf R").value(),
                   WithinRel(number("R0"), 1e-13));
        const auto rhs = [](const BoundReport& r, const char* name) { return r.inequality(name).rhs.back(); };
        CHECK_THAT(rhs(check.sharp, "||w - w0||"), WithinRel(number("rhs_disp"), 1e-12));
        CHECK_THAT(rhs(check.sharp, "||w - wbar||"), WithinRel(number("rhs_delta_convex"), 1e-10));
        CHECK_THAT(rhs(check.sharp, "||alpha h - alpha hbar||"),
                   WithinRel(number("rhs_Delta_convex"), 1e-10));
        CHECK_THAT(rhs(check.printed, "||w - wbar||"), WithinRel(number("rhs_delta_exp"), 1e-10));
        CHECK_THAT(rhs(check.printed, "||alpha h - alpha hbar||"), WithinRel(number("rhs_Delta_exp"), 1e-10));
        for (const auto& flow : oracle["flows"]) {
          if (flow.at("net") != net || flow.at("loss") != loss_name || flow.at("alpha") != number("alpha") ||
              flow.at("T") != number("T"))
            continue;
          ++cases;
          const auto lhs = [&](const char* name) { return check.sharp.inequality(name).lhs.back(); };
          CHECK_THAT(lhs("||w - w0||"), WithinRel(flow.at("disp_T").get<double>(), 1e-8));
          CHECK_THAT(lhs("||w - wbar||"), WithinRel(flow.at("delta_T").get<double>(), 1e-8));
          CHECK_THAT(lhs("||alpha h - alpha hbar||"), WithinRel(flow.at("Delta_T").get<double>(), 1e-8));
        }
      });
    });
  }
  CHECK(cases == 60);
}

TEST_CASE("Theorem 2.2: the displacement that Appendix B.1 prints is false, the corrected one holds",
          "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  const auto h = Oracle::network<Tanh>();
  const auto w0 = Oracle::weights("sym");
  for (const auto& record : oracle["thm22_printed_B1_counterexample"]) {
    const double alpha = record.at("alpha").get<double>(), T = record.at("T").get<double>();
    const auto flows = observe_flows(Objective(h, loss, alpha), w0, T, precise(1e-9).flows);
    const double end = flows.twin.displacements.back();
    const double R_end = flows.twin.loss.back(), R_start = loss.value(Vector<double>::Zero(5).eval());
    CHECK_THAT(end, WithinRel(record.at("disp").get<double>(), 1e-8));
    CHECK_THAT(std::sqrt(T * (R_start - R_end)) / alpha, WithinRel(record.at("correct").get<double>(), 1e-8));
    CHECK(end > 10 * std::sqrt(T * R_end) / alpha);
    CHECK(end < std::sqrt(T * (R_start - R_end)) / alpha);
  }
}

TEST_CASE("Theorem 2.2 for a convex loss has no exponential", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  with_tanh_network("tanh_cen", [&](const auto& h, const auto& w0, const LipschitzBounds& bounds) {
    const auto rhs = [&](double T) {
      const Theorem22 check = theorem_2_2(Objective(h, loss, 1e6), w0, T, bounds);
      CHECK(check.holds());
      return std::pair{check.sharp.inequality("||w - wbar||").rhs.back(),
                       check.printed.inequality("||w - wbar||").rhs.back()};
    };
    const auto [sharp, printed] = rhs(20);
    const auto [sharp_later, printed_later] = rhs(40);
    CHECK(sharp_later < 4.001 * sharp);
    CHECK(printed_later > 1e3 * printed);
  });
}

TEST_CASE("Theorem 2.2 names the hypothesis that fails", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  const auto h = Oracle::network<Tanh>();
  const auto w0 = Oracle::weights("uns");
  const auto bounds = LipschitzBounds::supplied(10, 10);
  const Theorem22 from_elsewhere = theorem_2_2(Objective(h, loss, 10.0), w0, 1.0, bounds);
  CHECK(from_elsewhere.sharp.verdict() == Verdict::holds);
  CHECK(from_elsewhere.printed.verdict() == Verdict::hypotheses_not_met);
  CHECK(from_elsewhere.printed.failed_hypotheses() == std::vector<std::string>{"h(w0) = 0"});

  const Theorem22 unknown =
      theorem_2_2(Objective(h, loss, 10.0), w0, 1.0, LipschitzBounds::none("nobody knows"));
  CHECK_FALSE(unknown.holds());
  CHECK_THAT(unknown.sharp.failed_hypotheses().front(), ContainsSubstring("nobody knows"));

  CHECK(theorem_2_2(Objective(h, loss, 10.0), w0, 1.0, LipschitzBounds::supplied(1, 1e-4)).verdict() ==
        Verdict::violated);
  TheoremOptions hurried;
  hurried.flows.max_steps = 3;
  const Theorem22 cut = theorem_2_2(Objective(h, loss, 10.0), w0, 1.0, bounds, hurried);
  CHECK(cut.verdict() == Verdict::hypotheses_not_met);
  CHECK_THAT(cut.sharp.failed_hypotheses().front(), ContainsSubstring("horizon"));
  CHECK_THROWS_AS(theorem_2_2(Objective(h, loss, 10.0), w0, 0.0, bounds), std::domain_error);
}

TEST_CASE("Theorem 2.2 for a linear model says 0 at any horizon, however large the exponential", "[lazy]") {
  // h(w) = w, LD = 0: the exponentials of both forms overflow from T = 710 on.
  const auto h = differentiable<double>([]<class T>(const Vector<T>& w) -> Vector<T> { return w; }, 1, 1);
  const Vector<double> zero = Vector<double>::Zero(1), one = Vector<double>::Ones(1);
  const auto bounds = LipschitzBounds::supplied(1, 0);
  const auto check = [&](const auto& loss, double horizon, double alpha) {
    const Theorem22 theorem = theorem_2_2(Objective(h, loss, alpha), zero, horizon, bounds);
    INFO(theorem);
    CHECK(theorem.holds());
    CHECK(theorem.printed.holds());
    for (const char* name : {"||w - wbar||", "||alpha h - alpha hbar||"}) {
      CHECK(theorem.sharp.inequality(name).rhs.back() == 0);
      CHECK(theorem.printed.inequality(name).rhs.back() == 0);
    }
  };
  for (const double horizon : {10.0, 1000.0}) {
    for (const double alpha : {1.0, 10.0, 100.0}) {
      check(square_loss(one, euclidean(1)), horizon, alpha);
      check(cosine_loss(one, euclidean(1)), horizon, alpha);
    }
  }
}
