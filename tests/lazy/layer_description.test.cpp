#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/layer_description.hpp>
#include <lazytrain/lazy/layered_lipschitz.hpp>
#include <vector>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

const std::vector<ConvShape> shapes{
    {.channels = 2, .height = 5, .width = 6, .filters = 3},
    {.channels = 1, .height = 7, .width = 4, .filters = 2, .kernel = 3, .stride = 2, .padding = 1},
    {.channels = 2, .height = 6, .width = 6, .filters = 2, .kernel = 2, .stride = 2, .padding = 0},
    {.channels = 3, .height = 4, .width = 3, .filters = 1, .kernel = 3, .stride = 3, .padding = 2},
    {.channels = 2, .height = 3, .width = 3, .filters = 4, .kernel = 1, .stride = 1, .padding = 0},
    {.channels = 1, .height = 2, .width = 2, .filters = 2, .kernel = 5, .stride = 1, .padding = 2}};

/// The matrix of a linear map on R^size.
template <class F>
Matrix<double> matrix_of(Index size, F&& map) {
  return map(Matrix<double>(Matrix<double>::Identity(size, size)));
}

double spectral_norm(const Matrix<double>& a) { return a.jacobiSvd().singularValues()(0); }

}  // namespace

TEST_CASE("a convolution is described as the sums of its definition", "[lazy]") {
  Philox rng(1);
  for (const ConvShape& s : shapes) {
    const LayerDescription layer{.weights = normal_matrix(s.filters, s.patch_dim(), rng),
                                 .bias = normal_vector(s.filters, rng),
                                 .factor = 0.5,
                                 .convolution = s};
    const Matrix<double> X = normal_matrix(s.input_dim(), 2, rng), z = layer.preactivations(X);
    REQUIRE(z.rows() == layer.units());
    for (Index i = 0; i < 2; ++i) {
      for (Index at = 0; at < z.rows(); ++at) {
        const Index f = at % s.filters, oy = at / s.filters / s.output_width();
        const Index ox = at / s.filters % s.output_width();
        double sum = layer.bias(f);
        for (Index ky = 0; ky < s.kernel; ++ky) {
          for (Index kx = 0; kx < s.kernel; ++kx) {
            const Index y = oy * s.stride + ky - s.padding, x = ox * s.stride + kx - s.padding;
            if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
            for (Index c = 0; c < s.channels; ++c) {
              sum += layer.weights(f, (ky * s.kernel + kx) * s.channels + c) *
                     X(c + s.channels * (y * s.width + x), i);
            }
          }
        }
        CHECK_THAT(z(at, i), WithinAbs(0.5 * sum, 1e-13));
      }
    }
  }
}

TEST_CASE("the gain of a convolution is the norm of taking its patches", "[lazy]") {
  // With one filter for every entry of a patch, W = identity takes the patches.
  for (ConvShape s : shapes) {
    s.filters = s.patch_dim();
    const LayerDescription patches{.weights = Matrix<double>::Identity(s.patch_dim(), s.patch_dim()),
                                   .convolution = s};
    const Matrix<double> P =
        matrix_of(s.input_dim(), [&](const auto& X) { return patches.preactivations(X); });
    CHECK_THAT(patches.gain(), WithinRel(spectral_norm(P), 1e-13));
  }
  CHECK(LayerDescription{.weights = Matrix<double>::Ones(2, 3)}.gain() == 1);
}

TEST_CASE("the bound of a convolution's norm is above it, and of a 1 x 1 one exact", "[lazy]") {
  Philox rng(2);
  for (const ConvShape& s : shapes) {
    for (int draw = 0; draw < 20; ++draw) {
      const LayerDescription layer{.weights = normal_matrix(s.filters, s.patch_dim(), rng), .convolution = s};
      const double exact =
          spectral_norm(matrix_of(s.input_dim(), [&](const auto& X) { return layer.preactivations(X); }));
      const double bound = detail::layer_norm_bound(layer);
      CHECK(exact <= bound * (1 + 1e-14));
      CHECK(bound <= layer.gain() * spectral_norm(layer.weights) * (1 + 1e-12));
      if (s.kernel == 1) CHECK_THAT(bound, WithinRel(exact, 1e-12));
      // A change of the weights, whatever it is, moves the output by at most gain times its Frobenius norm.
      CHECK(exact <= layer.gain() * layer.weights.norm() * (1 + 1e-14));
    }
  }
  // Mean of a 3 x 3 window of a constant sign: the sum over taps, 9 / 9, and not sqrt(9) / 3 alone.
  const ConvShape mean{.channels = 1, .height = 30, .width = 30, .filters = 1};
  const LayerDescription layer{.weights = Matrix<double>::Constant(1, 9, 1.0 / 9), .convolution = mean};
  CHECK_THAT(detail::layer_norm_bound(layer), WithinRel(1.0, 1e-12));
}

TEST_CASE("pooling means windows, and its norm is bounded, exactly where they do not overlap", "[lazy]") {
  for (const PoolingShape& s :
       {PoolingShape{2, 4, 6, 2, 2}, PoolingShape{1, 5, 5, 3, 1}, PoolingShape{1, 5, 7, 3, 2},
        PoolingShape{3, 4, 4, 4, 4}, PoolingShape{1, 6, 6, 2, 3}}) {
    const WindowPooling pooling{.shape = s};
    const double exact = spectral_norm(matrix_of(s.input_dim(), pooling));
    CHECK(exact <= pooling.norm() * (1 + 1e-14));
    if (s.stride >= s.kernel) CHECK_THAT(pooling.norm(), WithinRel(exact, 1e-13));
  }
  const Matrix<double> x{{1}, {2}, {3}, {6}};
  const PoolingShape all{1, 2, 2, 2, 2};
  CHECK(WindowPooling{.shape = all}(x)(0, 0) == 3);
  CHECK(WindowPooling{.shape = all, .kind = WindowPooling::Kind::max}(x)(0, 0) == 6);
}

TEST_CASE("the overlap of windows is counted at the borders too", "[lazy]") {
  CHECK(window_overlap(10, 3, 1, 1) == 3);
  CHECK(window_overlap(10, 3, 2, 0) == 2);
  CHECK(window_overlap(10, 2, 3, 0) == 1);
  CHECK(window_overlap(2, 5, 1, 2) == 2);
  CHECK(window_overlap(3, 3, 1, 0) == 1);
}
