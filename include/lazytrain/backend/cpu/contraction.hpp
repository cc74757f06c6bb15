#pragma once

#include <lazytrain/backend/cpu/contract_jacobian.hpp>
#include <lazytrain/backend/cpu/contract_pairs.hpp>
#include <lazytrain/backend/kernel_contraction.hpp>
#include <type_traits>

namespace lazytrain::cpu {

using lazytrain::LayerContraction;

namespace detail {

template <class S>
void require_samples(const char* function, const LayerContraction& layer, const LayerSamples<S>& samples) {
  require_conv_shape(function, layer.shape);
  require_argument(layer.outputs >= 1, function, "layer.outputs", layer.outputs, "at least 1");
  require_size(function, "activations.rows()", samples.activations.rows(), layer.shape.input_dim(),
               "the layer's inputs");
  require_size(function, "deltas.rows()", samples.deltas.rows(), layer.shape.output_dim(),
               "the layer's outputs");
  require_size(function, "deltas.cols()", samples.deltas.cols(), samples.activations.cols() * layer.outputs,
               "images times outputs of the network");
}

template <class S, class Out>
void contract(const LayerContraction& layer, bool symmetric, const LayerSamples<S>& rows,
              const LayerSamples<S>& columns, Out& out, Write write, ContractionWorkspace<S>& workspace) {
  if (layer.method == KernelContraction::automatic) {
    raise<std::invalid_argument>("contract",
                                 "layer.method is automatic, expected that of choose_contraction for all "
                                 "blocks of the kernel");
  }
  require_size("contract", "out.rows()", out.rows(), rows.deltas.cols(), "images times outputs of the rows");
  require_size("contract", "out.cols()", out.cols(), columns.deltas.cols(),
               "images times outputs of the columns");
  if (layer.method == KernelContraction::jacobian) {
    contract_jacobian(layer.shape, layer.outputs, layer.bias, symmetric, rows, columns, out, write,
                      workspace);
  } else {
    contract_pairs(layer.shape, layer.outputs, layer.bias, layer.method == KernelContraction::applied,
                   symmetric, rows, columns, out, write, workspace);
  }
}

}  // namespace detail

/// out = or += the layer's part of the tangent kernel between two sets of images, in the raw convention
/// (index i k + o): |rows| k x |columns| k. Serial; give each thread its own block and workspace.
///
/// The bits of the block of images i and j depend on these two and the method, not on the others, on how a
/// kernel is cut into blocks, nor on the workspace. They depend on the order of i and j (rounding), therefore
/// compute blocks below the diagonal and transpose. In single precision a lane sums at most 1024
/// products over filters and positions before double takes over. Memory: the workspace's, and with `jacobian`
/// some 4100 numbers for every row and column of `out`, for which large blocks pay: the gradients are formed
/// once a block.
/// @throws std::invalid_argument if a size is wrong, or the method is `automatic`
template <class S>
void contract(const LayerContraction& layer, const LayerSamples<std::type_identity_t<S>>& rows,
              const LayerSamples<std::type_identity_t<S>>& columns,
              Eigen::Ref<Matrix<std::type_identity_t<S>>> out, Write write,
              ContractionWorkspace<S>& workspace) {
  detail::require_samples("contract", layer, rows);
  detail::require_samples("contract", layer, columns);
  detail::contract(layer, false, rows, columns, out, write, workspace);
}

/// The same of a set of images with itself, from half of the pairs: those i >= j, with the bits that they
/// have in any other block. `out` is symmetric to the bit; with Write::add it must have been.
template <class S>
void contract(const LayerContraction& layer, const LayerSamples<std::type_identity_t<S>>& samples,
              Eigen::Ref<Matrix<std::type_identity_t<S>>> out, Write write,
              ContractionWorkspace<S>& workspace) {
  detail::require_samples("contract", layer, samples);
  detail::contract(layer, true, samples, samples, out, write, workspace);
  for (Index j = 0; j < out.cols(); ++j) {
    for (Index i = j + 1; i < out.rows(); ++i) out(j, i) = out(i, j);
  }
}

/// The gradients themselves: column i k + o is the gradient of output o of image i with respect to the
/// layer's weights (filters fastest, column after column of the weights) and then its bias. For layers of few
/// parameters, whose part of the kernel is then the product of such matrices.
/// @throws std::invalid_argument if a size is wrong
template <class S>
void layer_jacobian(const LayerContraction& layer, const LayerSamples<std::type_identity_t<S>>& samples,
                    Eigen::Ref<Matrix<std::type_identity_t<S>>> out, ContractionWorkspace<S>& workspace) {
  detail::require_samples("layer_jacobian", layer, samples);
  const Index K = layer.shape.filters;
  require_size("layer_jacobian", "out.rows()", out.rows(),
               K * (layer.shape.patch_dim() + (layer.bias ? 1 : 0)), "the layer's parameters");
  require_size("layer_jacobian", "out.cols()", out.cols(), samples.deltas.cols(), "images times outputs");
  S* gradients = workspace.buffer(3, out.cols() * detail::panel_size);
  detail::for_parameter_panels<S>(layer.shape, layer.bias, [&](const detail::ParameterPanel& panel) {
    const Index width = panel.V * packet_size<S>, count = std::min(width, K - panel.filter);
    detail::form_gradients(layer.shape, layer.outputs, panel, samples, detail::panel_size, gradients,
                           workspace);
    for (Index r = 0; r < out.cols(); ++r) {
      for (Index c = 0; c < panel.count; ++c) {
        std::copy_n(gradients + r * detail::panel_size + c * width, count,
                    &out(panel.filter + K * (panel.column + c), r));
      }
    }
  });
}

}  // namespace lazytrain::cpu
