#include <lazytrain/lazy/lemma_b_2.hpp>
#include <lazytrain/loss/square.hpp>

#include "lemma_problems.hpp"
#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Lemma B.2: both sides agree with the oracle", "[lazy]") {
  const Oracle oracle;
  for (const auto& record : oracle["lemmaB"]) {
    const auto loss = lemma_loss(record.at("kind") == "quadratic");
    const Vector<double> y0 = Oracle::vector(record.at("y0"));
    const LemmaB2 check = lemma_b_2(rotating_kernel, loss, y0, 20.0);
    INFO(check);
    CHECK(check.verdict() == Verdict::holds_indicatively);
    CHECK(check.printed.verdict() == Verdict::holds_indicatively);
    CHECK_THAT(check.sharp.constant("K = sup ||(Sigma(t) - Sigma(0)) grad R(y(t))||").value(),
               WithinRel(record.at("K_sup_on_grid_0_20").get<double>(), 1e-8));
    const auto& sharp = check.sharp.inequality("||y - ybar||");
    const auto& integral = check.sharp.inequality("||y - ybar||, by the integral of k");
    CHECK_THAT(check.printed.inequality("||y - ybar||").rhs[0],
               WithinRel(record.at("rhs_B2").get<double>(), 1e-8));
    for (std::size_t i = 0; i < record.at("t").size(); ++i) {
      const auto at = static_cast<std::size_t>(std::lround(record.at("t")[i].get<double>() / 0.05));
      CHECK_THAT(sharp.lhs[at], WithinAbs(record.at("lhs_B2")[i].get<double>(), 1e-9));
      CHECK_THAT(sharp.rhs[at], WithinRel(record.at("rhs_B2_timedep")[i].get<double>(), 1e-8));
      CHECK(integral.rhs[at] <= sharp.rhs[at] * (1 + 1e-8));
    }
    // A K that is proved makes the answer one.
    const double drive = record.at("K_sup_on_grid_0_20").get<double>() * (1 + 1e-3);
    const LemmaB2 proved = lemma_b_2(rotating_kernel, loss, y0, 20.0,
                                     {.lambda = Estimate::supplied(1), .drive = Estimate::supplied(drive)});
    CHECK(proved.verdict() == Verdict::holds);
    CHECK(proved.printed.verdict() == Verdict::holds);
    const LemmaB2 below = lemma_b_2(rotating_kernel, loss, y0, 20.0, {.drive = Estimate::supplied(1e-3)});
    CHECK(below.verdict() == Verdict::hypotheses_not_met);
    CHECK(below.sharp.failed_hypotheses() == std::vector<std::string>{"K is not below k(t) at a sample"});
  }
}

TEST_CASE("Lemma B.2 needs one start for both flows", "[lazy]") {
  // Σ = 1, R = y^2 / 2, y(0) = 1, y-bar(0) = 0: K = 0, yet |y - y-bar| = e^{-t}.
  const auto loss = square_loss(Vector<double>::Zero(1).eval(), euclidean(1));
  const auto identity = [](double) { return Matrix<double>(Matrix<double>::Ones(1, 1)); };
  const Vector<double> one = Vector<double>::Ones(1);
  const LemmaB2 check =
      lemma_b_2(identity, loss, one, 1.0, {.linear_start = Vector<double>(Vector<double>::Zero(1))});
  CHECK(check.verdict() == Verdict::hypotheses_not_met);
  CHECK(check.sharp.failed_hypotheses() == std::vector<std::string>{"y(0) = ybar(0)"});
  CHECK(check.printed.failed_hypotheses() == std::vector<std::string>{"y(0) = ybar(0)"});
  CHECK(check.sharp.constant("K = sup ||(Sigma(t) - Sigma(0)) grad R(y(t))||").value() == 0);
  const auto flow = kernel_flow(identity, loss, one, Vector<double>(Vector<double>::Zero(1)), 1.0, 1.0);
  CHECK_THAT(flow.y.back()(0) - flow.linear.back()(0), WithinRel(std::exp(-1.0), 1e-9));
  // From one start both sides are 0.
  CHECK(lemma_b_2(identity, loss, one, 1.0).holds());
}

TEST_CASE("Lemma B.2, sharp, asks for the spectrum of Sigma(0) only", "[lazy]") {
  const auto loss = square_loss(Vector<double>{{1.0, -1.0}}, euclidean(2));
  const auto fading = [](double t) {
    return Matrix<double>(Vector<double>{{1.0, std::max(0.0, 1 - t)}}.asDiagonal());
  };
  const LemmaB2 check = lemma_b_2(fading, loss, Vector<double>(Vector<double>::Zero(2)), 2.0);
  CHECK(check.holds());
  CHECK(check.printed.failed_hypotheses() == std::vector<std::string>{"Sigma(t) >= lambda > 0"});
}

TEST_CASE("Lemma B.2 does not take rounding of a large constant kernel for a drive", "[lazy]") {
  const auto loss = square_loss(Vector<double>{{1.0, -1.0}}, euclidean(2));
  const auto constant = [](double t) {
    const double c = std::cos(t), s = std::sin(t);
    return Matrix<double>(1e4 * (c * c + s * s) * Matrix<double>::Identity(2, 2));
  };
  const LemmaB2 check =
      lemma_b_2(constant, loss, Vector<double>{{2.0, 3.0}}, 1e-3, {.drive = Estimate::supplied(0)});
  INFO(check);
  CHECK(check.sharp.applies());
}
