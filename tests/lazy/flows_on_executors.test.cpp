#include <support/on_executors.hpp>
#include <support/twin_laws.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("models of models and fields of two flows leave an executor's memory to the executor", "[lazy]") {
  using V = HostExecutorBackend<float>::Vector;
  const HostExecutor::Mode mode(ThreadOrder::ascending);
  (void)composed_results(HostExecutorBackend<float>());
  const SmallProblem<HostExecutorBackend<float>> p((HostExecutorBackend<float>()));
  const Objective objective(p.h, p.square, 50.0F);
  DifferenceField field(objective, p.w0, 2);
  const V state(Vector<float>(Vector<float>::Constant(2 * dimension(p.w0), 0.1F)));
  V velocity = zeros_like(state);
  field(state, velocity);
  DifferenceDefect defect(objective, p.w0);
  defect.measure(1, field, velocity);
  CHECK(norm(velocity) > 0);
  CHECK(std::isfinite(defect.outputs()));
}

TEMPLATE_TEST_CASE("both flows of a network on an executor are those of the host", "[lazy]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  check_same_as_on_host<TestType>([](const auto& backend) { return twin_results(backend); }, false);
}

TEST_CASE("theorems are checked on an executor as on the host", "[lazy]") {
  check_same_as_on_host<double>([](const auto& backend) { return theorem_results(backend); }, false);
}

TEMPLATE_TEST_CASE("models of models on an executor are those of the host", "[lazy]",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  check_same_as_on_host<TestType>([](const auto& backend) { return composed_results(backend); }, false);
}
