#include <lazytrain/model/on_data.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("a functor of one input becomes a model on data in L2 of the empirical measure") {
  Philox rng(5);
  const Matrix<double> x = normal_matrix(3, 4, rng);
  const auto f = []<class T>(const Vector<T>& w, const Vector<double>& input) -> T {
    using std::tanh;
    T z(0);
    for (Index i = 0; i < 3; ++i) z += w(i) * input(i);
    return w(3) * tanh(z);
  };
  const auto h = on_data<double>(f, x, {.parameters = 4});
  const Vector<double> w = normal_vector(4, rng);
  CHECK(h.output_space() == empirical(4));
  check_model_laws(h, w);
  for (Index i = 0; i < 4; ++i) {
    CHECK_THAT(linearize(h, w).value()(i),
               WithinRel(w(3) * std::tanh(w.head(3).dot(x.col(i))), roundoff<double>(20)));
  }
}

TEST_CASE("several outputs and a measure of one's own") {
  Philox rng(6);
  const Matrix<double> x = normal_matrix(2, 3, rng);
  const auto f = []<class T>(const Vector<T>& w, const Vector<double>& input) -> Vector<T> {
    Vector<T> y(2);
    y(0) = w(0) * input(0) + w(1) * w(1);
    y(1) = w(1) * input(1) * w(0);
    return y;
  };
  const OutputSpace space = OutputSpace::weighted(Eigen::Vector3d(0.5, 0.2, 0.3), 2);
  const auto h = on_data<double>(f, x, 2, space);
  CHECK(h.output_space() == space);
  check_model_laws(h, normal_vector(2, rng));
}

TEST_CASE("a functor with another number of outputs is refused") {
  const auto f = []<class T>(const Vector<T>& w, const Vector<double>&) -> T { return w(0); };
  const Matrix<double> x = Matrix<double>::Ones(2, 3);
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)linearize(on_data<double>(f, x, {.parameters = 1, .outputs = 2}),
                               Vector<double>(Vector<double>::Ones(1)));
             }),
             ContainsSubstring("f(w, x) has size 1, expected 2"));
  CHECK_THROWS_AS(on_data<double>(f, Matrix<double>(2, 0), {.parameters = 1}), std::invalid_argument);
}

}  // namespace
