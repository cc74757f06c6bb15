#include <lazytrain/backend/cuda/reductions.hpp>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("every term of a sum is added once, whatever the number of threads", "[backend]") {
  using E = HostExecutor;
  const HostExecutor::Mode mode(ThreadOrder::ascending, HostAccess::allowed);
  for (const Index count : {0, 1, 255, 256, 257, 65535, 65536, 65537, 200001}) {
    CAPTURE(count);
    Vector<double> x(count);
    for (Index i = 0; i < count; ++i) x(i) = static_cast<double>(i);
    // Integers: sums are exact.
    CHECK(cuda::detail::sum_on_host<double, E>(count, cuda::detail::Entry<double>{x.data()}) ==
          static_cast<double>(count) * static_cast<double>(count - 1) / 2);
  }
}

TEST_CASE("several sums at once are each of their own terms", "[backend]") {
  using E = HostExecutor;
  const HostExecutor::Mode mode(ThreadOrder::strided, HostAccess::allowed);
  for (const Index several : {1, 2, 300, 70000}) {
    for (const Index count : {1, 2, 300}) {
      CAPTURE(several, count);
      Vector<double> x(several * count), sums(several);
      for (Index i = 0; i < x.size(); ++i) x(i) = static_cast<double>(i % 1000);
      cuda::detail::sum_several<E>(several, count, cuda::detail::ColumnEntry<double>{x.data(), count},
                                   sums.data());
      CHECK(sums == x.reshaped(count, several).colwise().sum().transpose());
    }
  }
}

TEMPLATE_TEST_CASE("sums over columns", "[backend]", float, double) {
  check_column_sums<TestType, HostExecutor>();
  const HostExecutor::Mode mode(ThreadOrder::descending);
  check_column_sums<TestType, HostExecutor>();
}
