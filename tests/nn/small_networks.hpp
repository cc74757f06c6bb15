#pragma once

#include <algorithm>
#include <lazytrain/nn/network.hpp>
#include <string>
#include <support/convolution.hpp>
#include <utility>
#include <vector>

namespace lazytrain::testing {

/// Networks that together have every kind of layer that is smooth, and of composition.
template <class B>
std::vector<std::pair<std::string, nn::Network<B>>> smooth_networks(
    // Several chunks, the last one smaller.
    const B& backend = B({.threads = 2, .chunk = 2})) {
  using nn::AveragePool, nn::Conv, nn::Dense, nn::Flatten, nn::Network, nn::Pointwise, nn::Series;
  std::vector<std::pair<std::string, Network<B>>> list;
  const auto add = [&](const char* name, const nn::ImageShape& input, const Series<B>& layers) {
    list.emplace_back(name, Network<B>(input, layers, backend));
  };
  add("one dense layer", {3}, Series<B>{Dense{.outputs = 2}});
  add("kernels, strides and paddings", {2, 7, 9},
      Series<B>{Conv{.filters = 3, .kernel = 5, .stride = 2, .padding = 2}, Pointwise<Tanh>{},
                Conv{.filters = 2}, Pointwise<Softplus>{},
                Conv{.filters = 3, .kernel = 1, .stride = 3, .padding = 0}, Pointwise<Erf>{}, Flatten{},
                Dense{.outputs = 2}});
  add("average pooling", {1, 5, 7},
      Series<B>{Conv{.filters = 2, .kernel = 3, .padding = 0}, Pointwise<Sigmoid>{},
                AveragePool{.kernel = 2, .stride = 1}, Dense{.outputs = 3}});
  const Series<B> body{Conv{.filters = 2}, Pointwise<Tanh>{}, Conv{.filters = 2}};
  add("residual blocks, one in another, one with a 1x1 shortcut, one at the input", {2, 3, 5},
      Series<B>()
          .add_residual(body)
          .add(Pointwise<Tanh>{})
          .add_residual(Series<B>(body).add_residual(Series<B>{Pointwise<Quadratic>{}}))
          .add_residual(Series<B>{Conv{.filters = 3, .stride = 2}},
                        Series<B>{Conv{.filters = 3, .kernel = 1, .stride = 2, .padding = 0}})
          .add(Pointwise<Identity>{}));
  return list;
}

/// Convolution 3x3, relu, overlapping max-pooling, residual block with a 1x1 shortcut, relu, average pooling,
/// dense: 2 x 7 x 7 to 3.
template <class B, class Sigma = Relu>
nn::Network<B> naive_network(const B& backend = B(), const nn::NetworkOptions& options = {}) {
  using nn::Conv;
  return {{2, 7, 7},
          nn::Series<B>{Conv{.filters = 4}, nn::Pointwise<Sigma>{}, nn::MaxPool{.kernel = 3, .stride = 2}}
              .add_residual(nn::Series<B>{Conv{.filters = 3}, nn::Pointwise<Sigma>{}, Conv{.filters = 3}},
                            nn::Series<B>{Conv{.filters = 3, .kernel = 1, .padding = 0}})
              .add(nn::Pointwise<Sigma>{})
              .add(nn::AveragePool{.kernel = 3, .stride = 1})
              .add(nn::Dense{.outputs = 3}),
          backend,
          options};
}

/// The values of `naive_network` by loops, in any scalar.
template <class T>
Vector<T> naive_values(const Vector<T>& w, const Matrix<T>& X) {
  const Index n = X.cols();
  Index offset = 0;
  const auto conv = [&](const ConvShape& s, const Vector<T>& x) {
    Vector<T> y(s.output_dim() * n);
    for (Index i = 0; i < y.size(); ++i) y(i) = w(offset + s.weight_dim() + i % s.filters);
    for_conv_terms(s, n, [&](Index iw, Index ix, Index iy) { y(iy) += w(offset + iw) * x(ix); });
    offset += s.weight_dim() + s.filters;
    return y;
  };
  const auto relu = [](const Vector<T>& x) { return Vector<T>(x.cwiseMax(T(0))); };
  Vector<T> x = relu(conv({.channels = 2, .height = 7, .width = 7, .filters = 4}, X.reshaped()));
  Vector<T> pooled(4 * 9 * n);
  for (Index i = 0; i < pooled.size(); ++i) {
    const Index c = i % 4, px = i / 4 % 3, py = i / 12 % 3, sample = i / 36;
    const auto entry = [&](Index k) {
      return x(c + 4 * ((2 * py + k / 3) * 7 + 2 * px + k % 3) + sample * 196);
    };
    pooled(i) = entry(0);
    for (Index k = 1; k < 9; ++k) pooled(i) = std::max(pooled(i), entry(k));
  }
  const Vector<T> inner = relu(conv({.channels = 4, .height = 3, .width = 3, .filters = 3}, pooled));
  const Vector<T> body = conv({.channels = 3, .height = 3, .width = 3, .filters = 3}, inner);
  const Vector<T> shortcut =
      conv({.channels = 4, .height = 3, .width = 3, .filters = 3, .kernel = 1, .padding = 0}, pooled);
  x = relu(body + shortcut);
  Vector<T> mean = Vector<T>::Zero(3 * n);
  for (Index i = 0; i < x.size(); ++i) mean(i % 3 + 3 * (i / 27)) += x(i) / T(9);
  return conv({.channels = 3, .height = 1, .width = 1, .filters = 3, .kernel = 1, .padding = 0}, mean);
}

}  // namespace lazytrain::testing
