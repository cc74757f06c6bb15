#include <cmath>
#include <lazytrain/flow/objective.hpp>
#include <limits>

#include "problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("F_alpha(w) is R(alpha h(w)) / alpha^2") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w = oracle_parameters("w_uns");
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const double alpha = GENERATE(0.5, 1.0, 30.0);
  const Objective objective(h, square_loss(targets, empirical(5)), alpha);
  const Vector<double> residual = alpha * linearize(h, w).value() - targets;
  CHECK_THAT(objective(w), WithinRel(residual.squaredNorm() / 10 / (alpha * alpha), roundoff<double>(50)));
}

TEST_CASE("The gradient of F_alpha is the limit of central differences, with order 2") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w = oracle_parameters("w_uns");
  const Vector<double> weights = vector({0.1, 0.4, 0.2, 0.7, 0.3});
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const double alpha = GENERATE(1.0, 7.0);
  const auto net = TwoLayer<double, Tanh>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt});
  const auto weighted = net.on(h.inputs(), OutputSpace::weighted(weights));
  const Objective objective(weighted, square_loss(targets, weighted.output_space()), alpha);
  Philox rng(3);
  const Vector<double> v = unit_vector(w.size(), rng);
  const double slope = objective.gradient(w).dot(v);
  const auto error = [&](double step) {
    return std::abs((objective(w + step * v) - objective(w - step * v)) / (2 * step) - slope);
  };
  CHECK_THAT(observed_order(error(0.02), error(0.01)), WithinAbs(2.0, 0.05));
  CHECK(error(1e-4) <= 1e-4 * error(1e-2) * 1.1 + roundoff<double>(100) / 1e-4);
}

TEST_CASE("The gradient of F_alpha is minus the velocity of the flow in parameters") {
  with_loss(GENERATE("square", "logistic", "cosine"), [&](const auto& loss) {
    const auto h = oracle_network<Tanh>();
    const Vector<double> w = oracle_parameters("w_uns");
    auto field = parameter_field(h, loss, w, 5.0);
    Vector<double> velocity(w.size());
    field(w, velocity);
    const Vector<double> gradient = Objective(h, loss, 5.0).gradient(w);
    CHECK((gradient + velocity).norm() <= roundoff<double>(100) * gradient.norm());
  });
}

TEST_CASE("An objective refuses scales and spaces that make no sense") {
  const auto h = oracle_network<Tanh>();
  const Vector<double> w = oracle_parameters("w_uns");
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const auto loss = square_loss(targets, empirical(5));
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double alpha : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THAT(message_of<std::domain_error>([&] { Objective(h, loss, alpha); }),
               ContainsSubstring("lazytrain::Objective: alpha is ") &&
                   ContainsSubstring("expected a number in (0, infinity]"));
  }
  const Objective limit(h, loss, infinity);
  CHECK_THAT(message_of<std::domain_error>([&] { (void)limit(w); }), ContainsSubstring("alpha is inf"));
  CHECK_THAT(message_of<std::domain_error>([&] { (void)limit.gradient(w); }),
             ContainsSubstring("alpha is inf"));
  CHECK_THAT(
      message_of<std::invalid_argument>([&] { Objective(h, square_loss(targets, euclidean(5)), 1.0); }),
      ContainsSubstring("empirical space of 5 samples") && ContainsSubstring("euclidean"));
}
