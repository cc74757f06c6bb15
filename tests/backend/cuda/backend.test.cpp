#include <lazytrain/backend/cuda/backend.hpp>
#include <support/catch.hpp>
#include <support/host_executor.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

using B = cuda::ExecutorBackend<double, HostExecutor>;

TEST_CASE("options of an executor's backend that make no sense are refused", "[backend]") {
  CHECK(message_of<std::invalid_argument>([] { B({.chunk = 0}); }) ==
        "lazytrain::cuda::Backend: options.chunk is 0, expected at least 1");
  CHECK(message_of<std::invalid_argument>([] { (void)B().with_chunk(0); }) ==
        "lazytrain::cuda::Backend: options.chunk is 0, expected at least 1");
  CHECK_THAT(message_of<std::domain_error>([] { B({.patch_memory = 0}); }),
             ContainsSubstring("options.patch_memory is 0"));
}

TEST_CASE("an executor's backend goes through chunks in order, with one worker", "[backend]") {
  const B backend({.chunk = 3});
  CHECK(backend.chunk() == 3);
  CHECK(backend.with_chunk(5).chunk() == 5);
  CHECK(backend.exact().chunk() == 3);
  CHECK(B({.arithmetic = cuda::Arithmetic::tf32}).exact().chunk() == B().chunk());
  CHECK(backend.threads() == 1);
  std::vector<Index> order;
  backend.for_chunks(3, [&](Index i, Index worker) { order.push_back(i + worker); });
  backend.for_chunks_in_order(
      2, [&](Index i, Index) { order.push_back(10 + i); }, [&](Index i, Index) { order.push_back(20 + i); });
  CHECK(order == std::vector<Index>{0, 1, 2, 10, 20, 11, 21});
}

namespace {

struct Square {
  constexpr double operator()(double x) const { return x * x; }
};
struct Negative {
  constexpr bool operator()(double x) const { return x < 0; }
};
struct EvenWindow {
  constexpr bool operator()(Index, Index window) const { return window % 2 == 0; }
};

}  // namespace

TEST_CASE("the small operations of an executor's backend", "[backend]") {
  const B backend;
  const B::Vector x(Vector<double>(Eigen::Vector3d(-1, 2, -3)));
  B::Vector y(3);
  backend.map(3, y.data(), Square{}, x.data());
  CHECK(y.to_host() == Eigen::Vector3d(1, 4, 9));
  backend.fill(2, y.data(), 7.0);
  CHECK(y.to_host() == Eigen::Vector3d(7, 7, 9));
  CHECK(backend.count(3, Negative{}, x.data()) == 2);
  CHECK(backend.count_pooled({.channels = 2, .height = 4, .width = 4}, 3, EvenWindow{}) == 4 * 3);
  CHECK(backend.batch(x, 3, 1).to_host() == Matrix<double>(Eigen::Vector3d(-1, 2, -3)));
}

TEST_CASE("columns that an executor's backend gathers exist, and every one has a move", "[backend]") {
  const B backend;
  const B::Batch X = backend.batch(B::Vector(Vector<double>(Vector<double>::LinSpaced(12, 0, 11))), 4, 3);
  const std::vector<Index> columns{2, 0}, beyond{0, 3}, before{-1};
  Matrix<double> expected(4, 2);
  expected << 8, 0, 9, 1, 10, 2, 11, 3;
  CHECK(backend.gather(X, columns).to_host() == expected);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)backend.gather(X, beyond); }),
             ContainsSubstring("a column is 3, expected one of X"));
  CHECK_THROWS_AS(backend.gather(X, before), std::invalid_argument);
  const std::vector<ImageMove> moves(2);
  CHECK(backend.gather(X, columns, 1, 2, 2, moves).to_host() == expected);
  CHECK_THROWS_AS(backend.gather(X, beyond, 1, 2, 2, moves), std::invalid_argument);
  CHECK_THROWS_AS(backend.gather(X, columns, 1, 2, 2, std::vector<ImageMove>(1)), std::invalid_argument);
  CHECK_THROWS_AS(backend.gather(X, columns, 1, 2, 3, moves), std::invalid_argument);
}
