#include <lazytrain/backend/cpu/im2col.hpp>
#include <lazytrain/backend/cpu/patch_gram.hpp>

#include "support/catch.hpp"
#include "support/convolution.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("shifted inner products of pixels are the inner products of patches", "", float, double) {
  using S = TestType;
  const Index images = 3;
  for (const ConvShape& shape : odd_conv_shapes()) {
    INFO(shape);
    const Index P = shape.positions();
    // Small integers: sums are exact.
    Matrix<S> x(shape.input_dim(), images + 1);
    for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<S>(i * 7 % 11 - 5);
    std::vector<Matrix<S>> patches;
    for (Index i = 0; i <= images; ++i) {
      patches.emplace_back(shape.patch_dim(), P);
      cpu::gather_patches(shape, x.col(i).data(), 0, P, patches.back().data());
    }
    cpu::PatchGram<S> patch_gram(shape);
    const Index U = patch_gram.pixels(), row = patch_gram.row_size(images);
    Vector<S> left(cpu::grouped_size(shape.channels, U)), right(row * shape.channels), products(row * U);
    Vector<S> gram(cpu::grouped_size(P, P));
    patch_gram.group_pixels(x.col(0).data(), left.data());
    patch_gram.pack_pixels(x.col(1).data(), x.outerStride(), images, right.data());
    patch_gram.pixel_products(left.data(), right.data(), images, images, products.data());
    for (Index j = 0; j < images; ++j) {
      patch_gram(products.data() + j * U, row, S(3), gram.data());
      const Matrix<S> expected = patches[0].transpose() * patches[static_cast<std::size_t>(j + 1)];
      Matrix<S> found(P, P);
      for (Index q = 0; q < P; ++q) {
        for (Index p = 0; p < P; ++p) found(p, q) = gram(cpu::grouped(P, p, q)) - 3;
      }
      CHECK(found == expected);
    }
  }
}

TEST_CASE("patch Gram matrices refuse shapes that make no sense", "") {
  CHECK_THAT(message_of<std::invalid_argument>([] { cpu::PatchGram<float>(ConvShape{}); }),
             ContainsSubstring("shape.channels is 0"));
}
