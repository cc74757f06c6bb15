#include <lazytrain/loss/cross_entropy.hpp>
#include <limits>

#include "loss/loss_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

static_assert(Loss<CrossEntropyLoss<float>> && Loss<CrossEntropyLoss<double>>);
static_assert(!StronglyConvexLoss<CrossEntropyLoss<double>>);

namespace {

/// softmax(z) of random z, k x n.
Matrix<double> random_distributions(Index k, Index n, Philox& rng) {
  Matrix<double> q = normal_matrix(k, n, rng).array().exp();
  for (Index i = 0; i < n; ++i) q.col(i) /= q.col(i).sum();
  return q;
}

}  // namespace

TEST_CASE("cross-entropy: laws for labels and distributions", "[loss]") {
  Philox rng(12);
  check_loss_laws(cross_entropy_loss({0, 2, 1, 2, 0}, uneven_space(3)), 2.0);
  check_loss_laws(cross_entropy_loss({0, 1, 1, 0}, empirical(4, 2)), 2.0);
  check_loss_laws(cross_entropy_loss(random_distributions(4, 5, rng), uneven_space(4)), 2.0);
}

TEST_CASE("cross-entropy: the definition", "[loss]") {
  Philox rng(13);
  const auto space = uneven_space(3);
  const Matrix<double> q = random_distributions(3, 5, rng);
  const auto loss = cross_entropy_loss(q, space);
  const Vector<double> y = normal_vector(15, rng);
  double expected = 0;
  for (Index i = 0; i < 5; ++i) {
    const Vector<double> p = y.segment(3 * i, 3).array().exp() / y.segment(3 * i, 3).array().exp().sum();
    expected -= space.weight(i) * q.col(i).dot(Vector<double>(p.array().log()));
    CHECK((loss.gradient(y).segment(3 * i, 3) - (p - q.col(i))).norm() <= roundoff<double>(10));
    const Vector<double> v = normal_vector(15, rng);
    const Vector<double> vi = v.segment(3 * i, 3);
    Vector<double> out(15);
    loss.hessian_apply(y, v, out);
    const Vector<double> hessian_v = p.cwiseProduct(vi) - p * p.dot(vi);
    CHECK((out.segment(3 * i, 3) - hessian_v).norm() <= roundoff<double>(20) * vi.norm());
  }
  CHECK_THAT(loss.value(y), WithinRel(expected, roundoff<double>(40)));
}

TEST_CASE("cross-entropy: M = 1/2 is attained between two classes", "[loss]") {
  const auto loss = cross_entropy_loss({0}, empirical(1, 2));
  const Vector<double> v{{1, -1}};
  Vector<double> out(2);
  loss.hessian_apply(Vector<double>::Zero(2), v, out);
  CHECK(out == Vector<double>(loss.smoothness() * v));
}

TEST_CASE("cross-entropy: a constant added to a sample's outputs changes nothing", "[loss]") {
  Philox rng(14);
  const auto loss = cross_entropy_loss({0, 2, 1, 2, 0}, uneven_space(3));
  const Vector<double> y = normal_vector(15, rng);
  const Vector<double> shifted = y + Vector<double>::Constant(15, 64.0);
  // The shift itself rounds y by 64 eps.
  CHECK_THAT(loss.value(shifted), WithinRel(loss.value(y), roundoff<double>(2000)));
  Vector<double> out(15);
  loss.hessian_apply(y, Vector<double>::Constant(15, 3.0), out);
  CHECK(out.isZero(0));
}

TEST_CASE("cross-entropy of distributions: infimum and excess", "[loss]") {
  Philox rng(15);
  const auto space = uneven_space(4);
  const Matrix<double> q = random_distributions(4, 5, rng);
  const auto loss = cross_entropy_loss(q, space);
  Vector<double> best(20);
  Eigen::Map<Matrix<double>>(best.data(), 4, 5) = q.array().log();
  CHECK_THAT(loss.infimum(), WithinRel(loss.value(best), roundoff<double>(40)));
  CHECK(space.norm(loss.gradient(best)) <= roundoff<double>(20) * space.norm(best));
  // Near the minimum the excess is quadratic: <d, H d> / 2, which value(y) - infimum() could not see.
  const Vector<double> d = normal_vector(20, rng);
  Vector<double> curvature(20);
  loss.hessian_apply(best, d, curvature);
  const double half = 0.5 * space.inner(d, curvature);
  for (const double t : {1e-4, 1e-6}) {
    // Relative error: O(t) of the expansion, and roundings of y by eps against t.
    CHECK_THAT(loss.excess(best + t * d), WithinRel(half * t * t, 10 * t + roundoff<double>(40) / t));
  }
  CHECK(cross_entropy_loss({0, 1}, empirical(2, 3)).infimum() == 0);
  const Matrix<double> fair{{0.5}, {0.5}};
  CHECK_THAT(cross_entropy_loss(fair, empirical(1, 2)).infimum(),
             WithinRel(std::log(2.0), roundoff<double>(4)));
  // A zero probability and a far point: KL = log(1 + exp(800)) = 800.
  const Matrix<double> sure{{1.0}, {0.0}};
  CHECK_THAT(cross_entropy_loss(sure, empirical(1, 2)).excess(Vector<double>{{0, 800}}),
             WithinRel(800.0, roundoff<double>(4)));
}

TEMPLATE_TEST_CASE("cross-entropy: accurate and finite for logits of any size", "[loss]", float, double) {
  using S = TestType;
  const S huge = std::is_same_v<S, float> ? S(1e30) : S(1e300);
  const auto loss = cross_entropy_loss<S>({0}, empirical(1, 3));
  for (const S size : {S(0), S(1e-3), S(1), S(20), S(60), huge}) {
    for (const Vector<S>& y : {Vector<S>{{size, 0, -size}}, Vector<S>{{-size, size, 0}},
                               Vector<S>{{size, -size, size}}, Vector<S>{{0, size, size}}}) {
      Vector<long double> z = y.template cast<long double>();
      z.array() -= z.maxCoeff();
      const Vector<long double> e = z.unaryExpr([](long double x) { return expl(x); });
      const long double others = e(1) + e(2);
      // log(1 + r) - log of the label's share, in the form that keeps r when it is small.
      const long double value = e(0) == 1 ? log1pl(others) : logl(e.sum()) - z(0);
      const Vector<long double> g{{-others / e.sum(), e(1) / e.sum(), e(2) / e.sum()}};
      const auto smallest = static_cast<double>(std::numeric_limits<S>::min());
      const auto agrees = [&](S actual, long double expected) {
        CHECK_THAT(static_cast<double>(actual),
                   WithinAbs(static_cast<double>(expected),
                             roundoff<S>(6) * static_cast<double>(std::abs(expected)) + smallest));
      };
      INFO("y = " << y.transpose());
      agrees(loss.value(y), value);
      for (Index j = 0; j < 3; ++j) agrees(loss.gradient(y)(j), g(j));
      Vector<S> out(3);
      loss.hessian_apply(y, Vector<S>{{1, 0, 0}}, out);
      agrees(out(0), e(0) * others / (e.sum() * e.sum()));
    }
  }
}

TEST_CASE("cross-entropy: NaN is not hidden", "[loss]") {
  const auto loss = cross_entropy_loss({0}, empirical(1, 3));
  for (Index j = 0; j < 3; ++j) {
    Vector<double> y = Vector<double>::Zero(3);
    y(j) = std::nan("");
    CHECK(std::isnan(loss.value(y)));
    CHECK(std::isnan(loss.excess(y)));
    CHECK(loss.gradient(y).hasNaN());
  }
}

TEST_CASE("cross-entropy: distributions are normalized, in single precision too", "[loss]") {
  Philox rng(16);
  const Matrix<float> q = random_distributions(100, 3, rng).cast<float>();
  const auto loss = cross_entropy_loss(q, empirical(3, 100));
  CHECK_THAT(loss.targets().head(100).cast<double>().sum(), WithinAbs(1.0, roundoff<float>(10)));
}

TEST_CASE("cross-entropy: refusals", "[loss]") {
  const auto invalid = [](auto&& action) { return message_of<std::invalid_argument>(action); };
  const auto outside = [](auto&& action) { return message_of<std::domain_error>(action); };
  CHECK_THAT(invalid([] { (void)cross_entropy_loss({0}, empirical(1)); }),
             ContainsSubstring("cross_entropy_loss: space.outputs() is 1, expected k >= 2 classes"));
  CHECK_THAT(invalid([] { (void)cross_entropy_loss(Vector<double>{{1.0}}, empirical(1)); }),
             ContainsSubstring("space.outputs() is 1, expected k >= 2 classes"));
  CHECK_THAT(invalid([] {
               (void)cross_entropy_loss({0, 1}, empirical(3, 2));
             }),
             ContainsSubstring("cross_entropy_loss: labels has size 2, expected 3"));
  CHECK_THAT(invalid([] { (void)cross_entropy_loss(Matrix<double>::Ones(3, 2), empirical(2, 2)); }),
             ContainsSubstring("targets.rows() has size 3, expected 2"));
  CHECK_THAT(outside([] {
               (void)cross_entropy_loss({0, 3}, empirical(2, 3));
             }),
             ContainsSubstring("cross_entropy_loss: labels[1] is 3, expected a class from 0 to 2"));
  CHECK_THAT(outside([] {
               (void)cross_entropy_loss(Matrix<double>{{0.5, 0.5}, {0.5, 0.6}}, empirical(2, 2));
             }),
             ContainsSubstring("the sum of the probabilities of sample 1 is 1.1, expected 1"));
  CHECK_THAT(outside([] {
               (void)cross_entropy_loss(Matrix<double>{{1.5}, {-0.5}}, empirical(1, 2));
             }),
             ContainsSubstring("a probability is -0.5, expected at least 0"));
  Vector<double> out(2);
  const auto loss = cross_entropy_loss({0}, empirical(1, 2));
  CHECK_THAT(invalid([&] { (void)loss.value(Vector<double>::Ones(3)); }),
             ContainsSubstring("cross_entropy_loss: y has size 3, expected 2"));
  CHECK_THAT(invalid([&] { loss.hessian_apply(Vector<double>::Ones(2), Vector<double>::Ones(3), out); }),
             ContainsSubstring("v has size 3, expected 2"));
}
