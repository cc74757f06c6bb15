#include <cmath>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/lanczos.hpp>
#include <limits>
#include <numbers>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
auto diagonal_operator(Vector<S> values) {
  return [values](const Vector<S>& x, Vector<S>& out) { out = values.cwiseProduct(x); };
}

/// The second difference on n points, eigenvalues 4 sin^2(i π / (2n + 2)).
void laplacian(const Vector<double>& x, Vector<double>& out) {
  const Index n = x.size();
  out = 2 * x;
  out.head(n - 1) -= x.tail(n - 1);
  out.tail(n - 1) -= x.head(n - 1);
}

double laplacian_eigenvalue(Index i, Index n) {
  const double s = std::sin(static_cast<double>(i) * std::numbers::pi / static_cast<double>(2 * n + 2));
  return 4 * s * s;
}

}  // namespace

TEMPLATE_TEST_CASE("n steps give the spectrum and orthonormal Ritz vectors", "[linalg]", float, double) {
  using S = TestType;
  Philox rng(11);
  const Index n = 24;
  Vector<S> values(n);
  for (Index i = 0; i < n; ++i) values(i) = static_cast<S>(3 - 0.25 * static_cast<double>(i));
  const auto apply = diagonal_operator<S>(values);
  const auto result = lanczos(apply, normal_vector<S>(n, rng), {.tolerance = 0});
  CHECK(result.products == n);
  CHECK(result.invariant);
  CHECK(result.converged);
  for (Index i = 0; i < n; ++i) {
    CHECK_THAT(result.values(i), WithinAbs(static_cast<double>(values(i)), roundoff<S>(8 * 24)));
    const Vector<S> y = result.vector(i);
    CHECK_THAT(std::abs(y(i)), WithinAbs(S(1), static_cast<S>(roundoff<S>(1000))));
  }
}

TEST_CASE("residuals are what they say, and an eigenvalue lies within each", "[linalg]") {
  Philox rng(12);
  const Index n = 80;
  for (const Index steps : {1, 2, 5, 20, 50}) {
    const auto result = lanczos(laplacian, normal_vector(n, rng), {.max_steps = steps, .tolerance = 0});
    REQUIRE(result.values.size() == steps);
    for (Index i = 0; i < steps; ++i) {
      const Vector<double> y = result.vector(i);
      Vector<double> image(n);
      laplacian(y, image);
      CHECK_THAT((image - result.values(i) * y).norm(),
                 WithinAbs(result.residuals(i), roundoff<double>(200)));
      double distance = 10;
      for (Index j = 1; j <= n; ++j) {
        distance = std::min(distance, std::abs(result.values(i) - laplacian_eigenvalue(j, n)));
      }
      CHECK(distance <= result.residuals(i) + roundoff<double>(200));
    }
  }
}

TEST_CASE("Ritz values of growing Krylov spaces interlace", "[linalg]") {
  Philox rng(13);
  LanczosProcess<Vector<double>> process(normal_vector(40, rng));
  process.step(laplacian);
  Vector<double> previous = process.eigen(Matrix<double>(0, 1)).values;
  for (Index m = 2; m <= 40; ++m) {
    process.step(laplacian);
    const Vector<double> values = process.eigen(Matrix<double>(0, m)).values;
    for (Index i = 0; i + 1 < m; ++i) {
      CHECK(values(i) >= previous(i) - roundoff<double>(200));
      CHECK(previous(i) >= values(i + 1) - roundoff<double>(200));
    }
    previous = values;
  }
}

TEST_CASE("graded spectra over twelve decades: absolute accuracy, orthogonality to working precision",
          "[linalg]") {
  Philox rng(14);
  const Index n = 60;
  Vector<double> values(n);
  for (Index i = 0; i < n; ++i)
    values(i) = std::pow(10.0, -12.0 * static_cast<double>(i) / static_cast<double>(n - 1));
  const auto result = lanczos(diagonal_operator<double>(values), normal_vector(n, rng), {.tolerance = 0});
  const auto& basis = result.process.basis();
  for (std::size_t i = 0; i < basis.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(std::abs(basis[i].dot(basis[j])) <= roundoff<double>(100));
  }
  for (Index i = 0; i < 10; ++i) CHECK_THAT(result.values(i), WithinAbs(values(i), roundoff<double>(300)));
}

TEST_CASE("an invariant subspace ends the process with exact Ritz values", "[linalg]") {
  Vector<double> values = Vector<double>::Ones(30);
  values.head(3) << 5, 4, -2;
  Philox rng(15);
  const auto result = lanczos(diagonal_operator<double>(values), normal_vector(30, rng), {.tolerance = 0});
  REQUIRE(result.values.size() == 4);
  CHECK(result.invariant);
  const Vector<double> expected = (Vector<double>(4) << 5, 4, 1, -2).finished();
  for (Index i = 0; i < 4; ++i) CHECK_THAT(result.values(i), WithinAbs(expected(i), roundoff<double>(200)));
  const auto eigenvector =
      lanczos(diagonal_operator<double>(values), Vector<double>(Vector<double>::Unit(30, 1)));
  CHECK(eigenvector.products == 1);
  CHECK(eigenvector.values(0) == 4);
  const auto zero = lanczos([](const Vector<double>&, Vector<double>& out) { out.setZero(); },
                            Vector<double>(Vector<double>::Ones(4)));
  CHECK(zero.converged);
  CHECK(zero.values(0) == 0);
}

TEST_CASE("the wanted end of the spectrum converges", "[linalg]") {
  Philox rng(16);
  Vector<double> values(200);
  for (Index i = 0; i < 200; ++i)
    values(i) = std::cos(static_cast<double>(i) * 0.01) + (i == 0 ? 1 : 0) - (i == 199 ? 4 : 0);
  const auto apply = diagonal_operator<double>(values);
  const Vector<double> start = normal_vector(200, rng);
  const auto top = lanczos(apply, start, {.wanted = SpectrumEnd::largest});
  CHECK(top.converged);
  CHECK_THAT(top.values(0), WithinRel(2.0, 1e-10));
  const auto bottom = lanczos(apply, start, {.wanted = SpectrumEnd::smallest});
  CHECK_THAT(bottom.values(bottom.values.size() - 1), WithinRel(values(199), 1e-10));
  const auto widest = lanczos(apply, start, {.wanted = SpectrumEnd::largest_magnitude});
  CHECK(widest.converged);
  CHECK(widest.products <= bottom.products);
  const auto cut = lanczos(apply, start, {.max_steps = 2, .wanted = SpectrumEnd::smallest});
  CHECK_FALSE(cut.converged);
}

TEST_CASE("operators that are self-adjoint in a weighted space", "[linalg]") {
  Philox rng(17);
  const Index n = 15;
  const OutputSpace space = OutputSpace::weighted((normal_vector(n, rng).cwiseAbs().array() + 0.1).matrix());
  const Matrix<double> j = normal_matrix(n, 2 * n, rng);
  // Σ = J J^T diag(w) is self-adjoint in F; its spectrum is that of the symmetric square root form.
  const auto apply = [&](const Vector<double>& g, Vector<double>& out) {
    Vector<double> cotangent = g;
    space.to_cotangent(cotangent);
    out = j * (j.transpose() * cotangent);
  };
  const auto inner = [&](const Vector<double>& u, const Vector<double>& v) { return space.inner(u, v); };
  const auto result = lanczos(apply, normal_vector(n, rng), {.tolerance = 0}, inner);
  for (Index i = 0; i < n; ++i) {
    const Vector<double> y = result.vector(i);
    Vector<double> image(n);
    apply(y, image);
    CHECK_THAT(space.norm(y), WithinRel(1.0, 1e-12));
    CHECK(space.norm(Vector<double>(image - result.values(i) * y)) <= 1e-12 * result.values(0));
  }
}

TEST_CASE("the process is deterministic", "[linalg]") {
  Philox rng(18);
  const Vector<double> start = normal_vector(50, rng);
  CHECK(lanczos(laplacian, start).values == lanczos(laplacian, start).values);
}

TEST_CASE("lanczos refuses zero starts, options and products that are not finite", "[linalg]") {
  const Vector<double> ones = Vector<double>::Ones(5);
  CHECK_THROWS_AS(lanczos(laplacian, Vector<double>(Vector<double>::Zero(5))), std::domain_error);
  CHECK_THROWS_AS(lanczos(laplacian, ones, {.max_steps = 0}), std::invalid_argument);
  CHECK_THROWS_AS(lanczos(laplacian, ones, {.tolerance = -1}), std::domain_error);
  int products = 0;
  const auto broken = [&](const Vector<double>& x, Vector<double>& out) {
    laplacian(x, out);
    if (++products == 3) out(2) = std::numeric_limits<double>::quiet_NaN();
  };
  CHECK(message_of<std::runtime_error>([&] {
          (void)lanczos(broken, Vector<double>(Vector<double>::Unit(5, 0)));
        }) == "lazytrain::LanczosProcess::step: the operator's result is not finite at step 3");
  const auto result = lanczos(laplacian, ones);
  CHECK_THROWS_AS(result.vector(result.values.size()), std::invalid_argument);
  Vector<double> out = ones;
  CHECK_THROWS_AS(result.process.combine(Vector<double>::Ones(17), out), std::invalid_argument);
}
