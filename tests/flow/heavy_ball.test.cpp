#include <lazytrain/core/random.hpp>
#include <lazytrain/flow/heavy_ball.hpp>
#include <stdexcept>
#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain {
namespace {

TEST_CASE("a step is v <- mu v + g, x <- x - eta v") {
  const double momentum = GENERATE(0.0, 0.5, 0.9);
  const Vector<double> lambda{{1.0, 0.3, 0.01}};
  Vector<double> x{{1.0, -2.0, 3.0}};
  Vector<double> v = Vector<double>::Zero(3);
  HeavyBall<Vector<double>> ball(x, momentum);
  for (int k = 0; k < 100; ++k) {
    const double eta = 0.7 / (1 + 0.05 * k);
    const Vector<double> g = lambda.cwiseProduct(x);
    v = momentum * v + g;
    x -= eta * v;
    ball.f() = -lambda.cwiseProduct(ball.x());
    ball.step(eta);
    // Two roundings a step on numbers of size at most 10.
    CHECK((ball.x() - x).norm() <= testing::roundoff<double>(20.0 * (k + 1)));
  }
}

TEST_CASE("a retreat restores the bits of the point before") {
  Philox rng(1);
  const Vector<float> x = normal_vector<float>(5, rng);
  HeavyBall<Vector<float>> ball(x, 0.9);
  ball.f() = 0.01F * x;
  ball.step(0.3);
  const Vector<float> before = ball.x();
  ball.step(1e30);
  ball.retreat();
  CHECK(ball.x() == before);
}

TEST_CASE("a checkpoint holds the point and the velocity") {
  const Vector<double> x{{1.0, 2.0, 3.0}};
  HeavyBall<Vector<double>> ball(x, 0.9);
  ball.f() = Vector<double>{{0.1, 0.2, 0.3}};
  ball.step(0.5);
  Checkpoint checkpoint;
  ball.save(checkpoint);
  HeavyBall<Vector<double>> copy(0 * x, 0.9);
  copy.load(checkpoint);
  for (auto* each : {&ball, &copy}) {
    each->f() = Vector<double>{{-1.0, 2.0, 0.7}};
    each->step(0.25);
  }
  CHECK(copy.x() == ball.x());

  HeavyBall<Vector<double>> lighter(x, 0.5);
  CHECK(testing::message_of<std::invalid_argument>([&] { lighter.load(checkpoint); }) ==
        "lazytrain::HeavyBall: momentum is 0.5, expected 0.9, that of the checkpoint");
  HeavyBall<Vector<double>> shorter(x.head(2), 0.9);
  CHECK_THROWS_AS(shorter.load(checkpoint), std::runtime_error);
}

TEST_CASE("momentum is in [0, 1)") {
  const Vector<double> x{{1.0}};
  CHECK_THROWS_AS(HeavyBall<Vector<double>>(x, -0.1), std::domain_error);
  CHECK(testing::message_of<std::domain_error>([&] { HeavyBall<Vector<double>>(x, 1.0); }) ==
        "lazytrain::HeavyBall: momentum is 1, expected a number in [0, 1)");
}

}  // namespace
}  // namespace lazytrain
