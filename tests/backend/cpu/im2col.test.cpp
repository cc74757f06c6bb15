#include <lazytrain/backend/cpu/im2col.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/convolution.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("A patch holds the inputs of its output pixel, zero outside the map", "", float, double) {
  using S = TestType;
  const Index n = 2;
  Philox rng(1);
  for (const ConvShape& shape : odd_conv_shapes()) {
    INFO(shape);
    const Vector<S> x = normal_vector<S>(shape.input_dim() * n, rng);
    Matrix<S> expected = Matrix<S>::Zero(shape.patch_dim(), shape.positions() * n);
    for_conv_terms(shape, n, [&](Index iw, Index ix, Index iy) {
      expected(iw / shape.filters, iy / shape.filters) = x(ix);
    });
    // Not from the first pixel, and across images.
    const Index first = shape.positions() / 2, count = shape.positions() * n - first;
    Matrix<S> patches = Matrix<S>::Constant(shape.patch_dim(), count, S(7));
    cpu::gather_patches(shape, x.data(), first, count, patches.data());
    CHECK(patches == expected.rightCols(count));
  }
}

TEMPLATE_TEST_CASE("Scattering patches is the transpose of gathering them", "", float, double) {
  using S = TestType;
  const Index n = 2;
  for (const ConvShape& shape : odd_conv_shapes()) {
    INFO(shape);
    // Small integers: sums are exact.
    Vector<S> x(shape.input_dim() * n);
    for (Index i = 0; i < x.size(); ++i) x(i) = static_cast<S>(i * 7 % 11 - 5);
    Matrix<S> u(shape.patch_dim(), shape.positions() * n);
    for (Index i = 0; i < u.size(); ++i) u(i) = static_cast<S>(i * 5 % 13 - 6);
    Matrix<S> patches(u.rows(), u.cols());
    cpu::gather_patches(shape, x.data(), 0, u.cols(), patches.data());
    Vector<S> scattered = Vector<S>::Zero(x.size());
    cpu::scatter_patches(shape, u.data(), 0, u.cols(), scattered.data());
    CHECK(scattered.dot(x) == u.reshaped().dot(patches.reshaped()));
  }
}
