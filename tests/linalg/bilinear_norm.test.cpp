#include <cmath>
#include <lazytrain/linalg/bilinear_norm.hpp>
#include <limits>
#include <numbers>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// B(u, v)_i = u^T H_i v in F, with symmetric slices H_i.
template <class S>
struct Slices {
  std::vector<Matrix<S>> h;
  OutputSpace space;

  auto bilinear() const {
    return [this](const Vector<S>& u, const Vector<S>& v, Vector<S>& out) {
      for (std::size_t i = 0; i < h.size(); ++i) out(static_cast<Index>(i)) = u.dot(h[i] * v);
    };
  }
  auto contract() const {
    return [this](const Vector<S>& z, const Vector<S>& u, Vector<S>& out) {
      Vector<S> cotangent = z;
      space.to_cotangent(cotangent);
      out.setZero();
      for (std::size_t i = 0; i < h.size(); ++i) out += cotangent(static_cast<Index>(i)) * (h[i] * u);
    };
  }
  double value(const Vector<S>& u) const {
    Vector<S> out(space.dim());
    bilinear()(u, u, out);
    return static_cast<double>(space.norm(out)) / static_cast<double>(u.squaredNorm());
  }
};

template <class S>
Slices<S> random_slices(Index p, Index n, Philox& rng) {
  Slices<S> b{{}, OutputSpace::weighted((normal_vector(n, rng).cwiseAbs().array() + 0.2).matrix())};
  for (Index i = 0; i < n; ++i) {
    const Matrix<S> a = normal_matrix<S>(p, p, rng);
    b.h.push_back(a + a.transpose());
  }
  return b;
}

}  // namespace

TEMPLATE_TEST_CASE("the norm in two and three dimensions against a dense grid", "[linalg]", float, double) {
  using S = TestType;
  Philox rng(91);
  for (int trial = 0; trial < 10; ++trial) {
    for (const Index p : {2, 3}) {
      const Slices<S> b = random_slices<S>(p, 4, rng);
      double grid = 0;
      const int cells = 200;
      for (int i = 0; i < cells; ++i) {
        const double phi = std::numbers::pi * i / cells;
        for (int j = 0; j < (p == 2 ? 1 : cells); ++j) {
          const double theta = p == 2 ? std::numbers::pi / 2 : std::numbers::pi * j / cells;
          Vector<S> u(p);
          u(0) = static_cast<S>(std::cos(phi) * std::sin(theta));
          u(1) = static_cast<S>(std::sin(phi) * std::sin(theta));
          if (p == 3) u(2) = static_cast<S>(std::cos(theta));
          grid = std::max(grid, b.value(u));
        }
      }
      const auto estimate = bilinear_norm<S>(b.bilinear(), b.contract(), p, b.space, {}, rng);
      // The nearest grid point is within 0.5 sqrt(2) pi / 200 of the maximizer: ||B(v,v)|| >= cos(2 angle)
      // ||B||.
      CHECK(estimate.lower >= grid * (1 - roundoff<S>(100)));
      CHECK(estimate.lower <=
            grid / std::cos(std::sqrt(2.0) * std::numbers::pi / cells) * (1 + roundoff<S>(100)));
      CHECK_THAT(b.value(estimate.maximizer), WithinRel(estimate.lower, roundoff<S>(200)));
      CHECK_THAT(static_cast<double>(estimate.maximizer.norm()), WithinRel(1.0, roundoff<S>(10)));
    }
  }
}

TEST_CASE("every start climbs", "[linalg]") {
  Philox rng(92);
  const Slices<double> b = random_slices<double>(12, 7, rng);
  const auto estimate = bilinear_norm(b.bilinear(), b.contract(), 12, b.space, {.restarts = 20}, rng);
  REQUIRE(estimate.histories.size() == 20);
  double best = 0;
  for (const auto& history : estimate.histories) {
    CHECK(history.size() > 1);
    for (std::size_t i = 1; i < history.size(); ++i) CHECK(history[i] >= history[i - 1]);
    best = std::max(best, history.back());
  }
  CHECK_THAT(estimate.lower, WithinRel(best, roundoff<double>(100)));
  CHECK(estimate.lower <= best);
  // Stationary: H_z u = ||B(u, u)|| u at the maximizer.
  const Vector<double>& u = estimate.maximizer;
  Vector<double> z(7);
  b.bilinear()(u, u, z);
  z /= b.space.norm(z);
  Vector<double> image(12);
  b.contract()(z, u, image);
  CHECK((image - estimate.lower * u).norm() <= 1e-4 * estimate.lower);
}

TEST_CASE("norms in closed form: one slice, and a rank one map", "[linalg]") {
  Philox rng(93);
  // B(u, v) = (u . H v) f: the norm is the largest |eigenvalue| of H times ||f||_F.
  Slices<double> one{{(Vector<double>(3) << 1, -5, 2).finished().asDiagonal()}, empirical(1)};
  CHECK_THAT(bilinear_norm(one.bilinear(), one.contract(), 3, one.space, {}, rng).lower,
             WithinRel(5.0, 1e-12));
  // B(u, v) = (a . u)(a . v) f: norm |a|^2 ||f||_F.
  const Vector<double> a = normal_vector(9, rng);
  const Vector<double> f = normal_vector(4, rng);
  Slices<double> rank_one{{}, empirical(4)};
  for (Index i = 0; i < 4; ++i) rank_one.h.push_back(f(i) * a * a.transpose());
  CHECK_THAT(bilinear_norm(rank_one.bilinear(), rank_one.contract(), 9, rank_one.space, {}, rng).lower,
             WithinRel(a.squaredNorm() * rank_one.space.norm(f), 1e-12));
}

TEST_CASE("a start of the caller is used, and at a maximum it is kept", "[linalg]") {
  Philox rng(94);
  const Slices<double> b = random_slices<double>(5, 3, rng);
  const auto best = bilinear_norm(b.bilinear(), b.contract(), 5, b.space, {.restarts = 30}, rng);
  const auto again = bilinear_norm(b.bilinear(), b.contract(), 5, b.space, {.restarts = 0}, rng,
                                   {Vector<double>(3 * best.maximizer)});
  CHECK(again.histories.size() == 1);
  CHECK_THAT(again.lower, WithinRel(best.lower, 1e-10));
}

TEST_CASE("zero maps and starts on which B vanishes", "[linalg]") {
  Philox rng(95);
  Slices<double> zero{{Matrix<double>::Zero(4, 4)}, euclidean(1)};
  const auto nothing = bilinear_norm(zero.bilinear(), zero.contract(), 4, zero.space, {}, rng);
  CHECK(nothing.lower == 0);
  CHECK(nothing.iterations == 0);
  CHECK(nothing.maximizer.size() == 4);
  // B(e_1, e_1) = 0 although B is not: this start says nothing, the random ones do.
  Matrix<double> swap(2, 2);
  swap << 0, 1, 1, 0;
  Slices<double> b{{swap}, euclidean(1)};
  const auto estimate = bilinear_norm(b.bilinear(), b.contract(), 2, b.space, {}, rng,
                                      {Vector<double>(Vector<double>::Unit(2, 0))});
  CHECK(estimate.histories.front() == std::vector<double>{0.0});
  CHECK_THAT(estimate.lower, WithinRel(1.0, 1e-12));
}

TEST_CASE("bilinear_norm refuses sizes, options and numbers that are not finite", "[linalg]") {
  Philox rng(96);
  const Slices<double> b = random_slices<double>(3, 2, rng);
  const auto run = [&](const BilinearNormOptions& options, std::vector<Vector<double>> starts = {}) {
    (void)bilinear_norm(b.bilinear(), b.contract(), 3, b.space, options, rng, std::move(starts));
  };
  CHECK_THAT(message_of<std::invalid_argument>([&] { run({.restarts = 0}); }),
             ContainsSubstring("the number of starts is 0"));
  CHECK_THROWS_AS(run({.lanczos_steps = 1}), std::invalid_argument);
  CHECK_THROWS_AS(run({}, {Vector<double>(Vector<double>::Ones(4))}), std::invalid_argument);
  CHECK_THROWS_AS(run({}, {Vector<double>(Vector<double>::Zero(3))}), std::domain_error);
  const auto broken = [](const Vector<double>&, const Vector<double>&, Vector<double>& out) {
    out.setConstant(std::numeric_limits<double>::infinity());
  };
  CHECK_THAT(
      message_of<std::runtime_error>([&] { (void)bilinear_norm(broken, b.contract(), 3, b.space, {}, rng); }),
      ContainsSubstring("B(u, u) is not finite at start 0, iteration 0"));
}
