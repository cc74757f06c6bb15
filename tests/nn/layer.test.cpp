#include <lazytrain/model/check_derivatives.hpp>
#include <lazytrain/nn/layer.hpp>
#include <lazytrain/nn/network.hpp>

#include "../../examples/support/channel_scale.hpp"
#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// y = x + b with the derivatives that a layer must have, and no other.
template <class B>
struct ShiftLayer {
  using S = scalar_t<B>;
  using W = nn::LayerParameters<B>;
  nn::ImageShape shape;

  [[nodiscard]] nn::ImageShape output_shape() const { return shape; }
  [[nodiscard]] std::vector<nn::ParameterBlock> parameters() const { return {{"shift", 1, 1}}; }
  void forward(const nn::Chunk<B>& chunk, const W& w, const S* x, S* y) const {
    for (Index i = 0; i < chunk.samples * shape.dim(); ++i) y[i] = x[i] + w.data[0];
  }
  void jvp(const nn::Chunk<B>& chunk, const W&, const W& dw, const S*, const S*, const S* dx, S* dy) const {
    for (Index i = 0; i < chunk.samples * shape.dim(); ++i) dy[i] = dx[i] + dw.data[0];
  }
  void vjp(const nn::Chunk<B>& chunk, const W&, const S*, const S*, const S* gy, S* gx, S* gw) const {
    gw[0] = 0;
    for (Index i = 0; i < chunk.samples * shape.dim(); ++i) {
      gx[i] = gy[i];
      gw[0] += gy[i];
    }
  }
};

struct Shift {
  static constexpr std::string_view name = "shift";
  template <class B>
  [[nodiscard]] ShiftLayer<B> bind(const nn::ImageShape& input) const {
    return {input};
  }
};

using B = cpu::Backend<double>;
static_assert(nn::Layer<ShiftLayer<B>, B>);
static_assert(!nn::DisplaceableLayer<ShiftLayer<B>, B>);
static_assert(!nn::TwiceDifferentiableLayer<ShiftLayer<B>, B>);
static_assert(!nn::ConvolutionalLayer<ShiftLayer<B>>);
static_assert(nn::DisplaceableLayer<examples::ChannelScaleLayer<B>, B>);
static_assert(nn::TwiceDifferentiableLayer<examples::ChannelScaleLayer<B>, B>);
static_assert(nn::ConvolutionalLayer<nn::Affine<B>>);
static_assert(!nn::Layer<int, B>);

}  // namespace

TEST_CASE("a block of parameters is a matrix, by default a vector", "[nn]") {
  CHECK(nn::ParameterBlock{"weight", 3, 4}.size() == 12);
  CHECK(nn::ParameterBlock{"bias", 3}.size() == 3);
}

TEMPLATE_TEST_CASE("a layer of one's own obeys the laws of layers", "[nn]", float, double) {
  check_description_laws<TestType>(examples::ChannelScale{}, {3, 2, 5}, 3);
  check_description_laws<TestType>(Shift{}, {3, 2, 5}, 3);
}

TEST_CASE("what a layer of one's own lacks is refused by its name", "[nn]") {
  const nn::Network<B> net({2, 2, 2},
                           nn::Series<B>{nn::Conv{.filters = 2}, Shift{}, nn::Dense{.outputs = 3}});
  const Vector<double> w = Vector<double>::Ones(net.parameter_dim());
  for (const Index samples : {1, 70}) {
    const auto h = net.on(Matrix<double>::Ones(8, samples));
    CHECK(message_of<std::invalid_argument>([&] { (void)h.displace(w, 0.1); }) ==
          "lazytrain::NetworkOnData::displace: layer shift1 has no displace(...), expected a network of "
          "layers that "
          "have");
    const auto t = h.linearize(w);
    Vector<double> out(3 * samples), gradient(w.size());
    CHECK(message_of<std::invalid_argument>([&] { t.second(w, w, out); }) ==
          "lazytrain::shift1: this layer has no second and second_vjp, expected one that has");
    CHECK_THAT(message_of<std::invalid_argument>([&] { t.second_vjp(w, out, gradient); }),
               ContainsSubstring("shift1: this layer has no second and second_vjp"));
    // What it has goes on working.
    t.jvp(w, out);
    CHECK(out.allFinite());
  }
  // And is checked.
  const DerivativeReport report = check_derivatives(net.on(Matrix<double>::Ones(8, 2)), w);
  INFO(report);
  CHECK(report.passed());
  const auto finding = [&](const std::string& name) {
    for (const auto& check : report.checks) {
      if (check.name == name) return check.finding;
    }
    return std::string("missing");
  };
  CHECK(finding("second") == "is not there to check: layer shift1 has none");
  CHECK(finding("displace") == "is not there to check: layer shift1 has none");
  CHECK_THAT(finding("vjp"), ContainsSubstring("is the transposed product"));
  CHECK(net.graph().without_displacement() == "shift1");
  CHECK(net.graph().without_second() == "shift1");
}
