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

namespace {

auto displacements(Index size) {
  const auto net = smooth_classifier(Backend<float>());
  Philox rng(1);
  return batch_displacement_field(
      batches(net, small_data<float>(), {.size = size, .seed = 1},
              [](const auto& labels, const auto& space) { return cross_entropy_loss<float>(labels, space); }),
      nn::xavier_normal(net, rng), 100.0f, Start::centred);
}

}  // namespace

TEST_CASE("training on a device waits for it at looks alone", "[flow]") {
  // Three steps an epoch.
  auto field = displacements(4);
  const auto zero = zeros_like(field.w0());
  const auto waits = [&](Index look_every, Index epochs) {
    const Index before = HostExecutor::waits();
    const auto end =
        stochastic_descent(field, zero, {.step = 0.1, .epochs = epochs, .look_every = look_every});
    CHECK(end.succeeded());
    return HostExecutor::waits() - before;
  };
  // Epochs end with a look; the last message asks for a norm.
  CHECK(waits(100, 4) == 4 + 1);
  CHECK(waits(100, 8) == 8 + 1);
  CHECK(waits(2, 4) == 2 * 4 + 1);
}

TEST_CASE("looking seldom changes nothing in a run, its losses or its metrics", "[flow]") {
  auto field = displacements(5);
  const auto zero = zeros_like(field.w0());
  const auto run = [&](Index look_every) {
    std::vector<double> losses;
    const auto end =
        stochastic_descent(field, zero, {.step = 0.1, .momentum = 0.9, .epochs = 3, .look_every = look_every},
                           [&](const auto& view) {
                             losses.push_back(view.mean_loss);
                             losses.push_back(view.step);
                             losses.push_back(static_cast<double>(view.field.loss_value()));
                           });
    losses.insert(losses.end(), {end.gradient_norm, end.loss, static_cast<double>(end.evaluations)});
    return std::pair(end.x.to_host(), losses);
  };
  const auto often = run(1), seldom = run(100);
  CHECK(often.first == seldom.first);
  CHECK(often.second == seldom.second);
  CHECK(seldom.second.size() == 12);
}

TEST_CASE("a failure between looks is found, located and undone", "[flow]") {
  auto field = displacements(1);
  const auto zero = zeros_like(field.w0());
  const auto run = [&](Index look_every, double limit) {
    return stochastic_descent(
        field, zero,
        {.step = 1, .momentum = 0.9, .epochs = 2, .divergence_norm = limit, .look_every = look_every});
  };
  const auto free = run(1, 1e100);
  REQUIRE(free.succeeded());
  // A limit that is passed under way.
  const double limit = 0.8 * static_cast<double>(norm(free.x));
  const auto located = run(1, limit), found = run(100, limit);
  CHECK(located.reason == DescentStop::diverged);
  CHECK(located.iterations > 1);
  CHECK(found.reason == located.reason);
  CHECK(found.message == located.message);
  CHECK(found.iterations == located.iterations);
  CHECK(found.x.to_host() == located.x.to_host());
  const auto broken = [&](Index look_every) {
    return stochastic_descent(field, zero, {.step = 1e30, .epochs = 1, .look_every = look_every});
  };
  CHECK(broken(100).message == broken(1).message);
  CHECK_FALSE(broken(100).succeeded());
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
