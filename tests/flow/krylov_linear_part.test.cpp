#include <cmath>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/krylov_linear_part.hpp>
#include <lazytrain/flow/linear_flow.hpp>
#include <lazytrain/loss/cosine.hpp>

#include "problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// A field of 20 tanh neurons on 12 weighted points, evaluated away from its start.
template <class Action>
void with_field(Action action) {
  Philox rng(21);
  const Matrix<double> X = normal_matrix(3, 12, rng);
  const Vector<double> weights = normal_vector(12, rng).array().square() + 0.05;
  const auto space = OutputSpace::weighted(weights);
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 20, .scaling = Scaling::sqrt});
  const Vector<double> w0 = normal_vector(net.parameter_dim(), rng);
  const Vector<double> labels = normal_vector(12, rng).cwiseSign();
  auto field = displacement_field(net.on(X, space), logistic_loss(labels, space), w0, 2.0);
  const Vector<double> d = 0.3 * normal_vector(w0.size(), rng);
  Vector<double> f(w0.size());
  field(d, f);
  action(field, f, rng);
}

}  // namespace

TEST_CASE("Combinations of phi-functions by Lanczos and in the eigenbasis agree") {
  with_field([](auto& field, const Vector<double>& f, Philox& rng) {
    using Field = std::remove_reference_t<decltype(field)>;
    constexpr double tolerance = 1e-11;
    detail::KrylovLinearPart<Field> krylov(field, tolerance, 200);
    detail::EigenLinearPart<Field> eigen(field);
    const double tau = GENERATE(0.01, 1.0, 100.0);
    krylov.begin(f);
    eigen.begin(f);
    Vector<double> a(f.size()), b(f.size());
    double size = f.norm();
    const auto compare = [&](const std::vector<detail::PhiTerm>& terms) {
      krylov.combine(terms, a);
      eigen.combine(terms, b);
      double allowed = 0;
      for (const auto& term : terms) allowed += std::abs(term.weight) * size;
      const double rounding = roundoff<double>(1000) * (1 + tau);
      CHECK((a - b).norm() <= (tolerance + rounding) * allowed);
      CHECK(krylov.sufficient());
    };
    compare({{0, tau, 1, tau}});
    for (int slot = 1; slot <= 3; ++slot) {
      const Vector<double> f_i = f + 0.1 * normal_vector(f.size(), rng);
      krylov.add_remainder(f_i, f);
      eigen.add_remainder(f_i, f);
      size = std::max(size, 0.1 * std::sqrt(static_cast<double>(f.size())) + 10 * a.norm());
      const auto s = static_cast<std::size_t>(slot);
      compare({{0, tau, 1, tau}, {s, 2 * tau, 2, tau}, {s, -4 * tau, 3, tau}, {s, 0.5, 0, tau / 2}});
    }
    // A step that is tried again starts from the first slot alone.
    krylov.keep_first();
    eigen.keep_first();
    compare({{0, tau / 2, 1, tau / 2}});
    CHECK(krylov.products() > 0);
  });
}

TEST_CASE("The zero vector has a slot and contributes nothing") {
  with_field([](auto& field, const Vector<double>& f, Philox&) {
    using Field = std::remove_reference_t<decltype(field)>;
    detail::KrylovLinearPart<Field> krylov(field, 1e-10, 50);
    krylov.begin(Vector<double>::Zero(f.size()));
    Vector<double> out = f;
    krylov.combine({{0, 1.0, 1, 1.0}}, out);
    CHECK(out == Vector<double>::Zero(f.size()));
    CHECK(krylov.sufficient());
    CHECK(krylov.products() == 0);
  });
}

TEST_CASE("A basis that is too small is noticed once") {
  with_field([](auto& field, const Vector<double>& f, Philox&) {
    using Field = std::remove_reference_t<decltype(field)>;
    detail::KrylovLinearPart<Field> krylov(field, 1e-12, 2);
    krylov.begin(f);
    Vector<double> out = f;
    krylov.combine({{0, 100.0, 1, 100.0}}, out);
    CHECK_FALSE(krylov.sufficient());
    CHECK(krylov.sufficient());
    krylov.combine({{0, 1e-6, 1, 1e-6}}, out);
    CHECK(krylov.sufficient());
  });
}

TEST_CASE("Exponential methods by Lanczos and in the eigenbasis take the same flow") {
  const std::string name = GENERATE("square", "logistic", "cosine");
  const double alpha = GENERATE(1.0, 10.0, 1000.0);
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(oracle_network<Tanh>(), w0);
  const Vector<double> u = vector_of(oracle_flow("tanh_cen", name, alpha, 2.0)["u_T"]);
  with_loss(name, [&](const auto& loss) {
    const auto run = [&](LinearPart part, Index basis, double phi_tolerance, double tolerance) {
      auto field = displacement_field(h, loss, w0, alpha);
      const auto end = integrate(
          Exponential{.linear_part = part, .krylov_tolerance = phi_tolerance, .krylov_basis = basis}, field,
          Vector<double>(Vector<double>::Zero(w0.size())), {.horizon = 2, .relative_tolerance = tolerance});
      REQUIRE(end.succeeded());
      return end.x;
    };
    const Vector<double> eigen = run(LinearPart::eigenbasis, 150, 1e-12, 1e-9);
    const Vector<double> krylov = run(LinearPart::krylov, 150, 1e-12, 1e-9);
    CHECK((eigen - u).norm() <= 1e-7 * u.norm());
    CHECK((krylov - u).norm() <= 1e-7 * u.norm());
    CHECK((krylov - eigen).norm() <= 1e-8 * u.norm());
    // Three vectors do not span the five-dimensional range of L: steps are shortened instead.
    CHECK((run(LinearPart::krylov, 3, 1e-6, 1e-5) - u).norm() <= 1e-3 * u.norm());
  });
}

TEST_CASE("At alpha = infinity one step by Lanczos is the linear flow, whatever its length") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(oracle_network<Tanh>(), w0);
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  auto field = linearized_field(h, loss, w0, 1.0);
  const Vector<double> zero = Vector<double>::Zero(w0.size());
  const double t = GENERATE(0.1, 10.0, 1e4);
  const Vector<double> x = fixed_steps(
      Exponential{.linear_part = LinearPart::krylov, .krylov_tolerance = 1e-13}, field, zero, t, 1);
  const Vector<double> exact = linear_flow(h, loss, w0, 1.0).displacement(t);
  CHECK((x - exact).norm() <= roundoff<double>(1000) * (1 + t) * exact.norm());
}

TEST_CASE("Negative curvature is cut off by Lanczos as in the eigenbasis") {
  // Three outputs w_i with R''(y_i) = cos(y_i - y*_i), negative for two of them at the start.
  const Vector<double> target = Eigen::Vector3d(3.0, 2.5, 1.0);
  const auto h = differentiable<double>([]<class T>(const Vector<T>& w) -> Vector<T> { return w; }, 3, 3);
  const Vector<double> zero = Vector<double>::Zero(3);
  const auto run = [&](LinearPart part) {
    auto field = displacement_field(h, cosine_loss(target, euclidean(3)), zero, 1.0);
    const auto end = integrate(Exponential{.linear_part = part, .krylov_tolerance = 1e-12}, field, zero,
                               {.horizon = 3, .relative_tolerance = 1e-10});
    REQUIRE(end.succeeded());
    return end.x;
  };
  // r = y - y* solves r' = -sin r: tan(r / 2) decays as e^{-t}.
  const Vector<double> exact = target - 2 * ((target / 2).array().tan() * std::exp(-3.0)).atan().matrix();
  CHECK((run(LinearPart::eigenbasis) - exact).norm() <= 1e-8);
  CHECK((run(LinearPart::krylov) - exact).norm() <= 1e-8);
}
