#include <filesystem>
#include <support/exponential_laws.hpp>
#include <support/on_executors.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE(
    "exponential methods on an executor end where they do on the host, in any order of threads", "[flow]",
    LAZYTRAIN_LONG_TEST_SCALARS) {
  check_same_as_on_host<TestType>([](const auto& backend) { return exponential_results(backend); }, true);
}

TEST_CASE("an interrupted run of an exponential method on an executor goes on with the same bits", "[flow]") {
  using V = HostExecutorBackend<double>::Vector;
  const HostExecutor::Mode mode(ThreadOrder::ascending, HostAccess::allowed);
  const auto net = smooth_classifier(HostExecutorBackend<double>());
  Philox rng(1);
  const V w0 = nn::xavier_normal(net, rng);
  const auto h = net.on(small_data<double>().inputs);
  const auto loss =
      loss_where_outputs_are<V>(cross_entropy_loss<double>(small_data<double>().labels, h.output_space()));
  const std::string path = (std::filesystem::temp_directory_path() / "lazytrain-exponential-resume").string();
  for (const LinearPart part : {LinearPart::krylov, LinearPart::eigenbasis}) {
    const auto run = [&](const FlowOptions& options) {
      auto field = displacement_field(h, loss, w0, 1);
      return integrate(Exponential{.linear_part = part}, field, zeros_like(w0), options);
    };
    FlowOptions options{.horizon = 9, .relative_tolerance = 1e-4};
    const auto whole = run(options);
    std::filesystem::remove(path);
    options.checkpoint = path;
    options.max_steps = 3;
    CHECK(run(options).counts.accepted == 3);
    options.max_steps = 1000;
    const auto resumed = run(options);
    std::filesystem::remove(path);
    CHECK(resumed.counts.accepted == whole.counts.accepted);
    CHECK(resumed.x.to_host() == whole.x.to_host());
  }
}
