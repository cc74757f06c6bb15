#include <kernel/reference.hpp>
#include <lazytrain/kernel/kernel_operator.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/kernel/two_layer_kernel.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("the operator is the kernel times the weights", "[kernel]", float, double) {
  using S = TestType;
  Example<S> e(6, 5, 2);
  const KernelOperator<TwoLayerOnData<S, Tanh>> kernel(linearize(e.h, e.w));
  const OutputSpace& space = kernel.tangent().output_space();
  REQUIRE(kernel.dim() == 12);
  const Matrix<S> K = tangent_kernel(e.h, e.w);
  const Vector<S> g = normal_vector<S>(12, e.rng);
  const Vector<S> u = normal_vector<S>(12, e.rng);
  const double tolerance = roundoff<S>(200);

  Vector<S> weighted = g;
  space.to_cotangent(weighted);
  CHECK(relative_difference(kernel(g), (K * weighted).eval()) <= tolerance);
  Vector<S> out(12);
  kernel.apply_raw(g, out);
  CHECK(relative_difference(out, (K * g).eval()) <= tolerance);
  kernel.apply_symmetric(g, out);
  CHECK(relative_difference(out, (sigma_matrix(e.h, e.w) * g).eval()) <= tolerance);

  // Self-adjoint in F.
  const double left = static_cast<double>(space.inner(u, kernel(g)));
  const double right = static_cast<double>(space.inner(kernel(u), g));
  CHECK_THAT(left, WithinAbs(right, tolerance * static_cast<double>(space.norm(u) * space.norm(kernel(g)) +
                                                                    space.norm(g) * space.norm(kernel(u)))));
}

TEMPLATE_TEST_CASE("diagonal and trace without the kernel", "[kernel]", float, double) {
  using S = TestType;
  // More parameters than outputs, and fewer.
  const Index neurons = GENERATE(5, 1);
  const Example<S> e(6, neurons, 2);
  const auto t = linearize(e.h, e.w);
  const auto products = linearize(centred(e.h, e.w), e.w);
  const Vector<S> expected = tangent_kernel(t).diagonal();
  CHECK(relative_difference(kernel_diagonal(products), expected) <= roundoff<S>(200));
  CHECK(relative_difference(kernel_diagonal(t), expected) <= roundoff<S>(200));
  const double trace = static_cast<double>(sigma_matrix(t).trace());
  CHECK_THAT(kernel_trace(t), WithinRel(trace, roundoff<S>(200)));
  CHECK_THAT(kernel_trace(products), WithinRel(trace, roundoff<S>(200)));
}

TEST_CASE("the operator refuses vectors of another size", "[kernel]") {
  const Example<double> e(6, 5, 2);
  const KernelOperator<TwoLayerOnData<double, Tanh>> kernel(linearize(e.h, e.w));
  Vector<double> out(12);
  CHECK_THROWS_AS(kernel(Vector<double>(11)), std::invalid_argument);
  CHECK_THROWS_AS(kernel.apply_raw(Vector<double>(11), out), std::invalid_argument);
  CHECK_THROWS_AS(kernel.apply_symmetric(Vector<double>::Zero(11), out), std::invalid_argument);
}
