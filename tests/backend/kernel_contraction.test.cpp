#include <lazytrain/backend/kernel_contraction.hpp>
#include <set>

#include "support/catch.hpp"
#include "support/convolution.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Operations of the three methods, counted by walking through their loops.
struct Count {
  Count(const ConvShape& s, const ContractionSize& size) {
    std::set<Index> pixels;
    for_conv_terms(s, 1, [&](Index, Index ix, Index) { pixels.insert(ix / s.channels); });
    const Index U = static_cast<Index>(pixels.size()), P = s.positions(), k = size.outputs;
    const Index parameters = s.filters * (s.patch_dim() + 1);
    const Index N = size.rows * k, M = size.columns * k;
    for (Index r = 0; r < (size.symmetric ? N : N + M); ++r) {
      for (Index p = 0; p < P; ++p) jacobian += 2 * parameters;
    }
    for (Index r = 0; r < N; ++r) {
      for (Index c = 0; c < (size.symmetric ? r + 1 : M); ++c) jacobian += 2 * parameters;
    }
    for (Index i = 0; i < size.rows; ++i) {
      for (Index j = 0; j < (size.symmetric ? i + 1 : size.columns); ++j) {
        Index patch_gram = 0;
        for (Index u = 0; u < U * U; ++u) patch_gram += 2 * s.channels;
        for (Index pair = 0; pair < P * P; ++pair) patch_gram += s.kernel * s.kernel;
        gram += patch_gram;
        applied += patch_gram;
        for (Index pair = 0; pair < P * P; ++pair) {
          for (Index block = 0; block < k * k; ++block) gram += 2 * s.filters + 2;
          for (Index o = 0; o < k; ++o) applied += 2 * s.filters;
        }
        for (Index block = 0; block < k * k; ++block) applied += 2 * s.filters * P;
      }
    }
  }
  Index jacobian = 0, gram = 0, applied = 0;
};

}  // namespace

TEST_CASE("the cost of a contraction is the operations of its loops", "") {
  for (const ConvShape& shape : odd_conv_shapes()) {
    INFO(shape);
    for (const bool symmetric : {false, true}) {
      const ContractionSize size{
          .rows = 4, .columns = symmetric ? 4 : 3, .outputs = 3, .symmetric = symmetric};
      const Count count(shape, size);
      CHECK(contraction_cost(shape, size, KernelContraction::jacobian) ==
            static_cast<double>(count.jacobian));
      CHECK(contraction_cost(shape, size, KernelContraction::gram) == static_cast<double>(count.gram));
      CHECK(contraction_cost(shape, size, KernelContraction::applied) == static_cast<double>(count.applied));
    }
  }
}

TEST_CASE("early layers of VGG-11 choose the Jacobian, later ones the Gram matrix of their patches", "") {
  const ContractionSize size{.rows = 500, .columns = 500, .outputs = 10, .symmetric = true};
  const auto conv = [](Index channels, Index filters, Index side) {
    return ConvShape{.channels = channels, .height = side, .width = side, .filters = filters};
  };
  for (const ConvShape& early : {conv(3, 64, 32), conv(64, 128, 16)}) {
    CHECK(choose_contraction(early, size) == KernelContraction::jacobian);
  }
  double total = 0;
  for (const ConvShape& late : {conv(128, 256, 8), conv(256, 256, 8), conv(256, 512, 4), conv(512, 512, 4),
                                conv(512, 512, 2), conv(512, 512, 2)}) {
    CHECK(choose_contraction(late, size) == KernelContraction::applied);
    total += contraction_cost(late, size, KernelContraction::applied);
  }
  CHECK_THAT(total, WithinRel(7.74e12, 0.05));
  CHECK(choose_contraction({512, 1, 1, 10, 1, 1, 0}, size) == KernelContraction::gram);
}

TEST_CASE("the choice is the least cost", "") {
  for (const ConvShape& shape : odd_conv_shapes()) {
    const ContractionSize size{.rows = 20, .columns = 30, .outputs = 4};
    const double chosen = contraction_cost(shape, size, choose_contraction(shape, size));
    for (const auto method :
         {KernelContraction::jacobian, KernelContraction::gram, KernelContraction::applied}) {
      CHECK(chosen <= contraction_cost(shape, size, method));
    }
  }
}

TEST_CASE("costs are refused for sizes that make no sense", "") {
  const ConvShape shape{.channels = 1, .height = 3, .width = 3, .filters = 1};
  const auto refusal = [&](const ConvShape& s, const ContractionSize& size, KernelContraction method) {
    return message_of<std::invalid_argument>([&] { (void)contraction_cost(s, size, method); });
  };
  const auto applied = KernelContraction::applied;
  CHECK_THAT(refusal(shape, {.rows = -1}, applied), ContainsSubstring("size.rows is -1"));
  CHECK_THAT(refusal(shape, {.columns = -2}, applied), ContainsSubstring("size.columns is -2"));
  CHECK_THAT(refusal(shape, {.outputs = 0}, applied), ContainsSubstring("size.outputs is 0"));
  CHECK_THAT(refusal(shape, {.rows = 2, .columns = 3, .symmetric = true}, applied),
             ContainsSubstring("size.columns has size 3, expected 2"));
  CHECK_THAT(refusal({}, {}, applied), ContainsSubstring("shape.channels is 0"));
  CHECK_THAT(refusal(shape, {}, KernelContraction::automatic), ContainsSubstring("method is automatic"));
}
