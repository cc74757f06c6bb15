#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/lazy/lazy_scale.hpp>
#include <lazytrain/lazy/two_layer_lipschitz.hpp>
#include <lazytrain/loss/log_cosh.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <sstream>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// h(w) = s w - L w^2 / 2 from w0 = 0: Lip(Dh) = L, and the flow of the square loss reaches y* > 0 if and
/// only if alpha >= 2 L y* / s^2.
struct Bent {
  using Scalar = double;
  double s = 1, L = 1;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const {
    return s * w - L / 2 * w.cwiseProduct(w);
  }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const {
    return (s - L * w.array()).matrix();
  }
};

Vector<double> one(double x) { return Vector<double>::Constant(1, x); }

/// sup over [0, T] of |y - ybar| / y* for s = 1, by Runge and Kutta's method.
double distance(double L, double target, double alpha, double T) {
  const auto velocity = [&](double w) {
    return -(1 - L * w) * (alpha * (w - L / 2 * w * w) - target) / alpha;
  };
  const int steps = 4000;
  const double dt = T / steps;
  double w = 0, largest = 0;
  for (int i = 1; i <= steps; ++i) {
    const double k1 = velocity(w), k2 = velocity(w + dt / 2 * k1), k3 = velocity(w + dt / 2 * k2),
                 k4 = velocity(w + dt * k3);
    w += dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    const double linear = target * -std::expm1(-i * dt);
    largest = std::max(largest, std::abs(alpha * (w - L / 2 * w * w) - linear));
  }
  return largest / target;
}

}  // namespace

TEST_CASE("the scale from which training converges is sharp for a bent line", "[lazy]") {
  for (const double s : {0.5, 2.0}) {
    const Bent h{s, 3.0};
    const auto scale = lazy_scale(h, square_loss(one(0.7), euclidean(1)), one(0),
                                  LipschitzBounds::supplied(100, 3), {.tolerance = infinity});
    const double threshold = 2 * 3 * 0.7 / (s * s);
    CHECK(scale.alpha.upper() >= threshold * (1 - 1e-14));
    CHECK(scale.alpha.upper() <= threshold * 1.002);
    CHECK(scale.alpha.provenance() == Provenance::supplied);
  }
}

TEST_CASE("from the lazy scale on, the tolerance is kept", "[lazy]") {
  const double L = 0.8, target = 1.5;
  const auto loss = square_loss(one(target), euclidean(1));
  for (const double horizon : {0.5, 3.0, infinity}) {
    for (const double tolerance : {0.3, 0.01}) {
      const auto scale = lazy_scale(Bent{1, L}, loss, one(0), LipschitzBounds::supplied(100, L),
                                    {.tolerance = tolerance, .horizon = horizon});
      REQUIRE(scale.alpha.available());
      CHECK(scale.distance <= tolerance);
      CHECK(scale.distance >= 0.98 * tolerance);
      const double T = std::min(horizon, 30.0);
      for (const double factor : {1.0, 3.0, 100.0}) {
        CHECK(distance(L, target, factor * scale.alpha.upper(), T) <= tolerance);
      }
      // And not absurdly late: the constant of the theorem is at most some ten times too large here.
      CHECK(distance(L, target, scale.alpha.upper() / 50, T) > tolerance);
    }
  }
}

TEST_CASE("a network's scale is certified and inverse to the tolerance", "[lazy]") {
  const Oracle oracle;
  const auto f = Oracle::network<Tanh>();
  const Vector<double> w = Oracle::weights("uns");
  Philox rng(1);
  const auto bounds = two_layer_lipschitz(f, w, SingularValueOptions{}, rng);
  const auto h = centred(f, w);
  const auto square = square_loss(oracle.target(), empirical(5));
  const auto at = [&](double tolerance, double horizon) {
    const auto scale = lazy_scale(h, square, w, bounds, {.tolerance = tolerance, .horizon = horizon});
    CHECK(scale.alpha.certified());
    return scale.alpha.upper();
  };
  for (const double horizon : {2.0, infinity}) {
    CHECK_THAT(at(1e-4, horizon), WithinRel(100 * at(1e-2, horizon), 0.3));
    CHECK_THAT(at(1e-6, horizon), WithinRel(10 * at(1e-5, horizon), 0.01));
  }
  CHECK(at(0.1, 0.5) < at(0.1, 5.0));
  const auto other = log_cosh_loss(oracle.target(), empirical(5));
  CHECK(lazy_scale(h, other, w, bounds).alpha.certified());
  CHECK_THROWS_AS((void)lazy_scale(h, other, w, bounds, {.horizon = 1}), std::domain_error);
}

TEST_CASE("where no scale is lazy the answer says why", "[lazy]") {
  const Oracle oracle;
  const auto f = Oracle::network<Tanh>();
  const Vector<double> w = Oracle::weights("uns");
  const auto square = square_loss(oracle.target(), empirical(5));
  const auto some = LipschitzBounds::supplied(1, 1);
  const auto reason = [&](const LazyScale& scale) {
    CHECK_FALSE(scale.alpha.available());
    std::ostringstream text;
    text << scale;
    CHECK_THAT(text.str(), ContainsSubstring("no lazy scale: "));
    return scale.reason;
  };
  CHECK_THAT(reason(lazy_scale(f, square, w, some)), ContainsSubstring("h(w0) is too large"));
  CHECK_THAT(reason(lazy_scale(centred(f, w), logistic_loss(oracle.labels(), empirical(5)), w, some)),
             ContainsSubstring("not strongly convex"));
  CHECK_THAT(reason(lazy_scale(f, square, w, LipschitzBounds::none("it has kinks"))),
             ContainsSubstring("it has kinks"));
  Philox rng(1);
  const auto thin = TwoLayer<double, Tanh>({.inputs = 2, .neurons = 1}).on(normal_matrix(2, 9, rng));
  const Vector<double> v = normal_vector(3, rng);
  const auto loss = square_loss(normal_vector(9, rng), empirical(9));
  CHECK_THAT(reason(lazy_scale(centred(thin, v), loss, v, some)),
             ContainsSubstring("smallest singular value"));
}

TEST_CASE("options outside the mathematics are refused", "[lazy]") {
  const auto loss = square_loss(one(1), euclidean(1));
  const auto some = LipschitzBounds::supplied(1, 1);
  CHECK_THROWS_AS((void)lazy_scale(Bent{}, loss, one(0), some, {.tolerance = 0}), std::domain_error);
  CHECK_THROWS_AS((void)lazy_scale(Bent{}, loss, one(0), some, {.horizon = -1}), std::domain_error);
  CHECK_THROWS_AS((void)lazy_scale(Bent{}, loss, one(1), some), std::domain_error);
}

TEST_CASE("a strongly convex loss that does not know its minimizer has a scale too, a larger one", "[lazy]") {
  struct Secretive : LogCoshLoss<double> {
    explicit Secretive(const LogCoshLoss<double>& loss) : LogCoshLoss<double>(loss) {}
    void minimizer() const = delete;
  };
  const auto loss = log_cosh_loss(one(0.7), euclidean(1), {.strong_convexity = 0.5, .smoothness = 2.0});
  static_assert(!detail::HasMinimizer<Secretive>);
  // h(w0) is not 0: both ways to bound ||alpha h(w0) - y*|| are used.
  const auto scale = [&](const auto& of) {
    return lazy_scale(Bent{}, of, one(1e-3), LipschitzBounds::supplied(100, 1));
  };
  const auto known = scale(loss), unknown = scale(Secretive(loss));
  REQUIRE((known.alpha.available() && unknown.alpha.available()));
  CHECK(unknown.alpha.value() >= known.alpha.value());
}
