#include <filesystem>
#include <lazytrain/flow/checkpoint.hpp>
#include <support/host_executor.hpp>
#include <support/training_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
using Backend = cuda::ExecutorBackend<S, HostExecutor>;

template <class S>
cpu::Backend<S> host_backend() {
  return cpu::Backend<S>({.threads = 1, .convolution = ConvAlgorithm::im2col});
}

}  // namespace

TEMPLATE_TEST_CASE("stochastic descent on an executor ends where it does on the host", "[flow]", float,
                   double) {
  check_agreement(training_results(Backend<TestType>()), training_results(host_backend<TestType>()));
}

TEMPLATE_TEST_CASE("flows, kernel products, solves and eigenvalues on an executor are those of the host",
                   "[flow]", float, double) {
  check_agreement(kernel_results(Backend<TestType>()), kernel_results(host_backend<TestType>()));
}

TEST_CASE("a checkpoint holds vectors that live elsewhere", "[flow]") {
  using V = cuda::Vector<float, HostExecutor>;
  const V x(Vector<float>(Eigen::Vector3f(1, -2, 3.5f)));
  Checkpoint checkpoint;
  checkpoint.set("x", x);
  V found(3);
  checkpoint.get("x", found);
  CHECK(found.to_host() == x.to_host());
  V wrong(2);
  CHECK_THROWS_AS(checkpoint.get("x", wrong), std::runtime_error);
}

TEST_CASE("an interrupted descent on an executor goes on with the same bits", "[flow]") {
  using S = float;
  const auto net = smooth_classifier(Backend<S>());
  Philox rng(1);
  const auto w0 = nn::xavier_normal(net, rng);
  auto field = batch_displacement_field(
      batches(net, small_data<S>(), {.size = 4, .seed = 1},
              [](const auto& labels, const auto& space) { return cross_entropy_loss<S>(labels, space); }),
      w0, S(100), Start::centred);
  StochasticDescentOptions options{.step = 0.1, .momentum = 0.9, .epochs = 3};
  const auto whole = stochastic_descent(field, zeros_like(w0), options);
  const std::string path = (std::filesystem::temp_directory_path() / "lazytrain-executor-resume").string();
  std::filesystem::remove(path);
  options.checkpoint = path;
  options.max_steps = 5;
  (void)stochastic_descent(field, zeros_like(w0), options);
  options.max_steps = 1000;
  const auto resumed = stochastic_descent(field, zeros_like(w0), options);
  std::filesystem::remove(path);
  CHECK(resumed.iterations == whole.iterations);
  CHECK(resumed.x.to_host() == whole.x.to_host());
}
