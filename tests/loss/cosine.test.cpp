#include <lazytrain/loss/cosine.hpp>
#include <numbers>

#include "loss/loss_laws.hpp"
#include "loss/oracle_flows.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

static_assert(Loss<CosineLoss<float>> && Loss<CosineLoss<double>>);
static_assert(!StronglyConvexLoss<CosineLoss<double>>);

TEST_CASE("cosine loss: laws and constants", "[loss]") {
  Philox rng(8);
  const auto space = uneven_space(2);
  const Vector<double> targets = normal_vector(space.dim(), rng);
  const auto loss = cosine_loss(targets, space);
  check_loss_laws(loss, 2.0);
  CHECK(diagonal_hessian_norm(loss, targets) == loss.smoothness());
}

TEST_CASE("cosine loss: weakly convex with mu = 1, attained half a period from the targets", "[loss]") {
  const auto loss = cosine_loss(Vector<double>{{0.0}}, euclidean(1));
  const Vector<double> top{{std::numbers::pi}};
  Vector<double> curvature(1);
  loss.hessian_apply(top, Vector<double>{{1.0}}, curvature);
  CHECK(curvature(0) == -loss.weak_convexity());
  CHECK(loss.value(top) == 2);
  CHECK(loss.value(Vector<double>{{0.0}}) == loss.infimum());
  // 1 - cos e would round to 0.
  CHECK_THAT(loss.value(Vector<double>{{1e-9}}), WithinRel(0.5e-18, roundoff<double>(4)));
}

TEST_CASE("cosine loss: refusals", "[loss]") {
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)cosine_loss(Vector<double>{{1, HUGE_VAL}}, empirical(2));
             }),
             ContainsSubstring("cosine_loss: targets is inf at (1, 0), expected finite numbers"));
  CHECK_THROWS_AS(cosine_loss(Vector<double>{{1, 2}}, empirical(3)), std::invalid_argument);
}

TEST_CASE("cosine loss: values along the reference flows", "[loss]") {
  check_oracle_flows("cosine", "y_star",
                     [](const Vector<double>& y) { return cosine_loss(y, empirical(y.size())); });
}
