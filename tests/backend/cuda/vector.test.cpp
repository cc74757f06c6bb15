#include <lazytrain/backend/cuda/vector.hpp>
#include <lazytrain/core/output_space.hpp>
#include <lazytrain/linalg/orthogonalize.hpp>
#include <support/device_laws.hpp>
#include <support/host_executor.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("a vector of an executor is one on which algorithms run", "[backend]", float, double) {
  CHECK(VectorElsewhere<cuda::Vector<TestType, HostExecutor>>);
  check_vectors<TestType, HostExecutor>();
  const HostExecutor::Mode mode(ThreadOrder::strided);
  check_vectors<TestType, HostExecutor>();
  CHECK(HostExecutor::allocated() == 0);
}

TEST_CASE("vectors of an executor are values", "[backend]") {
  using V = cuda::Vector<double, HostExecutor>;
  const Vector<double> x = Eigen::Vector3d(1, 2, 3);
  V a(x);
  V b = a;
  scale(2, a);
  CHECK(b.to_host() == x);
  b = a;
  CHECK(b.to_host() == 2 * x);
  b = V(Vector<double>(Eigen::Vector2d(7, 8)));
  CHECK(b.size() == 2);
  const V moved = std::move(a);
  CHECK(moved.to_host() == 2 * x);
  V& self = b;
  b = self;
  CHECK(b.to_host() == Eigen::Vector2d(7, 8));
  const V none;
  CHECK(none.to_host().size() == 0);
  CHECK(norm(V(0)) == 0);
  CHECK(all_finite(V(0)));
}

TEST_CASE("memory that was not written is not a number", "[backend]") {
  // What the host's executor has for initcheck.
  CHECK_FALSE(all_finite(cuda::Vector<float, HostExecutor>(5)));
}

TEST_CASE("inner products of F are those of the host, with and without one weight for all", "[backend]") {
  using V = cuda::Vector<double, HostExecutor>;
  const Vector<double> u = Vector<double>::LinSpaced(6, 1, 6), v = Vector<double>::LinSpaced(6, 6, 1);
  for (const OutputSpace& space :
       {OutputSpace::empirical(3, 2), OutputSpace::weighted(Eigen::Vector3d(1, 2, 4), 2)}) {
    CHECK_THAT(space.inner(V(u), V(v)), WithinRel(space.inner(u, v), roundoff<double>(10)));
    CHECK_THAT(space.norm(V(u)), WithinRel(space.norm(u), roundoff<double>(10)));
    V cotangent(u);
    Vector<double> expected = u;
    space.to_cotangent(cotangent);
    space.to_cotangent(expected);
    CHECK(cotangent.to_host() == expected);
  }
}

TEST_CASE("numbers of the host are placed elsewhere and brought back", "[backend]") {
  using V = cuda::Vector<float, HostExecutor>;
  const Vector<float> x = Vector<float>::LinSpaced(5, 1, 2);
  const V there = placed<V>(x);
  CHECK(host_numbers(there) == x);
  V other(2);
  place(x, other);
  CHECK(dimension(other) == 5);
  CHECK(host_numbers(other) == x);
}

TEST_CASE("a batch is a matrix of the host, elsewhere", "[backend]") {
  const Matrix<double> X = (Matrix<double>(2, 3) << 1, 2, 3, 4, 5, 6).finished();
  const cuda::Batch<double, HostExecutor> batch = X;
  CHECK(batch.rows() == 2);
  CHECK(batch.cols() == 3);
  CHECK(batch.to_host() == X);
  auto zero = cuda::Batch<double, HostExecutor>::Zero(3, 1);
  CHECK(zero.to_host() == Matrix<double>::Zero(3, 1));
  zero.resize(2, 5);
  CHECK(zero.rows() == 2);
  CHECK(zero.cols() == 5);
}

TEST_CASE("the host waits for an orthogonalization four times, however many vectors there are", "[backend]") {
  using V = cuda::Vector<double, HostExecutor>;
  Philox rng(6);
  const OutputSpace space = OutputSpace::empirical(30, 2);
  const auto check = [&](const auto& inner, double weight) {
    std::vector<V> basis;
    std::vector<Vector<double>> on_host;
    for (int i = 0; i < 9; ++i) {
      const Vector<double> drawn = normal_vector<double>(60, rng);
      V x(drawn);
      const Index before = HostExecutor::waits();
      const Orthogonalized split = orthonormalize(basis, x, 0, inner);
      CHECK(HostExecutor::waits() - before <= 4);
      const Vector<double> q = x.to_host();
      Vector<double> sum = split.norm * q;
      CHECK_THAT(weight * q.squaredNorm(), WithinRel(1.0, roundoff<double>(8)));
      for (Index j = 0; j < i; ++j) {
        const auto& other = on_host[static_cast<std::size_t>(j)];
        CHECK_THAT(weight * q.dot(other), WithinAbs(0, roundoff<double>(60)));
        sum += split.coefficients(j) * other;
      }
      CHECK((sum - drawn).norm() <= roundoff<double>(40) * drawn.norm());
      basis.push_back(std::move(x));
      on_host.push_back(q);
    }
  };
  check(EuclideanInner{}, 1);
  check(OutputInner{space}, 1.0 / 30);
}
