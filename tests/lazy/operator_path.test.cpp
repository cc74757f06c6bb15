#include <lazytrain/lazy/lemma_b_1.hpp>
#include <lazytrain/lazy/operator_path.hpp>

#include "lemma_problems.hpp"
#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("an operator that is only applied serves the lemmas like its matrix", "[lazy]") {
  const auto apply = [](double t, const Vector<double>& g, Vector<double>& out) {
    out = rotating_kernel(t) * g;
  };
  const auto path = operator_path<double>(apply, 2);
  for (const double t : {0.0, 0.4, 3.0}) CHECK((path(t) - rotating_kernel(t)).norm() == 0);
  const auto loss = lemma_loss(true);
  const Vector<double> y0 = Vector<double>{{2.0, 1.0}};
  const Estimate lambda = Estimate::supplied(1);
  const LemmaB1 applied = lemma_b_1(path, loss, y0, 1.0, lambda);
  const LemmaB1 assembled = lemma_b_1(rotating_kernel, loss, y0, 1.0, lambda);
  CHECK(applied.verdict() == Verdict::holds);
  CHECK(applied.sharp.inequality("||y - y*||").lhs == assembled.sharp.inequality("||y - y*||").lhs);
  CHECK_THROWS_AS((void)operator_path<double>(apply, 0), std::invalid_argument);
}
