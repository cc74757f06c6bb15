#pragma once

#include <algorithm>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/conv_workspace.hpp>
#include <lazytrain/backend/cpu/im2col.hpp>
#include <lazytrain/backend/cpu/taps.hpp>
#include <lazytrain/backend/cpu/winograd.hpp>
#include <lazytrain/backend/cpu/write.hpp>

/// 2-D convolutions of batches of images, in the layout of ConvShape, and their transposes: bilinear, without
/// bias, serial. To use several threads give each its own images and its own ConvWorkspace; ConvWeights is
/// shared. The same call gives the same bits; other groups of images in a call may round otherwise. Groups of
/// 32 images and more share the reading of large weights.
///
/// Relative errors in the norm, for the layers of VGG-11 and normal data: below 1e-6 in float and 1e-15 in
/// double by ConvAlgorithm::im2col, below 1e-5 and 1e-14 by ConvAlgorithm::winograd. Each gradient is the
/// transpose of the same arithmetic, up to such errors. The arrays of a call must not overlap.
namespace lazytrain::cpu {

/// The weights of a convolution in the form that its algorithm multiplies with. Functions read it, so that
/// threads may share one.
template <class S>
class ConvWeights {
 public:
  using Scalar = S;

  /// `weights`: shape.weight_dim() numbers, which are copied.
  /// @throws std::invalid_argument if the shape makes no sense or is none for `algorithm`
  ConvWeights(const ConvShape& shape, const S* weights, ConvAlgorithm algorithm = ConvAlgorithm::automatic)
      : shape_(shape),
        algorithm_(conv_algorithm(shape, algorithm)),
        values_(algorithm_ == ConvAlgorithm::winograd ? winograd_weights_size<S>(shape)
                                                      : shape.weight_dim()) {
    assign(weights);
  }

  /// Other weights for the same shape. Allocates nothing.
  void assign(const S* weights) { assign_part(weights, 0, 1); }

  /// The same in `parts` parts, 0 <= part < parts, which threads may assign at the same time: once each.
  /// @throws std::invalid_argument if there is no such part
  void assign_part(const S* weights, Index part, Index parts) {
    require_argument(parts >= 1, "ConvWeights::assign_part", "parts", parts, "at least 1");
    require_argument(part >= 0 && part < parts, "ConvWeights::assign_part", "part", part,
                     "0 <= part < parts");
    if (algorithm_ == ConvAlgorithm::winograd) {
      const Index first = shape_.channels * part / parts, last = shape_.channels * (part + 1) / parts;
      winograd_weights(shape_, weights, first, last, values_.data());
    } else {
      const Index size = shape_.weight_dim(), first = size * part / parts;
      std::copy_n(weights + first, size * (part + 1) / parts - first, values_.data() + first);
    }
  }

  [[nodiscard]] const ConvShape& shape() const { return shape_; }
  /// ConvAlgorithm::im2col or ConvAlgorithm::winograd.
  [[nodiscard]] ConvAlgorithm algorithm() const { return algorithm_; }
  /// As they are multiplied with.
  [[nodiscard]] const S* data() const { return values_.data(); }

 private:
  ConvShape shape_;
  ConvAlgorithm algorithm_;
  Vector<S> values_;
};

/// y = or += conv(w, x): x is shape.input_dim() x n, y is shape.output_dim() x n.
template <class S>
void forward(const ConvWeights<S>& w, const S* x, Index n, S* y, Write write, ConvWorkspace<S>& workspace) {
  if (w.algorithm() == ConvAlgorithm::winograd) {
    winograd_forward(w.shape(), w.data(), x, n, y, write, workspace);
  } else if (taps_pay(w.shape())) {
    tap_forward(w.shape(), w.data(), x, n, y, write, workspace);
  } else {
    im2col_forward(w.shape(), w.data(), x, n, y, write, workspace);
  }
}

/// gx = or += the transpose of x -> conv(w, x) applied to gy: gy is shape.output_dim() x n, gx is
/// shape.input_dim() x n.
template <class S>
void input_gradient(const ConvWeights<S>& w, const S* gy, Index n, S* gx, Write write,
                    ConvWorkspace<S>& workspace) {
  if (w.algorithm() == ConvAlgorithm::winograd) {
    winograd_input_gradient(w.shape(), w.data(), gy, n, gx, write, workspace);
  } else if (taps_pay(w.shape())) {
    tap_input_gradient(w.shape(), w.data(), gy, n, gx, write, workspace);
  } else {
    im2col_input_gradient(w.shape(), w.data(), gy, n, gx, write, workspace);
  }
}

/// gw = or += the transpose of w -> conv(w, x) applied to gy, summed over the images: gw has the layout of
/// the weights.
/// @throws std::invalid_argument if the shape makes no sense or is none for `algorithm`
template <class S>
void weight_gradient(const ConvShape& shape, ConvAlgorithm algorithm, const S* x, const S* gy, Index n, S* gw,
                     Write write, ConvWorkspace<S>& workspace) {
  if (conv_algorithm(shape, algorithm) == ConvAlgorithm::winograd) {
    winograd_weight_gradient(shape, x, gy, n, gw, write, workspace);
  } else if (taps_pay(shape)) {
    tap_weight_gradient(shape, x, gy, n, gw, write, workspace);
  } else {
    im2col_weight_gradient(shape, x, gy, n, gw, write, workspace);
  }
}

}  // namespace lazytrain::cpu
