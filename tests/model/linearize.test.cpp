#include <lazytrain/model/linearize.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

static_assert(Model<Products<double>> && TwiceDifferentiableModel<Products<double>>);
static_assert(Model<ByJacobian<float>> && !TwiceDifferentiableModel<ByJacobian<float>>);

TEMPLATE_TEST_CASE("a model by products and one by its Jacobian obey the laws", "", float, double) {
  check_model_laws(Products<TestType>{}, point<TestType>());
  check_model_laws(ByJacobian<TestType>{}, point<TestType>());
}

TEST_CASE("adjoint carries the weights of F once, vjp does not") {
  const Products<double> h;
  const auto tangent = linearize(h, point<double>());
  const Vector<double> g = Eigen::Vector3d(1.0, -2.0, 0.5);
  const Vector<double> weights = Eigen::Vector3d(0.2, 0.5, 1.7);
  const Matrix<double> j = h.jacobian_matrix(point<double>());
  CHECK((tangent.vjp(g) - j.transpose() * g).norm() <= roundoff<double>(20) * j.norm() * g.norm());
  CHECK((tangent.adjoint(g) - j.transpose() * weights.asDiagonal() * g).norm() <=
        roundoff<double>(20) * j.norm() * g.norm());
}

TEST_CASE("sizes are checked at the door, by name and value") {
  const Products<double> h;
  auto tangent = linearize(h, point<double>());
  const Vector<double> five = Vector<double>::Ones(5);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)linearize(h, five); }),
             ContainsSubstring("w has size 5, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { tangent.move_to(five); }),
             ContainsSubstring("w has size 5, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)tangent.jvp(five); }),
             ContainsSubstring("v has size 5, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)tangent.adjoint(five); }),
             ContainsSubstring("g has size 5, expected 3"));
  CHECK_THROWS_AS(tangent.second(five, five), std::invalid_argument);
}

struct Short : Products<double> {
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const { return w.head(2); }
};
struct WrongSpace : Products<double> {
  [[nodiscard]] OutputSpace output_space() const { return euclidean(4); }
};

TEST_CASE("a model that contradicts its own dimensions is refused") {
  CHECK_THAT(message_of<std::invalid_argument>([] { (void)linearize(Short{}, point<double>()); }),
             ContainsSubstring("h(w) has size 2, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([] { (void)linearize(WrongSpace{}, point<double>()); }),
             ContainsSubstring("h.output_space().dim() has size 4, expected 3"));
}

}  // namespace
