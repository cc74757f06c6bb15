#include <lazytrain/lazy/kernel_flow.hpp>
#include <lazytrain/loss/square.hpp>

#include "lemma_problems.hpp"
#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("a kernel flow agrees with the oracle", "[lazy]") {
  const Oracle oracle;
  for (const auto& record : oracle["lemmaB"]) {
    const auto loss = lemma_loss(record.at("kind") == "quadratic");
    const Vector<double> y0 = Oracle::vector(record.at("y0"));
    const auto flow = kernel_flow(rotating_kernel, loss, y0, y0, 20.0, 0.5);
    REQUIRE(flow.complete);
    for (std::size_t i = 0; i < record.at("t").size(); ++i) {
      const auto at = static_cast<std::size_t>(std::lround(record.at("t")[i].get<double>() / 0.05));
      CHECK((flow.y[at] - Oracle::vector(record.at("y")[i])).norm() <= 1e-8);
      CHECK((flow.linear[at] - Oracle::vector(record.at("ybar")[i])).norm() <= 1e-8);
    }
  }
}

TEST_CASE("the memory of a kernel flow is the integral of its drive with decay", "[lazy]") {
  // Σ(t) = 1 + t, R = y^2 / 2: y = exp(-t - t^2 / 2), k = t y; with rate 1 the integral of
  // e^{-(t - s)} s e^{-s - s^2 / 2} is e^{-t} (1 - e^{-t^2 / 2}).
  const auto loss = square_loss(Vector<double>::Zero(1).eval(), euclidean(1));
  const auto growing = [](double t) { return Matrix<double>(Matrix<double>::Constant(1, 1, 1 + t)); };
  const Vector<double> one = Vector<double>::Ones(1);
  const auto flow = kernel_flow(growing, loss, one, one, 3.0, 1.0, {.samples = 30});
  for (std::size_t i = 0; i < flow.times.size(); ++i) {
    const double t = flow.times[i];
    CHECK_THAT(flow.y[i](0), WithinAbs(std::exp(-t - t * t / 2), 1e-9));
    CHECK_THAT(flow.drive[i], WithinAbs(t * std::exp(-t - t * t / 2), 1e-8));
    CHECK_THAT(flow.memory[i], WithinAbs(std::exp(-t) * -std::expm1(-t * t / 2), 1e-9));
  }
}

TEST_CASE("a kernel flow refuses what is no operator of F", "[lazy]") {
  const auto loss = square_loss(Vector<double>::Zero(2).eval(), euclidean(2));
  const Vector<double> y = Vector<double>::Ones(2);
  const auto wide = [](double) { return Matrix<double>(Matrix<double>::Identity(3, 3)); };
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)kernel_flow(wide, loss, y, y, 1.0, 0); }),
             ContainsSubstring("Sigma(t)"));
  CHECK_THROWS_AS(kernel_flow(rotating_kernel, loss, y, y, -1.0, 0), std::domain_error);
}
