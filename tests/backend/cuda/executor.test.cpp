#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <lazytrain/backend/cuda/executor.hpp>
#include <support/catch.hpp>
#include <support/host_executor.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

struct NoExecutor {};

/// out_i = i.
struct WriteIndex {
  double* out;
  constexpr void operator()(Index i) const { out[i] = static_cast<double>(i); }
};

template <class E>
void check_memory() {
  const double numbers[] = {1, 2, 3};
  double found[] = {0, 0, 0};
  auto* const memory = static_cast<double*>(E::allocate(sizeof numbers));
  auto* const second = static_cast<double*>(E::allocate(sizeof numbers));
  E::upload(memory, numbers, sizeof numbers);
  E::copy(second, memory, sizeof numbers);
  E::download(found, second, sizeof numbers);
  CHECK(found[2] == 3);
  E::for_each(3, WriteIndex{memory});
  E::download(found, memory, sizeof numbers);
  CHECK(found[0] == 0);
  CHECK(found[2] == 2);
  E::release(second);
  E::release(memory);
}

/// Whether a process ends when it reads there.
bool ends_reading(const volatile double* at) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int number : {SIGSEGV, SIGBUS}) std::signal(number, SIG_DFL);
    (void)*at;
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

}  // namespace

TEST_CASE("an executor is recognized by what it offers", "[backend]") {
  CHECK(cuda::Executor<HostExecutor>);
  CHECK_FALSE(cuda::Executor<NoExecutor>);
}

TEST_CASE("the host's executors keep and move numbers, in any order of threads", "[backend]") {
  check_memory<HostExecutor>();
  for (const ThreadOrder order : {ThreadOrder::descending, ThreadOrder::strided}) {
    const HostExecutor::Mode mode(order, HostAccess::allowed);
    check_memory<HostExecutor>();
  }
  CHECK(HostExecutor::allocated() == 0);
}

TEST_CASE("the memory of the host's executor is guarded", "[backend]") {
  const HostExecutor::Mode refused(ThreadOrder::ascending);
  auto* const memory = static_cast<double*>(HostExecutor::allocate(4 * sizeof(double)));
  auto* const other = static_cast<double*>(HostExecutor::allocate(sizeof(double)));
  CHECK(ends_reading(memory));
  {
    const HostExecutor::Access opened;
    CHECK_FALSE(ends_reading(memory));
    CHECK(std::isnan(memory[3]));
    CHECK(ends_reading(memory + 4));
    HostExecutor::release(memory);
    CHECK(ends_reading(memory));
    CHECK_FALSE(ends_reading(other));
  }
  CHECK(ends_reading(other));
  HostExecutor::release(other);
}

TEMPLATE_TEST_CASE("products of matrices within others, transposed or not, are those of Eigen", "[backend]",
                   float, double) {
  using S = TestType;
  using E = HostExecutor;
  const HostExecutor::Mode mode(ThreadOrder::ascending, HostAccess::allowed);
  Matrix<S> a(5, 4), b(4, 6), c(3, 4);
  for (Index i = 0; i < a.size(); ++i) a(i) = static_cast<S>(i % 7 - 3);
  for (Index i = 0; i < b.size(); ++i) b(i) = static_cast<S>(i % 5 - 2);
  c.setConstant(S(2));
  typename E::Products products;
  // The first 2 rows and 4 columns of a, the first 4 rows and 3 columns of b.
  const Matrix<S> product = a.topRows(2) * b.leftCols(3);
  products.multiply(cuda::MatrixProduct<S>{.m = 2,
                                           .n = 3,
                                           .k = 4,
                                           .a = a.data(),
                                           .lda = 5,
                                           .b = b.data(),
                                           .ldb = 4,
                                           .beta = S(0.5),
                                           .c = c.data(),
                                           .ldc = 3});
  CHECK(Matrix<S>(c.topLeftCorner(2, 3)) == product + Matrix<S>::Ones(2, 3));
  CHECK(c.row(2) == Matrix<S>::Constant(1, 4, S(2)));
  Matrix<S> d(3, 2);
  const Matrix<S> transposed = b.topLeftCorner(4, 3).transpose() * a.topRows(2).transpose();
  products.multiply(cuda::MatrixProduct<S>{.left = cuda::Transpose::yes,
                                           .right = cuda::Transpose::yes,
                                           .m = 3,
                                           .n = 2,
                                           .k = 4,
                                           .a = b.data(),
                                           .lda = 4,
                                           .b = a.data(),
                                           .ldb = 5,
                                           .c = d.data(),
                                           .ldc = 3});
  CHECK(d == transposed);
  // What cuBLAS refuses: a leading dimension below the rows that are there.
  const auto refused = [&](Index lda, Index ldb, Index ldc) {
    return message_of<std::runtime_error>([&] {
      products.multiply(cuda::MatrixProduct<S>{.m = 2,
                                               .n = 3,
                                               .k = 4,
                                               .a = a.data(),
                                               .lda = lda,
                                               .b = b.data(),
                                               .ldb = ldb,
                                               .c = c.data(),
                                               .ldc = ldc});
    });
  };
  CHECK_THAT(refused(1, 4, 3), ContainsSubstring("invalid size or leading dimension"));
  CHECK_THAT(refused(5, 3, 3), ContainsSubstring("invalid size or leading dimension"));
  CHECK_THAT(refused(5, 4, 1), ContainsSubstring("invalid size or leading dimension"));
}
