#include <lazytrain/nn/kernel_plan.hpp>
#include <lazytrain/nn/vgg11.hpp>
#include <numeric>
#include <stdexcept>
#include <support/catch.hpp>

using namespace lazytrain;

using B = cpu::Backend<float>;

TEST_CASE("the plan covers every pair of images once for every layer, within the memory") {
  const auto net = nn::vgg11<float>({.width = 0.25});
  const Index images = 50, block = 8;
  for (const double memory : {1e6, 2e7, 1e9}) {
    for (const bool symmetric : {true, false}) {
      const Index columns = symmetric ? images : 37;
      const auto plan = nn::plan_kernel(net.graph(), images, columns, symmetric, block, {.memory = memory});
      REQUIRE(plan.layers.size() == 9);
      CHECK(plan.layers.front().name == "dense1");
      CHECK(plan.layers.back().name == "conv1");
      for (std::size_t l = 0; l < plan.layers.size(); ++l) {
        Matrix<int> covered = Matrix<int>::Zero(images, columns);
        for (const auto& unit : plan.units) {
          const auto layer = static_cast<Index>(l);
          if (layer < unit.first_layer || layer >= unit.first_layer + unit.layers) continue;
          covered.block(unit.row, unit.column, unit.rows, unit.columns).array() += 1;
          CHECK(unit.row % block == 0);
          CHECK(unit.column % block == 0);
        }
        for (Index i = 0; i < images; ++i) {
          for (Index j = 0; j < (symmetric ? i + 1 : columns); ++j) CHECK(covered(i, j) == 1);
        }
      }
      for (const auto& unit : plan.units) {
        double bytes = 0;
        for (Index l = 0; l < unit.layers; ++l)
          bytes += plan.layers[static_cast<std::size_t>(unit.first_layer + l)].bytes;
        const Index held = symmetric && unit.row == unit.column ? unit.rows : unit.rows + unit.columns;
        const bool smallest = unit.rows <= block && unit.columns <= block;
        CHECK((smallest || static_cast<double>(held) * bytes <= memory));
      }
    }
  }
}

TEST_CASE("contractions are chosen by cost, and can be forced") {
  const auto net = nn::vgg11<float>();
  const auto plan = nn::plan_kernel(net.graph(), 500, 500, true, 32, {});
  CHECK(plan.layers[8].method == KernelContraction::jacobian);
  CHECK(plan.layers[3].method == KernelContraction::applied);
  CHECK(plan.layers[0].method == KernelContraction::gram);
  double total = 0;
  for (const auto& layer : plan.layers) total += layer.operations;
  for (const auto method :
       {KernelContraction::jacobian, KernelContraction::gram, KernelContraction::applied}) {
    const auto forced = nn::plan_kernel(net.graph(), 500, 500, true, 32, {.contraction = method});
    double other = 0;
    for (const auto& layer : forced.layers) {
      CHECK(layer.method == method);
      other += layer.operations;
    }
    CHECK(total <= other);
  }
}

TEST_CASE("a plan refuses a memory that is none") {
  const auto net = nn::vgg11<float>({.width = 0.1});
  CHECK_THROWS_AS(nn::plan_kernel(net.graph(), 5, 5, true, 2, {.memory = 0}), std::domain_error);
}
