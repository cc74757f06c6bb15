#include <cmath>
#include <lazytrain/linalg/smallest_singular_value.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// R^p -> F with singular values `values`: v -> Σ_i values(i) v_i f_i with f_i = e_i / ||e_i||_F.
struct Diagonal {
  Vector<double> values;
  OutputSpace space;

  auto apply() const {
    return [this](const Vector<double>& v, Vector<double>& out) {
      out.setZero();
      out.head(values.size()) = values.cwiseProduct(v.head(values.size()));
      space.from_euclidean(out);
    };
  }
  auto adjoint() const {
    return [this](const Vector<double>& g, Vector<double>& out) {
      Vector<double> x = g;
      space.to_euclidean(x);
      out.setZero();
      out.head(values.size()) = values.cwiseProduct(x.head(values.size()));
    };
  }
};

}  // namespace

TEST_CASE("more parameters than outputs: the smallest singular value on F, bracketed", "[linalg]") {
  Philox rng(61);
  const Index limit = GENERATE(Index{0}, Index{64});
  for (const double smallest : {0.5, 1e-3, 1e-7}) {
    const Index n = 20;
    Vector<double> values = Vector<double>::LinSpaced(n, 2.0, 1.0);
    values(n - 1) = smallest;
    const Diagonal map{values,
                       OutputSpace::weighted((normal_vector(n, rng).cwiseAbs().array() + 0.1).matrix())};
    const auto result =
        smallest_singular_value(map.apply(), map.adjoint(), 50, map.space, {.dense_limit = limit}, rng);
    // A Krylov space that stops at convergence need not show every singular value.
    CHECK(result.rank <= n);
    CHECK((result.rank == n || limit == 0));
    CHECK(result.on_outputs.converged);
    CHECK(result.on_outputs.lower <= smallest);
    CHECK(result.on_outputs.upper >= smallest);
    CHECK_THAT(result.on_outputs.value, WithinAbs(smallest, 1e-12));
    CHECK_THAT(result.positive.value, WithinAbs(smallest, 1e-12));
    CHECK(result.on_outputs.proved == (limit > 0));
  }
}

TEST_CASE("fewer parameters than outputs: 0 on F, exactly, and the smallest positive one", "[linalg]") {
  Philox rng(62);
  const Index limit = GENERATE(Index{0}, Index{64});
  const Diagonal map{(Vector<double>(4) << 3, 2, 1, 0.25).finished(), empirical(9)};
  const auto result =
      smallest_singular_value(map.apply(), map.adjoint(), 4, map.space, {.dense_limit = limit}, rng);
  CHECK(result.on_outputs.value == 0);
  CHECK(result.on_outputs.upper == 0);
  CHECK(result.on_outputs.proved);
  CHECK(result.rank == 4);
  CHECK(result.positive.lower <= 0.25);
  CHECK(result.positive.upper >= 0.25);
  CHECK_THAT(result.positive.value, WithinAbs(0.25, 1e-12));
}

TEST_CASE("rank deficient maps: 0 is not proved positive, and rank and smallest positive value are found",
          "[linalg]") {
  Philox rng(63);
  const Index limit = GENERATE(Index{0}, Index{64});
  const Diagonal map{(Vector<double>(6) << 4, 3, 2, 1, 0, 0).finished(), empirical(6)};
  const auto result =
      smallest_singular_value(map.apply(), map.adjoint(), 10, map.space, {.dense_limit = limit}, rng);
  CHECK(result.rank == 4);
  CHECK(result.on_outputs.lower == 0);
  CHECK(result.on_outputs.upper <= 1e-12);
  CHECK_THAT(result.positive.value, WithinAbs(1.0, 1e-12));
}

TEST_CASE("a matrix-free run that is cut short gives an upper bound and says that it has not converged",
          "[linalg]") {
  Philox rng(64);
  Vector<double> values(150);
  for (Index i = 0; i < 150; ++i) values(i) = std::pow(10.0, -6 * static_cast<double>(i) / 149);
  const Diagonal map{values, euclidean(150)};
  const auto cut =
      smallest_singular_value(map.apply(), map.adjoint(), 150, map.space, {.max_steps = 20}, rng);
  CHECK_FALSE(cut.on_outputs.converged);
  CHECK(cut.on_outputs.upper >= 1e-6);
  const auto full =
      smallest_singular_value(map.apply(), map.adjoint(), 150, map.space, {.tolerance = 1e-13}, rng);
  CHECK(full.on_outputs.converged);
  CHECK_THAT(full.on_outputs.value, WithinRel(1e-6, 1e-7));
}

TEST_CASE("the zero map has rank 0 and no positive singular value", "[linalg]") {
  Philox rng(65);
  const Index limit = GENERATE(Index{0}, Index{64});
  const Diagonal map{Vector<double>::Zero(3), empirical(3)};
  const auto result =
      smallest_singular_value(map.apply(), map.adjoint(), 5, map.space, {.dense_limit = limit}, rng);
  CHECK(result.rank == 0);
  CHECK(result.on_outputs.value == 0);
  CHECK(result.positive.value == 0);
}

TEST_CASE("smallest_singular_value refuses options", "[linalg]") {
  Philox rng(66);
  const Diagonal map{Vector<double>::Ones(3), empirical(3)};
  CHECK_THROWS_AS(smallest_singular_value(map.apply(), map.adjoint(), 0, map.space, {}, rng),
                  std::invalid_argument);
  CHECK_THAT(message_of<std::domain_error>([&] {
               (void)smallest_singular_value(map.apply(), map.adjoint(), 3, map.space, {.tolerance = -1},
                                             rng);
             }),
             ContainsSubstring("smallest_singular_value: tolerance is -1"));
}
