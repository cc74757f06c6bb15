#pragma once

#include <algorithm>
#include <lazytrain/nn/kernel_plan.hpp>
#include <lazytrain/nn/network_data.hpp>
#include <span>
#include <vector>

namespace lazytrain::nn::detail {

/// Activations and deltas of some layers for a range of a data set's images.
template <class B>
struct LayerFeatures {
  std::vector<typename B::Batch> activations;
  std::vector<typename B::Batch> deltas;
  Index first_layer = -1;
  Index first = -1;
  Index count = 0;
};

/// Fills the features of `layers` for the images [first, first + count): a forward pass, and a backward pass
/// down to the first of the layers for each output.
template <class B>
void compute_features(const NetworkData<B>& data, const PreparedParameters<B>& w,
                      std::span<const KernelLayer> layers, Index first, Index count,
                      LayerFeatures<B>& features) {
  using S = scalar_t<B>;
  const Graph<B>& graph = *data.graph;
  const Index k = data.outputs();
  features.first = first;
  features.count = count;
  features.activations.resize(layers.size());
  features.deltas.resize(layers.size());
  std::vector<Index> layer_of(static_cast<std::size_t>(graph.size()), -1);
  Index lowest = graph.size() - 1;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    features.activations[l].resize(layers[l].shape.input_dim(), count);
    features.deltas[l].resize(layers[l].shape.output_dim(), count * k);
    layer_of[static_cast<std::size_t>(layers[l].node)] = static_cast<Index>(l);
    lowest = std::min(lowest, layers[l].node);
  }
  const Index first_chunk = first / data.chunk_size();
  const Index chunks = (first + count - 1) / data.chunk_size() + 1 - first_chunk;
  auto states = data.arrays(data.workers());
  auto scratches = data.scratch();
  data.backend.for_chunks(chunks, [&](Index index, Index worker) {
    const Index chunk = first_chunk + index;
    const Index samples = data.count(chunk);
    NodeArrays<B>& x = *states[static_cast<std::size_t>(worker)];
    Scratch<B>& scratch = *scratches[static_cast<std::size_t>(worker)];
    x.prepare(graph, data.chunk_size());
    scratch.gradient.prepare(graph, data.chunk_size());
    // Never touched by layers that heed ParameterGradient, hence no memory unless one does not.
    if (dimension(scratch.parameters) == 0) scratch.parameters.resize(dimension(w.vector()));
    data.load(chunk, x[0]);
    const Sweep<B> sweep(graph, data.backend, scratch, samples);
    sweep.forward(w, x);
    // The images of the chunk that are asked for, and where they stand among those of the features.
    const Index begin = std::max(first, data.first(chunk));
    const Index images = std::min(first + count, data.first(chunk) + samples) - begin;
    const Index sample = begin - data.first(chunk), place = begin - first;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      auto& activations = features.activations[l];
      const Index rows = activations.rows();
      data.backend.copy_columns(rows, images, x[graph[layers[l].node].source] + sample * rows, rows,
                                activations.data() + place * rows, rows);
    }
    for (Index o = 0; o < k; ++o) {
      S* const top = scratch.gradient[graph.size() - 1];
      data.backend.fill(k * samples, top, S(0));
      data.backend.fill_strided(samples, top + o, k, S(1));
      sweep.node_gradients(w, x, lowest, scratch.parameters.data(), [&](Index node, const S* gradient) {
        const Index l = layer_of[static_cast<std::size_t>(node)];
        if (l < 0) return;
        auto& deltas = features.deltas[static_cast<std::size_t>(l)];
        const Index rows = deltas.rows();
        data.backend.copy_columns(rows, images, gradient + sample * rows, rows,
                                  deltas.data() + (place * k + o) * rows, k * rows);
      });
    }
  });
}

}  // namespace lazytrain::nn::detail
