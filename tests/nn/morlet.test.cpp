#include <cmath>
#include <lazytrain/nn/morlet.hpp>
#include <numbers>
#include <stdexcept>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("wavelets have no mean, are conjugate at opposite points, and averages have sum 1") {
  const nn::MorletFamily family(3, 6, 16, 24);
  CHECK(family.scales() == 3);
  CHECK(family.orientations() == 6);
  for (Index j = 0; j < 3; ++j) {
    for (Index l = 0; l < 6; ++l) {
      const nn::PlaneFilter& psi = family.wavelet(j, l);
      const auto terms = static_cast<double>(psi.values.size());
      const double size = psi.values.cwiseAbs().sum();
      CHECK(std::abs(psi.values.sum()) <= roundoff<double>(terms) * size);
      const double change = (psi.values - psi.values.reverse().conjugate()).cwiseAbs().maxCoeff();
      CHECK(change <= roundoff<double>(10) * psi.values.cwiseAbs().maxCoeff());
    }
    const nn::PlaneFilter& phi = family.average_filter(j + 1);
    CHECK(phi.values.imag().isZero(0));
    CHECK(phi.values.real().minCoeff() > 0);
    CHECK(std::abs(phi.values.real().sum() - 1) <= roundoff<double>(static_cast<double>(phi.values.size())));
  }
  CHECK_THROWS_AS(family.wavelet(3, 0), std::out_of_range);
  CHECK_THROWS_AS(family.average_filter(0), std::out_of_range);
}

TEST_CASE("a quarter of a turn is a transposition") {
  // Angles 0 and pi / 2 of L = 4: psi(y, x) at one is psi(x, y) at the other.
  const nn::MorletFamily family(2, 4, 8, 8);
  for (Index j = 0; j < 2; ++j) {
    const auto& across = family.wavelet(j, 0).values;
    const auto& up = family.wavelet(j, 2).values;
    // cos(pi / 2) is off by 1e-16 and multiplies at most 6 pi.
    CHECK((across - up.transpose()).cwiseAbs().maxCoeff() <=
          roundoff<double>(100) * across.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("a transfer function is the sum of its definition") {
  nn::PlaneFilter filter{1, Matrix<std::complex<double>>::Zero(3, 3)};
  filter.values(0, 2) = {2, 1};  // at (-1, 1)
  const auto hat = nn::detail::transfer(filter, 4, 6);
  for (Index ky = 0; ky < 4; ++ky) {
    for (Index kx = 0; kx < 6; ++kx) {
      const double phase =
          -2 * std::numbers::pi * (-static_cast<double>(ky) / 4 + static_cast<double>(kx) / 6);
      const std::complex<double> expected = std::complex<double>(2, 1) * std::polar(1.0, phase);
      CHECK(std::abs(hat(ky, kx) - expected) <= roundoff<double>(50));
    }
  }
}

TEST_CASE("the family keeps at most all energy, and all of it at frequency 0 and at another one") {
  const Index height = 16, width = 8;
  const nn::MorletFamily family(2, 8, height, width);
  double largest = 0;
  for (Index m = 1; m <= 2; ++m) {
    Matrix<double> energy = family.energy(m, 2 * height, 2 * width);
    CHECK_THAT(energy(0, 0), WithinRel(1.0, roundoff<double>(500)));
    // The frequencies of the image itself are among them.
    const Matrix<double> own = family.energy(m, height, width);
    CHECK_THAT(own(3, 5), WithinRel(energy(6, 10), roundoff<double>(1000)));
    energy(0, 0) = 0;
    CHECK(energy.maxCoeff() <= 1 + roundoff<double>(1000));
    largest = std::max(largest, energy.maxCoeff());
    // No frequency is lost.
    CHECK(energy.bottomRightCorner(2 * height - 1, 2 * width - 1).minCoeff() > 0.01);
  }
  CHECK_THAT(largest, WithinRel(1.0, roundoff<double>(1000)));
}

TEST_CASE("a family refuses what makes no sense") {
  CHECK_THROWS_AS(nn::MorletFamily(0, 8, 8, 8), std::invalid_argument);
  CHECK_THROWS_AS(nn::MorletFamily(2, 0, 8, 8), std::invalid_argument);
  CHECK_THROWS_AS(nn::MorletFamily(2, 8, 0, 8), std::invalid_argument);
  CHECK_THROWS_AS(nn::MorletFamily(2, 8, 8, 0), std::invalid_argument);
}
