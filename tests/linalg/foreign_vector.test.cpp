#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/linalg/bilinear_norm.hpp>
#include <lazytrain/linalg/conjugate_gradient.hpp>
#include <lazytrain/linalg/krylov_phi.hpp>
#include <lazytrain/linalg/least_squares.hpp>
#include <lazytrain/linalg/operator_norm.hpp>
#include <lazytrain/linalg/top_eigenpairs.hpp>
#include <vector>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

/// A vector that is not Eigen's, with its operations in its own namespace: what a device vector looks like.
namespace elsewhere {

using lazytrain::Index;

struct Remote {
  using Scalar = double;
  std::vector<double> data;
};

Index dimension(const Remote& x) { return static_cast<Index>(x.data.size()); }
Remote zeros_like(const Remote& x) { return {std::vector<double>(x.data.size(), 0.0)}; }
void copy(const Remote& x, Remote& y) { y.data = x.data; }
void axpy(double a, const Remote& x, Remote& y) {
  for (std::size_t i = 0; i < x.data.size(); ++i) y.data[i] += a * x.data[i];
}
void scale(double a, Remote& x) {
  for (double& value : x.data) value *= a;
}
void fill(Remote& x, double a) {
  for (double& value : x.data) value = a;
}
double dot(const Remote& x, const Remote& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.data.size(); ++i) sum += x.data[i] * y.data[i];
  return sum;
}
double norm(const Remote& x) { return std::sqrt(dot(x, x)); }
bool all_finite(const Remote& x) { return std::isfinite(dot(x, x)); }

}  // namespace elsewhere

using namespace lazytrain;
using namespace lazytrain::testing;
using elsewhere::Remote;

namespace {

Remote random_remote(Index n, Philox& rng) {
  Remote x{std::vector<double>(static_cast<std::size_t>(n))};
  for (double& value : x.data) value = normal(rng);
  return x;
}

/// Eigenvalues 1, 1/2, ..., 1/n.
void harmonic(const Remote& x, Remote& out) {
  for (std::size_t i = 0; i < x.data.size(); ++i) out.data[i] = x.data[i] / static_cast<double>(i + 1);
}

}  // namespace

TEST_CASE("every matrix-free algorithm runs on vectors that live elsewhere", "[linalg]") {
  static_assert(HilbertVector<Remote>);
  Philox rng(111);
  const Index n = 40;
  const Remote start = random_remote(n, rng);

  CHECK_THAT(lanczos(harmonic, start).values(0), WithinRel(1.0, 1e-10));
  CHECK_THAT(operator_norm_from(harmonic, harmonic, start, start).value, WithinRel(1.0, 1e-10));
  const auto top = top_eigenpairs_from(
      harmonic, [&] { return random_remote(n, rng); }, n, 3);
  CHECK_THAT(top.values(2), WithinRel(1.0 / 3, 1e-10));

  Remote image = zeros_like(start);
  harmonic(start, image);
  Remote x = zeros_like(start);
  CHECK(conjugate_gradient(harmonic, image, x, {.tolerance = 1e-13}).converged);
  axpy(-1, start, x);
  CHECK(norm(x) <= 40e-13 * norm(start));

  const auto phi1 = krylov_phi(harmonic, start, {2.0}, 2);
  for (std::size_t i = 0; i < start.data.size(); ++i) {
    CHECK_THAT(phi1.values[0][1].data[i],
               WithinAbs(phi(1, -2.0 / static_cast<double>(i + 1)) * start.data[i], 1e-9 * norm(start)));
  }

  // Parameters elsewhere, outputs here: A x = (x_i / (i + 1))_i, B(u, v) = (u_i v_i / (i + 1))_i.
  const auto apply = [](const Remote& v, Vector<double>& out) {
    for (Index i = 0; i < out.size(); ++i)
      out(i) = v.data[static_cast<std::size_t>(i)] / static_cast<double>(i + 1);
  };
  const auto contract = [](const Vector<double>& z, const Remote& u, Remote& out) {
    harmonic(u, out);
    for (std::size_t i = 0; i < u.data.size(); ++i) out.data[i] *= z(static_cast<Index>(i));
  };
  const auto bilinear = [&](const Remote& u, const Remote& v, Vector<double>& out) {
    apply(u, out);
    for (Index i = 0; i < out.size(); ++i) out(i) *= v.data[static_cast<std::size_t>(i)];
  };
  Remote ones = start;
  fill(ones, 1);
  const auto adjoint = [&](const Vector<double>& g, Remote& out) { contract(g, ones, out); };
  Vector<double> b = Vector<double>::Zero(n);
  apply(start, b);
  fill(x, 0);
  CHECK(least_squares(apply, adjoint, b, x, euclidean(n), {.tolerance = 1e-13}).converged);
  axpy(-1, start, x);
  CHECK(norm(x) <= 40 * 40e-13 * norm(start));
  // ||B(u, u)||^2 = Σ u_i^4 / (i + 1)^2 <= 1, which u = e_0 attains.
  Remote first = zeros_like(start);
  first.data[0] = 2;
  const auto estimate =
      bilinear_norm_from(bilinear, contract, std::vector<Remote>{start, first}, b, euclidean(n));
  CHECK_THAT(estimate.lower, WithinRel(1.0, roundoff<double>(100)));
}
