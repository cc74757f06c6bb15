#pragma once

#include <lazytrain/backend/epilogue.hpp>
#include <lazytrain/backend/write.hpp>
#include <lazytrain/core/random.hpp>
#include <support/catch.hpp>
#include <support/convolution.hpp>
#include <support/tolerance.hpp>

namespace lazytrain::testing {

/// Convolutions of a backend with epilogues are the same without, and then biases, signs and masks;
/// `there(x)` is a vector of the host where the backend computes, `back(x)` the reverse.
template <class S, class B, class There, class Back>
void check_epilogues(const B& backend, There&& there, Back&& back) {
  const Index n = 3;
  for (const ConvShape& s : odd_conv_shapes()) {
    Philox rng(11);
    const auto w = there(normal_vector<S>(s.weight_dim(), rng)),
               x = there(normal_vector<S>(s.input_dim() * n, rng)),
               gy = there(normal_vector<S>(s.output_dim() * n, rng));
    const Vector<S> b = normal_vector<S>(s.filters, rng), y0 = normal_vector<S>(s.output_dim() * n, rng),
                    mask = normal_vector<S>(s.output_dim() * n, rng),
                    gx0 = normal_vector<S>(s.input_dim() * n, rng),
                    gx_mask = normal_vector<S>(s.input_dim() * n, rng);
    const auto bias_there = there(b), mask_there = there(mask), gx_mask_there = there(gx_mask);
    const auto weights = backend.weights(s, w.data());
    typename B::Workspace scratch;
    for (const Write write : {Write::assign, Write::add}) {
      auto plain = there(y0);
      backend.convolve(weights, x.data(), n, plain.data(), write, scratch);
      const Vector<S> product = back(plain);
      for (const Index biased : {0, 1, 3}) {
        for (const bool rectify : {false, true}) {
          for (const bool masks : {false, true}) {
            CAPTURE(s, write == Write::add, biased, rectify, masks);
            Vector<S> expected = product;
            for (Index i = 0; i < expected.size(); ++i) {
              if (i < biased * s.output_dim()) expected(i) += b(i % s.filters);
              if ((rectify && expected(i) < 0) || (masks && mask(i) <= 0)) expected(i) = 0;
            }
            auto y = there(y0);
            backend.convolve(weights, x.data(), n, y.data(), write, scratch,
                             {.bias = biased > 0 ? bias_there.data() : nullptr,
                              .biased = biased,
                              .rectify = rectify,
                              .mask = masks ? mask_there.data() : nullptr});
            CHECK(static_cast<double>((back(y) - expected).cwiseAbs().maxCoeff()) <=
                  roundoff<S>(4) *
                      static_cast<double>(product.cwiseAbs().maxCoeff() + b.cwiseAbs().maxCoeff()));
          }
        }
      }
      auto gx = there(gx0);
      backend.convolve_transposed(weights, gy.data(), n, gx.data(), write, scratch);
      Vector<S> expected = back(gx);
      for (Index i = 0; i < expected.size(); ++i) expected(i) = gx_mask(i) > 0 ? expected(i) : S(0);
      auto masked = there(gx0);
      backend.convolve_transposed(weights, gy.data(), n, masked.data(), write, scratch, gx_mask_there.data());
      CHECK(back(masked) == expected);
    }
  }
}

}  // namespace lazytrain::testing
