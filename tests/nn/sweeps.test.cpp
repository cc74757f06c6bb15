#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/sweeps.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

#include "small_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;
using B = cpu::Backend<double>;
using V = Vector<double>;

TEST_CASE("a backward sweep shows the gradient of every node: that of the network in the node's value",
          "[nn]") {
  // Two branches that read one node, and a residual block x + x.
  const nn::Series<B> layers = nn::Series<B>{nn::Conv{.filters = 2}, nn::Pointwise<Tanh>{}}
                                   .add_residual(nn::Series<B>{nn::Conv{.filters = 2}})
                                   .add_residual(nn::Series<B>())
                                   .add(nn::Dense{.outputs = 1});
  const B backend;
  const auto graph = std::make_shared<const nn::Graph<B>>(nn::ImageShape{2, 3, 3}, layers);
  Philox rng(1);
  nn::PreparedParameters<B> w(backend, graph);
  w.assign(normal_vector(graph->parameter_dim(), rng));
  const Index samples = 2, last = graph->size() - 1;
  nn::detail::Scratch<B> scratch;
  nn::detail::NodeArrays<B> x;
  x.prepare(*graph, samples);
  scratch.gradient.prepare(*graph, samples);
  Eigen::Map<V>(x[0], 18 * samples) = normal_vector(18 * samples, rng);
  const nn::detail::Sweep<B> sweep(*graph, backend, scratch, samples);
  sweep.forward(w, x);
  backend.fill(samples, scratch.gradient[last], 1.0);
  V gw(graph->parameter_dim());
  std::vector<V> gradients(static_cast<std::size_t>(graph->size()));
  sweep.node_gradients(w, x, 1, gw.data(), [&](Index i, const double* g) {
    gradients[static_cast<std::size_t>(i)] = Eigen::Map<const V>(g, samples * (*graph)[i].shape.dim());
  });
  // The tail of the network is linear after the tanh, node 2: y = dense(2 (x + conv(x))).
  const Index dim = 18 * samples;
  const V start = Eigen::Map<const V>(x[2], dim), d = normal_vector(dim, rng);
  const auto tail = [&](const V& at) {
    Eigen::Map<V>(x[2], dim) = at;
    for (Index i = 3; i <= last; ++i) {
      const auto& node = (*graph)[i];
      const nn::Chunk<B> chunk{backend, scratch.workspace, samples};
      if (node.layer) {
        node.layer->forward(chunk, w[i], x[node.source], x[i]);
      } else {
        for (Index q = 0; q < dim; ++q) x[i][q] = x[node.source][q] + x[node.other][q];
      }
    }
    return Eigen::Map<const V>(x[last], samples).sum();
  };
  CHECK_THAT(tail(start + d) - tail(start), WithinRel(gradients[2].dot(d), roundoff<double>(1e4)));
  CHECK(gradients[static_cast<std::size_t>(last)] == V::Ones(samples));
}
