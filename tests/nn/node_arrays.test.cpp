#include <lazytrain/nn/node_arrays.hpp>
#include <support/catch.hpp>

#include "small_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;
using B = cpu::Backend<double>;
using V = Vector<double>;

TEST_CASE("arrays of nodes are 0, sized once", "[nn]") {
  const auto net = naive_network<B>();
  nn::detail::NodeArrays<B> arrays;
  arrays.prepare(net.graph(), 2);
  for (Index i = 0; i < net.graph().size(); ++i) {
    CAPTURE(i);
    CHECK(Eigen::Map<V>(arrays[i], 2 * net.graph()[i].shape.dim()) ==
          V::Zero(2 * net.graph()[i].shape.dim()));
  }
  const double* const first = arrays[1];
  arrays.prepare(net.graph(), 2);
  CHECK(arrays[1] == first);
}

TEST_CASE("a merged relu shares the array of its source, unless arrays are to be apart", "[nn]") {
  const auto net = naive_network<B>();
  Index merged = 0;
  for (const bool apart : {false, true, false}) {
    nn::detail::NodeArrays<B> arrays;
    arrays.prepare(net.graph(), 2, apart);
    for (Index i = 1; i < net.graph().size(); ++i) {
      CAPTURE(apart, i);
      const auto& node = net.graph()[i];
      CHECK((arrays[i] == arrays[node.source]) == (node.merged && !apart));
      merged += node.merged;
    }
  }
  CHECK(merged == 3 * 2);
}
