#include <cmath>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/lazy/problem_constants.hpp>
#include <lazytrain/loss/cosine.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <limits>

#include "theorem_problems.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("constants at w0 agree with the oracle", "[lazy]") {
  const Oracle oracle;
  const auto h = Oracle::network<Tanh>();
  const auto w0 = Oracle::weights("uns");
  const auto& record = oracle["static"].at("tanh_uns");
  const auto number = [&](const char* key) { return record.at(key).get<double>(); };
  const auto square = square_loss(oracle.target(), empirical(5));
  const auto c = problem_constants(Objective(h, square, 1.0), w0, SpectrumPart::whole);
  CHECK_THAT(c.differential.norm.value(), WithinRel(number("Dh_norm"), 1e-12));
  CHECK_THAT(c.differential.smallest.value(), WithinRel(number("sigma_min"), 1e-11));
  CHECK(c.differential.smallest.certified());
  CHECK_THAT(c.residual.value(), WithinRel(number("resid_norm"), 1e-13));
  CHECK_THAT(c.excess.value(), WithinRel(std::pow(number("resid_norm"), 2) / 2, 1e-13));
  CHECK_THAT(c.gradient.value(),
             WithinRel(Oracle::vector(record.at("lazy_criterion").at("gradF")).norm(), 1e-12));
  CHECK_THAT(c.output.value(), WithinRel(Oracle::vector(record.at("h_w0")).norm() / std::sqrt(5.0), 1e-13));
  CHECK(c.outputs == 5);
  CHECK(c.parameters == 24);

  const auto symmetric =
      problem_constants(Objective(h, square, 7.0), Oracle::weights("sym"), SpectrumPart::norm);
  CHECK(symmetric.output.value() <= symmetric.zero);
  CHECK(c.output.value() > c.zero);
}

TEST_CASE("constants of the loss", "[lazy]") {
  const Oracle oracle;
  const auto h = Oracle::network<Tanh>();
  const auto w0 = Oracle::weights("sym");
  const auto constants = [&](const auto& loss) {
    return problem_constants(Objective(h, loss, 2.0), w0, SpectrumPart::norm);
  };
  CHECK(constants(cosine_loss(oracle.target(), empirical(5))).weak_convexity == 1);
  const auto logistic = constants(logistic_loss(oracle.labels(), empirical(5)));
  CHECK(logistic.weak_convexity == 0);
  CHECK(logistic.smoothness == 0.25);
  CHECK_THAT(logistic.excess.value(), WithinRel(std::log(2.0), 1e-14));
  CHECK_FALSE(logistic.residual.available());
  CHECK_FALSE(logistic.target.available());
  const auto square = square_loss(oracle.target(), empirical(5));
  CHECK_THROWS_AS(problem_constants(Objective(h, square, std::numeric_limits<double>::infinity()), w0,
                                    SpectrumPart::norm),
                  std::domain_error);
  CHECK_THROWS_AS(problem_constants(Objective(h, square, 1.0), Vector<double>(Vector<double>::Ones(3)),
                                    SpectrumPart::norm),
                  std::invalid_argument);
}

TEST_CASE("constants of a residual that cancels bracket the true ones", "[lazy]") {
  // alpha h(w0) = 3 * 0.1 is rounded by up to eps 0.3 before y* = 0.3 is subtracted: N = 3 * 0.1 - 0.3,
  // exactly.
  const auto h = differentiable<double>([]<class T>(const Vector<T>& w) -> Vector<T> { return w; }, 1, 1);
  const auto loss = square_loss(Vector<double>::Constant(1, 0.3).eval(), euclidean(1));
  const Vector<double> w0 = Vector<double>::Constant(1, 0.1);
  const auto c = problem_constants(Objective(h, loss, 3.0), w0, SpectrumPart::norm);
  const auto exact =
      static_cast<double>(std::abs(3.0L * static_cast<long double>(0.1) - static_cast<long double>(0.3)));
  CHECK(exact > 0);
  CHECK(exact != c.residual.value());
  CHECK((c.residual.lower() <= exact && exact <= c.residual.upper()));
  CHECK((c.excess.lower() <= exact * exact / 2 && exact * exact / 2 <= c.excess.upper()));
  CHECK((c.gradient.lower() <= exact && exact <= c.gradient.upper()));
}
