#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/linearized.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the linearized model is affine and touches the model at w0", "", float, double) {
  using V = Vector<TestType>;
  const Products<TestType> h;
  const V w0 = point<TestType>();
  const auto hbar = linearized(h, w0);
  check_model_laws(hbar, V(w0 + V::Constant(3, TestType(0.3))));
  const auto there = linearize(h, w0);
  CHECK(linearize(hbar, w0).value() == there.value());
  const V v = V::LinSpaced(3, TestType(-1), TestType(2));
  const V value = linearize(hbar, V(w0 + v)).value();
  CHECK(relative_error<V>(value, there.value() + there.jvp(v)) <= roundoff<TestType>(50));
  CHECK(linearize(hbar, V(w0 + v)).second(v, v).norm() == 0);
}

TEST_CASE("its displacement is Dh(w0) d at every epsilon") {
  using V = Vector<double>;
  const V w0 = point<double>();
  const auto hbar = linearized(Products<double>{}, w0);
  const V d = V::LinSpaced(3, -1, 2);
  const V expected = linearize(Products<double>{}, w0).jvp(d);
  for (const double epsilon : {0.0, 0.5, 1e3}) {
    CHECK(linearize(displaced(hbar, V(2 * w0), epsilon), d).value() == expected);
  }
}

}  // namespace
