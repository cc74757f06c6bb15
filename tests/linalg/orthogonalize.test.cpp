#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/orthogonalize.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("orthonormalize splits a vector into its projection and a unit vector", "[linalg]", float,
                   double) {
  using S = TestType;
  Philox rng(4);
  std::vector<Vector<S>> basis;
  for (int i = 0; i < 10; ++i) {
    const Vector<S> x = normal_vector<S>(20, rng);
    Vector<S> q = x;
    const Orthogonalized split = orthonormalize(basis, q);
    Vector<S> sum = static_cast<S>(split.norm) * q;
    for (int j = 0; j < i; ++j) {
      sum += static_cast<S>(split.coefficients(j)) * basis[static_cast<std::size_t>(j)];
      CHECK_THAT(q.dot(basis[static_cast<std::size_t>(j)]), WithinAbs(0, roundoff<S>(20)));
    }
    CHECK((sum - x).norm() <= static_cast<S>(roundoff<S>(40)) * x.norm());
    CHECK_THAT(q.norm(), WithinRel(S(1), static_cast<S>(roundoff<S>(8))));
    basis.push_back(q);
  }
}

TEST_CASE("nearly dependent vectors are orthogonal after two passes, dependent ones vanish", "[linalg]") {
  std::vector<Vector<double>> basis = {Vector<double>::Unit(5, 0)};
  Vector<double> x = Vector<double>::Unit(5, 0) + 1e-12 * Vector<double>::Unit(5, 3);
  const Orthogonalized split = orthonormalize(basis, x);
  CHECK_THAT(split.norm, WithinRel(1e-12, 1e-15));
  CHECK(x(0) == 0);
  Vector<double> y = 3 * basis[0];
  CHECK(orthonormalize(basis, y).norm == 0);
  CHECK(y.isZero(0));
  // 1e-12 is a direction among numbers of size 1, noise among numbers of size 1e6.
  Vector<double> z = 1e-12 * Vector<double>::Unit(5, 2);
  CHECK(orthonormalize(basis, z, 1e6).norm == 0);
}

TEST_CASE("orthonormalize in another inner product", "[linalg]") {
  Philox rng(5);
  const Vector<double> weights = normal_vector(6, rng).cwiseAbs2();
  const auto inner = [&](const Vector<double>& u, const Vector<double>& v) {
    return (weights.array() * u.array() * v.array()).sum();
  };
  Vector<double> a = normal_vector(6, rng);
  orthonormalize<Vector<double>>({}, a, 0, inner);
  Vector<double> b = normal_vector(6, rng);
  orthonormalize({a}, b, 0, inner);
  CHECK_THAT(inner(a, a), WithinRel(1.0, roundoff<double>(10)));
  CHECK_THAT(inner(b, b), WithinRel(1.0, roundoff<double>(10)));
  CHECK_THAT(inner(a, b), WithinAbs(0, roundoff<double>(20)));
}
