#include <lazytrain/lazy/block_search.hpp>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("the best angle between inner and outer direction beats a grid", "[lazy]") {
  Philox rng(5);
  for (int draw = 0; draw < 200; ++draw) {
    const double A = uniform(rng), D = 3 * uniform(rng);
    const double C = draw % 4 == 0 ? 0 : uniform(rng) * std::sqrt(A * D);
    const auto value = [&](double x) {
      return (4 * x * x * A + 4 * x * C + D) / ((1 + x * x) * (1 + x * x));
    };
    const double best = value(detail::best_tangent(A, C, D));
    for (int k = 0; k <= 300; ++k) CHECK(value(k / 100.0) <= best * (1 + 1e-14));
  }
}

TEST_CASE("blocks of neurons are searched as if each were alone", "[lazy]") {
  // More neurons than a block holds: every direction found gives the value that is said.
  Philox rng(1);
  const auto h =
      TwoLayer<double, Tanh>({.inputs = 3, .neurons = 70, .scaling = 1.0}).on(normal_matrix(3, 9, rng));
  const Vector<double> w = normal_vector(h.parameter_dim(), rng);
  const detail::BlockSearch<double, Tanh> search(h, w);
  const auto found = search.climb_together(detail::block_steps, rng);
  const auto at = h.linearize(w);
  for (Index j = 0; j < 70; ++j) {
    const double b = at.outer()(0, j);
    const auto value = [&](double sign) {
      Vector<double> u = Vector<double>::Zero(w.size());
      u.segment(h.layout().inner_offset(j), 3) =
          std::sqrt(1 - found.outer(j) * found.outer(j)) * found.inner.col(j);
      u(h.layout().outer_offset(j)) = sign * found.outer(j);
      Vector<double> out(9);
      at.second(u, u, out);
      return h.output_space().norm(out);
    };
    // The direction of b_j is b_j / |b_j|.
    CHECK_THAT(value(b > 0 ? 1 : -1), WithinRel(found.value(j), 1e-12));
  }
}

TEST_CASE("the search in blocks has the same bits on any number of threads", "[lazy]") {
  Philox rng(2);
  const auto h = TwoLayer<double, Tanh>({.inputs = 40, .neurons = 130}).on(normal_matrix(40, 110, rng));
  const Vector<double> w = normal_vector(h.parameter_dim(), rng);
  const auto found = [&](Index threads) {
    Philox starts(3);
    const detail::BlockSearch<double, Tanh> search(h, w, threads);
    auto together = search.climb_together(2, starts);
    const Vector<double> e = together.inner.col(7);
    const double alone = search.climb(7, e, together.outer(7), {.restarts = 2, .max_iterations = 3}, starts);
    return std::pair(together, alone);
  };
  const auto [one, one_alone] = found(1);
  const auto [three, three_alone] = found(3);
  CHECK(one.inner == three.inner);
  CHECK(one.outer == three.outer);
  CHECK(one.value == three.value);
  CHECK(one_alone == three_alone);
}
