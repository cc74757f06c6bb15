#include <lazytrain/backend/cpu/conv_workspace.hpp>

#include "support/catch.hpp"

using namespace lazytrain;

TEST_CASE("A workspace grows to the largest size and keeps it") {
  cpu::ConvWorkspace<float> workspace;
  CHECK(workspace.bytes() == 0);
  float* large = workspace.buffer(0, 100);
  large[99] = 1;
  CHECK(workspace.buffer(0, 10) == large);
  CHECK(workspace.buffer(0, 100) == large);
  CHECK(workspace.buffer(1, 100) != large);
  CHECK(workspace.bytes() == 200 * sizeof(float));
}

TEST_CASE("A workspace has a fixed number of buffers") {
  cpu::ConvWorkspace<double> workspace;
  CHECK_THROWS_AS(workspace.buffer(cpu::ConvWorkspace<double>::buffers, 1), std::out_of_range);
}
