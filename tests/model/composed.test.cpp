#include <lazytrain/model/composed.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("A h has value A h(w), Jacobian A J and its own space", "", float, double) {
  using M = Matrix<TestType>;
  using V = Vector<TestType>;
  M a(2, 3);
  a << TestType(1), TestType(-2), TestType(0.5), TestType(3), TestType(0), TestType(1);
  const OutputSpace space = OutputSpace::weighted(Eigen::Vector2d(0.3, 2.0));
  const auto h = composed(a, Products<TestType>{}, space);
  check_model_laws(h, point<TestType>());
  CHECK(h.output_space() == space);
  CHECK(output_space(composed(a, Products<TestType>{})) == euclidean(2));
  const V expected = a * Products<TestType>{}(point<TestType>());
  CHECK(relative_error<V>(linearize(h, point<TestType>()).value(), expected) <= roundoff<TestType>(10));
}

TEST_CASE("a map that does not fit is refused") {
  const Matrix<double> a = Matrix<double>::Ones(2, 4);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)composed(a, Products<double>{}); }),
             ContainsSubstring("A.cols() has size 4, expected 3"));
  CHECK_THROWS_AS(composed(Matrix<double>(Matrix<double>::Ones(2, 3)), Products<double>{}, euclidean(5)),
                  std::invalid_argument);
}

}  // namespace
