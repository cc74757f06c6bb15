#include <lazytrain/model/scaled.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("alpha h has alpha times the value and every derivative", "", float, double) {
  using V = Vector<TestType>;
  const Products<TestType> h;
  const TestType alpha(2.5);
  check_model_laws(scaled(h, alpha), point<TestType>());
  const auto one = linearize(h, point<TestType>());
  const auto many = linearize(scaled(h, alpha), point<TestType>());
  const V v = V::LinSpaced(3, TestType(-1), TestType(2));
  CHECK(relative_error<V>(many.value(), alpha * one.value()) <= roundoff<TestType>(4));
  CHECK(relative_error<V>(many.second(v, v), alpha * one.second(v, v)) <= roundoff<TestType>(4));
}

TEST_CASE("a scale that is not a positive number is refused") {
  for (const double alpha : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(scaled(Products<double>{}, alpha), std::domain_error);
  }
  CHECK_THAT(message_of<std::domain_error>([] { (void)scaled(Products<double>{}, -1); }),
             ContainsSubstring("alpha is -1, expected a finite number > 0"));
}

}  // namespace
