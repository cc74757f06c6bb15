// Every hypothesis of every result broken in turn: the verdict names it, and no number is claimed.
#include <lazytrain/lazy/lemma_b_1.hpp>
#include <lazytrain/lazy/lemma_b_2.hpp>
#include <lazytrain/lazy/proposition_a_1.hpp>
#include <lazytrain/lazy/theorem_2_2.hpp>
#include <lazytrain/lazy/theorem_2_4.hpp>
#include <lazytrain/lazy/theorem_2_5.hpp>
#include <limits>
#include <string>

#include "lemma_problems.hpp"
#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// h(w) = w - w^2 / 2: LD = 1, σ_min = D0 = 1 at 0.
struct Hill {
  using Scalar = double;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const { return w - w.cwiseProduct(w) / 2; }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const {
    return Matrix<double>::Constant(1, 1, 1 - w(0));
  }
  [[nodiscard]] Vector<double> second(const Vector<double>&, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return -u.cwiseProduct(v);
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>&, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return -u.cwiseProduct(c);
  }
};

/// y -> (y - 1)^2 / 2 that claims any constants.
struct Claiming {
  using Scalar = double;
  static constexpr bool is_strongly_convex = true;
  double m = 1, M = 1;
  [[nodiscard]] OutputSpace output_space() const { return euclidean(1); }
  [[nodiscard]] double value(const Vector<double>& y) const { return (y(0) - 1) * (y(0) - 1) / 2; }
  [[nodiscard]] double excess(const Vector<double>& y) const { return value(y); }
  void gradient(const Vector<double>& y, Vector<double>& g) const { g = y.array() - 1; }
  void hessian_apply(const Vector<double>&, const Vector<double>& v, Vector<double>& out) const { out = v; }
  [[nodiscard]] double smoothness() const { return M; }
  [[nodiscard]] double strong_convexity() const { return m; }
  [[nodiscard]] Vector<double> minimizer() const { return Vector<double>::Ones(1); }
};

const Vector<double> zero = Vector<double>::Zero(1);
const LipschitzBounds good = LipschitzBounds::supplied(2, 1);
const LipschitzBounds kinked = LipschitzBounds::none("the model has kinks");

/// The check is one of unmet hypotheses of which the first that fails is this one.
void names(const BoundReport& report, const std::string& hypothesis) {
  INFO(report);
  CHECK(report.verdict() == Verdict::hypotheses_not_met);
  CHECK_FALSE(report.holds());
  REQUIRE_FALSE(report.failed_hypotheses().empty());
  CHECK_THAT(report.failed_hypotheses().front(), ContainsSubstring(hypothesis));
}

TheoremOptions hurried() {
  TheoremOptions options;
  options.flows.max_steps = 2;
  return options;
}

Objective<Hill, Claiming> at_scale(double alpha, Claiming loss = {}) { return {Hill{}, loss, alpha}; }

}  // namespace

TEST_CASE("Theorem 2.2, each hypothesis broken in turn", "[lazy]") {
  CHECK(theorem_2_2(at_scale(10), zero, 1.0, good).verdict() == Verdict::holds);
  names(theorem_2_2(at_scale(10), zero, 1.0, kinked).sharp, "Dh is Lipschitz");
  names(theorem_2_2(at_scale(10, {.M = infinity}), zero, 1.0, LipschitzBounds::supplied(2, 1)).sharp,
        "R has a Lipschitz gradient");
  const LipschitzBounds without_h([](double) { return Estimate(); },
                                  [](double) { return Estimate::supplied(1); }, "a half");
  names(theorem_2_2(at_scale(10), zero, 1.0, without_h).printed, "h is Lipschitz");
  const Vector<double> elsewhere = Vector<double>::Constant(1, 0.1);
  names(theorem_2_2(at_scale(10), elsewhere, 1.0, good).printed, "h(w0) = 0");
  names(theorem_2_2(at_scale(10), zero, 1.0, good, hurried()).sharp, "up to the horizon");
}

TEST_CASE("Theorem 2.4, each hypothesis broken in turn", "[lazy]") {
  CHECK(theorem_2_4(at_scale(100), zero, 5.0, good).verdict() == Verdict::holds);
  CHECK(theorem_2_4(at_scale(100), zero, 5.0, good).printed.verdict() == Verdict::holds);
  names(theorem_2_4(at_scale(100, {.m = 0}), zero, 5.0, good).sharp, "R is strongly convex");
  const Vector<double> top = Vector<double>::Ones(1);  // Dh(1) = 0
  names(theorem_2_4(at_scale(100), top, 5.0, good).sharp, "Dh(w0) is onto F");
  names(theorem_2_4(at_scale(100), zero, 5.0, kinked).sharp, "Dh is Lipschitz");
  names(theorem_2_4(at_scale(1.9), zero, 5.0, good).sharp, "q = 2 LD N0");
  names(theorem_2_4(at_scale(20), zero, 5.0, good).printed, "alpha > ||y*|| / C0");
  const Vector<double> elsewhere = Vector<double>::Constant(1, 0.1);
  names(theorem_2_4(at_scale(100), elsewhere, 5.0, good).printed, "||h(w0)|| <= C0");
  names(theorem_2_4(at_scale(100), zero, 5.0, good, hurried()).sharp, "up to the horizon");
}

TEST_CASE("Theorem 2.5, each hypothesis broken in turn", "[lazy]") {
  const auto check = [](const Objective<Hill, Claiming>& objective, const LipschitzBounds& bounds,
                        const Theorem25Options& options) {
    return theorem_2_5(objective, zero, 5.0, bounds, options).quantitative;
  };
  CHECK(check(at_scale(100), good, {}).verdict() == Verdict::holds);
  names(check(at_scale(100, {.m = 0}), good, {}), "R is strongly convex");
  names(check(at_scale(100), good, {.constant_rank = 0}), "rank Dh(w) is constant");
  names(check(at_scale(100), kinked, {}), "Dh is Lipschitz");
  names(check(at_scale(100), good, {.radius = 1.5}), "LD rho < sigma");
  names(check(at_scale(0.5), good, {}), "mu = ");
  names(check(at_scale(100), good, {.radius = 1e-4}), "<= rho");
  names(check(at_scale(100), good, {.common = hurried()}), "up to the horizon");
}

TEST_CASE("Proposition A.1, each hypothesis broken in turn", "[lazy]") {
  const auto check = [](double alpha, const Estimate& M2, const PropositionA1Options& options) {
    return proposition_a_1(at_scale(alpha), Hill{}, zero, 1.0, M2, options);
  };
  const Estimate one = Estimate::exactly(1);
  CHECK(check(10, one, {}).holds());
  names(check(10, Estimate(), {}).corrected, "D_w f is Lipschitz");
  names(check(10, one, {.distance = Estimate()}).corrected, "||w - wbar|| is bounded");
  names(check(10, one, {.displacement = Estimate()}).corrected, "||w - w0|| is bounded");
  names(check(0.9, one, {.C = 1.0}).printed, "alpha > 1");
  names(check(10, one, {.C = 1e-6}).printed, "C log(alpha) / alpha^2");
  names(check(10, one, {.flows = hurried().flows}).corrected, "up to the horizon");
}

TEST_CASE("Lemmas B.1 and B.2, each hypothesis broken in turn", "[lazy]") {
  const auto loss = lemma_loss(true);
  SeparableLoss flat = loss;
  flat.a(0) = 0;
  const Vector<double> y0 = Vector<double>{{2.0, 1.0}};
  const auto singular = [](double) { return Matrix<double>(Vector<double>{{1.0, 0.0}}.asDiagonal()); };
  const KernelFlowOptions cut{.max_steps = 2};

  CHECK(lemma_b_1(rotating_kernel, loss, y0, 1.0, Estimate::supplied(1)).verdict() == Verdict::holds);
  names(lemma_b_1(rotating_kernel, flat, y0, 1.0).sharp, "R is strongly convex");
  names(lemma_b_1(singular, loss, y0, 1.0).sharp, "Sigma(t) >= lambda");
  names(lemma_b_1(rotating_kernel, loss, y0, 1.0, std::nullopt, cut).sharp, "up to the horizon");

  CHECK(lemma_b_2(rotating_kernel, loss, y0, 1.0).verdict() == Verdict::holds_indicatively);
  names(lemma_b_2(rotating_kernel, flat, y0, 1.0).sharp, "R is strongly convex");
  names(lemma_b_2(rotating_kernel, loss, y0, 1.0, {.linear_start = Vector<double>(2 * y0)}).sharp,
        "y(0) = ybar(0)");
  names(lemma_b_2(singular, loss, y0, 1.0).sharp, "Sigma(0) >= lambda");
  names(lemma_b_2(rotating_kernel, loss, y0, 1.0, {.lambda = Estimate::supplied(0)}).printed,
        "Sigma(t) >= lambda");
  names(lemma_b_2(rotating_kernel, loss, y0, 1.0, {.flow = cut}).sharp, "up to the horizon");
}
