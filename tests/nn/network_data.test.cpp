#include <algorithm>
#include <lazytrain/nn/network_data.hpp>
#include <support/catch.hpp>

#include "small_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;
using B = cpu::Backend<double>;
using V = Vector<double>;

namespace {

nn::detail::NetworkData<B> data(Index samples, const cpu::BackendOptions& options, double memory = 1e9) {
  const auto graph =
      std::make_shared<const nn::Graph<B>>(nn::ImageShape{2}, nn::Series<B>{nn::Dense{.outputs = 3}});
  auto X = std::make_shared<const Matrix<double>>(
      V::LinSpaced(2 * samples, 1, static_cast<double>(2 * samples)).reshaped(2, samples));
  return {B(options), graph, std::move(X), OutputSpace::empirical(samples, 3), memory, {}};
}

}  // namespace

TEST_CASE("chunks cover the samples, the last one may be smaller", "[nn]") {
  const auto d = data(7, {.chunk = 3});
  CHECK(d.samples() == 7);
  CHECK(d.outputs() == 3);
  CHECK(d.chunks() == 3);
  CHECK(d.first(2) == 6);
  CHECK(d.count(0) == 3);
  CHECK(d.count(2) == 1);
  CHECK(d.state_dim(true) == 5);
  CHECK(data(2, {.chunk = 3}).chunk_size() == 2);
  V x(6);
  d.load(1, x.data());
  CHECK(x == V::LinSpaced(6, 7, 12));
  V all = V::Zero(21);
  const V in = V::LinSpaced(9, 1, 9);
  d.put(in.data(), 1, all);
  CHECK(all.segment(9, 9) == in);
  CHECK(all.sum() == in.sum());
  V out(9);
  d.take(all, 1, out.data());
  CHECK(out == in);
}

TEST_CASE("arrays fit if their bytes do", "[nn]") {
  CHECK(data(7, {}, 5 * 7 * 8).fits(1, true));
  CHECK_FALSE(data(7, {}, 5 * 7 * 8).fits(2, true));
  CHECK_FALSE(data(7, {}, 0).fits(1, true));
}

TEST_CASE("merged relus take memory only where arrays are apart", "[nn]") {
  const auto graph = std::make_shared<const nn::Graph<B>>(
      nn::ImageShape{2}, nn::Series<B>{nn::Dense{.outputs = 3}, nn::Pointwise<Relu>{}});
  const nn::detail::NetworkData<B> d{B(),
                                     graph,
                                     std::make_shared<const Matrix<double>>(Matrix<double>::Zero(2, 7)),
                                     OutputSpace::empirical(7, 3),
                                     5 * 7 * 8,
                                     {}};
  CHECK(d.state_dim(false) == 5);
  CHECK(d.state_dim(true) == 8);
  CHECK(d.fits(1, false));
  CHECK_FALSE(d.fits(1, true));
}

TEST_CASE("gradients of chunks are summed in their order, and an exception arrives", "[nn]") {
  for (const Index threads : {1, 3}) {
    for (const Index chunk : {1, 2, 10}) {
      const auto d = data(7, {.threads = threads, .chunk = chunk});
      auto scratch = d.scratch();
      const Index p = d.graph->parameter_dim();
      V out(p);
      nn::detail::sum_over_chunks(d, scratch, out, [&](Index i, Index, double* gw) {
        std::fill(gw, gw + p, static_cast<double>(i));
        gw[0] = static_cast<double>(d.count(i));
      });
      V sum = V::Constant(p, static_cast<double>(d.chunks() * (d.chunks() - 1) / 2));
      sum(0) = 7;
      CHECK(out == sum);
      V other(p + 1);
      CHECK_THROWS_AS(nn::detail::sum_over_chunks(d, scratch, other, [](Index, Index, double*) {}),
                      std::invalid_argument);
      CHECK_THROWS_AS(nn::detail::sum_over_chunks(
                          d, scratch, out, [](Index, Index, double*) { throw std::runtime_error("full"); }),
                      std::runtime_error);
    }
  }
}
