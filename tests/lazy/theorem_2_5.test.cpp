#include <lazytrain/lazy/theorem_2_5.hpp>
#include <lazytrain/loss/square.hpp>

#include "theorem_problems.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// A model of R^p -> R^N by its value, Jacobian and second derivative.
template <class F>
struct ByHand {
  using Scalar = double;
  [[nodiscard]] Index parameter_dim() const { return F::p; }
  [[nodiscard]] Index output_dim() const { return 2; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const { return F::value(w); }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const { return F::jacobian(w); }
  [[nodiscard]] Vector<double> second(const Vector<double>& w, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return Vector<double>{{u.dot(F::hessian(0, w) * v), u.dot(F::hessian(1, w) * v)}};
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>& w, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return c(0) * F::hessian(0, w) * u + c(1) * F::hessian(1, w) * u;
  }
};

/// (sin w, 1 - cos w): the unit circle through 0, rank 1, LD = 1.
struct CircleMap {
  static constexpr Index p = 1;
  static Vector<double> value(const Vector<double>& w) {
    return Vector<double>{{std::sin(w(0)), 2 * std::pow(std::sin(w(0) / 2), 2)}};
  }
  static Matrix<double> jacobian(const Vector<double>& w) {
    return Vector<double>{{std::cos(w(0)), std::sin(w(0))}};
  }
  static Matrix<double> hessian(int i, const Vector<double>& w) {
    return Matrix<double>::Constant(1, 1, i == 0 ? -std::sin(w(0)) : std::cos(w(0)));
  }
};

/// (a - b, (a^2 - b^2) / 2): rank 1 where a = b, rank 2 elsewhere.
struct RankDropMap {
  static constexpr Index p = 2;
  static Vector<double> value(const Vector<double>& w) {
    return Vector<double>{{w(0) - w(1), (w(0) - w(1)) * (w(0) + w(1)) / 2}};
  }
  static Matrix<double> jacobian(const Vector<double>& w) {
    Matrix<double> J(2, 2);
    J << 1, -1, w(0), -w(1);
    return J;
  }
  static Matrix<double> hessian(int i, const Vector<double>&) {
    Matrix<double> H = Matrix<double>::Zero(2, 2);
    if (i == 1) H.diagonal() << 1, -1;
    return H;
  }
};

const Vector<double> zero = Vector<double>::Zero(1);

}  // namespace

TEST_CASE("Theorem 2.5 on a circle agrees with the closed form and the oracle", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(Vector<double>{{1.0, 0.5}}, euclidean(2));
  const auto bounds = LipschitzBounds::supplied(1, 1);
  for (const auto& record : oracle["thm25_circle"]) {
    const double alpha = record.at("alpha").get<double>();
    const Objective objective(ByHand<CircleMap>{}, loss, alpha);
    Theorem25Options options{.common = precise(1e-10)};
    const Theorem25 check = theorem_2_5(objective, zero, 10.0, bounds, options);
    INFO(check);
    if (record.at("rho").is_null()) {
      CHECK(check.verdict() == Verdict::hypotheses_not_met);
      continue;
    }
    CHECK(check.verdict() == Verdict::holds);
    const auto& rank = check.quantitative.hypotheses[1];
    CHECK(rank.met);
    CHECK(rank.provenance == Provenance::certified);
    // The oracle scans a grid of radii: the least one is a little below, the rate a little above.
    const double rho = record.at("rho").get<double>();
    CHECK(check.radius <= rho);
    CHECK(check.rate >= record.at("mu").get<double>());
    CHECK(check.rate <= record.at("closed_form_rate").get<double>());
    options.radius = rho;
    const Theorem25 same = theorem_2_5(objective, zero, 10.0, bounds, options);
    CHECK_THAT(same.rate, WithinRel(record.at("mu").get<double>(), 1e-12));
    const auto& to_end = same.quantitative.inequality("||w(t) - w(end)||");
    CHECK_THAT(to_end.rhs.back(), WithinRel(record.at("bound_dist").back().get<double>(), 1e-10));
    CHECK_THAT(same.quantitative.inequality("||w - w0||").lhs.back(),
               WithinRel(record.at("w").back().get<double>(), 1e-8));
  }
}

TEST_CASE("Theorem 2.5 for fewer parameters than outputs agrees with the oracle", "[lazy]") {
  const Oracle oracle;
  const auto& problem = oracle["thm25_underparam"];
  Matrix<double> X(3, 8);
  for (Index i = 0; i < 8; ++i) X.col(i) = Oracle::vector(problem.at("X")[static_cast<std::size_t>(i)]);
  const auto f = TwoLayer<double, Tanh>({.inputs = 3, .neurons = 1, .scaling = Scaling::sqrt}).on(X);
  const Vector<double> w0 = Oracle::vector(problem.at("w0"));
  const auto loss = square_loss(Oracle::vector(problem.at("y_star")), empirical(8));
  Philox rng(1);
  const auto bounds = two_layer_lipschitz(f, view_t<Vector<double>>(w0), SingularValueOptions{}, rng);
  const auto h = centred(f, w0);
  int applicable = 0;
  for (const auto& row : problem.at("rows")) {
    const auto number = [&](const char* key) { return row.at(key).get<double>(); };
    const Objective objective(h, loss, number("alpha"));
    Theorem25Options options{.common = precise(1e-10)};
    const Theorem25 check = theorem_2_5(objective, w0, 100.0, bounds, options);
    INFO(check);
    CHECK_THAT(check.quantitative.constant("g0 = ||Dh(w0)^T grad R(alpha h(w0))||").value(),
               WithinRel(number("g0"), 1e-12));
    if (row.at("rho").is_null()) {
      CHECK(check.verdict() == Verdict::hypotheses_not_met);
      CHECK_FALSE(check.quantitative.failed_hypotheses().empty());
      // Without a rate no radius is large enough.
      CHECK((check.rate > 0 || !check.quantitative.hypotheses.back().met));
      continue;
    }
    ++applicable;
    CHECK(check.verdict() == Verdict::holds);
    CHECK(check.radius <= number("rho"));
    options.radius = number("rho");
    const Theorem25 same = theorem_2_5(objective, w0, 100.0, bounds, options);
    CHECK_THAT(same.rate, WithinRel(number("mu"), 1e-9));
    const auto both = [&](const char* name) {
      const auto& q = same.quantitative.inequality(name);
      return std::pair{q.lhs.back(), q.rhs.back()};
    };
    CHECK_THAT(both("||w'||").first, WithinRel(row.at("wprime_norm")[2].get<double>(), 1e-6));
    CHECK_THAT(both("||w'||").second, WithinRel(row.at("bound_wprime")[2].get<double>(), 1e-9));
    CHECK_THAT(both("||w - w0||").first, WithinRel(row.at("disp")[2].get<double>(), 1e-8));
    CHECK_THAT(both("||w - wbar||").first, WithinRel(row.at("delta")[2].get<double>(), 1e-7));
    CHECK_THAT(both("||w - wbar||").second, WithinRel(number("bound_delta"), 1e-9));
    CHECK_THAT(both("||alpha h - alpha hbar||").first, WithinRel(row.at("Delta")[2].get<double>(), 1e-7));
    CHECK_THAT(both("||alpha h - alpha hbar||").second, WithinRel(number("bound_Delta"), 1e-9));
  }
  CHECK(applicable >= 2);
}

TEST_CASE("Theorem 2.5 where the rank drops at w0 asks for a fact, and refutes a false one", "[lazy]") {
  // The rank is 1 at w0 and 2 next to it: the residual plateaus at its lazy value and then decays.
  const Oracle oracle;
  const auto loss = square_loss(Vector<double>{{1.0, 1.0}}, euclidean(2));
  const auto bounds = LipschitzBounds::supplied(3, 1);
  const Vector<double> w0 = Vector<double>::Constant(2, 0.5);
  for (const auto& record : oracle["thm25_rank_drop"]) {
    const double alpha = record.at("alpha").get<double>();
    const Objective objective(ByHand<RankDropMap>{}, loss, alpha);
    const Theorem25 check = theorem_2_5(objective, w0, 200.0, bounds);
    CHECK(check.verdict() == Verdict::hypotheses_not_met);
    CHECK(check.quantitative.failed_hypotheses().front() == "rank Dh(w) is constant near w0");
    const auto flows = observe_flows(objective, w0, 200.0, precise(1e-9).flows);
    CHECK_THAT((flows.twin.outputs - loss.targets()).norm(),
               WithinRel(record.at("resid")[2].get<double>(), 1e-7));
    CHECK_THAT((flows.twin.linear_outputs - loss.targets()).norm(),
               WithinRel(record.at("lin_resid_limit").get<double>(), 1e-7));
    const Theorem25 wrong = theorem_2_5(objective, w0, 200.0, bounds, {.constant_rank = 2});
    CHECK_FALSE(wrong.holds());
  }
  const Objective objective(ByHand<RankDropMap>{}, loss, 30.0);
  const Theorem25 believed = theorem_2_5(objective, w0, 200.0, bounds, {.constant_rank = 1});
  INFO(believed);
  CHECK(believed.verdict() == Verdict::violated);
}

TEST_CASE("the rank at a symmetrized start is less than next to it", "[lazy]") {
  const Oracle oracle;
  const auto& record = oracle["rank_at_symmetric_init"];
  Matrix<double> X(3, 8);
  for (Index i = 0; i < 8; ++i) X.col(i) = Oracle::vector(record.at("X")[static_cast<std::size_t>(i)]);
  const auto h = TwoLayer<double, Tanh>({.inputs = 3, .neurons = 2, .scaling = Scaling::sqrt}).on(X);
  const auto spectrum = [&](const char* at) {
    Philox rng(1);
    const Vector<double> w = Oracle::vector(record.at(at));
    return differential_spectrum(linearize(h, w), SingularValueOptions{}, rng);
  };
  CHECK(spectrum("w0").rank == 4);
  CHECK(spectrum("w_perturbed").rank >= 7);
  CHECK_THAT(spectrum("w_perturbed").norm.value(),
             WithinRel(record.at("singvals_perturbed")[0].get<double>(), 1e-12));
  const auto loss = square_loss(Vector<double>::Ones(8).eval(), empirical(8));
  const Theorem25 check =
      theorem_2_5(Objective(h, loss, 1e6), Vector<double>(Oracle::vector(record.at("w0"))), 1.0,
                  LipschitzBounds::supplied(3, 2));
  CHECK(check.quantitative.failed_hypotheses().front() == "rank Dh(w) is constant near w0");
}
