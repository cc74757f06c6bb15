#include "../steps.cuh"

#include <lazytrain/backend/cuda/pinned.cuh>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using cuda::Device;
using V = cuda::Vector<double, Device>;

TEST_CASE("without a device there is a sentence that says so", "[cuda]") {
  Simulation::devices = 0;
  const std::string sentence =
      "lazytrain::cuda: the number of devices is 0, expected at least 1 (no CUDA-capable device is "
      "detected); "
      "cpu::Backend needs none";
  CHECK(cuda::device_count() == 0);
  CHECK(message_of<std::runtime_error>([] { cuda::require_device(); }) == sentence);
  CHECK(message_of<std::runtime_error>([] { const Device::Products products; }) == sentence);
  CHECK(message_of<std::runtime_error>([] { const cuda::FusedProducts fused{Device::stream()}; }) ==
        sentence);
  Simulation::devices = 1;
  CHECK(cuda::device_count() == 1);
}

TEST_CASE("a simulated device works when the host waits, and not before", "[cuda]") {
  cuda::PinnedMatrix<double> pinned(1, 2);
  pinned.matrix() << 1, 2;
  cuda::Batch<double, Device> batch;
  pinned.upload(batch);
  pinned.matrix() << 3, 4;  // too early
  CHECK(batch.to_host() == Eigen::RowVector2d(3, 4));
  pinned.upload(batch);
  Device::synchronize();
  pinned.matrix() << 5, 6;
  CHECK(batch.to_host() == Eigen::RowVector2d(3, 4));
}

TEST_CASE("a graph may not release what it did not allocate, and its memory is its own", "[cuda]") {
  {
    const V two(Vector<double>(Eigen::Vector2d(2, 2)));
    V x(Vector<double>(Eigen::Vector2d(1, -3)));
    auto released = std::make_unique<V>(two);
    // A failed release is the capture's failure: destructors cannot throw.
    CHECK_THROWS_AS(cuda::Graph([&] { released.reset(); }), std::runtime_error);
    const cuda::Graph graph([&] {
      V own(two);
      axpy(1.0, own, x);
    });
    graph.launch();
    graph.launch();
    CHECK(x.to_host() == Eigen::Vector2d(5, 1));
  }
  Device::synchronize();
  CHECK(Simulation::graphs == 0);
}

TEMPLATE_TEST_CASE("an epilogue that cuBLASLt lacks is a launch after the product", "[cuda]", float, double) {
  using S = TestType;
  using W = cuda::Vector<S, Device>;
  const W a(Vector<S>::Ones(1)), b(Vector<S>(Vector<S>::Constant(1, -3))), bias(Vector<S>::Ones(1));
  W c(1);
  const cuda::MatrixProduct<S> product{.m = 1,
                                       .n = 1,
                                       .k = 1,
                                       .a = a.data(),
                                       .lda = 1,
                                       .b = b.data(),
                                       .ldb = 1,
                                       .c = c.data(),
                                       .ldc = 1,
                                       .bias = bias.data(),
                                       .rectify = true};
  Device::Products products;
  const int before = Simulation::launches;
  products.multiply(product);
  CHECK(Simulation::launches - before == (std::same_as<S, float> ? 0 : 1));
  CHECK(c.to_host()(0) == 0);
}

TEST_CASE("training steps as launches of a graph have the bits of those one by one, and leave nothing",
          "[cuda]") {
  CHECK(training_steps_of_graph<double>().front().second == training_steps<double>().front().second);
  Device::synchronize();
  CHECK(Simulation::graphs == 0);
  CHECK(Simulation::handles == 0);
}
