#include <lazytrain/kernel/relu_sum.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <numbers>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Rounding of sphere_mean_square: a few operations a term, relative to the terms' sizes.
double rounding(const ReluSum& f) {
  const double size = f.directions.colwise().norm() * f.factors.cwiseAbs();
  return roundoff<double>(20.0 + static_cast<double>(f.factors.size())) * size * size /
         static_cast<double>(f.directions.rows());
}

}  // namespace

TEST_CASE("In the plane the mean square over the circle is the trapezoidal sum's limit") {
  Philox rng(3);
  const data::Teacher<double> teacher = data::random_teacher<double>(2, 5, rng);
  const ReluSum f = relu_sum(teacher);
  // The square has a kink in its second derivative at 2 J places: the midpoint rule converges like 1/N^2.
  const auto circle = [&](Index points) {
    Matrix<double> X(2, points);
    for (Index i = 0; i < points; ++i) {
      const double t = 2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(points);
      X.col(i) << std::cos(t), std::sin(t);
    }
    return teacher(X).array().square().mean();
  };
  const double exact = sphere_mean_square(f);
  CHECK(std::abs(circle(4096) - exact) < 1e-6 * exact);
  CHECK(std::abs(circle(65536) - exact) < 1e-8 * exact);
}

TEST_CASE("One neuron has half the second moment of a coordinate, and opposite ones the square of |x1|") {
  const Index d = 7;
  Matrix<double> V = Matrix<double>::Zero(d, 2);
  V(2, 0) = 3;
  V(2, 1) = -3;
  const double coordinate = 9.0 / static_cast<double>(d);
  CHECK_THAT(sphere_mean_square({V.leftCols(1), Vector<double>::Ones(1)}),
             WithinRel(coordinate / 2, roundoff<double>(10)));
  CHECK_THAT(sphere_mean_square({V, Vector<double>::Ones(2)}), WithinRel(coordinate, roundoff<double>(10)));
}

TEST_CASE("The mean square of a difference of networks agrees with samples") {
  const Index d = 6;
  const Index samples = 200000;
  Philox rng(5);
  const TwoLayer<double, Relu> net({.inputs = d, .neurons = 8, .scaling = Scaling::sqrt});
  const Vector<double> w = gaussian(net, 1.0, rng);
  const auto teacher = data::random_teacher<double>(d, 3, rng);
  const ReluSum f = relu_sum(net, w) - relu_sum(teacher);
  const Matrix<double> X = data::uniform_sphere<double>(d, samples, rng);
  const Eigen::ArrayXd squares = (net(w, X) - teacher(X)).array().square().transpose();
  const double deviation = std::sqrt((squares - squares.mean()).square().mean());
  // Five standard errors: false once in two million seeds, and the seed is fixed.
  CHECK(std::abs(squares.mean() - sphere_mean_square(f)) <
        5 * deviation / std::sqrt(static_cast<double>(samples)));
}

TEST_CASE("A function minus itself, and a network symmetrized, have mean square 0 up to rounding") {
  Philox rng(7);
  const TwoLayer<double, Relu> net({.inputs = 5, .neurons = 6});
  const Vector<double> w = gaussian(net, 2.0, rng);
  const ReluSum zero = relu_sum(net, w) - relu_sum(net, w);
  CHECK(sphere_mean_square(zero) <= rounding(zero));
  const ReluSum twice = relu_sum(net, symmetrized(net, w));
  CHECK(sphere_mean_square(twice) <= rounding(twice));
}

TEST_CASE("Sums of ReLU refuse sizes that disagree") {
  Philox rng(9);
  const TwoLayer<double, Relu> net({.inputs = 5, .neurons = 6});
  const TwoLayer<double, Relu> two({.inputs = 5, .neurons = 6, .outputs = 2});
  CHECK_THROWS_AS(relu_sum(net, Vector<double>(Vector<double>::Zero(3))), std::invalid_argument);
  CHECK_THROWS_AS(relu_sum(two, Vector<double>(Vector<double>::Zero(42))), std::invalid_argument);
  const ReluSum f = relu_sum(data::random_teacher<double>(4, 2, rng));
  CHECK_THROWS_AS(f - relu_sum(data::random_teacher<double>(5, 2, rng)), std::invalid_argument);
  CHECK_THROWS_AS(sphere_mean_square({f.directions, Vector<double>::Ones(3)}), std::invalid_argument);
  CHECK_THROWS_AS(sphere_mean_square({f.directions, Vector<double>::Constant(2, NAN)}), std::domain_error);
}
