#include <concepts>
#include <lazytrain/backend/cuda/contraction.hpp>
#include <support/contraction.hpp>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>
#include <support/long_tests.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("every contraction on an executor is the product of the Jacobians of the layer",
                   "[backend]", float, double) {
  // Guarded memory, which takes long, once: who touches what does not depend on the scalar.
  if (std::same_as<TestType, double> && !short_tests) check_contractions<TestType, HostExecutor>();
  const HostExecutor::Mode mode(ThreadOrder::descending, HostAccess::allowed);
  check_contractions<TestType, HostExecutor>();
}

TEST_CASE("contractions on an executor refuse what has no meaning", "[backend]") {
  using E = HostExecutor;
  E::Products products;
  cuda::Workspace<double, E> scratch;
  const cuda::Contraction<double, E> contraction(products, 1, scratch);
  const auto refusal = [&](const LayerContraction& layer) {
    return message_of<std::invalid_argument>(
        [&] { contraction.contract(layer, {.images = 1}, {.images = 1}, {}); });
  };
  const ConvShape dense{.channels = 2, .height = 1, .width = 1, .filters = 3, .kernel = 1, .padding = 0};
  CHECK_THAT(refusal({.shape = dense, .method = KernelContraction::automatic}),
             ContainsSubstring("layer.method is automatic, expected that of choose_contraction"));
  CHECK_THAT(refusal({.shape = dense, .outputs = 0}), ContainsSubstring("layer.outputs is 0"));
  CHECK_THAT(refusal({.shape = {}}), ContainsSubstring("shape.channels is 0"));
  CHECK_THROWS_AS(cuda::contraction_cost(dense, {}, KernelContraction::automatic, 4), std::invalid_argument);
}

TEST_CASE("the device's costs choose Gram matrices for one position, gradients for few weights",
          "[backend]") {
  using B = cuda::ExecutorBackend<float, HostExecutor>;
  const ContractionSize size{.rows = 500, .columns = 500, .outputs = 10, .symmetric = true};
  const ConvShape dense{.channels = 512, .height = 1, .width = 1, .filters = 10, .kernel = 1, .padding = 0};
  const ConvShape first{.channels = 3, .height = 32, .width = 32, .filters = 64};
  const ConvShape late{.channels = 512, .height = 4, .width = 4, .filters = 512};
  CHECK(B::choose_contraction(dense, size) == KernelContraction::gram);
  CHECK(B::choose_contraction(first, size) == KernelContraction::jacobian);
  CHECK(B::choose_contraction(late, size) == KernelContraction::applied);
}
