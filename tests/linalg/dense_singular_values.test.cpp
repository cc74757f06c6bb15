#include <cmath>
#include <Eigen/SVD>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/dense_singular_values.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("dense singular values of maps into weighted spaces, within the bound", "[linalg]", float,
                   double) {
  using S = TestType;
  Philox rng(41);
  for (const auto& [n, p] : {std::pair<Index, Index>{6, 15}, {15, 6}, {8, 8}, {1, 4}, {4, 1}, {1, 1}}) {
    const OutputSpace space =
        OutputSpace::weighted((normal_vector(n, rng).cwiseAbs().array() + 0.1).matrix());
    const Matrix<S> a = normal_matrix<S>(n, p, rng);
    const auto apply = [&](const Vector<S>& v, Vector<S>& out) { out = a * v; };
    const auto adjoint = [&](const Vector<S>& g, Vector<S>& out) {
      Vector<S> cotangent = g;
      space.to_cotangent(cotangent);
      out = a.transpose() * cotangent;
    };
    Matrix<double> euclidean = a.template cast<double>();
    for (Index i = 0; i < n; ++i) euclidean.row(i) *= std::sqrt(space.weight(i));
    const Vector<double> exact = Eigen::JacobiSVD<Matrix<double>>(euclidean).singularValues();
    const DenseSingularValues dense = dense_singular_values<S>(apply, adjoint, p, space);
    CHECK(dense.products == std::min(n, p));
    REQUIRE(dense.values.size() == std::min(n, p));
    CHECK((dense.values - exact).cwiseAbs().maxCoeff() <= dense.error);
    CHECK(dense.error <= roundoff<S>(300) * exact(0));
  }
}

TEST_CASE("dense singular values resolve twelve decades, since they are not squared", "[linalg]") {
  Vector<double> values(13);
  for (Index i = 0; i < 13; ++i) values(i) = std::pow(10.0, -static_cast<double>(i));
  const auto apply = [&](const Vector<double>& x, Vector<double>& out) { out = values.cwiseProduct(x); };
  const DenseSingularValues dense = dense_singular_values(apply, apply, 13, euclidean(13));
  CHECK_THAT(dense.values(12), WithinRel(1e-12, 0.1));
  CHECK((dense.values - values).cwiseAbs().maxCoeff() <= dense.error);
}

TEST_CASE("dense singular values refuse no parameters and products that are not finite", "[linalg]") {
  const auto broken = [](const Vector<double>&, Vector<double>& out) { out.setConstant(std::nan("")); };
  CHECK_THROWS_AS(dense_singular_values(broken, broken, 0, euclidean(2)), std::invalid_argument);
  CHECK_THAT(
      message_of<std::runtime_error>([&] { (void)dense_singular_values(broken, broken, 3, euclidean(2)); }),
      ContainsSubstring("product 1 of 2 is not finite"));
}

TEST_CASE("dense singular values scale with the map, to the ends of the range of numbers", "[linalg]") {
  const Vector<double> values = Eigen::Vector3d(3, 2, 1);
  for (const double unit : {1e-300, 1e-160, 1e160, 1e300}) {
    const auto apply = [&](const Vector<double>& x, Vector<double>& out) {
      out = unit * values.cwiseProduct(x);
    };
    const DenseSingularValues dense = dense_singular_values(apply, apply, 3, euclidean(3));
    CHECK((dense.values / unit - values).norm() <= roundoff<double>(100));
    CHECK(dense.error / unit <= roundoff<double>(300) * 3);
  }
}
