#include <lazytrain/loss/cosine.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/weak_convexity.hpp>

#include "support/catch.hpp"

using namespace lazytrain;

namespace {

/// A loss that says nothing of its weak convexity.
struct Silent {
  using Scalar = double;
  double m = 0;
  [[nodiscard]] OutputSpace output_space() const { return euclidean(1); }
  [[nodiscard]] double value(const Vector<double>& y) const { return y.squaredNorm(); }
  void gradient(const Vector<double>& y, Vector<double>& g) const { g = 2 * y; }
  void hessian_apply(const Vector<double>&, const Vector<double>& v, Vector<double>& out) const {
    out = 2 * v;
  }
  [[nodiscard]] double smoothness() const { return 2; }
  [[nodiscard]] double strong_convexity() const { return m; }
};

}  // namespace

TEST_CASE("a loss is as weakly convex as it says, or as its other constants allow", "[loss]") {
  const Vector<double> one = Vector<double>::Ones(1);
  CHECK(weak_convexity(cosine_loss(one, euclidean(1))) == 1);
  CHECK(weak_convexity(logistic_loss(one, euclidean(1))) == 0);
  CHECK(weak_convexity(Silent{}) == 2);
  CHECK(weak_convexity(Silent{.m = 2}) == 0);
}
