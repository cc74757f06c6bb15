// Any allocation by Eigen while it is forbidden fails an assertion, which here throws.
#define EIGEN_RUNTIME_NO_MALLOC
#include <stdexcept>
#define eigen_assert(condition) \
  if (!(condition)) throw std::logic_error(#condition)

#include <flow/problems.hpp>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/euler.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <limits>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

SquareLoss<double> oracle_square() {
  return square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
}

}  // namespace

TEST_CASE("The displacement field is the gradient of F_alpha in other variables") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_uns");
  Philox rng(3);
  const Vector<double> d = normal_vector(24, rng);
  for (const double alpha : {0.5, 3.0, 100.0}) {
    auto field = displacement_field(h, oracle_square(), w0, alpha);
    Vector<double> f(24);
    field(d, f);
    // f = -alpha^2 grad F_alpha / alpha at w0 + d / alpha, along v by central differences.
    const Vector<double> v = unit_vector(24, rng);
    const auto objective = [&](double s) {
      const Vector<double> w = w0 + (d + s * v) / alpha;
      return oracle_square().value(Vector<double>(alpha * linearize(h, w).value()));
    };
    const double s = 1e-4;
    const double slope = (objective(s) - objective(-s)) / (2 * s);
    CHECK_THAT(-f.dot(v), WithinAbs(slope, 1e-7 * std::max(1.0, alpha)));
    // The same in parameters: w' = d' / alpha.
    auto parameters = parameter_field(h, oracle_square(), w0, alpha);
    Vector<double> w_velocity(24);
    parameters(w0 + d / alpha, w_velocity);
    CHECK((alpha * w_velocity - f).norm() <= roundoff<double>(2000) * std::max(1.0, alpha) * f.norm());
    CHECK(field.evaluations() == 1);
    CHECK_THAT(static_cast<double>(field.loss_value()),
               WithinRel(objective(0), 1e-12 * std::max(1.0, alpha)));
  }
}

TEST_CASE("At alpha = infinity the field is the linearized one") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  Philox rng(4);
  const Vector<double> d = normal_vector(24, rng);
  auto limit = displacement_field(h, oracle_square(), w0, infinity);
  auto linear = linearized_field(h, oracle_square(), w0, 7.0);
  Vector<double> a(24);
  Vector<double> b(24);
  limit(d, a);
  linear(d, b);
  CHECK(a == b);
  CHECK((limit.outputs() - linearize(h, w0).jvp(d)).norm() <= roundoff<double>(100) * limit.outputs().norm());
}

TEST_CASE("Scales outside (0, infinity] are refused") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto R = oracle_square();
  for (const double alpha : {0.0, -1.0, not_a_number}) {
    CHECK_THAT(message_of<std::domain_error>([&] { (void)displacement_field(h, R, w0, alpha); }),
               ContainsSubstring("lazytrain::displacement_field: alpha is ") &&
                   ContainsSubstring("expected a number in (0, infinity]"));
    CHECK_THAT(message_of<std::domain_error>([&] { (void)linearized_field(h, R, w0, alpha); }),
               ContainsSubstring("lazytrain::linearized_field: alpha is "));
    CHECK_THAT(message_of<std::domain_error>([&] { (void)parameter_field(h, R, w0, alpha); }),
               ContainsSubstring("lazytrain::parameter_field: alpha is "));
  }
  CHECK_THROWS_AS(parameter_field(h, R, w0, infinity), std::domain_error);
}

TEST_CASE("An infinite alpha asks for h(w0) = 0 and says how") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto R = oracle_square();
  CHECK_THAT(message_of<std::domain_error>([&] { (void)displacement_field(h, R, w0, infinity); }),
             ContainsSubstring("lazytrain::displacement_field: alpha is infinite and ||h(w0)|| is ") &&
                 ContainsSubstring("expected h(w0) = 0: centre or symmetrize the model"));
  CHECK_THAT(message_of<std::domain_error>([&] { (void)linearized_field(h, R, w0, infinity); }),
             ContainsSubstring("lazytrain::linearized_field: alpha is infinite"));
  CHECK_NOTHROW(displacement_field(centred(h, w0), R, w0, infinity));
}

TEST_CASE("At alpha = infinity outputs of w0 that are rounding count as 0, and larger ones do not") {
  // h(0.1, 0.3) = 3 * 0.1 - 0.3 + shift: no double is 0.1 or 0.3.
  const auto model = [](double shift) {
    return differentiable<double>(
        [shift](const auto& w) {
          auto h = w;
          h.resize(1);
          h(0) = 3.0 * w(0) - w(1) + shift;
          return h;
        },
        2, 1);
  };
  const Vector<double> w0{{0.1, 0.3}};
  const auto loss = square_loss(Vector<double>(Vector<double>::Ones(1)), euclidean(1));
  REQUIRE(linearize(model(0), w0).value()(0) != 0);
  CHECK(displacement_field(model(0), loss, w0, infinity).offset()(0) == 0);
  CHECK_THROWS_AS(displacement_field(model(1e-12), loss, w0, infinity), std::domain_error);
  // A large parameter that h does not depend on makes nothing small.
  const auto second = differentiable<double>(
      [](const auto& w) {
        auto h = w;
        h.resize(1);
        h(0) = w(1);
        return h;
      },
      2, 1);
  CHECK_THROWS_AS(displacement_field(second, loss, Vector<double>{{1e17, 1}}, infinity), std::domain_error);
}

TEST_CASE("A model and a loss in different spaces are refused, and both named") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto R = square_loss(Vector<double>(Vector<double>::Ones(5)), euclidean(5));
  CHECK(message_of<std::invalid_argument>([&] { (void)displacement_field(h, R, w0, 1.0); }) ==
        "lazytrain::GradientField: the model's outputs live in the empirical space of 5 samples x 1 outputs "
        "(weight 0.2), expected the loss's space, the euclidean space of 5 samples x 1 outputs (weight 1)");
}

TEMPLATE_TEST_CASE("No step of an explicit method allocates", "", Euler, RungeKutta4, DormandPrince) {
  auto field = displacement_field(oracle_network<Tanh>(), oracle_square(), oracle_parameters("w_sym"), 2.0);
  Index steps = 0;
  const auto end = integrate(TestType{}, field, Vector<double>(Vector<double>::Zero(24)),
                             {.horizon = 5, .step = 0.05}, {}, [&](const auto&) {
                               ++steps;
                               // From the first state until the last step but a few is one stretch.
                               Eigen::internal::set_is_malloc_allowed(steps > 6 || steps < 2);
                               return steps < 9;
                             });
  Eigen::internal::set_is_malloc_allowed(true);
  CHECK(end.reason == StopReason::observer);
  CHECK(steps == 9);
}
