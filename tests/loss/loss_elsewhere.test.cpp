#include <lazytrain/backend/cuda/vector.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/huber.hpp>
#include <lazytrain/loss/loss_elsewhere.hpp>
#include <lazytrain/loss/square.hpp>
#include <support/catch.hpp>
#include <support/host_executor.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using V = cuda::Vector<double, HostExecutor>;

template <class R>
void check_same(const R& loss, Index size) {
  const auto there = loss_where_outputs_are<V>(loss);
  CHECK(Loss<std::remove_cvref_t<decltype(there)>>);
  Philox rng(1);
  const Vector<double> y = normal_vector(size, rng), v = normal_vector(size, rng);
  CHECK(there.value(V(y)) == loss.value(y));
  CHECK(there.excess(V(y)) == loss.excess(y));
  V out(y);
  there.gradient(out, out);
  CHECK((out.to_host() - loss.gradient(y)).norm() <= roundoff<double>(4) * loss.gradient(y).norm());
  out = V(v);
  there.hessian_apply(V(y), out, out);
  Vector<double> expected(size);
  loss.hessian_apply(y, v, expected);
  CHECK((out.to_host() - expected).norm() <= roundoff<double>(4) * expected.norm());
  out = V(y);
  there.hessian_apply(out, V(v), out);
  CHECK((out.to_host() - expected).norm() <= roundoff<double>(4) * expected.norm());
  CHECK(there.smoothness() == loss.smoothness());
  CHECK(there.strong_convexity() == loss.strong_convexity());
  CHECK(there.weak_convexity() == loss.weak_convexity());
  constexpr bool knows_infimum = requires { loss.infimum(); };
  CHECK(knows_infimum == requires { there.infimum(); });
  if constexpr (knows_infimum) CHECK(there.infimum() == loss.infimum());
  CHECK(there.output_space() == loss.output_space());
  CHECK(there.name() == loss.name());
  CHECK(there.on_host().value(y) == loss.value(y));
}

}  // namespace

TEST_CASE("a loss of outputs elsewhere is that of the host", "[loss]") {
  const OutputSpace space = OutputSpace::empirical(4, 3);
  check_same(cross_entropy_loss<double>({0, 2, 1, 1}, space), 12);
  const SquareLoss<double> square = square_loss(Vector<double>(Vector<double>::LinSpaced(12, 0, 1)), space);
  check_same(square, 12);
  check_same(huber_loss(Vector<double>(Vector<double>::LinSpaced(12, 0, 1)), space, 0.5), 12);
  CHECK(StronglyConvexLoss<LossElsewhere<SquareLoss<double>, V>>);
  CHECK_FALSE(StronglyConvexLoss<LossElsewhere<CrossEntropyLoss<double>, V>>);
  CHECK(LossElsewhere<SquareLoss<double>, V>(square).minimizer().to_host() == square.minimizer());
}

TEMPLATE_TEST_CASE(
    "gradients computed elsewhere are exact for outputs far apart, equal and as large as they go", "[loss]",
    float, double) {
  using S = TestType;
  using W = cuda::Vector<S, HostExecutor>;
  const S huge = std::numeric_limits<S>::max() / 2;
  const S rows[] = {0, 0, 0, 40, -40, 0, huge, -huge, 0, S(1e-6), 0, 1};
  const Vector<S> y = Eigen::Map<const Vector<S>>(rows, 12);
  const auto loss = cross_entropy_loss<S>({0, 0, 1, 2}, OutputSpace::empirical(4, 3));
  const auto there = loss_where_outputs_are<W>(loss);
  W g(y);
  there.gradient(g, g);
  const Vector<S> found = g.to_host(), expected = loss.gradient(y);
  for (Index j = 0; j < 12; ++j) {
    CHECK_THAT(static_cast<double>(found(j)), WithinRel(static_cast<double>(expected(j)), roundoff<S>(4)));
  }
}

TEMPLATE_TEST_CASE("values left elsewhere are those of the host, with their weights", "[loss]", float,
                   double) {
  using S = TestType;
  using W = cuda::Vector<S, HostExecutor>;
  const S huge = std::numeric_limits<S>::max() / 4;
  const S rows[] = {0, 0, 0, 40, -40, 0, 3, -huge, 0, S(1e-6), 0, 1};
  const Vector<S> y = Eigen::Map<const Vector<S>>(rows, 12);
  const Vector<S> targets = Vector<S>::LinSpaced(12, 0, 1);
  const auto check = [](const auto& loss, const Vector<S>& at) {
    const auto there = loss_where_outputs_are<W>(loss);
    W value(2);
    there.value_to(W(at), value.data() + 1);
    // Four samples of three outputs, all terms positive.
    CHECK_THAT(static_cast<double>(value.to_host()(1)),
               WithinRel(static_cast<double>(loss.value(at)), roundoff<S>(20)));
  };
  for (const OutputSpace& space :
       {OutputSpace::empirical(4, 3), OutputSpace::weighted(Eigen::Vector4d(1, 0.5, 2, 3), 3)}) {
    check(cross_entropy_loss<S>({0, 0, 2, 2}, space), y);
    check(square_loss(targets, space), Vector<S>(y.cwiseMax(S(-100))));
  }
}

TEST_CASE("products with Hessians of cross-entropy and of the square loss wait for nothing", "[loss]") {
  const OutputSpace space = OutputSpace::empirical(5, 3);
  const auto check = [](const auto& loss) {
    const auto there = loss_where_outputs_are<V>(loss);
    const V y(Vector<double>(Vector<double>::LinSpaced(15, -1, 1)));
    V v = y;
    const Index before = HostExecutor::waits(), sent = HostExecutor::uploaded();
    there.hessian_apply(y, v, v);
    CHECK(HostExecutor::waits() == before);
    CHECK(HostExecutor::uploaded() == sent);
  };
  check(cross_entropy_loss<double>({0, 2, 1, 1, 0}, space));
  check(square_loss(Vector<double>(Vector<double>::LinSpaced(15, 0, 1)), space));
}

TEST_CASE("gradients and Hessians elsewhere refuse wrong sizes", "[loss]") {
  const auto there =
      loss_where_outputs_are<V>(cross_entropy_loss<double>({0, 1}, OutputSpace::empirical(2, 3)));
  V g(6);
  CHECK(message_of<std::invalid_argument>([&] { there.gradient(V(5), g); }) ==
        "lazytrain::LossElsewhere::gradient: y has size 5, expected 6 (the space's dimension)");
  CHECK_THROWS_AS(there.value_to(V(5), g.data()), std::invalid_argument);
  CHECK(message_of<std::invalid_argument>([&] { there.hessian_apply(g, V(5), g); }) ==
        "lazytrain::LossElsewhere::hessian_apply: v has size 5, expected 6 (the space's dimension)");
}

TEST_CASE("where outputs are on the host a loss stays what it is", "[loss]") {
  CHECK(std::is_same_v<decltype(loss_where_outputs_are<Vector<double>>(std::declval<SquareLoss<double>>())),
                       SquareLoss<double>>);
}
