#include <lazytrain/lazy/second_derivative.hpp>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// h(w) = (<w, A w>, <w, B w>) / 2 with weights 1/4 and 1 on F: D^2h is the pair (A, B) everywhere.
struct Quadrics {
  using Scalar = double;
  [[nodiscard]] Index parameter_dim() const { return 2; }
  [[nodiscard]] Index output_dim() const { return 2; }
  [[nodiscard]] OutputSpace output_space() const {
    return OutputSpace::weighted((Vector<double>(2) << 0.25, 1).finished());
  }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const {
    return (Vector<double>(2) << w.dot(A * w) / 2, w.dot(B * w) / 2).finished();
  }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const {
    Matrix<double> J(2, 2);
    J << (A * w).transpose(), (B * w).transpose();
    return J;
  }
  [[nodiscard]] Vector<double> second(const Vector<double>&, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return (Vector<double>(2) << u.dot(A * v), u.dot(B * v)).finished();
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>&, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return c(0) * A * u + c(1) * B * u;
  }
  Matrix<double> A, B;
};

}  // namespace

TEST_CASE("the norm of D2h is the largest value on the circle, in the norm of F", "[lazy]") {
  Philox rng(1);
  for (int draw = 0; draw < 5; ++draw) {
    Quadrics h{normal_matrix(2, 2, rng), normal_matrix(2, 2, rng)};
    h.A = (h.A + h.A.transpose()).eval();
    h.B = (h.B + h.B.transpose()).eval();
    double largest = 0;
    for (int k = 0; k < 20000; ++k) {
      const double angle = M_PI * k / 20000;
      const Vector<double> u = (Vector<double>(2) << std::cos(angle), std::sin(angle)).finished();
      largest = std::max(largest, std::hypot(u.dot(h.A * u) / 2, u.dot(h.B * u)));
    }
    const Estimate norm = second_derivative_norm(linearize(h, normal_vector(2, rng)), {}, rng);
    CHECK(norm.provenance() == Provenance::estimated);
    CHECK(std::isinf(norm.upper()));
    // A grid of spacing s misses a maximum by at most 8 s^2 of it.
    CHECK_THAT(norm.value(), WithinRel(largest, 1e-6));
    CHECK(norm.value() >= largest * (1 - 1e-12));
  }
}

TEST_CASE("the search over all parameters finds the oracle's norms", "[lazy]") {
  const Oracle oracle;
  oracle.for_networks([&](const std::string&, const auto& record, const auto& h, const Vector<double>& w) {
    const auto tangent = linearize(h, w);
    Philox rng(1);
    const auto norm = bilinear_norm<double>(
        [&](const auto& u, const auto& v, auto& out) { tangent.second(u, v, out); },
        [&](const auto& z, const auto& u, auto& out) { tangent.second_adjoint(u, z, out); }, 24,
        tangent.output_space(), {.restarts = 20}, rng);
    CHECK_THAT(norm.lower, WithinRel(record.at("D2h_norm").template get<double>(), 1e-8));
  });
}
