#include <kernel/reference.hpp>
#include <lazytrain/kernel/two_layer_kernel.hpp>
#include <lazytrain/model/gram.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("the parts of the kernel agree with the reference numbers", "[kernel]") {
  for_reference_networks([](const std::string& name, const auto& h, const Vector<double>& w) {
    CAPTURE(name);
    const auto& reference = oracle()["static"][name];
    const auto parts = kernel_parts(linearize(h, w));
    CHECK(relative_difference(parts.inner, matrix_of(reference["K_a"])) <= 1e-12);
    CHECK(relative_difference(parts.outer, matrix_of(reference["K_b"])) <= 1e-12);
    CHECK(relative_difference(parts.sum(), matrix_of(reference["tangent_kernel_eq7"])) <= 1e-12);
  });
}

TEMPLATE_TEST_CASE("the parts are the kernels of the two layers", "[kernel]", float, double) {
  using S = TestType;
  const Example<S> e(4, 7, 3);
  const auto t = linearize(e.h, e.w);
  const auto parts = kernel_parts(t);
  const Matrix<S> J = jacobian(t);
  Matrix<S> of_inner = J;
  Matrix<S> of_outer = J;
  for (Index j = 0; j < 7; ++j) {
    of_inner.middleCols(e.net.layout().outer_offset(j), 3).setZero();
    of_outer.middleCols(e.net.layout().inner_offset(j), 3).setZero();
  }
  CHECK(relative_difference(parts.inner, (of_inner * of_inner.transpose()).eval()) <= roundoff<S>(100));
  CHECK(relative_difference(parts.outer, (of_outer * of_outer.transpose()).eval()) <= roundoff<S>(100));
  CHECK(relative_difference(parts.sum(), gram(t)) <= roundoff<S>(100));
  CHECK(relative_difference(kernel_diagonal(t), gram(t).diagonal().eval()) <= roundoff<S>(100));
}
