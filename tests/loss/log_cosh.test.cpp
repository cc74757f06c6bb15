#include <lazytrain/loss/log_cosh.hpp>

#include "loss/loss_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

static_assert(StronglyConvexLoss<LogCoshLoss<float>> && StronglyConvexLoss<LogCoshLoss<double>>);

TEST_CASE("log-cosh loss: laws and constants", "[loss]") {
  Philox rng(5);
  const auto space = uneven_space(2);
  const Vector<double> targets = normal_vector(space.dim(), rng);
  const auto loss = log_cosh_loss(targets, space, {.strong_convexity = 0.25, .smoothness = 4.0});
  check_loss_laws(loss, 2.0);
  CHECK(loss.strong_convexity() == 0.25);
  CHECK(loss.smoothness() == 4.0);
  CHECK(loss.minimizer() == targets);
  CHECK(loss.gradient(targets).isZero(0));
  CHECK(loss.value(targets) == 0);
  CHECK(diagonal_hessian_norm(loss, targets) == loss.smoothness());
  const Vector<double> far = targets + Vector<double>::Constant(targets.size(), 50.0);
  CHECK_THAT(diagonal_hessian_norm(loss, far), WithinRel(loss.strong_convexity(), roundoff<double>(4)));
}

TEMPLATE_TEST_CASE("log-cosh loss: accurate for residuals of any size", "[loss]", float, double) {
  using S = TestType;
  const auto loss = log_cosh_loss(Vector<S>{{0}}, euclidean(1), {.strong_convexity = 0.5, .smoothness = 2.0});
  const S huge = std::is_same_v<S, float> ? S(1e18) : S(1e150);
  for (const S e : {S(1e-12), S(1e-4), S(0.3), S(0.999), S(1), S(1.001), S(5), S(100), huge}) {
    for (const S y : {e, -e}) {
      const long double x = std::abs(static_cast<long double>(y));
      const long double c = expl(-2 * x);
      // log cosh x = x - log 2 + log(1 + c), by its series where that cancels (the next term is x^6/45).
      const long double log_cosh = x < 1e-3L ? x * x / 2 - x * x * x * x / 12 : x - logl(2) + log1pl(c);
      const long double value = x * x / 4 + 1.5L * log_cosh;
      const long double slope = (y < 0 ? -1 : 1) * (x / 2 + 1.5L * tanhl(x));
      const Vector<S> point{{y}};
      CHECK_THAT(static_cast<double>(loss.value(point)),
                 WithinRel(static_cast<double>(value), roundoff<S>(8)));
      CHECK_THAT(static_cast<double>(loss.gradient(point)(0)),
                 WithinRel(static_cast<double>(slope), roundoff<S>(4)));
    }
  }
}

TEST_CASE("log-cosh loss: m = M is the square loss times m", "[loss]") {
  Philox rng(6);
  const auto space = uneven_space(1);
  const auto loss =
      log_cosh_loss(Vector<double>::Zero(5), space, {.strong_convexity = 3.0, .smoothness = 3.0});
  const Vector<double> y = normal_vector(5, rng);
  CHECK_THAT(loss.value(y), WithinRel(1.5 * space.inner(y, y), roundoff<double>(20)));
  CHECK(loss.gradient(y) == Vector<double>(3.0 * y));
}

TEST_CASE("log-cosh loss: refusals", "[loss]") {
  const Vector<double> targets{{1, 2}};
  const auto refusal = [&](LogCoshOptions options) {
    return message_of<std::domain_error>([&] { (void)log_cosh_loss(targets, empirical(2), options); });
  };
  CHECK_THAT(refusal({.strong_convexity = 0.0, .smoothness = 1.0}),
             ContainsSubstring("log_cosh_loss: strong_convexity is 0"));
  CHECK_THAT(refusal({.strong_convexity = 2.0, .smoothness = 1.0}),
             ContainsSubstring("smoothness is 1, expected at least strong_convexity"));
  CHECK_THAT(refusal({.strong_convexity = 1.0, .smoothness = HUGE_VAL}),
             ContainsSubstring("smoothness is inf"));
  CHECK_THROWS_AS(log_cosh_loss(targets, empirical(3)), std::invalid_argument);
}
