#pragma once

#include <lazytrain/backend/conv_shape.hpp>
#include <ostream>
#include <vector>

#include "support/catch.hpp"

namespace lazytrain {

inline std::ostream& operator<<(std::ostream& out, const ConvShape& s) {
  return out << s.channels << " x " << s.height << " x " << s.width << " -> " << s.filters << ", kernel "
             << s.kernel << ", stride " << s.stride << ", padding " << s.padding;
}

}  // namespace lazytrain

namespace lazytrain::testing {

/// A trilinear form's terms: calls term(weight, input, output, image) for every product w x that the
/// definition of the convolution adds to an output, with positions in the arrays.
template <class Term>
void for_conv_terms(const ConvShape& s, Index n, const Term& term) {
  for (Index i = 0; i < n; ++i) {
    for (Index oy = 0; oy < s.output_height(); ++oy) {
      for (Index ox = 0; ox < s.output_width(); ++ox) {
        for (Index ky = 0; ky < s.kernel; ++ky) {
          for (Index kx = 0; kx < s.kernel; ++kx) {
            const Index y = oy * s.stride + ky - s.padding, x = ox * s.stride + kx - s.padding;
            if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
            for (Index c = 0; c < s.channels; ++c) {
              for (Index f = 0; f < s.filters; ++f) {
                term(f + s.filters * ((ky * s.kernel + kx) * s.channels + c),
                     c + s.channels * (y * s.width + x) + i * s.input_dim(),
                     f + s.filters * (oy * s.output_width() + ox) + i * s.output_dim());
              }
            }
          }
        }
      }
    }
  }
}

/// A sum and the sum of the absolute values of its terms, to which rounding errors are proportional.
struct ConvSums {
  Vector<double> value, magnitude;
  explicit ConvSums(Index size) : value(Vector<double>::Zero(size)), magnitude(Vector<double>::Zero(size)) {}
  void add(Index i, double term) {
    value(i) += term;
    magnitude(i) += std::abs(term);
  }
};

/// conv(w, x) by its definition, in double.
template <class S>
ConvSums naive_forward(const ConvShape& s, const Vector<S>& w, const Vector<S>& x, Index n) {
  ConvSums y(s.output_dim() * n);
  for_conv_terms(s, n, [&](Index iw, Index ix, Index iy) { y.add(iy, double(w(iw)) * double(x(ix))); });
  return y;
}

/// The transpose of x -> conv(w, x) by its definition, in double.
template <class S>
ConvSums naive_input_gradient(const ConvShape& s, const Vector<S>& w, const Vector<S>& gy, Index n) {
  ConvSums gx(s.input_dim() * n);
  for_conv_terms(s, n, [&](Index iw, Index ix, Index iy) { gx.add(ix, double(w(iw)) * double(gy(iy))); });
  return gx;
}

/// The transpose of w -> conv(w, x) by its definition, in double.
template <class S>
ConvSums naive_weight_gradient(const ConvShape& s, const Vector<S>& x, const Vector<S>& gy, Index n) {
  ConvSums gw(s.weight_dim());
  for_conv_terms(s, n, [&](Index iw, Index ix, Index iy) { gw.add(iw, double(x(ix)) * double(gy(iy))); });
  return gw;
}

/// Odd shapes: kernels 1, 3, 5 with strides 1, 2, 3 and paddings 0, 1, 2, maps that are no squares.
inline std::vector<ConvShape> odd_conv_shapes() {
  std::vector<ConvShape> shapes;
  for (const Index kernel : {1, 3, 5}) {
    for (const Index stride : {1, 2, 3}) {
      for (const Index padding : {0, 1, 2}) {
        shapes.push_back({.channels = 3,
                          .height = 7,
                          .width = 6,
                          .filters = 5,
                          .kernel = kernel,
                          .stride = stride,
                          .padding = padding});
      }
    }
  }
  shapes.push_back({.channels = 17, .height = 2, .width = 2, .filters = 9});
  shapes.push_back({.channels = 1, .height = 1, .width = 1, .filters = 1});
  shapes.push_back({.channels = 2, .height = 1, .width = 9, .filters = 3, .kernel = 2, .padding = 3});
  return shapes;
}

}  // namespace lazytrain::testing
