#pragma once

#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/linearize.hpp>
#include <lazytrain/nn/any_layer.hpp>
#include <lazytrain/nn/resnet18.hpp>
#include <lazytrain/nn/scale.hpp>
#include <lazytrain/nn/two_layer_network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <nn/inputs.hpp>
#include <nn/small_networks.hpp>
#include <string>
#include <support/device_laws.hpp>

/// Layers and networks on an executor agree with those on the host's backend.
namespace lazytrain::testing {

/// Everything that a layer computes, from inputs away from kinks.
template <class B, class D>
Results<scalar_t<B>> layer_results(const D& description, const nn::ImageShape& input, Index samples) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  Philox rng(5);
  const B backend;
  typename B::Workspace scratch;
  const nn::AnyLayer<B> layer(std::string(D::name), description.template bind<B>(input));
  const Index in = input.dim() * samples, out = layer.output_shape().dim() * samples,
              p = layer.parameter_dim();
  const auto random = [&](Index size) { return V(normal_vector<S>(size, rng)); };
  const Vector<S> x_host = away_from_kinks<S>(in, rng), dx_host = normal_vector<S>(in, rng);
  const V x(x_host), dx(dx_host), z(away_from_kinks<S>(in, rng));
  const V w = random(p), u = random(p), v = random(p), xu = random(in), xv = random(in), xuv = random(in),
          gy = random(out), gyu = random(out);
  nn::LayerParameters<B> pw, pu, pv;
  layer.prepare(backend, w.data(), pw);
  layer.prepare(backend, u.data(), pu);
  layer.prepare(backend, v.data(), pv);
  const nn::Chunk<B> chunk{backend, scratch, samples};
  V y(out), dy(out), gx(in), gw(p), yuv(out), gxu(in), gwu(p);
  Results<S> results;
  const auto keep = [&](const char* name, const V& value) { results.emplace_back(name, on_host(value)); };

  layer.forward(chunk, pw, x.data(), y.data());
  keep("forward", y);
  layer.jvp(chunk, pw, pv, x.data(), y.data(), dx.data(), dy.data());
  keep("jvp", dy);
  layer.vjp(chunk, pw, x.data(), y.data(), gy.data(), gx.data(), gw.data());
  keep("vjp in x", gx);
  keep("vjp in w", gw);
  for (const S epsilon : {S(0), S(0.5), S(1e-7)}) {
    const V moved(Vector<S>(x_host + epsilon * dx_host));
    const V pair((Vector<S>(2 * in) << x_host, dx_host).finished());
    V y_dy(2 * out);
    layer.displace(chunk, pw, pv, epsilon, pair.data(), moved.data(), y_dy.data());
    keep("displace", y_dy);
  }
  layer.second(chunk, pw, pu, pv, x.data(), y.data(), xu.data(), xv.data(), xuv.data(), yuv.data());
  keep("second", yuv);
  layer.second_vjp(chunk, pw, pu, x.data(), y.data(), xu.data(), gy.data(), gyu.data(), gx.data(), gxu.data(),
                   gwu.data());
  keep("second_vjp in x", gx);
  keep("second_vjp in x, along u", gxu);
  keep("second_vjp in w, along u", gwu);
  if (const auto patterns = layer.compare_patterns(chunk, x.data(), z.data())) {
    results.emplace_back("patterns", Vector<S>::Constant(1, static_cast<S>(patterns->same)));
  }
  return results;
}

/// Every kind of layer on odd sizes.
template <class B>
Sections<scalar_t<B>> all_layer_results() {
  Sections<scalar_t<B>> sections;
  const auto add = [&](const auto& description, const nn::ImageShape& input) {
    sections.emplace_back(std::string(description.name) + " on " + nn::to_string(input),
                          layer_results<B>(description, input, 3));
  };
  add(nn::Conv{.filters = 5}, {3, 5, 7});
  add(nn::Conv{.filters = 2, .kernel = 5, .stride = 2, .padding = 2}, {3, 7, 6});
  add(nn::Conv{.filters = 4, .kernel = 1, .padding = 0}, {3, 5, 7});
  add(nn::Dense{.outputs = 7}, {11});
  add(nn::Conv{.filters = 3, .bias = false}, {3, 5, 7});
  add(nn::Scale{.factor = -0.3}, {3, 5, 7});
  add(nn::Flatten{}, {3, 5, 7});
  for (const Index kernel : {1, 2, 3}) {
    for (const Index stride : {1, 2, 3}) {
      add(nn::MaxPool{kernel, stride}, {3, 7, 5});
      add(nn::AveragePool{kernel, stride}, {3, 7, 5});
    }
  }
  add(nn::Pointwise<Relu>{}, {3, 5, 7});
  add(nn::Pointwise<Tanh>{}, {3, 5, 7});
  add(nn::Pointwise<Sigmoid>{}, {3, 5, 7});
  add(nn::Pointwise<Softplus>{}, {3, 5, 7});
  add(nn::Pointwise<Erf>{}, {3, 5, 7});
  add(nn::Pointwise<Quadratic>{}, {3, 5, 7});
  add(nn::Pointwise<Identity>{}, {3, 5, 7});
  return sections;
}

/// Everything that a network computes on n samples, at parameters near Xavier's.
template <class B>
Results<scalar_t<B>> network_results(const nn::Network<B>& net, Index n) {
  using S = scalar_t<B>;
  using V = typename B::Vector;
  Philox rng(7);
  const Index p = net.parameter_dim(), N = n * net.outputs();
  const auto random = [&](Index size) { return V(normal_vector<S>(size, rng)); };
  V w = nn::xavier_normal(net, rng);
  axpy(S(0.1), random(p), w);
  const Vector<S> inputs = normal_vector<S>(net.input_shape().dim() * n, rng);
  const Matrix<S> X = inputs.reshaped(net.input_shape().dim(), n);
  const V u = random(p), v = random(p), c = random(N);
  Results<S> results;
  const auto keep = [&](const char* name, const V& value) { results.emplace_back(name, on_host(value)); };

  const auto h = net.on(X);
  const auto tangent = linearize(h, w);
  keep("value", tangent.value());
  keep("jvp", tangent.jvp(v));
  keep("vjp", tangent.vjp(c));
  keep("adjoint", tangent.adjoint(c));
  keep("second", tangent.second(u, v));
  V out(p);
  tangent.second_vjp(u, c, out);
  keep("second_vjp", out);
  for (const S epsilon : {S(0), S(0.5), S(1e-7)}) {
    const auto model = displaced(h, w, epsilon);
    const auto moved = linearize(model, v);
    keep("displaced value", moved.value());
    keep("start", moved.native().start());
    keep("displaced jvp", moved.jvp(u));
    keep("displaced vjp", moved.vjp(c));
  }
  // Activations computed again, in chunks of one.
  const auto forgetful = linearize(nn::Network<B>(net).with_memory(0).on(X), w);
  keep("vjp without memory", forgetful.vjp(c));
  results.emplace_back("kernel", gram(tangent).reshaped());
  const Matrix<S> others = inputs.reshaped(net.input_shape().dim(), n).rightCols(1) * S(0.5);
  results.emplace_back("cross kernel", cross_kernel(h, net.on(others), w).reshaped());
  results.emplace_back("outputs", on_host(net(w, X)).reshaped());
  return results;
}

/// Networks with every kind of layer and composition.
template <class B>
Sections<scalar_t<B>> small_network_results(const B& backend) {
  Sections<scalar_t<B>> sections;
  for (const auto& [name, net] : smooth_networks<B>(backend))
    sections.emplace_back(name, network_results(net, 3));
  sections.emplace_back(
      "two layers",
      network_results(nn::two_layer_network<B, Tanh>({.inputs = 3, .neurons = 7, .outputs = 2}, backend), 3));
  sections.emplace_back("with kinks", network_results(naive_network<B>(backend), 3));
  return sections;
}

/// VGG-11 and ResNet-18 with `width` times their filters.
template <class B>
Sections<scalar_t<B>> paper_network_results(const B& backend, double width, Index samples) {
  using S = scalar_t<B>;
  return {{"VGG-11", network_results(nn::vgg11<S>({.width = width}, backend), samples)},
          {"ResNet-18", network_results(nn::resnet18<S>({.width = width}, backend), samples)}};
}

/// The host's backend with convolutions by the operations of their definition.
template <class S>
cpu::Backend<S> host_backend(Index chunk) {
  return cpu::Backend<S>({.threads = 1, .chunk = chunk, .convolution = ConvAlgorithm::im2col});
}

}  // namespace lazytrain::testing
