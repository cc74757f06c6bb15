#include <cmath>
#include <lazytrain/kernel/kernel_modes.hpp>
#include <limits>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("modes that rounding hides are not inverted and come to rest", "[kernel]", float, double) {
  using S = TestType;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  // The cutoff is 4 n eps ||.||_F; the second eigenvalue is above it, the third below.
  // below.
  Matrix<S> sigma = Matrix<S>::Zero(4, 4);
  sigma(0, 0) = 2;
  sigma(1, 1) = S(0.5);
  sigma(2, 2) = std::numeric_limits<S>::epsilon();
  const Vector<S> ones = Vector<S>::Ones(4);
  const detail::KernelModes<S> modes(sigma, ones);
  CHECK_THAT(modes.cutoff, WithinRel(roundoff<S>(16) * std::sqrt(4.25), roundoff<S>(10)));
  CHECK(modes.rank() == 2);
  CHECK_THAT(modes.residual.norm(), WithinRel(2, roundoff<S>(10)));

  // Without a ridge and with one that does not resolve them, the last two are left alone.
  for (const double ridge : {0.0, 1e-30, modes.cutoff / 4}) {
    CHECK(modes.rank(ridge) == 2);
    CHECK(modes.inverse(1, ridge) == 1 / (modes.values(1) + ridge));
    CHECK(modes.inverse(2, ridge) == 0);
    CHECK(modes.inverse(3, ridge) == 0);
  }
  const double large = 2 * modes.cutoff;
  CHECK(modes.rank(large) == 4);
  CHECK(modes.inverse(3, large) == 1 / large);

  const double rest = std::sqrt(roundoff<S>(1)) / modes.cutoff;
  for (const Index i : {Index{2}, Index{3}}) {
    CHECK(modes.length(i, 0) == 0);
    CHECK(modes.decay(i, 0) == 1);
    CHECK(modes.moves(i, 0.99 * rest));
    CHECK(modes.length(i, 0.99 * rest) > 0);
    // Whether it moves or rests, the difference to the residual is below sqrt(eps).
    CHECK(1 - modes.decay(i, 0.99 * rest) <= std::sqrt(roundoff<S>(1)));
    for (const double t : {1.01 * rest, 1e12 * rest, infinity}) {
      CHECK(!modes.moves(i, t));
      CHECK(modes.length(i, t) == 0);
      CHECK(modes.decay(i, t) == 1);
    }
  }
  CHECK_THAT(modes.length(0, 0.25), WithinRel(-std::expm1(-0.5) / 2, roundoff<double>(10)));
  CHECK_THAT(modes.decay(0, 0.25), WithinRel(std::exp(-0.5), roundoff<double>(10)));
  CHECK(modes.length(0, infinity) == 0.5);
  CHECK(modes.decay(0, infinity) == 0);
}

TEST_CASE("modes of no kernel and of a kernel that is 0", "[kernel]") {
  const detail::KernelModes<double> none(Matrix<double>(0, 0), Vector<double>(0));
  CHECK(none.rank() == 0);
  const detail::KernelModes<double> zero(Matrix<double>::Zero(2, 2), Vector<double>::Ones(2));
  CHECK(zero.cutoff == 0);
  CHECK(zero.rank() == 0);
  CHECK(zero.inverse(0) == 0);
  CHECK(zero.decay(0, 1e300) == 1);
  CHECK(zero.length(0, std::numeric_limits<double>::infinity()) == 0);
}
