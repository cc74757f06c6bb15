#include <lazytrain/model/centred.hpp>
#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/gram.hpp>
#include <lazytrain/model/scaled.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the Gram matrix is J J^T without weights, exactly symmetric", "", float, double) {
  const Matrix<TestType> j = Products<TestType>{}.jacobian_matrix(point<TestType>());
  const Matrix<TestType> k = gram(linearize(Products<TestType>{}, point<TestType>()));
  CHECK((k - j * j.transpose()).norm() <= TestType(roundoff<TestType>(20)) * k.norm());
  CHECK(k == k.transpose());
}

TEST_CASE("a model that knows its Gram matrix is asked, also through combinators") {
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 4, .outputs = 2});
  Philox rng(3);
  const Vector<double> w = gaussian(net, 1.0, rng);
  const auto h = net.on(normal_matrix(3, 5, rng));
  const Matrix<double> j = jacobian(h, w);
  const Matrix<double> expected = j * j.transpose();
  const double tolerance = roundoff<double>(100) * expected.norm();
  CHECK((gram(linearize(h, w)) - expected).norm() <= tolerance);
  CHECK((gram(linearize(centred(h, w), w)) - expected).norm() <= tolerance);
  CHECK((gram(linearize(scaled(h, 3.0), w)) - 9 * expected).norm() <= 9 * tolerance);
  const Vector<double> zero = Vector<double>::Zero(w.size());
  CHECK((gram(linearize(displaced(h, w, 0.5), zero)) - expected).norm() <= tolerance);
  static_assert(requires(const Tangent<Centred<std::remove_const_t<decltype(h)>>>& t, Matrix<double>& k) {
    t.native().gram(k);
  });
}

}  // namespace
