#pragma once

#include <lazytrain/backend/cpu/contraction.hpp>
#include <lazytrain/core/random.hpp>

#include "support/convolution.hpp"
#include "support/tolerance.hpp"

namespace lazytrain::testing {

/// Activations and deltas of one layer for n images of k outputs.
template <class S>
struct RandomSamples {
  RandomSamples(const ConvShape& shape, Index n, Index k, Philox& rng)
      : activations(normal_matrix<S>(shape.input_dim(), n, rng)),
        deltas(normal_matrix<S>(shape.output_dim(), n * k, rng)) {}

  [[nodiscard]] cpu::LayerSamples<S> all() const { return {activations, deltas}; }
  /// Images first, ..., first + count - 1.
  [[nodiscard]] cpu::LayerSamples<S> some(Index first, Index count) const {
    const Index k = deltas.cols() / activations.cols();
    return {activations.middleCols(first, count), deltas.middleCols(first * k, count * k)};
  }

  Matrix<S> activations, deltas;
};

/// The gradients of all outputs with respect to the weights and then the bias, by the definition of the
/// convolution, in double; and the same with absolute values for every term.
struct NaiveJacobian {
  Matrix<double> value, magnitude;
};

template <class S>
NaiveJacobian naive_jacobian(const cpu::LayerContraction& layer, const RandomSamples<S>& samples) {
  const ConvShape& s = layer.shape;
  const Index k = layer.outputs, n = samples.activations.cols();
  NaiveJacobian J;
  J.value = Matrix<double>::Zero(s.weight_dim() + (layer.bias ? s.filters : 0), n * k);
  J.magnitude = J.value;
  const auto add = [&](Index parameter, Index column, double term) {
    J.value(parameter, column) += term;
    J.magnitude(parameter, column) += std::abs(term);
  };
  for_conv_terms(s, n, [&](Index iw, Index ix, Index iy) {
    const Index i = iy / s.output_dim();
    for (Index column = i * k; column < (i + 1) * k; ++column) {
      add(iw, column,
          double(samples.activations.data()[ix]) * double(samples.deltas(iy % s.output_dim(), column)));
    }
  });
  if (layer.bias) {
    for (Index column = 0; column < n * k; ++column) {
      for (Index y = 0; y < s.output_dim(); ++y) {
        add(s.weight_dim() + y % s.filters, column, double(samples.deltas(y, column)));
      }
    }
  }
  return J;
}

/// Roundings that a term of a contraction goes through, whatever the method: sums over channels, over the
/// places of a patch, over positions, over pieces of at most 64 in a lane and 32 of those, over the panels of
/// parameters.
inline double contraction_roundings(const ConvShape& s) {
  return static_cast<double>(s.channels + s.kernel * s.kernel + s.positions() + s.weight_dim() / 1024 + 128);
}

}  // namespace lazytrain::testing
