#include <lazytrain/backend/cpu/winograd.hpp>
#include <lazytrain/core/random.hpp>
#include <limits>

#include "support/catch.hpp"
#include "support/convolution.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// A layer of VGG-11, whose size of sums is what matters for rounding.
constexpr ConvShape vgg{.channels = 256, .height = 4, .width = 4, .filters = 64};

template <class S>
double relative_error(const Vector<S>& computed, const ConvSums& exact) {
  return (computed.template cast<double>() - exact.value).norm() / exact.value.norm();
}

}  // namespace

TEST_CASE("Winograd's algorithm in exact arithmetic is the convolution") {
  // Multiples of 576 as weights and small integers otherwise: G is a multiple of 1/24 and nothing is rounded.
  const ConvShape shape{.channels = 2, .height = 9, .width = 6, .filters = 3};
  const Index n = 2;
  Vector<double> w(shape.weight_dim()), x(shape.input_dim() * n), y(shape.output_dim() * n);
  for (Index i = 0; i < w.size(); ++i) w(i) = static_cast<double>(576 * (i * 7 % 11 - 5));
  for (Index i = 0; i < x.size(); ++i) x(i) = static_cast<double>(i * 5 % 13 - 6);
  Vector<double> u(cpu::winograd_weights_size<double>(shape));
  cpu::winograd_weights(shape, w.data(), 0, shape.channels, u.data());
  cpu::ConvWorkspace<double> workspace;
  cpu::winograd_forward(shape, u.data(), x.data(), n, y.data(), cpu::Write::assign, workspace);
  const auto exact = naive_forward(shape, w, x, n);
  // 1/6 and 1/24 themselves are rounded, once a dimension.
  CHECK(((y - exact.value).cwiseAbs().array() <= 2304 * roundoff<double>(2) * exact.magnitude.maxCoeff())
            .all());
}

TEST_CASE("Errors of Winograd's algorithm at a layer of VGG-11 are below 1e-5 in float and 1e-14 in double") {
  const Index n = 2;
  const auto check = [&](auto zero, double bound) {
    using S = decltype(zero);
    Philox rng(1);
    const Vector<S> w = normal_vector<S>(vgg.weight_dim(), rng),
                    x = normal_vector<S>(vgg.input_dim() * n, rng);
    const Vector<S> gy = normal_vector<S>(vgg.output_dim() * n, rng);
    Vector<S> u(cpu::winograd_weights_size<S>(vgg)), y(gy.size()), gx(x.size()), gw(w.size());
    cpu::ConvWorkspace<S> workspace;
    cpu::winograd_weights(vgg, w.data(), 0, vgg.channels, u.data());
    cpu::winograd_forward(vgg, u.data(), x.data(), n, y.data(), cpu::Write::assign, workspace);
    cpu::winograd_input_gradient(vgg, u.data(), gy.data(), n, gx.data(), cpu::Write::assign, workspace);
    cpu::winograd_weight_gradient(vgg, x.data(), gy.data(), n, gw.data(), cpu::Write::assign, workspace);
    CHECK(relative_error(y, naive_forward(vgg, w, x, n)) <= bound);
    CHECK(relative_error(gx, naive_input_gradient(vgg, w, gy, n)) <= bound);
    CHECK(relative_error(gw, naive_weight_gradient(vgg, x, gy, n)) <= bound);
  };
  check(0.0F, 1e-5);
  check(0.0, 1e-14);
}

TEMPLATE_TEST_CASE("A weight gradient is the same sum whether its tiles are held together or in turn", "",
                   float, double) {
  using S = TestType;
  // More tiles than are held at a time, and more sums than are held at a time.
  const ConvShape shape{.channels = 160, .height = 12, .width = 12, .filters = 200};
  const Index n = 12;
  Philox rng(2);
  const Vector<S> x = normal_vector<S>(shape.input_dim() * n, rng);
  const Vector<S> gy = normal_vector<S>(shape.output_dim() * n, rng);
  Vector<S> together(shape.weight_dim()), in_turn = Vector<S>::Zero(shape.weight_dim());
  cpu::ConvWorkspace<S> workspace;
  cpu::winograd_weight_gradient(shape, x.data(), gy.data(), n, together.data(), cpu::Write::assign,
                                workspace);
  for (Index i = 0; i < n; ++i) {
    cpu::winograd_weight_gradient(shape, x.data() + i * shape.input_dim(), gy.data() + i * shape.output_dim(),
                                  1, in_turn.data(), cpu::Write::add, workspace);
  }
  // Sums of 12 . 144 products by F(4x4, 3x3); see convolution.test.cpp.
  const double tolerance = 2 * 94.4 / 3 * roundoff<S>(std::sqrt(12 * 144 + 24.0));
  CHECK(static_cast<double>((together - in_turn).norm()) <= tolerance * static_cast<double>(together.norm()));
}
