#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/autodiff/reverse.hpp>
#include <lazytrain/autodiff/scalar.hpp>
#include <lazytrain/autodiff/scaled_difference.hpp>
#include <limits>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Active scalars are known as such") {
  STATIC_REQUIRE(ActiveScalar<Dual<float>>);
  STATIC_REQUIRE(ActiveScalar<Dual<Dual<double>>>);
  STATIC_REQUIRE(ActiveScalar<ScaledDifference<long double>>);
  STATIC_REQUIRE(ActiveScalar<Reverse<Dual<double>>>);
  STATIC_REQUIRE_FALSE(ActiveScalar<double>);
  STATIC_REQUIRE_FALSE(ActiveScalar<int>);
}

TEST_CASE("The base of nested scalars is their floating-point type") {
  STATIC_REQUIRE(std::is_same_v<base_scalar_t<Reverse<Dual<float>>>, float>);
  STATIC_REQUIRE(std::is_same_v<base_scalar_t<Dual<Dual<double>>>, double>);
  STATIC_REQUIRE(std::is_same_v<base_scalar_t<long double>, long double>);
}

TEST_CASE("Constants of a scalar are built-in numbers and its inner type") {
  STATIC_REQUIRE(ConstantFor<int, Dual<double>>);
  STATIC_REQUIRE(ConstantFor<double, Dual<Dual<double>>>);
  STATIC_REQUIRE(ConstantFor<Dual<double>, Dual<Dual<double>>>);
  STATIC_REQUIRE_FALSE(ConstantFor<Dual<double>, Reverse<double>>);
  STATIC_REQUIRE_FALSE(ConstantFor<Dual<double>, Dual<double>>);
}

TEMPLATE_TEST_CASE("Eigen sees a real number with the precision of the base", "", Dual<float>,
                   ScaledDifference<float>, Reverse<float>, Reverse<Dual<float>>) {
  using Traits = Eigen::NumTraits<TestType>;
  STATIC_REQUIRE_FALSE(Traits::IsComplex);
  STATIC_REQUIRE_FALSE(Traits::IsInteger);
  CHECK(Traits::epsilon() == std::numeric_limits<float>::epsilon());
  CHECK(Traits::highest() == std::numeric_limits<float>::max());
  CHECK(Traits::lowest() == std::numeric_limits<float>::lowest());
  CHECK(Traits::infinity() == std::numeric_limits<float>::infinity());
  CHECK(Traits::quiet_NaN() != Traits::quiet_NaN());
  CHECK(Traits::digits10() == Eigen::NumTraits<float>::digits10());
  CHECK(Traits::dummy_precision() == Eigen::NumTraits<float>::dummy_precision());
}

TEMPLATE_TEST_CASE("Expressions mix active scalars with their constants", "", Dual<double>,
                   ScaledDifference<double>, Reverse<double>, Dual<Dual<double>>) {
  const Vector<TestType> x = Vector<TestType>::Constant(2, TestType(3));
  const Vector<double> c = Vector<double>::Constant(2, 2.0);
  CHECK((x + c)(0) == 5);
  CHECK((c - x)(0) == -1);
  CHECK((c.cwiseProduct(x))(1) == 6);
  CHECK((2 * x)(0) == 6);
  CHECK((x * 0.5f)(0) == 1.5);
  CHECK((x / 2.0)(0) == 1.5);
  CHECK((x.array() + 1.0)(0) == 4);
  CHECK((1 - x.array())(0) == -2);
  CHECK(x.dot(c) == 12);
  CHECK(x.mean() == 3);
  CHECK(x.squaredNorm() == 18);
  CHECK(x.template cast<TestType>()(0) == 3);
  CHECK(c.template cast<TestType>()(0) == 2);
}
