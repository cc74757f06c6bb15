#include <lazytrain/autodiff/functor_tangent.hpp>
#include <lazytrain/core/random.hpp>
#include <optional>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// y_0 = w_0 w_1 w_2, y_1 = exp(w_0) + w_1^2, y_2 = 4 (no derivative), y_3 = y_0.
struct Example {
  template <class T>
  Vector<T> operator()(const Vector<T>& w) const {
    using std::exp;
    Vector<T> y(4);
    y << w(0) * w(1) * w(2), exp(w(0)) + w(1) * w(1), T(4), T(0);
    y(3) = y(0);
    return y;
  }
};

template <class S>
FunctorTangent<S, Example> tangent_at(const Vector<S>& w) {
  using F = detail::SizedFunctor<S, Example>;
  return {std::make_shared<const F>(F{Example{}, 3, OutputSpace::euclidean(4)}), w};
}

template <class S>
Matrix<S> jacobian_at(const Vector<S>& w) {
  Matrix<S> j(4, 3);
  j << w(1) * w(2), w(0) * w(2), w(0) * w(1), std::exp(w(0)), 2 * w(1), 0, 0, 0, 0, w(1) * w(2), w(0) * w(2),
      w(0) * w(1);
  return j;
}

/// sum_i c_i D^2y_i.
template <class S>
Matrix<S> hessian_at(const Vector<S>& w, const Vector<S>& c) {
  const S t = c(0) + c(3);
  Matrix<S> h(3, 3);
  h << c(1) * std::exp(w(0)), t * w(2), t * w(1), t * w(2), 2 * c(1), t * w(0), t * w(1), t * w(0), 0;
  return h;
}

}  // namespace

TEMPLATE_TEST_CASE("A tangent has the derivatives of closed form", "", float, double) {
  using S = TestType;
  Philox rng(1);
  const Vector<S> w = normal_vector<S>(3, rng);
  const Vector<S> u = normal_vector<S>(3, rng);
  const Vector<S> v = normal_vector<S>(3, rng);
  const Vector<S> c = normal_vector<S>(4, rng);
  const auto tangent = tangent_at<S>(w);
  const Matrix<S> j = jacobian_at<S>(w);
  const double tolerance = roundoff<S>(32);
  CHECK(tangent.value() == Example{}(w));
  Vector<S> outputs(4);
  Vector<S> parameters(3);
  tangent.jvp(v, outputs);
  CHECK((outputs - j * v).norm() < tolerance);
  tangent.vjp(c, parameters);
  CHECK((parameters - j.transpose() * c).norm() < tolerance);
  tangent.second(u, v, outputs);
  CHECK_THAT(c.dot(outputs), WithinAbs(u.dot(hessian_at<S>(w, c) * v), tolerance));
  tangent.second_vjp(u, c, parameters);
  CHECK((parameters - hessian_at<S>(w, c) * u).norm() < tolerance);
}

TEST_CASE("A tangent reads and writes blocks of larger vectors") {
  const Vector<double> w = Vector<double>::LinSpaced(3, 1, 2);
  const auto tangent = tangent_at<double>(w);
  Vector<double> all = Vector<double>::LinSpaced(10, 1, 10);
  const Vector<double> expected = jacobian_at<double>(w) * all.head(3);
  tangent.jvp(all.head(3), all.segment(4, 4));
  CHECK((all.segment(4, 4) - expected).norm() < roundoff<double>(200));
  CHECK(all(8) == 9);
}

TEST_CASE("Copies of a tangent are independent of the original") {
  const Vector<double> w = Vector<double>::LinSpaced(3, 1, 2);
  auto original = std::make_optional(tangent_at<double>(w));
  auto copy = *original;
  const auto second_copy = copy;
  original->move_to(3 * w);
  Vector<double> g(3);
  const Vector<double> c = Vector<double>::Ones(4);
  const Vector<double> expected = jacobian_at<double>(w).transpose() * c;
  copy.vjp(c, g);
  CHECK((g - expected).norm() < roundoff<double>(64));
  original.reset();
  copy.vjp(c, g);
  CHECK((g - expected).norm() < roundoff<double>(64));
  copy.move_to(2 * w);
  copy.vjp(c, g);
  CHECK((g - jacobian_at<double>(2 * w).transpose() * c).norm() < roundoff<double>(256));
  second_copy.vjp(c, g);
  CHECK((g - expected).norm() < roundoff<double>(64));
  CHECK(second_copy.value() == Example{}(w));
}

TEST_CASE("Moving a tangent takes no new memory for the tape") {
  auto tangent = tangent_at<double>(Vector<double>::Ones(3));
  const std::size_t bytes = tangent.tape().capacity();
  for (int i = 0; i < 5; ++i) tangent.move_to(Vector<double>::Constant(3, i));
  CHECK(tangent.tape().capacity() == bytes);
  CHECK(tangent.value() == Example{}(Vector<double>(Vector<double>::Constant(3, 4))));
}

TEST_CASE("Vectors of the wrong size are refused") {
  auto tangent = tangent_at<double>(Vector<double>::Ones(3));
  Vector<double> three(3);
  Vector<double> four(4);
  CHECK_THROWS_AS(tangent.jvp(four, four), std::invalid_argument);
  CHECK_THROWS_AS(tangent.jvp(three, three), std::invalid_argument);
  CHECK_THROWS_AS(tangent.vjp(three, three), std::invalid_argument);
  CHECK_THROWS_AS(tangent.vjp(four, four), std::invalid_argument);
  CHECK_THROWS_AS(tangent.second(three, four, four), std::invalid_argument);
  CHECK_THROWS_AS(tangent.second_vjp(three, three, three), std::invalid_argument);
  CHECK_THROWS_AS(tangent.move_to(four), std::invalid_argument);
  CHECK(message_of<std::invalid_argument>([&] { tangent.vjp(three, three); }) ==
        "lazytrain::FunctorTangent::vjp: u has size 3, expected 4 (the dimension N of F)");
}
