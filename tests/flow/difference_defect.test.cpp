#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/flow/difference_defect.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// max(w, 0) by number, or the smooth w^2.
template <class S, bool smooth>
auto model() {
  return differentiable<S>(
      []<class T>(const Vector<T>& w) -> Vector<T> {
        return w.unaryExpr([](const T& wi) { return smooth ? T(wi * wi) : T(relu(wi)); });
      },
      2, euclidean(2));
}

/// The defect at b, e after two times.
template <bool smooth, class S>
auto defect_at(S alpha, const Vector<S>& w0, const Vector<S>& b, const Vector<S>& e) {
  const Objective objective(centred(model<S, smooth>(), w0),
                            square_loss(Vector<S>(Vector<S>::Ones(2)), euclidean(2)), alpha);
  using H = std::remove_cvref_t<decltype(objective.model)>;
  using R = std::remove_cvref_t<decltype(objective.loss)>;
  DifferenceField<H, R> field(objective, w0);
  DifferenceDefect<H, R> defect(objective, w0);
  Vector<S> x(4), f(4);
  x << b, e;
  field(x, f);
  defect.measure(0.5, field, f);
  defect.measure(2.0, field, f);
  return defect;
}

}  // namespace

TEMPLATE_TEST_CASE("Where the quadrature is exact only rounding is missed, and that does not count", "",
                   float, double) {
  using V = Vector<TestType>;
  const V w0 = Eigen::Vector2d(0.3, -1.2).cast<TestType>(), b = Eigen::Vector2d(2.0, 0.7).cast<TestType>(),
          e = Eigen::Vector2d(-0.4, 3.0).cast<TestType>();
  for (const double alpha : {1.0, 1e2, 1e6}) {
    const auto defect = defect_at<true>(static_cast<TestType>(alpha), w0, b, e);
    CHECK(defect.outputs() == 0);
    CHECK(defect.drift() == 0);
    CHECK_FALSE(defect.exceeds(0));
  }
}

TEST_CASE("A kink on the way is missed, and by how much is told") {
  // relu from -0.01 along d = (1, 1) at alpha = 10: y = alpha (0.09, 0.09); the field's y has no D^2h to see
  // it by.
  using V = Vector<double>;
  const V w0 = V::Constant(2, -0.01), b = V::Ones(2), e = V::Zero(2);
  const auto defect = defect_at<false>(10.0, w0, b, e);
  const double gap = std::sqrt(2.0) * 0.9;
  // d' = -Dh(w)^T (y - 1) = 0.1 in both, and Dh = 1; the field has 0, as before the kink. From 0 to 0.5 the
  // mean of no gap and this one, then 1.5 times it.
  const double drift = std::sqrt(2.0) * 0.1 * (0.25 + 1.5);
  CHECK_THAT(defect.drift(), WithinRel(drift, roundoff<double>(100)));
  CHECK_THAT(defect.outputs(), WithinRel(gap + drift, roundoff<double>(100)));
  CHECK(defect.exceeds(0.9));
}
