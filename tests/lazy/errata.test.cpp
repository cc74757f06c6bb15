// Counter-examples of docs/errata.md that belong to no single theorem.
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/flow/twin_flows.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>
#include <limits>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// (B w_1, e w_2 + w_2^2 / 2): steep where there is nothing to learn.
struct SteepBeside {
  using Scalar = double;
  double B, e;
  [[nodiscard]] Index parameter_dim() const { return 2; }
  [[nodiscard]] Index output_dim() const { return 2; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const {
    return Vector<double>{{B * w(0), e * w(1) + w(1) * w(1) / 2}};
  }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const {
    return Vector<double>{{B, e + w(1)}}.asDiagonal();
  }
  [[nodiscard]] Vector<double> second(const Vector<double>&, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return Vector<double>{{0.0, u(1) * v(1)}};
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>&, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return Vector<double>{{0.0, c(1) * u(1)}};
  }
};

/// Sum of w_i^2 - 2/3: for independent w_i, uniform on {-1, 0, 1}, a sum of independent terms with mean 0.
struct SumOfSquares {
  using Scalar = double;
  Index m;
  [[nodiscard]] Index parameter_dim() const { return m; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const {
    return Vector<double>::Constant(1, w.squaredNorm() - 2.0 / 3 * static_cast<double>(m));
  }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const { return 2 * w.transpose(); }
  [[nodiscard]] Vector<double> second(const Vector<double>&, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return Vector<double>::Constant(1, 2 * u.dot(v));
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>&, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return 2 * c(0) * u;
  }
};

}  // namespace

TEST_CASE("the mean of kappa over initializations may be infinite", "[lazy]") {
  // With probability 3^-m every w_i is 0: there Dh(w0) = 0, D2h(w0) is not, and kappa is refused.
  const auto loss = square_loss(Vector<double>::Ones(1).eval(), euclidean(1));
  for (const Index m : {1, 2, 3}) {
    Index infinite = 0, all = 1;
    for (Index i = 0; i < m; ++i) all *= 3;
    for (Index code = 0; code < all; ++code) {
      Vector<double> w(m);
      for (Index i = 0, rest = code; i < m; ++i, rest /= 3) w(i) = static_cast<double>(rest % 3 - 1);
      try {
        const double curvature = laziness(SumOfSquares{m}, loss, w).second_derivative.value();
        CHECK(curvature > 1.9);
      } catch (const std::domain_error&) {
        ++infinite;
      }
    }
    CHECK(infinite == 1);
  }
}

TEST_CASE("kappa << 1 does not imply that Dh changes less than the loss", "[lazy]") {
  // The residual is (0, 1), where h is flat with slope e = 1 / (2 B).
  const Vector<double> zero = Vector<double>::Zero(2);
  const auto loss = square_loss(Vector<double>{{0.0, -1.0}}, euclidean(2));
  for (const double B : {1e1, 1e3}) {
    const SteepBeside h{B, 0.5 / B};
    const Laziness l = laziness(h, loss, zero);
    CHECK_THAT(l.kappa.value(), WithinRel(1 / (B * B), 1e-8));
    CHECK_THAT(l.alignment.value(), WithinRel(0.5 / (B * B), 1e-10));
    CHECK_THAT(l.criterion.value(), WithinRel(1.0, 1e-7));
    // The ratio of both relative changes along a small step, measured.
    const double eta = 1e-6;
    const Objective objective(h, loss, 1.0);
    const Vector<double> next = zero - eta * objective.gradient(zero);
    const double of_loss = 1 - objective(next) / objective(zero);
    const double of_dh = (h.jacobian(next) - h.jacobian(zero)).norm() / B;
    CHECK_THAT(of_dh / of_loss, WithinRel(1.0, 1e-3));
  }
}

TEST_CASE("no small relative change of Dh in norm makes the path of a flat direction lazy", "[lazy]") {
  const Vector<double> zero = Vector<double>::Zero(2);
  const auto loss = square_loss(Vector<double>{{0.0, 1.0}}, euclidean(2));
  const auto distance = [&](double B) {
    const SteepBeside h{B, 0.1};
    CHECK(laziness(h, loss, zero).criterion.value() < 6 / B);
    return compare_flows(Objective(h, loss, 1.0), zero, 3.0).distance.value;
  };
  const double moderate = distance(1e1);
  CHECK(moderate > 0.1);
  CHECK_THAT(distance(1e3), WithinRel(moderate, 1e-6));
}

TEST_CASE("the limit of the linearized flow depends on alpha, its displacement does not", "[lazy]") {
  const Vector<double> zero = Vector<double>::Zero(2);
  const auto loss = square_loss(Vector<double>{{0.5, -1.0}}, euclidean(2));
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const SteepBeside h{2.0, 0.1};
  const Vector<double> u = linear_flow(h, loss, zero, 1.0).displacement(infinity);
  CHECK(u.norm() > 1);
  // w-bar = w0 + u / alpha with one u.
  for (const double alpha : {10.0, 1000.0}) {
    CHECK((linear_flow(h, loss, zero, alpha).displacement(infinity) - u).norm() <= 1e-13 * u.norm());
  }
}
