#include <lazytrain/loss/logistic.hpp>
#include <limits>

#include "loss/loss_laws.hpp"
#include "loss/oracle_flows.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

static_assert(Loss<LogisticLoss<float>> && Loss<LogisticLoss<double>>);
static_assert(!StronglyConvexLoss<LogisticLoss<double>>);

TEST_CASE("logistic loss: laws and constants", "[loss]") {
  const Vector<double> signs{{1, -1, -1, 1, 1}};
  const auto loss = logistic_loss(signs, uneven_space(1));
  check_loss_laws(loss, 3.0);
  CHECK(loss.smoothness() == diagonal_hessian_norm(loss, Vector<double>::Zero(5)));
  CHECK(diagonal_hessian_norm(loss, Vector<double>::Constant(5, 40.0)) < 1e-16);
  check_loss_laws(logistic_loss(Matrix<double>{{1, -1, 1, 1, -1}, {-1, -1, 1, -1, 1}}, uneven_space(2)));
}

TEST_CASE("logistic loss: the infimum is approached and not attained", "[loss]") {
  const auto loss = logistic_loss(Vector<double>{{1, -1}}, empirical(2));
  const Vector<double> separating{{1, -1}};
  double last = loss.value(Vector<double>::Zero(2));
  CHECK_THAT(last, WithinRel(std::log(2.0), roundoff<double>(2)));
  for (const double size : {1.0, 10.0, 100.0, 700.0}) {
    const double value = loss.value(size * separating);
    CHECK(value > loss.infimum());
    CHECK(value < last);
    last = value;
  }
}

TEMPLATE_TEST_CASE("logistic loss: accurate and finite for logits of any size", "[loss]", float, double) {
  using S = TestType;
  const S huge = std::is_same_v<S, float> ? S(1e30) : S(1e300);
  const double tolerance = roundoff<S>(4);
  for (const S sign : {S(-1), S(1)}) {
    const auto loss = logistic_loss(Vector<S>{{sign}}, euclidean(1));
    for (const S size : {S(0), S(1e-6), S(0.5), S(3), S(30), S(80), huge}) {
      for (const S y : {size, -size}) {
        const Vector<S> point{{y}};
        const long double margin = static_cast<long double>(sign) * static_cast<long double>(y);
        const long double value = margin > 0 ? log1pl(expl(-margin)) : log1pl(expl(margin)) - margin;
        const long double slope = -sign / (1 + expl(margin));
        const long double curvature = 1 / ((1 + expl(margin)) * (1 + expl(-margin)));
        Vector<S> hessian(1);
        loss.hessian_apply(point, Vector<S>{{1}}, hessian);
        const auto agrees = [&](S actual, long double expected) {
          const auto smallest = static_cast<double>(std::numeric_limits<S>::min());
          INFO("y = " << y << ", sign " << sign);
          CHECK_THAT(static_cast<double>(actual),
                     WithinAbs(static_cast<double>(expected),
                               tolerance * static_cast<double>(std::abs(expected)) + smallest));
        };
        agrees(loss.value(point), value);
        agrees(loss.gradient(point)(0), slope);
        agrees(hessian(0), curvature);
      }
    }
  }
}

TEST_CASE("logistic loss: refusals", "[loss]") {
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)logistic_loss(Vector<double>{{1, 0}}, empirical(2));
             }),
             ContainsSubstring("logistic_loss: signs is 0 at (1, 0), expected -1 or +1"));
  CHECK_THROWS_AS(logistic_loss(Vector<double>{{1, std::nan("")}}, empirical(2)), std::domain_error);
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)logistic_loss(Vector<double>{{1, 1}}, empirical(3));
             }),
             ContainsSubstring("logistic_loss: targets has size 2, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)logistic_loss_of_classes({0, 1}, empirical(2, 2));
             }),
             ContainsSubstring("space.outputs() is 2, expected 1"));
  CHECK_THAT(message_of<std::invalid_argument>([] { (void)logistic_loss_of_classes({0}, empirical(2)); }),
             ContainsSubstring("labels has size 1, expected 2"));
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)logistic_loss_of_classes({0, 2}, empirical(2));
             }),
             ContainsSubstring("labels[1] is 2, expected a class from 0 to 1"));
  CHECK(logistic_loss_of_classes({0, 1}, empirical(2)).targets() == Vector<double>{{-1, 1}});
}

TEST_CASE("logistic loss: values along the reference flows", "[loss]") {
  check_oracle_flows("logistic", "label",
                     [](const Vector<double>& t) { return logistic_loss(t, empirical(t.size())); });
}
