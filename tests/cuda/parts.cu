#include <lazytrain/backend/cuda/backend.cuh>
#include <lazytrain/backend/cuda/device.cuh>
#include <lazytrain/backend/cuda/errors.cuh>
#include <lazytrain/backend/cuda/graph.cuh>
#include <lazytrain/backend/cuda/pinned.cuh>
#include <support/device_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using cuda::Device;

TEST_CASE("a device is an executor", "[cuda]") { CHECK(cuda::Executor<Device>); }

TEMPLATE_TEST_CASE("convolutions on a device are those of the definition", "[cuda]", float, double) {
  check_convolutions<TestType, Device>();
  check_epilogues_on_executor<TestType, Device>();
}

TEMPLATE_TEST_CASE("every contraction on a device is the product of the Jacobians of the layer", "[cuda]",
                   float, double) {
  check_contractions<TestType, Device>();
}

TEMPLATE_TEST_CASE("algorithms run on a device's vectors", "[cuda]", float, double) {
  CHECK(HilbertVector<cuda::Vector<TestType, Device>>);
  check_vectors<TestType, Device>();
}

TEMPLATE_TEST_CASE("sums over columns on a device", "[cuda]", float, double) {
  check_column_sums<TestType, Device>();
}

TEST_CASE("pinned numbers arrive on the device", "[cuda]") {
  cuda::PinnedMatrix<float> pinned(2, 3);
  pinned.matrix() << 1, 2, 3, 4, 5, 6;
  cuda::Batch<float, Device> batch;
  pinned.upload(batch);
  CHECK(batch.to_host() == Matrix<float>(pinned.matrix()));
}

TEST_CASE("a graph does what was recorded, when it is launched", "[cuda]") {
  cuda::Vector<double, Device> x(Vector<double>(Eigen::Vector2d(1, -3)));
  const cuda::Graph graph([&] { scale(2, x); });
  CHECK(x.to_host() == Eigen::Vector2d(1, -3));
  graph.launch();
  graph.launch();
  CHECK(x.to_host() == Eigen::Vector2d(4, -12));
}

TEST_CASE("what asks for numbers on the host cannot be recorded, and the next call can", "[cuda]") {
  cuda::Vector<double, Device> x(Vector<double>(Eigen::Vector2d(1, -3)));
  CHECK_THROWS_AS(cuda::Graph([&] { (void)norm(x); }), std::runtime_error);
  scale(2, x);
  CHECK(x.to_host() == Eigen::Vector2d(2, -6));
}

TEST_CASE("a status that is no success is an exception with the call's name", "[cuda]") {
  CHECK(
      message_of<std::runtime_error>([] { cuda::check(cudaErrorMemoryAllocation, "cudaMallocAsync"); }) ==
      "lazytrain::cuda: cudaMallocAsync is cudaErrorMemoryAllocation (out of memory), expected cudaSuccess");
  CHECK_THAT(
      message_of<std::runtime_error>([] { cuda::check(CUBLAS_STATUS_INVALID_VALUE, "cublasSgemm_64"); }),
      ContainsSubstring("cublasSgemm_64 is CUBLAS_STATUS_INVALID_VALUE"));
}
