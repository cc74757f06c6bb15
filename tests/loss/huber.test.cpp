#include <lazytrain/loss/huber.hpp>
#include <lazytrain/loss/square.hpp>

#include "loss/loss_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

static_assert(Loss<HuberLoss<float>> && Loss<PseudoHuberLoss<double>>);
static_assert(!StronglyConvexLoss<HuberLoss<double>> && !StronglyConvexLoss<PseudoHuberLoss<double>>);

namespace {

/// Both losses with the same arguments.
template <class Check>
void for_both(const Vector<double>& targets, const OutputSpace& space, double delta, const Check& check) {
  check(huber_loss(targets, space, delta));
  check(pseudo_huber_loss(targets, space, delta));
}

}  // namespace

TEST_CASE("Huber losses: laws and constants", "[loss]") {
  Philox rng(3);
  const auto space = uneven_space(2);
  const Vector<double> targets = normal_vector(space.dim(), rng);
  for_both(targets, space, 0.8, [&](const auto& loss) {
    check_loss_laws(loss, 2.0, [&](const Vector<double>& y) {
      return (((y - targets).cwiseAbs().array() - 0.8).abs() > 0.02).all();
    });
    CHECK(loss.minimizer() == targets);
    CHECK(loss.gradient(targets).isZero(0));
    CHECK(loss.value(targets) == 0);
    CHECK(diagonal_hessian_norm(loss, targets) == loss.smoothness());
    CHECK(diagonal_hessian_norm(loss, targets + Vector<double>::Constant(targets.size(), 1e4)) < 1e-11);
  });
}

TEST_CASE("Huber losses: square for small residuals, delta |e| for large ones", "[loss]") {
  Philox rng(4);
  const auto space = uneven_space(1);
  const Vector<double> targets = Vector<double>::Zero(5);
  const Vector<double> e = normal_vector(5, rng);
  const auto square = square_loss(targets, space);
  for_both(targets, space, 1e3, [&](const auto& loss) {
    const Vector<double> small = 1e-6 * e;
    CHECK_THAT(loss.value(small), WithinRel(square.value(small), roundoff<double>(20)));
    CHECK((loss.gradient(small) - square.gradient(small)).norm() <= roundoff<double>(4) * small.norm());
  });
  for_both(targets, space, 1e-3, [&](const auto& loss) {
    const Vector<double> large = 1e8 * e;
    double expected = 0;
    for (Index i = 0; i < 5; ++i) expected += space.weight(i) * 1e-3 * std::abs(large(i));
    // The next term of the expansion is delta/|e| < 1e-10 relative.
    CHECK_THAT(loss.value(large), WithinRel(expected, 1e-9));
    CHECK(loss.gradient(large).cwiseAbs().maxCoeff() <= 1e-3);
  });
}

TEST_CASE("Huber loss is continuously differentiable where its pieces meet", "[loss]") {
  const auto loss = huber_loss(Vector<double>{{0.0}}, euclidean(1), 0.75);
  const Vector<double> inside{{0.75}};
  const Vector<double> outside{{std::nextafter(0.75, 1.0)}};
  CHECK(loss.value(inside) == 0.5 * 0.75 * 0.75);
  CHECK_THAT(loss.value(outside), WithinRel(loss.value(inside), roundoff<double>(4)));
  CHECK(loss.gradient(outside)(0) == loss.gradient(inside)(0));
  CHECK(huber_loss(Vector<double>{{0.0}}, euclidean(1), 2.0).function().delta == 2.0);
}

TEST_CASE("Huber losses: finite wherever the answer is", "[loss]") {
  for_both(Vector<double>{{0.0}}, euclidean(1), 1e-5, [](const auto& loss) {
    for (const double y : {1e300, -1e300}) {
      const Vector<double> point{{y}};
      CHECK_THAT(loss.value(point), WithinRel(1e295, roundoff<double>(6)));
      CHECK_THAT(loss.gradient(point)(0), WithinRel(y > 0 ? 1e-5 : -1e-5, roundoff<double>(4)));
      Vector<double> curvature(1);
      loss.hessian_apply(point, Vector<double>{{1}}, curvature);
      CHECK(curvature(0) == 0);
    }
  });
  const auto single = pseudo_huber_loss(Vector<float>{{0.0F}}, euclidean(1), 1e-5);
  CHECK_THAT(single.value(Vector<float>{{1e30F}}), WithinRel(1e25F, 1e-6F));
  CHECK_THAT(single.gradient(Vector<float>{{1e30F}})(0), WithinRel(1e-5F, 1e-6F));
}

TEST_CASE("Huber losses: refusals", "[loss]") {
  const Vector<double> targets{{1, 2}};
  for (const double delta : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    CHECK_THAT(message_of<std::domain_error>([&] { (void)huber_loss(targets, empirical(2), delta); }),
               ContainsSubstring("huber_loss: delta is "));
    CHECK_THAT(message_of<std::domain_error>([&] { (void)pseudo_huber_loss(targets, empirical(2), delta); }),
               ContainsSubstring("pseudo_huber_loss: delta is "));
  }
  CHECK_THAT(
      message_of<std::domain_error>([] { (void)huber_loss(Vector<float>{{1.0F}}, empirical(1), 1e-300); }),
      ContainsSubstring("delta is 0, expected a finite number > 0"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)huber_loss(targets, empirical(3), 1.0); }),
             ContainsSubstring("huber_loss: targets has size 2, expected 3"));
}
