#pragma once

#include <cmath>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/layered_network.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lazytrain::testing {

/// A layered network as a functor of w = (W_1, b_1, W_2, b_2, ...), W by columns: the model to which the
/// bounds of `LayeredNetwork` apply.
struct Mlp {
  Matrix<double> X;
  /// Inputs, hidden widths, outputs.
  std::vector<Index> widths;
  /// Of the hidden layers.
  std::string activation;

  [[nodiscard]] Index parameter_dim() const {
    Index p = 0;
    for (std::size_t l = 1; l < widths.size(); ++l) p += widths[l] * (widths[l - 1] + 1);
    return p;
  }

  template <class T>
  [[nodiscard]] T activate(const T& z) const {
    using std::erf;
    using std::tanh;
    if (activation == "tanh") return tanh(z);
    if (activation == "sigmoid") return T(0.5) + T(0.5) * tanh(T(0.5) * z);
    if (activation == "softplus") return softplus(z);
    if (activation == "erf") return erf(z);
    return activation == "quadratic" ? T(z * z) : z;
  }

  template <class T>
  [[nodiscard]] Vector<T> operator()(const Vector<T>& w) const {
    const Index k = widths.back();
    Vector<T> out(X.cols() * k);
    for (Index i = 0; i < X.cols(); ++i) {
      Vector<T> x = X.col(i).template cast<T>();
      Index at = 0;
      for (std::size_t l = 1; l < widths.size(); ++l) {
        const Index rows = widths[l], columns = widths[l - 1];
        Vector<T> z(rows);
        for (Index a = 0; a < rows; ++a) {
          z(a) = w(at + rows * columns + a);
          for (Index b = 0; b < columns; ++b) z(a) += w(at + b * rows + a) * x(b);
          if (l + 1 < widths.size()) z(a) = activate(z(a));
        }
        x = z;
        at += rows * (columns + 1);
      }
      out.segment(i * k, k) = x;
    }
    return out;
  }

  [[nodiscard]] LayeredNetwork described(const Vector<double>& w) const {
    std::vector<LayerDescription> layers;
    Index at = 0;
    for (std::size_t l = 1; l < widths.size(); ++l) {
      const Index rows = widths[l], columns = widths[l - 1];
      layers.push_back({.weights = Eigen::Map<const Matrix<double>>(w.data() + at, rows, columns),
                        .bias = w.segment(at + rows * columns, rows),
                        .activation = activation_rules(l + 1 < widths.size() ? std::string_view(activation)
                                                                             : "identity")});
      at += rows * (columns + 1);
    }
    return LayeredNetwork(std::move(layers));
  }

  [[nodiscard]] OutputSpace space() const { return empirical(X.cols(), widths.back()); }
  [[nodiscard]] auto model() const { return differentiable<double>(*this, parameter_dim(), space()); }
};

/// w with entries N(0, 1 / fan-in), as networks start.
inline Vector<double> initial_weights(const Mlp& mlp, RandomEngine auto& rng) {
  Vector<double> w = normal_vector(mlp.parameter_dim(), rng);
  Index at = 0;
  for (std::size_t l = 1; l < mlp.widths.size(); ++l) {
    const Index count = mlp.widths[l] * (mlp.widths[l - 1] + 1);
    w.segment(at, count) /= std::sqrt(static_cast<double>(mlp.widths[l - 1]));
    at += count;
  }
  return w;
}

}  // namespace lazytrain::testing
