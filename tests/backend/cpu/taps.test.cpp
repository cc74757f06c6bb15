#include <lazytrain/backend/cpu/taps.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/convolution.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Taps visit every product of the definition once, and none with padding") {
  for (const ConvShape& shape : odd_conv_shapes()) {
    INFO(shape);
    Index expected = 0, visited = 0;
    for_conv_terms(shape, 1, [&](Index, Index, Index) { ++expected; });
    cpu::detail::for_taps(shape, 1, [&](const cpu::detail::Tap& tap, Index, Index) {
      tap.for_pixels(shape, [&](Index, Index) { ++visited; });
      CHECK(tap.pixels() > 0);
    });
    CHECK(visited * shape.channels * shape.filters == expected);
  }
}

TEST_CASE("Taps pay where most of the patches is padding") {
  CHECK(cpu::taps_pay({.channels = 8, .height = 2, .width = 2, .filters = 8}));
  CHECK(cpu::taps_pay({.channels = 8, .height = 1, .width = 1, .filters = 8}));
  CHECK_FALSE(cpu::taps_pay({.channels = 8, .height = 8, .width = 8, .filters = 8}));
  CHECK_FALSE(
      cpu::taps_pay({.channels = 8, .height = 2, .width = 2, .filters = 8, .kernel = 1, .padding = 0}));
}

TEMPLATE_TEST_CASE("Tap by tap, integers give the exact sums", "", float, double) {
  using S = TestType;
  const Index n = 3;
  for (const ConvShape& shape : odd_conv_shapes()) {
    INFO(shape);
    const auto integers = [](Index size, Index a, Index b) {
      Vector<S> v(size);
      for (Index i = 0; i < size; ++i) v(i) = static_cast<S>(i * a % b - b / 2);
      return v;
    };
    const Vector<S> w = integers(shape.weight_dim(), 7, 11), x = integers(shape.input_dim() * n, 5, 13);
    const Vector<S> gy = integers(shape.output_dim() * n, 3, 17);
    Vector<S> y = Vector<S>::Constant(gy.size(), S(9)), gx = Vector<S>::Constant(x.size(), S(9));
    Vector<S> gw = Vector<S>::Constant(w.size(), S(9));
    cpu::ConvWorkspace<S> workspace;
    cpu::tap_forward(shape, w.data(), x.data(), n, y.data(), cpu::Write::assign, workspace);
    cpu::tap_input_gradient(shape, w.data(), gy.data(), n, gx.data(), cpu::Write::assign, workspace);
    cpu::tap_weight_gradient(shape, x.data(), gy.data(), n, gw.data(), cpu::Write::assign, workspace);
    CHECK(y.template cast<double>() == naive_forward(shape, w, x, n).value);
    CHECK(gx.template cast<double>() == naive_input_gradient(shape, w, gy, n).value);
    CHECK(gw.template cast<double>() == naive_weight_gradient(shape, x, gy, n).value);
    cpu::tap_forward(shape, w.data(), x.data(), n, y.data(), cpu::Write::add, workspace);
    CHECK(y.template cast<double>() == 2 * naive_forward(shape, w, x, n).value);
  }
}
