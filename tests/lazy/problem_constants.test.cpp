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
