#include <lazytrain/nn/pooling.hpp>

#include "layer_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Coordinate (c, y, x) of sample i.
template <class V>
auto at(const V& v, const nn::ImageShape& s, Index i, Index c, Index y, Index x) {
  return v(i * s.dim() + c + s.channels * (y * s.width + x));
}

/// Applies reduce(values of a window) to every window and channel, by its definition.
template <class S, class Reduce>
Vector<S> pool(const Vector<S>& v, const nn::ImageShape& in, Index samples, Index kernel, Index stride,
               const Reduce& reduce) {
  const nn::ImageShape out{in.channels, (in.height - kernel) / stride + 1, (in.width - kernel) / stride + 1};
  Vector<S> y(out.dim() * samples);
  Index next = 0;
  for (Index i = 0; i < samples; ++i)
    for (Index oy = 0; oy < out.height; ++oy)
      for (Index ox = 0; ox < out.width; ++ox)
        for (Index c = 0; c < out.channels; ++c) {
          Vector<S> window(kernel * kernel);
          for (Index k = 0; k < window.size(); ++k) {
            window(k) = at(v, in, i, c, oy * stride + k / kernel, ox * stride + k % kernel);
          }
          y(next++) = reduce(window);
        }
  return y;
}

}  // namespace

TEMPLATE_TEST_CASE("poolings obey the laws of layers, overlapping or not", "[nn]", float, double) {
  for (const Index kernel : {1, 2, 3}) {
    for (const Index stride : {1, 2, 3}) {
      CAPTURE(kernel, stride);
      check_description_laws<TestType>(nn::MaxPool{kernel, stride}, {3, 7, 5}, 2);
      check_description_laws<TestType>(nn::AveragePool{kernel, stride}, {3, 7, 5}, 2);
    }
  }
  check_description_laws<TestType>(nn::MaxPool{}, {19, 4, 4}, 3);
}

TEST_CASE("poolings are the largest and the mean of every window", "[nn]") {
  using B = cpu::Backend<double>;
  const nn::ImageShape input{5, 7, 6};
  Philox rng(1);
  const Vector<double> x = normal_vector(3 * input.dim(), rng);
  for (const Index kernel : {1, 2, 3}) {
    for (const Index stride : {1, 2, 3}) {
      CAPTURE(kernel, stride);
      LayerCalls<double> largest(nn::AnyLayer<B>("max_pool1", nn::MaxPool{kernel, stride}.bind<B>(input)),
                                 input, 3);
      CHECK(largest.forward({}, x) ==
            pool(x, input, 3, kernel, stride, [](const auto& v) { return v.maxCoeff(); }));
      LayerCalls<double> mean(
          nn::AnyLayer<B>("average_pool1", nn::AveragePool{kernel, stride}.bind<B>(input)), input, 3);
      const auto expected = pool(x, input, 3, kernel, stride, [](const auto& v) { return v.mean(); });
      CHECK((mean.forward({}, x) - expected).cwiseAbs().maxCoeff() <=
            roundoff<double>(20) * x.cwiseAbs().maxCoeff());
    }
  }
}

TEST_CASE("of several largest coordinates the first in row order counts", "[nn]") {
  using B = cpu::Backend<double>;
  const nn::ImageShape input{1, 2, 2};
  LayerCalls<double> f(nn::AnyLayer<B>("max_pool1", nn::MaxPool{}.bind<B>(input)), input, 1);
  const Vector<double> x = Eigen::Vector4d(0, 1, 1, 1), dx = Eigen::Vector4d(5, 6, 7, 8);
  CHECK(f.jvp({}, {}, x, dx)(0) == 6);
  CHECK(f.vjp({}, x, Vector<double>::Constant(1, 3)).first == Vector<double>(Eigen::Vector4d(0, 3, 0, 0)));
}

TEST_CASE("a max-pooling's displacement does not cancel from alpha = 1 to 1e9", "[nn]") {
  using B = cpu::Backend<float>;
  using Wide = long double;
  const nn::ImageShape input{5, 7, 6};
  Philox rng(2);
  for (const Index kernel : {2, 3}) {
    for (const double alpha : {1.0, 10.0, 1e3, 1e5, 1e7, 1e9}) {
      CAPTURE(kernel, alpha);
      const auto epsilon = static_cast<float>(1 / alpha);
      // Half of the coordinates are within some epsilons of each other, so that the choice moves.
      Vector<float> x = normal_vector<float>(3 * input.dim(), rng);
      for (Index i = 0; i < x.size(); i += 2) x(i) = 2 * epsilon * x(i);
      const Vector<float> dx = normal_vector<float>(x.size(), rng);
      LayerCalls<float> f(nn::AnyLayer<B>("max_pool1", nn::MaxPool{kernel, 2}.bind<B>(input)), input, 3);
      const Vector<Wide> wide = x.cast<Wide>();
      const Vector<Wide> moved = wide + static_cast<Wide>(epsilon) * dx.cast<Wide>();
      const auto largest = [](const auto& v) { return v.maxCoeff(); };
      const Vector<Wide> exact =
          (pool(moved, input, 3, kernel, 2, largest) - pool(wide, input, 3, kernel, 2, largest)) /
          static_cast<Wide>(epsilon);
      const Vector<Wide> found = f.displace({}, {}, epsilon, x, dx).second.cast<Wide>();
      CHECK(static_cast<double>((found - exact).norm() / exact.norm()) <= 1e-5);
    }
  }
}

TEST_CASE("choices of a max-pooling are compared window by window", "[nn]") {
  using B = cpu::Backend<double>;
  LayerCalls<double> layer(nn::AnyLayer<B>("max_pool1", nn::MaxPool{}.bind<B>({1, 2, 4})), {1, 2, 4}, 1);
  Vector<double> x(8), z(8);
  x << 1, 2, 3, 4, 0, 0, 0, 0;
  z << 9, 2, 3, 4, 0, 0, 0, 0;
  const auto agreement = layer.compare_patterns(x, z);
  REQUIRE(agreement);
  CHECK(agreement->same == 1);
  CHECK(agreement->total == 2);
  CHECK_FALSE(
      LayerCalls<double>(nn::AnyLayer<B>("average_pool1", nn::AveragePool{}.bind<B>({1, 2, 4})), {1, 2, 4}, 1)
          .compare_patterns(x, z));
}

TEST_CASE("windows larger than the map are refused", "[nn]") {
  using B = cpu::Backend<double>;
  CHECK(message_of<std::invalid_argument>([] {
          (void)nn::MaxPool{}.bind<B>({3, 1, 4});
        }) == "lazytrain::MaxPool: kernel is 2, expected at most the height of the input");
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)nn::AveragePool{4, 0}.bind<B>({3, 4, 4});
             }),
             ContainsSubstring("AveragePool: stride is 0"));
}
