#include <lazytrain/lazy/lemma_b_1.hpp>
#include <lazytrain/loss/square.hpp>

#include "lemma_problems.hpp"
#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Lemma B.1: both sides agree with the oracle", "[lazy]") {
  const Oracle oracle;
  for (const auto& record : oracle["lemmaB"]) {
    const auto loss = lemma_loss(record.at("kind") == "quadratic");
    const Vector<double> y0 = Oracle::vector(record.at("y0"));
    const LemmaB1 check = lemma_b_1(rotating_kernel, loss, y0, 20.0, Estimate::supplied(1.0));
    INFO(check);
    CHECK(check.verdict() == Verdict::holds);
    CHECK(check.printed.verdict() == Verdict::holds);
    const auto& sharp = check.sharp.inequality("||y - y*||");
    const auto& printed = check.printed.inequality("||y - y*||");
    for (std::size_t i = 0; i < record.at("t").size(); ++i) {
      const auto at = static_cast<std::size_t>(std::lround(record.at("t")[i].get<double>() / 0.05));
      CHECK_THAT(sharp.lhs[at], WithinAbs(record.at("lhs_B1")[i].get<double>(), 1e-8 * sharp.lhs[0]));
      CHECK_THAT(printed.rhs[at], WithinRel(record.at("rhs_B1")[i].get<double>(), 1e-12));
      CHECK(sharp.rhs[at] <= printed.rhs[at]);
    }
  }
}

TEST_CASE("Lemma B.1 respects the inner product of F", "[lazy]") {
  // Σ = J J^T W is self-adjoint in F with weights W; its eigenvalues there are those of W^(1/2) J J^T
  // W^(1/2).
  const OutputSpace space = OutputSpace::weighted(Vector<double>{{0.2, 0.8}});
  Matrix<double> J(2, 2), W(2, 2);
  J << 1, 0.5, -0.3, 2;
  W << 0.2, 0, 0, 0.8;
  const Matrix<double> kernel = J * J.transpose() * W;
  const auto loss = square_loss(Vector<double>{{1.0, -1.0}}, space);
  const Vector<double> y0 = Vector<double>{{0.5, 2.0}};
  const auto constant = [&](double) { return kernel; };
  const Matrix<double> symmetric = W.cwiseSqrt() * J * J.transpose() * W.cwiseSqrt();
  const double least = symmetric_eigenvalues(symmetric).values(1);
  const LemmaB1 check = lemma_b_1(constant, loss, y0, 3.0);
  CHECK(check.verdict() == Verdict::holds_indicatively);
  CHECK_THAT(check.sharp.constant("lambda").value(), WithinRel(least, 1e-13));
  // Forgetting the weights, or taking the other eigenvalue, promises more than the hypothesis allows.
  const double forgotten = symmetric_eigenvalues(Matrix<double>(J * J.transpose())).values(1);
  const LemmaB1 above = lemma_b_1(constant, loss, y0, 3.0, Estimate::supplied(forgotten));
  CHECK(above.verdict() == Verdict::hypotheses_not_met);
  CHECK(above.sharp.failed_hypotheses() ==
        std::vector<std::string>{"lambda is not above an eigenvalue of Sigma(t) at a sample"});
  CHECK(lemma_b_1(constant, loss, y0, 3.0, Estimate::supplied(least)).verdict() == Verdict::holds);
  // A matrix that is symmetric but not self-adjoint in F is refused.
  CHECK_THROWS_AS(lemma_b_1([&](double) { return Matrix<double>(J * J.transpose()); }, loss, y0, 1.0),
                  std::domain_error);
  // Nor is one that is self-adjoint at the start alone.
  const auto turns = [&](double t) {
    Matrix<double> now = kernel;
    now(0, 1) += t;
    now(1, 0) -= t;
    return now;
  };
  CHECK_THROWS_AS(lemma_b_1(turns, loss, y0, 3.0, Estimate::supplied(0.1)), std::domain_error);
}

TEST_CASE("Lemma B.1 names the hypothesis that fails", "[lazy]") {
  const auto loss = lemma_loss(true);
  const Vector<double> y0 = Vector<double>{{2.0, 1.0}};
  const auto singular = [](double) { return Matrix<double>(Vector<double>{{1.0, 0.0}}.asDiagonal()); };
  const LemmaB1 flat = lemma_b_1(singular, loss, y0, 1.0);
  CHECK(flat.verdict() == Verdict::hypotheses_not_met);
  CHECK(flat.sharp.failed_hypotheses() == std::vector<std::string>{"Sigma(t) >= lambda > 0"});
  SeparableLoss convex = loss;
  convex.a(0) = 0;
  CHECK(lemma_b_1(rotating_kernel, convex, y0, 1.0).sharp.failed_hypotheses() ==
        std::vector<std::string>{"R is strongly convex, m > 0"});
  CHECK_THROWS_AS(lemma_b_1(rotating_kernel, loss, Vector<double>(Vector<double>::Ones(3)), 1.0),
                  std::invalid_argument);
}
