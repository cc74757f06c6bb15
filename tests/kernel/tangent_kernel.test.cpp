#include <kernel/reference.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("tangent kernels agree with the reference numbers", "[kernel]") {
  for_reference_networks([](const std::string& name, const auto& h, const Vector<double>& w) {
    CAPTURE(name);
    const auto& reference = oracle()["static"][name];
    CHECK(relative_difference(tangent_kernel(h, w), matrix_of(reference["tangent_kernel_eq7"])) <= 1e-12);
    const Vector<double> expected = vector_of(reference["Sigma_eigs_desc"]);
    const auto found = symmetric_eigenvalues(sigma_matrix(h, w));
    CHECK((found.values - expected).cwiseAbs().maxCoeff() <= found.error + 1e-15);
    CHECK(relative_difference(found.values, expected) <= 1e-12);
  });
}

TEMPLATE_TEST_CASE("entries of the kernel are inner products of gradients", "[kernel]", float, double) {
  using S = TestType;
  const Example<S> e(4, 5, 2);
  const auto t = linearize(e.h, e.w);
  const Matrix<S> J = jacobian(t);
  const Matrix<S> K = tangent_kernel(t);
  const double tolerance = roundoff<S>(100);
  // Output c of sample i stands at i k + c.
  const TwoLayer<S, Tanh>& net = e.net;
  for (Index i = 0; i < 4; ++i) {
    const auto one = linearize(net.on(Matrix<S>(e.X.col(i))), e.w);
    const Matrix<S> gradients = jacobian(one);
    for (Index c = 0; c < 2; ++c) {
      CHECK(relative_difference(K.col(i * 2 + c), (J * gradients.row(c).transpose()).eval()) <= tolerance);
    }
  }
  CHECK(K == K.transpose());

  const Matrix<S> sigma = sigma_matrix(t);
  CHECK(sigma == sigma.transpose());
  for (Index a = 0; a < 8; ++a) {
    for (Index b = 0; b < 8; ++b) {
      const double weight = std::sqrt(e.h.output_space().weight(a / 2) * e.h.output_space().weight(b / 2));
      CHECK_THAT(static_cast<double>(sigma(a, b)),
                 WithinRel(weight * static_cast<double>(K(a, b)), roundoff<S>(8)));
    }
  }

  const Matrix<S> trace = trace_kernel(K, 2);
  const Matrix<S> first = output_kernel(K, 2, 0);
  const Matrix<S> second = output_kernel(K, 2, 1);
  REQUIRE(trace.rows() == 4);
  CHECK(second(1, 3) == K(3, 7));
  CHECK(relative_difference(trace, (first + second).eval()) <= roundoff<S>(2));
  CHECK(output_kernel(K, 1, 0) == K);
}

TEMPLATE_TEST_CASE("the cross-kernel is a block of the kernel on all data", "[kernel]", float, double) {
  using S = TestType;
  const Example<S> e(9, 5, 2);
  const Matrix<S> K = tangent_kernel(e.net.on(e.X), e.w);
  const Index train = GENERATE(3, 6);
  const auto h = e.net.on(Matrix<S>(e.X.leftCols(train)));
  const auto g = e.net.on(Matrix<S>(e.X.rightCols(9 - train)));
  const Matrix<S> expected = K.block(0, 2 * train, 2 * train, 2 * (9 - train));
  const double tolerance = roundoff<S>(100);
  CHECK(relative_difference(cross_kernel(h, g, e.w), expected) <= tolerance);
  // A centred model has the same derivatives, without a closed form: products, by columns or by rows.
  CHECK(relative_difference(cross_kernel(centred(h, e.w), centred(g, e.w), e.w), expected) <= tolerance);
  CHECK(relative_difference(cross_kernel(h, centred(g, e.w), e.w), expected) <= tolerance);
}

TEST_CASE("kernels refuse what does not fit", "[kernel]") {
  const Example<double> e(4, 5, 2);
  const auto t = linearize(e.h, e.w);
  const Matrix<double> K = tangent_kernel(t);
  const Example<double> other(4, 6, 2);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)cross_kernel(t, linearize(other.h, other.w)); }),
             ContainsSubstring("cross_kernel: test's w has size 30, expected 25"));
  CHECK_THAT(
      message_of<std::invalid_argument>([&] { (void)cross_kernel(t, linearize(e.h, (2 * e.w).eval())); }),
      ContainsSubstring("test is linearized at another w"));
  CHECK_THROWS_AS(trace_kernel(K, 0), std::invalid_argument);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)trace_kernel(K, 3); }),
             ContainsSubstring("kernel.rows() is 8, expected a multiple"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)trace_kernel(K.leftCols(3), 2); }),
             ContainsSubstring("kernel.cols() is 3, expected a multiple"));
  CHECK_THROWS_AS(output_kernel(K, 2, 2), std::invalid_argument);
  CHECK_THROWS_AS(output_kernel(K, 2, -1), std::invalid_argument);
  CHECK_THROWS_AS(output_kernel(K, 0, 0), std::invalid_argument);
  CHECK_THROWS_AS(tangent_kernel(e.h, Vector<double>(3)), std::invalid_argument);
}
