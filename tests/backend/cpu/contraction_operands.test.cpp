#include <lazytrain/backend/cpu/contraction_operands.hpp>
#include <lazytrain/backend/cpu/im2col.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/convolution.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("grouped patches are patches and a one below them", "", float, double) {
  using S = TestType;
  Philox rng(1);
  for (const ConvShape& shape : odd_conv_shapes()) {
    INFO(shape);
    const Index P = shape.positions(), all = shape.patch_dim() + 1;
    const Vector<S> x = normal_vector<S>(shape.input_dim(), rng);
    Matrix<S> patches = Matrix<S>::Ones(all, P);
    for (Index p = 0; p < P; ++p) cpu::gather_patches(shape, x.data(), p, 1, patches.col(p).data());
    for (const Index first : {Index(0), all / 3, all - 1}) {
      for (const Index count : {Index(1), all - first}) {
        Vector<S> grouped(cpu::grouped_size(P, count));
        cpu::group_patches(shape, x.data(), first, count, grouped.data());
        for (Index n = 0; n < count; ++n) {
          for (Index p = 0; p < P; ++p) CHECK(grouped(cpu::grouped(P, p, n)) == patches(first + n, p));
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("packed deltas are rows of filters, span by span, output by output", "", float, double) {
  using S = TestType;
  Philox rng(2);
  const Index W = cpu::packet_size<S>, k = 3;
  for (const Index filters : {Index(1), W - 1, W, 2 * W + 3}) {
    const ConvShape shape{.channels = 1, .height = 3, .width = 2, .filters = filters};
    const Index P = shape.positions();
    const Matrix<S> deltas = normal_matrix<S>(shape.output_dim() + 2, k, rng);
    for (const Index span : {1, 4, 6}) {
      for (Index v = 0; v < cpu::packets<S>(filters); v += 2) {
        CAPTURE(filters, span, v);
        Vector<S> packed(2 * W * P * k);
        cpu::pack_deltas(shape, deltas.data(), deltas.outerStride(), k, v * W, 2, span, packed.data());
        Index at = 0;
        for (Index p = 0; p < P; p += span) {
          for (Index o = 0; o < k; ++o) {
            for (Index q = p; q < std::min(p + span, P); ++q) {
              for (Index f = v * W; f < (v + 2) * W; ++f, ++at) {
                CHECK(packed(at) == (f < filters ? deltas(f + filters * q, o) : S(0)));
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("a workspace grows to the largest that was asked for", "") {
  cpu::ContractionWorkspace<float> workspace(100);
  CHECK(workspace.memory() == 100);
  CHECK(workspace.bytes() == 0);
  const float* first = workspace.buffer(1, 10);
  CHECK(workspace.buffer(1, 3) == first);
  (void)workspace.sums(5);
  CHECK(workspace.bytes() == 10 * sizeof(float) + 5 * sizeof(double));
  CHECK_THROWS_AS(workspace.buffer(8, 1), std::out_of_range);
}
