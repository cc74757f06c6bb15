#include <lazytrain/lazy/theorem_2_3.hpp>
#include <lazytrain/loss/log_cosh.hpp>
#include <lazytrain/loss/square.hpp>
#include <sstream>

#include "theorem_problems.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Theorem 2.3: both sides agree with the oracle and the bounds hold", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  int cases = 0;
  for (const auto& record : oracle["thm23"]) {
    const auto number = [&](const char* key) { return record.at(key).get<double>(); };
    const double alpha = number("alpha"), N = number("N");
    INFO(record.at("net") << " alpha " << alpha << " K " << number("K"));
    with_tanh_network(record.at("net"), [&](const auto& h, const auto& w0, const LipschitzBounds& bounds) {
      const Objective objective(h, loss, alpha);
      const Theorem23 check = theorem_2_3(objective, w0, number("K"), bounds, precise());
      INFO(check);
      CHECK(check.verdict() == Verdict::holds);
      CHECK(check.printed.verdict() == Verdict::holds);
      CHECK(check.local.verdict() == Verdict::holds);
      CHECK(check.a_posteriori.verdict() == Verdict::holds_indicatively);
      CHECK_THAT(check.horizon, WithinRel(number("T"), 1e-11));
      CHECK_THAT(check.sharp.constant("radius r").value(), WithinRel(number("r"), 1e-11));

      const auto at_end = [](const BoundReport& r, const char* name) {
        const auto& q = r.inequality(name);
        return std::pair{q.lhs.back(), q.rhs.back()};
      };
      const auto [out, out_sharp] = at_end(check.sharp, "||alpha h - alpha hbar||");
      const auto [moved, moved_sharp] = at_end(check.sharp, "||w - w0||");
      const auto [apart, apart_sharp] = at_end(check.sharp, "||w - wbar||");
      CHECK_THAT(out / N, WithinRel(number("lhs_Delta_rel"), 1e-8));
      CHECK_THAT(moved, WithinRel(number("lhs_disp"), 1e-8));
      CHECK_THAT(apart, WithinRel(number("lhs_delta"), 1e-8));
      CHECK_THAT(out_sharp / N, WithinRel(number("rhs_sharp_K32"), 1e-10));
      CHECK_THAT(moved_sharp, WithinRel(std::min(number("rhs_disp"), number("rhs_disp_sqrt")), 1e-10));
      CHECK_THAT(apart_sharp, WithinRel(number("rhs_delta_sharp"), 1e-10));
      CHECK_THAT(at_end(check.printed, "||alpha h - alpha hbar||").second / N,
                 WithinRel(number("rhs_printed"), 1e-10));
      CHECK_THAT(at_end(check.printed, "||w - w0||").second, WithinRel(number("rhs_disp"), 1e-10));
      CHECK_THAT(at_end(check.printed, "||w - wbar||").second, WithinRel(number("rhs_delta_printed"), 1e-10));
      CHECK_THAT(at_end(check.printed, "||w - wbar||, as its proof integrates").second,
                 WithinRel(number("rhs_delta_correct"), 1e-10));
      CHECK_THAT(at_end(check.local, "||alpha h - alpha hbar||").second / N,
                 WithinRel(number("rhs_Delta_local"), 1e-10));
      CHECK_THAT(at_end(check.local, "||w - wbar||").second, WithinRel(number("rhs_delta_local"), 1e-10));
      CHECK(check.a_posteriori.inequality("||alpha h - alpha hbar||").rhs.back() <= out_sharp);
      ++cases;
    });
  }
  CHECK(cases == 60);
}

TEST_CASE("Theorem 2.3 at a horizon finds the least radius, or says that there is none", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  with_tanh_network("tanh_cen", [&](const auto& h, const auto& w0, const LipschitzBounds& bounds) {
    const Objective lazy(h, loss, 100.0);
    const Theorem23 by_K = theorem_2_3(lazy, w0, 2.0, bounds);
    const Theorem23 by_T = theorem_2_3_at_horizon(lazy, w0, by_K.horizon, bounds);
    CHECK(by_T.holds());
    CHECK_THAT(by_T.printed.constant("radius r").value(),
               WithinRel(by_K.printed.constant("radius r").value(), 1e-9));
    CHECK(by_T.sharp.constant("radius r").value() < by_K.sharp.constant("radius r").value());

    // At alpha = 1 and a long horizon the printed radius runs away, and the displacement bound
    // sqrt(T/2) N / alpha, which needs no Lipschitz constant, still gives one.
    const Theorem23 far = theorem_2_3_at_horizon(Objective(h, loss, 1.0), w0, 50.0, bounds);
    INFO(far);
    CHECK(far.printed.verdict() == Verdict::hypotheses_not_met);
    CHECK_FALSE(far.printed.holds());
    CHECK(far.sharp.verdict() == Verdict::holds);
    CHECK(far.local.verdict() == Verdict::holds);
  });
}

TEST_CASE("Theorem 2.3 names the hypothesis that fails", "[lazy]") {
  const Oracle oracle;
  const auto w0 = Oracle::weights("sym");
  const auto h = Oracle::network<Tanh>();
  const auto square = square_loss(oracle.target(), empirical(5));
  const auto bounds = LipschitzBounds::supplied(2.0, 1.0);

  const auto other = log_cosh_loss(oracle.target(), empirical(5), {.strong_convexity = 0.5, .smoothness = 2});
  const Theorem23 not_square = theorem_2_3(Objective(h, other, 10.0), w0, 1.0, bounds);
  CHECK(not_square.verdict() == Verdict::hypotheses_not_met);
  CHECK(not_square.sharp.failed_hypotheses().front() == "R is the square loss, m = M = 1");
  CHECK_FALSE(not_square.holds());

  const auto none = LipschitzBounds::none("Dh is not continuous");
  const Theorem23 unknown = theorem_2_3(Objective(h, square, 10.0), w0, 1.0, none);
  CHECK(unknown.verdict() == Verdict::hypotheses_not_met);
  CHECK_THAT(unknown.sharp.failed_hypotheses().front(), ContainsSubstring("Dh is not continuous"));
  std::ostringstream text;
  text << unknown;
  CHECK_THAT(text.str(), ContainsSubstring("hypotheses not met"));
  CHECK_THAT(text.str(), ContainsSubstring("NOT MET"));

  CHECK_THROWS_AS(theorem_2_3(Objective(h, square, 10.0), w0, -1.0, bounds), std::domain_error);
  CHECK_THROWS_AS(theorem_2_3(Objective(h, square, std::numeric_limits<double>::infinity()), w0, 1.0, bounds),
                  std::domain_error);
}

TEST_CASE("Theorem 2.3 catches a Lipschitz constant below the true one", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  with_tanh_network("tanh_cen", [&](const auto& h, const auto& w0, const LipschitzBounds& bounds) {
    const Objective objective(h, loss, 10.0);
    CHECK(theorem_2_3(objective, w0, 0.5, bounds).verdict() == Verdict::holds);
    const auto wrong = LipschitzBounds::supplied(bounds.of_h(0).upper(), 1e-3);
    const Theorem23 caught = theorem_2_3(objective, w0, 0.5, wrong);
    CHECK(caught.verdict() == Verdict::violated);
    CHECK(caught.printed.verdict() == Verdict::violated);
    CHECK(caught.sharp.slack() < 1);
  });
}

TEST_CASE("Theorem 2.3 with sampled constants is an indication", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  with_tanh_network("tanh_sym", [&](const auto& h, const auto& w0, const LipschitzBounds& bounds) {
    const LipschitzBounds guess([&](double r) { return Estimate::at_least(bounds.of_h(r).upper()); },
                                [&](double r) { return Estimate::at_least(bounds.of_dh(r).upper()); },
                                "a guess");
    const Theorem23 check = theorem_2_3(Objective(h, loss, 10.0), w0, 0.5, guess);
    CHECK(check.verdict() == Verdict::holds_indicatively);
    CHECK(check.holds());
  });
}

namespace {

/// h(w) = w - w^2 / 2 in R, with faults to order: a wrong Jacobian, and an adjoint that has forgotten the
/// weight of F or counts it twice.
struct Faulty {
  using Scalar = double;
  double slope = 1, adjoint = 1;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] OutputSpace output_space() const {
    return OutputSpace::weighted(Vector<double>::Constant(1, 0.25));
  }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const { return w - w.cwiseProduct(w) / 2; }
  [[nodiscard]] Vector<double> jvp(const Vector<double>& w, const Vector<double>& v) const {
    return slope * (1 - w(0)) * v;
  }
  [[nodiscard]] Vector<double> vjp(const Vector<double>& w, const Vector<double>& u) const {
    return adjoint * slope * (1 - w(0)) * u;
  }
  [[nodiscard]] Vector<double> second(const Vector<double>&, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return -slope * u.cwiseProduct(v);
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>&, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return -adjoint * slope * u.cwiseProduct(c);
  }
};

}  // namespace

TEST_CASE("Theorem 2.3 catches wrong derivatives and adjoints with a wrong weight", "[lazy]") {
  // In F with weight 1/4: ||Dh(0)|| = 1/2, Lip(Dh) = 1/2, Lip(h; B(0, r)) = (1 + r) / 2.
  const LipschitzBounds bounds([](double r) { return Estimate::exactly((1 + r) / 2); },
                               [](double) { return Estimate::exactly(0.5); }, "hand");
  const Vector<double> w0 = Vector<double>::Zero(1);
  const auto loss = square_loss(Vector<double>::Constant(1, 2.0), Faulty{}.output_space());
  const auto check = [&](Faulty h) { return theorem_2_3(Objective(h, loss, 20.0), w0, 0.5, bounds); };
  const Theorem23 right = check({});
  INFO(right);
  CHECK(right.verdict() == Verdict::holds);
  CHECK(check({.adjoint = 4}).verdict() == Verdict::violated);
  CHECK(check({.slope = 2}).verdict() == Verdict::violated);
  // The weight counted twice slows the flow down, to which upper bounds are blind; it shows in the norm of
  // Dh(w0) that the products give, 1/4, against Lip(h) = 1/2 at radius 0.
  const auto slow = check({.adjoint = 0.25});
  CHECK(slow.local.constant("D0 = ||Dh(w0)||").upper() < 0.49);
}
