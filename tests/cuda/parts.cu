#include <lazytrain/backend/cuda/backend.cuh>
#include <lazytrain/backend/cuda/device.cuh>
#include <lazytrain/backend/cuda/errors.cuh>
#include <support/device_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using cuda::Device;

TEST_CASE("a device is an executor", "[cuda]") { CHECK(cuda::Executor<Device>); }

TEMPLATE_TEST_CASE("convolutions on a device are those of the definition", "[cuda]", float, double) {
  check_convolutions<TestType, Device>();
}

TEMPLATE_TEST_CASE("every contraction on a device is the product of the Jacobians of the layer", "[cuda]",
                   float, double) {
  check_contractions<TestType, Device>();
}

TEMPLATE_TEST_CASE("algorithms run on a device's vectors", "[cuda]", float, double) {
  CHECK(HilbertVector<cuda::Vector<TestType, Device>>);
  check_vectors<TestType, Device>();
}

TEMPLATE_TEST_CASE("sums over columns and biases on a device", "[cuda]", float, double) {
  check_biases<TestType, Device>();
}

TEST_CASE("a status that is no success is an exception with the call's name", "[cuda]") {
  CHECK(
      message_of<std::runtime_error>([] { cuda::check(cudaErrorMemoryAllocation, "cudaMallocAsync"); }) ==
      "lazytrain::cuda: cudaMallocAsync is cudaErrorMemoryAllocation (out of memory), expected cudaSuccess");
  CHECK_THAT(
      message_of<std::runtime_error>([] { cuda::check(CUBLAS_STATUS_INVALID_VALUE, "cublasSgemm_64"); }),
      ContainsSubstring("cublasSgemm_64 is CUBLAS_STATUS_INVALID_VALUE"));
}
