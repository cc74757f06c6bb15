#include <lazytrain/backend/cpu/winograd_transforms.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// The matrix of a map of one dimension.
template <class Map>
Matrix<double> matrix() {
  using Number = Eigen::Array<double, 1, 1>;
  Matrix<double> result(Map::out, Map::in);
  for (Index j = 0; j < Map::in; ++j) {
    Number in[Map::in], out[Map::out];
    for (Index i = 0; i < Map::in; ++i) in[i] = i == j ? 1 : 0;
    Map::apply(in, out);
    for (Index i = 0; i < Map::out; ++i) result(i, j) = out[i](0);
  }
  return result;
}

/// Applies Map in both dimensions to `size` tiles beside each other, as `winograd_transform` does: column by
/// column.
template <class Map, class S>
Matrix<S> transform(const Matrix<S>& tiles) {
  Matrix<S> result(tiles.rows(), Map::out * Map::out);
  cpu::winograd_transform<Map, S>(
      tiles.rows(), [&](Index i) { return tiles.data() + i * tiles.rows(); },
      [&](Index i, Index first, const auto& numbers) {
        result.col(i).segment(first, numbers.size()) = numbers.matrix();
      });
  return result;
}

template <class Map, class S>
void check_separable() {
  Philox rng(1);
  const Matrix<double> one = matrix<Map>();
  for (const Index size : {1, 7, 16, 37}) {
    const Matrix<S> tiles = normal_matrix<S>(size, Map::in * Map::in, rng);
    const Matrix<S> computed = transform<Map>(tiles);
    for (Index c = 0; c < size; ++c) {
      // Entries row by row: the transpose of Eigen's order.
      const Matrix<double> tile = tiles.row(c).template cast<double>().reshaped(Map::in, Map::in).transpose();
      const Matrix<double> expected = one * tile * one.transpose();
      const Matrix<double> magnitude = one.cwiseAbs() * tile.cwiseAbs() * one.cwiseAbs().transpose();
      const Matrix<double> got =
          computed.row(c).template cast<double>().reshaped(Map::out, Map::out).transpose();
      // At most 6 roundings a dimension, 2 more for the constants, of intermediate sums of twice the
      // magnitude.
      CHECK(((got - expected).cwiseAbs().array() <= 2 * roundoff<S>(2 * 8) * magnitude.array()).all());
    }
  }
}

}  // namespace

TEST_CASE("The maps of one dimension correlate: y = A' [(G g) . (B' d)]") {
  const Matrix<double> A = matrix<cpu::WinogradOutput>(), G = matrix<cpu::WinogradKernel>();
  const Matrix<double> B = matrix<cpu::WinogradInput>();
  for (Index k = 0; k < 3; ++k) {
    for (Index j = 0; j < 6; ++j) {
      const Vector<double> y = A * G.col(k).cwiseProduct(B.col(j));
      for (Index i = 0; i < 4; ++i) {
        // Sums of 6 products as large as 8 / 6 . 5.
        CHECK_THAT(y(i), WithinAbs(i + k == j ? 1 : 0, 6 * 8 * roundoff<double>(6)));
      }
    }
  }
}

TEST_CASE("The transposed maps are transposes") {
  CHECK(matrix<cpu::WinogradInputTransposed>() == matrix<cpu::WinogradInput>().transpose());
  CHECK(matrix<cpu::WinogradOutputTransposed>() == matrix<cpu::WinogradOutput>().transpose());
  const Matrix<double> G = matrix<cpu::WinogradKernel>();
  CHECK((matrix<cpu::WinogradKernelTransposed>() - G.transpose()).cwiseAbs().maxCoeff() <=
        roundoff<double>(1));
}

TEMPLATE_TEST_CASE("A transform applies its map to rows and columns, whatever the number of channels", "",
                   float, double) {
  using S = TestType;
  check_separable<cpu::WinogradInput, S>();
  check_separable<cpu::WinogradInputTransposed, S>();
  check_separable<cpu::WinogradKernel, S>();
  check_separable<cpu::WinogradKernelTransposed, S>();
  check_separable<cpu::WinogradOutput, S>();
  check_separable<cpu::WinogradOutputTransposed, S>();
}
