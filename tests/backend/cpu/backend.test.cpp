#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/core/random.hpp>
#include <support/catch.hpp>
#include <support/convolution.hpp>
#include <support/epilogues.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("options of the host's backend that make no sense are refused", "[backend]") {
  using B = cpu::Backend<float>;
  CHECK(message_of<std::invalid_argument>([] { B({.threads = -1}); }) ==
        "lazytrain::cpu::Backend: options.threads is -1, expected at least 0");
  CHECK(message_of<std::invalid_argument>([] { B({.chunk = 0}); }) ==
        "lazytrain::cpu::Backend: options.chunk is 0, expected at least 1");
  CHECK_THAT(message_of<std::invalid_argument>([] { B({.convolution = ConvAlgorithm::winograd}); }),
             ContainsSubstring("options.convolution is winograd, expected automatic or im2col"));
  CHECK(B({.threads = 3, .chunk = 5}).threads() == 3);
  CHECK(B({.threads = 3, .chunk = 5}).chunk() == 5);
  CHECK(B().threads() >= 1);
}

TEMPLATE_TEST_CASE("the backend's convolution and its transposes are those of the definition", "[backend]",
                   float, double) {
  using S = TestType;
  const ConvShape s{.channels = 3, .height = 5, .width = 4, .filters = 2};
  const Index n = 2;
  Philox rng(1);
  const Vector<S> w = normal_vector<S>(s.weight_dim(), rng), x = normal_vector<S>(s.input_dim() * n, rng),
                  gy = normal_vector<S>(s.output_dim() * n, rng);
  const cpu::Backend<S> backend;
  typename cpu::Backend<S>::Workspace scratch;
  const auto weights = backend.weights(s, w.data());
  const auto check = [](const Vector<S>& found, const ConvSums& exact, double factor) {
    CHECK((found.template cast<double>() - factor * exact.value).cwiseAbs().maxCoeff() <=
          roundoff<S>(100) * exact.magnitude.maxCoeff());
  };
  Vector<S> y(gy.size()), gx(x.size()), gw(w.size());
  double factor = 1;
  for (const Write write : {Write::assign, Write::add}) {
    backend.convolve(weights, x.data(), n, y.data(), write, scratch);
    backend.convolve_transposed(weights, gy.data(), n, gx.data(), write, scratch);
    backend.convolve_weights(s, x.data(), gy.data(), n, gw.data(), write, scratch);
    check(y, naive_forward(s, w, x, n), factor);
    check(gx, naive_input_gradient(s, w, gy, n), factor);
    check(gw, naive_weight_gradient(s, x, gy, n), factor);
    factor = 2;
  }
}

TEMPLATE_TEST_CASE("epilogues follow the convolution", "[backend]", float, double) {
  using S = TestType;
  const cpu::Backend<S> backend;
  check_epilogues<S>(
      backend, [](const Vector<S>& x) { return x; }, [](const Vector<S>& x) { return x; });
}

TEST_CASE("the backend's small operations", "[backend]") {
  const cpu::Backend<double> backend;
  const Matrix<double> y = (Matrix<double>(2, 3) << 1, 1, 1, -2, -2, -2).finished();
  const Vector<double> b = Eigen::Vector2d(1, -2);

  Vector<double> sum = Eigen::Vector2d(100, 100);
  backend.sum_columns(y.data(), 2, 3, sum.data(), Write::assign);
  CHECK(sum == Eigen::Vector2d(3, -6));
  backend.sum_columns(y.data(), 2, 3, sum.data(), Write::add);
  CHECK(sum == Eigen::Vector2d(6, -12));

  Vector<double> out(2);
  backend.map(
      2, out.data(), [](double p, double q) { return p * q; }, b.data(), sum.data());
  CHECK(out == Eigen::Vector2d(6, 24));
  backend.fill(2, out.data(), 5.0);
  CHECK(out == Eigen::Vector2d(5, 5));

  Index windows = 0;
  backend.for_pooled({.channels = 2, .height = 4, .width = 4}, 3, [&](Index, Index) { ++windows; });
  CHECK(windows == 2 * 4 * 3);

  CHECK(backend.count(
            2, [](double p, double q) { return p < q; }, b.data(), out.data()) == 2);
  CHECK(backend.count_pooled({.channels = 2, .height = 4, .width = 4}, 3,
                             [](Index, Index window) { return window % 2 == 0; }) == 4 * 3);
  const auto batch = backend.batch(Eigen::Vector4d(1, 2, 3, 4), 2, 2);
  CHECK(batch == (Matrix<double>(2, 2) << 1, 3, 2, 4).finished());

  Vector<double> columns = Vector<double>::Zero(7);
  const Vector<double> numbers = Vector<double>::LinSpaced(6, 1, 6);
  backend.copy_columns(2, 2, numbers.data(), 3, columns.data(), 4);
  CHECK(columns == (Vector<double>(7) << 1, 2, 0, 0, 4, 5, 0).finished());
  backend.fill_strided(2, columns.data() + 2, 3, 9.0);
  CHECK(columns == (Vector<double>(7) << 1, 2, 9, 0, 4, 9, 0).finished());
  Matrix<double> half = (Matrix<double>(2, 2) << 1, 7, 3, 4).finished();
  backend.mirror(half);
  CHECK(half == (Matrix<double>(2, 2) << 1, 3, 3, 4).finished());
  CHECK(&backend.to_host(half) == &half);
  CHECK(&backend.to_host(columns) == &columns);

  Index chunks = 0;
  cpu::Backend<double>({.threads = 1}).for_chunks(4, [&](Index i, Index) { chunks += i; });
  backend.for_chunks_in_order(
      4, [](Index, Index) {}, [&](Index i, Index) { chunks += i; });
  CHECK(chunks == 12);
}
