#include <lazytrain/backend/cuda/convolution.hpp>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("convolutions on an executor are those of the definition", "[backend]", float, double) {
  check_convolutions<TestType, HostExecutor>();
  check_epilogues_on_executor<TestType, HostExecutor>();
  const HostExecutor::Mode mode(ThreadOrder::strided);
  check_convolutions<TestType, HostExecutor>();
  check_epilogues_on_executor<TestType, HostExecutor>();
}

TEST_CASE("weights of a shape that makes no sense are refused", "[backend]") {
  CHECK(message_of<std::invalid_argument>([] {
          (void)cuda::ConvWeights<float>({.channels = 1, .height = 1, .width = 1, .filters = 0}, nullptr);
        }) == "lazytrain::cuda::ConvWeights: shape.filters is 0, expected at least 1");
}
