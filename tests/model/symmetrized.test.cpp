#include <lazytrain/model/symmetrized.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the symmetrized model obeys the laws and vanishes on the diagonal", "", float, double) {
  using V = Vector<TestType>;
  const auto h = symmetrized(Products<TestType>{});
  const V w0 = doubled(point<TestType>());
  V w = w0;
  w.tail(3) *= TestType(0.8);
  check_model_laws(h, w);
  CHECK(h.parameter_dim() == 6);
  CHECK(linearize(h, w0).value().norm() == 0);
}

TEST_CASE("at (w, w) the tangent kernel is twice that of h, and first-order motion has no second order") {
  using V = Vector<double>;
  const auto g = linearize(Products<double>{}, point<double>());
  const auto h = linearize(symmetrized(Products<double>{}), doubled(point<double>()));
  const V u = Eigen::Vector3d(0.3, -1.0, 2.0);
  CHECK(relative_error<V>(h.jvp(h.adjoint(u)), 2 * g.jvp(g.adjoint(u))) <= roundoff<double>(50));
  // Swapping the halves changes the sign of h, so that D^2h vanishes on the range of Dh^T.
  const V motion = h.adjoint(u);
  CHECK(h.second(motion, motion).norm() <= roundoff<double>(50) * motion.squaredNorm());
}

TEST_CASE("an odd number of parameters is refused") {
  CHECK_THROWS_AS(linearize(symmetrized(Products<double>{}), point<double>()), std::invalid_argument);
}

}  // namespace
