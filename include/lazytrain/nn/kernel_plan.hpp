#pragma once

#include <algorithm>
#include <lazytrain/backend/kernel_contraction.hpp>
#include <lazytrain/nn/graph.hpp>
#include <string>
#include <vector>

namespace lazytrain::nn {

/// How the tangent kernel of a network is computed.
struct KernelOptions {
  /// Bytes for activations and deltas beside the kernel itself. The bits of the kernel do not depend on it.
  double memory = 1e9;
  /// The contraction of every layer; `automatic` counts operations, layer by layer.
  KernelContraction contraction = KernelContraction::automatic;
};

/// A layer's part of the kernel: which contraction, and its counted operations.
struct KernelLayer {
  std::string name;
  /// Index of the layer's node in the graph.
  Index node = 0;
  ConvShape shape;
  bool bias = true;
  KernelContraction method = KernelContraction::applied;
  double operations = 0;
  /// Bytes of activations and deltas of one image.
  double bytes = 0;
};

/// A piece of work: some layers' part of the block of images [row, row + rows) x [column, column + columns).
struct KernelUnit {
  Index first_layer = 0;
  Index layers = 0;
  Index row = 0;
  Index rows = 0;
  Index column = 0;
  Index columns = 0;
};

/// The layers of the kernel from the last one down, and the pieces of work in their order.
struct KernelPlan {
  std::vector<KernelLayer> layers;
  std::vector<KernelUnit> units;
};

/// Plans the kernel between `rows` and `columns` images, equal for a symmetric one: layers are taken together
/// as long as all images fit into the memory; the images of a layer that does not fit alone are cut into
/// blocks.
/// @throws std::invalid_argument that names a layer whose parameters do not enter through a convolution,
/// std::domain_error unless memory > 0
template <class B>
[[nodiscard]] KernelPlan plan_kernel(const Graph<B>& graph, Index rows, Index columns, bool symmetric,
                                     Index block, const KernelOptions& options) {
  require_positive("plan_kernel", "options.memory", options.memory);
  const Index outputs = graph[graph.size() - 1].shape.dim();
  const ContractionSize size{rows, columns, outputs, symmetric};
  KernelPlan plan;
  for (Index i = graph.size() - 1; i > 0; --i) {
    const auto& layer = graph[i].layer;
    if (!layer || layer->parameter_dim() == 0) continue;
    const auto shape = layer->conv_shape();
    if (!shape) {
      raise<std::invalid_argument>("plan_kernel", "the parameters of layer ", layer->name(),
                                   " do not enter through a convolution, expected a layer with conv_shape() "
                                   "(lazytrain::gram by products works for every model)");
    }
    const auto method = options.contraction == KernelContraction::automatic
                            ? B::choose_contraction(*shape, size)
                            : options.contraction;
    const auto numbers = static_cast<double>(shape->input_dim() + outputs * shape->output_dim());
    plan.layers.push_back({layer->name(), i, *shape, layer->parameter_dim() > shape->weight_dim(), method,
                           contraction_cost(*shape, size, method), numbers * sizeof(scalar_t<B>)});
  }
  const auto images = static_cast<double>(symmetric ? rows : rows + columns);
  const auto count = static_cast<Index>(plan.layers.size());
  for (Index first = 0; first < count;) {
    double bytes = plan.layers[static_cast<std::size_t>(first)].bytes;
    Index last = first + 1;
    while (last < count &&
           images * (bytes + plan.layers[static_cast<std::size_t>(last)].bytes) <= options.memory) {
      bytes += plan.layers[static_cast<std::size_t>(last++)].bytes;
    }
    Index side = std::max(rows, columns);
    if (images * bytes > options.memory) {
      // Whole chunks, so that the sums behind the deltas do not depend on the cut.
      const auto fitting = static_cast<Index>(options.memory / (2 * bytes));
      side = std::max(fitting / block, Index{1}) * block;
    }
    for (Index row = 0; row < rows; row += side) {
      for (Index column = 0; column < (symmetric ? row + 1 : columns); column += side) {
        plan.units.push_back(
            {first, last - first, row, std::min(side, rows - row), column, std::min(side, columns - column)});
      }
    }
    first = last;
  }
  return plan;
}

}  // namespace lazytrain::nn
