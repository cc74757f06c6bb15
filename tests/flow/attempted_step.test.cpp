#include <flow/problems.hpp>
#include <lazytrain/flow/attempted_step.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("An attempted step shows its inside by dense output, and evaluates only there") {
  auto field = LogisticPair::field();
  using Field = decltype(field);
  using Counted = detail::CountedField<Field>;
  Counted counted(field);
  DormandPrince::Method<Counted> method(DormandPrince{}, counted, LogisticPair::start());
  detail::AttemptedStep<Field, Counted, DormandPrince::Method<Counted>> step(field, counted, method);
  method.start(LogisticPair::start());
  const double h = 0.1;
  method.attempt(h);
  step.open(0, h, h);
  CHECK(step.end() == h);
  CHECK(step.time(0.5) == 0.05);
  CHECK(step.time(1) == h);
  const Index before = counted.evaluations();

  CHECK(step.at_end().x == method.candidate());
  CHECK(counted.evaluations() == before);

  const auto inside = step.at_time(0.05);
  CHECK(inside.t == 0.05);
  CHECK((inside.x - LogisticPair::solution(0.05)).norm() <= 1e-7);
  Vector<double> f(2);
  field(inside.x, f);
  CHECK(inside.velocity == f);
  CHECK(counted.evaluations() == before + 1);

  // Back at the end, once.
  CHECK(step.at_time(h).velocity == method.candidate_f());
  (void)step.at_fraction(1);
  CHECK(counted.evaluations() == before + 2);
}
