#include <lazytrain/backend/cuda/backend.cuh>
#include <lazytrain/backend/cuda/device.cuh>
#include <lazytrain/backend/cuda/errors.cuh>
#include <lazytrain/backend/cuda/fused_products.cuh>
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

TEMPLATE_TEST_CASE("a fused product on a device is the product and then its epilogue", "[cuda]", float,
                   double) {
  using S = TestType;
  using V = cuda::Vector<S, Device>;
  cuda::FusedProducts fused(Device::stream());
  Device::Products products;
  struct Size {
    Index m, n, k;
  };
  for (const Size& size : {Size{7, 5, 3}, Size{64, 130, 27}, Size{33, 1, 65}}) {
    Philox rng(8);
    const Matrix<S> a = normal_matrix<S>(size.m, size.k, rng), b = normal_matrix<S>(size.k, size.n, rng);
    const Vector<S> bias = normal_vector<S>(size.m, rng), before = normal_vector<S>(size.m * size.n, rng);
    const V a_there(Vector<S>(a.reshaped())), b_there(Vector<S>(b.reshaped()));
    // On and beside an aligned address, as biases lie among parameters.
    const V bias_there(bias), bias_beside((Vector<S>(size.m + 1) << S(0), bias).finished());
    for (const S beta : {S(0), S(1)}) {
      for (const auto& [rectify, bias_at] :
           {std::pair{false, bias_there.data()}, {true, bias_there.data()}, {true, bias_beside.data() + 1}}) {
        CAPTURE(size.m, size.n, size.k, beta, rectify, bias_at);
        Matrix<S> expected = a * b + beta * before.reshaped(size.m, size.n);
        // What rounds: k products, beta C and the bias.
        const double magnitude =
            static_cast<double>((a.cwiseAbs() * b.cwiseAbs()).maxCoeff() + before.cwiseAbs().maxCoeff() +
                                bias.cwiseAbs().maxCoeff());
        expected.colwise() += bias;
        if (rectify) expected = expected.cwiseMax(S(0)).eval();
        V c(before);
        const cuda::MatrixProduct<S> product{.m = size.m,
                                             .n = size.n,
                                             .k = size.k,
                                             .a = a_there.data(),
                                             .lda = size.m,
                                             .b = b_there.data(),
                                             .ldb = size.k,
                                             .beta = beta,
                                             .c = c.data(),
                                             .ldc = size.m,
                                             .bias = bias_at,
                                             .rectify = rectify};
        const auto check = [&] {
          CHECK(static_cast<double>((c.to_host() - expected.reshaped()).cwiseAbs().maxCoeff()) <=
                roundoff<S>(static_cast<double>(size.k + 2)) * magnitude);
        };
        if (fused.multiply(product, cuda::Arithmetic::ieee)) check();
        copy(V(before), c);
        products.multiply(product);
        check();
      }
    }
  }
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
