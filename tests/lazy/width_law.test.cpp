#include <cstdint>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/lazy/two_layer_lipschitz.hpp>
#include <lazytrain/lazy/width_law.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <limits>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// The initialization of the oracle's widths: a uniform on [-1, 1]^3, b uniform on [-sqrt 3, sqrt 3].
Vector<double> lcg_weights(Index m, std::uint64_t seed) {
  const auto next = [&seed] {
    seed = 6364136223846793005u * seed + 1442695040888963407u;
    return static_cast<double>(seed >> 11) * 0x1p-53;
  };
  Vector<double> w(4 * m);
  for (Index q = 0; q < w.size(); ++q) w(q) = (q % 4 == 3 ? std::sqrt(3) : 1.0) * (2 * next() - 1);
  return w;
}

}  // namespace

TEST_CASE("kappa of wide networks, with the closed form for the curvature, agrees with the oracle",
          "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  const Matrix<double> X = Oracle::network<Tanh>().inputs();
  int rows = 0;
  for (const auto& row : oracle["Ekappa_two_layer"].at("rows")) {
    ++rows;
    const auto m = row.at("m").get<Index>();
    const double factor = row.at("alpha_m").get<double>();
    const auto h = TwoLayer<double, Tanh>({.inputs = 3, .neurons = m, .scaling = factor}).on(X);
    const auto w = lcg_weights(m, static_cast<std::uint64_t>(1000 * m));
    const double bound = TwoLayerCurvature(h, h.linearize(w)).bound(0);
    const auto result =
        laziness(h, loss, w, LazinessOptions{.second_derivative_norm = Estimate::at_most(bound)});
    CHECK_THAT(result.kappa.value(), WithinRel(row.at("kappa_rep0").get<double>(), 1e-10));
    CHECK(laziness(h, loss, w).kappa.lower() <= result.kappa.upper());
  }
  CHECK(rows == 10);
}

TEST_CASE("the width laws bound what random initializations show", "[lazy]") {
  const Oracle oracle;
  const Matrix<double> X = Oracle::network<Tanh>().inputs();
  const OutputSpace space = empirical(5);
  const auto loss = square_loss(oracle.target(), space);
  const double target = space.norm(oracle.target());
  const Vector<double> e = Vector<double>::Ones(5);  // a unit vector of F

  // Moments of one neuron by sampling; its curvature by the closed form at the largest |b|.
  const auto neuron = TwoLayer<double, Tanh>({.inputs = 3, .neurons = 1, .scaling = 1.0}).on(X);
  NeuronMoments moments;
  const int draws = 40000;
  Matrix<double> second_moment = Matrix<double>::Zero(5, 5);
  const Vector<double> sample = lcg_weights(draws, 7);
  auto at = neuron.linearize(sample.head(4));
  for (int i = 0; i < draws; ++i) {
    at.move_to(sample.segment(4 * i, 4));
    moments.value += at.value().squaredNorm() / 5 / draws;
    const Matrix<double> kernel = at.gram() / 5;
    second_moment += kernel / draws;
    const double x = e.dot(kernel * e) / 5;
    moments.directional += x / draws;
    moments.directional_square += x * x / draws;
  }
  moments.differential = symmetric_eigenvalues(second_moment).values(0);
  Vector<double> heaviest = Vector<double>::Zero(4);
  heaviest(3) = std::sqrt(3);
  moments.second_derivative =
      two_layer_global_lipschitz(neuron, heaviest, Estimate::exactly(0)).of_dh(0).upper();

  const int repetitions = 200;
  for (const Index m : {16, 64}) {
    for (const double factor : {1 / std::sqrt(static_cast<double>(m)), 1.0 / static_cast<double>(m)}) {
      const auto h = TwoLayer<double, Tanh>({.inputs = 3, .neurons = m, .scaling = factor}).on(X);
      double residual = 0, slope = 0, kappa_on_event = 0;
      int events = 0;
      for (int rep = 0; rep < repetitions; ++rep) {
        const auto w = lcg_weights(m, static_cast<std::uint64_t>(100000 + rep));
        const auto tangent = linearize(h, w);
        const Matrix<double> kernel = tangent.native().gram() / 5;
        const double norm2 = symmetric_eigenvalues(kernel).values(0);
        const double error = space.norm(Vector<double>(tangent.value() - oracle.target()));
        residual += error * error / repetitions;
        slope += norm2 / repetitions;
        const bool event =
            e.dot(kernel * e) / 5 >= static_cast<double>(m) * factor * factor * moments.directional / 2;
        events += event;
        const double curvature = TwoLayerCurvature(h, h.linearize(w)).bound(0);
        if (event) kappa_on_event += error * curvature / norm2 / repetitions;
      }
      // Sampling error of a mean of 200: well below a tenth.
      const double ratio = std::sqrt(residual) * factor * moments.second_derivative / slope;
      CHECK(ratio <= 1.1 * kappa_ratio_of_moments(moments, target, m, factor));
      const auto probable = kappa_with_high_probability(moments, target, m, factor);
      CHECK(kappa_on_event <= probable.bound);
      CHECK(static_cast<double>(events) / repetitions >= probable.probability - 0.1);
    }
  }
}

TEST_CASE("kappa of random networks has the paper's rates in m within their standard errors", "[lazy]") {
  // The mean square of ||h - y*|| is m alpha^2 E ||phi||^2 + ||y*||^2 exactly; on neurons with |a| = |b| = 1
  // the other factors tend to constants like 1 / m. The slope of log(rms kappa / law) in log m is 0 then.
  Philox rng(3);
  const Matrix<double> X = normal_matrix(2, 6, rng);
  const OutputSpace space = empirical(6);
  const auto loss = square_loss(normal_vector(6, rng), space);
  const double target = space.norm(loss.minimizer());
  const Index many = 50000, draws = 150;
  const TwoLayer<double, Tanh> neurons({.inputs = 2, .neurons = many, .scaling = 1.0});
  const double moment =
      neurons.on(X).linearize(unit_norm(neurons, rng)).activations().squaredNorm() / (6.0 * many);
  for (const Scaling scaling : {Scaling(1), Scaling::sqrt, Scaling::mean}) {
    // Least squares with weights 1 / (relative standard error)^2.
    double weight = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
    for (const Index m : {64, 128, 256, 512, 1024}) {
      const TwoLayer<double, Tanh> net({.inputs = 2, .neurons = m, .scaling = scaling});
      const auto h = net.on(X);
      Vector<double> squares(draws);
      for (Index r = 0; r < draws; ++r) {
        const Vector<double> w = unit_norm(net, rng);
        const double bound = TwoLayerCurvature(h, view_t<Vector<double>>(w)).bound(0);
        const LazinessOptions known{.second_derivative_norm = Estimate::at_most(bound)};
        squares(r) = std::pow(laziness(h, loss, w, known).kappa.value(), 2);
      }
      const auto width = static_cast<double>(m);
      const double law = std::hypot(std::sqrt(moment / width), target / (width * scaling(m)));
      const double error = (squares.array() - squares.mean()).matrix().norm() / draws / (2 * squares.mean());
      const double w = 1 / (error * error), x = std::log(width),
                   y = std::log(std::sqrt(squares.mean()) / law);
      weight += w;
      wx += w * x;
      wy += w * y;
      wxx += w * x * x;
      wxy += w * x * y;
    }
    const double spread = weight * wxx - wx * wx;
    const double slope = (weight * wxy - wx * wy) / spread, error = std::sqrt(weight / spread);
    CAPTURE(scaling(64), slope, error);
    CHECK(error < 0.05);
    CHECK(std::abs(slope) <= 3 * error);
  }
}

TEST_CASE("the laws have the paper's rates", "[lazy]") {
  const NeuronMoments moments{.value = 0.4,
                              .second_derivative = 2,
                              .differential = 0.5,
                              .directional = 0.3,
                              .directional_square = 0.2};
  const auto root = [&](Index m) {
    return kappa_ratio_of_moments(moments, 1, m, 1 / std::sqrt(static_cast<double>(m)));
  };
  const auto mean = [&](Index m) {
    return kappa_ratio_of_moments(moments, 1, m, 1.0 / static_cast<double>(m));
  };
  CHECK_THAT(root(400), WithinRel(root(100) / 2, 1e-14));
  CHECK(mean(1000000) > 4);
  CHECK_THAT(mean(1000000), WithinRel(4.0, 1e-2));
  const auto few = kappa_with_high_probability(moments, 1, 10, 0.1);
  const auto many = kappa_with_high_probability(moments, 1, 1000, 0.1);
  CHECK_THAT(few.probability, WithinRel(1 - std::exp(-10 * 0.09 / 1.6), 1e-14));
  CHECK(many.probability > 1 - 1e-15);
  CHECK(many.bound < few.bound);
}

TEST_CASE("moments outside the mathematics are refused", "[lazy]") {
  const double infinity = std::numeric_limits<double>::infinity();
  NeuronMoments moments{.value = 0.4,
                        .second_derivative = infinity,
                        .differential = 0.5,
                        .directional = 0.3,
                        .directional_square = 0.2};
  CHECK_THROWS_AS((void)kappa_ratio_of_moments(moments, 1, 10, 1), std::domain_error);
  moments.second_derivative = 1;
  CHECK_THROWS_AS((void)kappa_ratio_of_moments(moments, 1, 0, 1), std::invalid_argument);
  CHECK_THROWS_AS((void)kappa_ratio_of_moments(moments, 1, 10, 0), std::domain_error);
  moments.directional_square = 0.01;
  CHECK_THROWS_AS((void)kappa_with_high_probability(moments, 1, 10, 1), std::domain_error);
}
