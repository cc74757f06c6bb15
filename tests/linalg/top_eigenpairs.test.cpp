#include <cmath>
#include <lazytrain/linalg/top_eigenpairs.hpp>
#include <limits>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

auto diagonal_operator(Vector<double> values) {
  return [values](const Vector<double>& x, Vector<double>& out) { out = values.cwiseProduct(x); };
}

void check_pairs(const TopEigenpairs<Vector<double>>& pairs, const Vector<double>& exact, double tolerance) {
  REQUIRE(pairs.converged);
  const auto k = static_cast<Index>(pairs.vectors.size());
  REQUIRE(pairs.values.size() == k);
  const auto apply = diagonal_operator(exact);
  for (Index i = 0; i < k; ++i) {
    const Vector<double>& y = pairs.vectors[static_cast<std::size_t>(i)];
    Vector<double> image(y.size());
    apply(y, image);
    const double size = exact.cwiseAbs().maxCoeff();
    CHECK_THAT(pairs.values(i), WithinAbs(exact(i), tolerance * size));
    CHECK((image - pairs.values(i) * y).norm() <= pairs.residuals(i) + roundoff<double>(400) * size);
    for (Index j = 0; j <= i; ++j) {
      CHECK_THAT(y.dot(pairs.vectors[static_cast<std::size_t>(j)]), WithinAbs(i == j ? 1.0 : 0.0, 1e-12));
    }
  }
}

}  // namespace

TEST_CASE("top eigenpairs of a small operator are those of the whole space", "[linalg]") {
  Philox rng(31);
  Vector<double> values(12);
  for (Index i = 0; i < 12; ++i) values(i) = 5 - static_cast<double>(i);
  for (const Index k : {1, 5, 12}) {
    const auto pairs = top_eigenpairs(diagonal_operator(values), 12, k, {}, rng);
    check_pairs(pairs, values, 1e-12);
    CHECK(pairs.products == 12);
  }
}

TEST_CASE("restarts keep memory bounded and find clustered tops", "[linalg]") {
  Philox rng(32);
  const Index n = 1000;
  Vector<double> values(n);
  for (Index i = 0; i < n; ++i) values(i) = 1 / (1 + 0.05 * static_cast<double>(i));
  const auto pairs = top_eigenpairs(diagonal_operator(values), n, 6, {.max_basis = 24}, rng);
  check_pairs(pairs, values, 1e-9);
  CHECK(pairs.products > 24);
  CHECK(pairs.products < n);
}

TEST_CASE("multiplicities up to the block are complete", "[linalg]") {
  Philox rng(33);
  const Index n = 300;
  for (const Index multiplicity : {2, 4}) {
    Vector<double> values(n);
    for (Index i = 0; i < n; ++i)
      values(i) = i < multiplicity ? 3 : i < 2 * multiplicity ? 2 : std::exp(-0.1 * static_cast<double>(i));
    check_pairs(top_eigenpairs(diagonal_operator(values), n, 2 * multiplicity + 1, {}, rng), values, 1e-9);
  }
}

TEST_CASE("a block of one finds a pair of equal eigenvalues when its space is exhausted", "[linalg]") {
  Philox rng(34);
  Vector<double> values = Vector<double>::Zero(50);
  values.head(3) << 2, 2, 1;
  check_pairs(top_eigenpairs(diagonal_operator(values), 50, 3, {.block = 1}, rng), values, 1e-12);
}

TEST_CASE("identity, zero and negative operators", "[linalg]") {
  Philox rng(35);
  const Vector<double> ones = Vector<double>::Ones(100);
  check_pairs(top_eigenpairs(diagonal_operator(ones), 100, 7, {}, rng), ones, 1e-14);
  const Vector<double> zeros = Vector<double>::Zero(100);
  check_pairs(top_eigenpairs(diagonal_operator(zeros), 100, 7, {}, rng), zeros, 1e-14);
  Vector<double> negative(100);
  for (Index i = 0; i < 100; ++i) negative(i) = -1 - static_cast<double>(i);
  check_pairs(top_eigenpairs(diagonal_operator(negative), 100, 3, {}, rng), negative, 1e-10);
}

TEST_CASE("graded spectrum over twelve decades", "[linalg]") {
  Philox rng(36);
  Vector<double> values(400);
  for (Index i = 0; i < 400; ++i) values(i) = std::pow(10.0, -0.03 * static_cast<double>(i));
  check_pairs(top_eigenpairs(diagonal_operator(values), 400, 20, {}, rng), values, 1e-10);
}

TEST_CASE("a budget of products that does not suffice is said, not hidden", "[linalg]") {
  Philox rng(37);
  Vector<double> values(500);
  for (Index i = 0; i < 500; ++i) values(i) = 1 - 1e-4 * static_cast<double>(i);
  const auto pairs = top_eigenpairs(diagonal_operator(values), 500, 5, {.max_products = 30}, rng);
  CHECK_FALSE(pairs.converged);
  CHECK(pairs.products <= 30);
  for (Index i = 0; i < 5; ++i) CHECK(pairs.values(i) <= values(i) + 1e-13);
}

TEST_CASE("top_eigenpairs refuses sizes, options and numbers that are not finite", "[linalg]") {
  Philox rng(38);
  const auto identity = diagonal_operator(Vector<double>::Ones(10));
  CHECK_THROWS_AS(top_eigenpairs(identity, 10, 0, {}, rng), std::invalid_argument);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)top_eigenpairs(identity, 10, 11, {}, rng); }),
             ContainsSubstring("k is 11, expected a number of eigenpairs from 1 to n"));
  CHECK_THROWS_AS(top_eigenpairs(identity, 10, 2, {.block = 0}, rng), std::invalid_argument);
  CHECK_THROWS_AS(top_eigenpairs(identity, 10, 2, {.max_basis = 3}, rng), std::invalid_argument);
  const auto broken = [](const Vector<double>&, Vector<double>& out) { out.setConstant(std::nan("")); };
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)top_eigenpairs(broken, 10, 2, {}, rng); }),
             ContainsSubstring("not finite at product 1"));
}
