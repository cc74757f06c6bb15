#include <lazytrain/model/centred.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the centred model is zero at w0 and has the derivatives of h", "", float, double) {
  using V = Vector<TestType>;
  const Products<TestType> h;
  const V w0 = point<TestType>();
  const auto centred_h = centred(h, w0);
  check_model_laws(centred_h, V(w0 + V::Constant(3, TestType(0.2))));
  CHECK(linearize(centred_h, w0).value().norm() == 0);
  const V v = V::LinSpaced(3, TestType(-1), TestType(2));
  CHECK(linearize(centred_h, w0).jvp(v) == linearize(h, w0).jvp(v));
}

TEST_CASE("displacing the centred model displaces h") {
  using V = Vector<double>;
  const V w0 = point<double>();
  const V d = V::LinSpaced(3, -1, 2);
  CHECK(linearize(displaced(centred(Products<double>{}, w0), w0, 1e-3), d).value() ==
        linearize(displaced(Products<double>{}, w0, 1e-3), d).value());
}

}  // namespace
