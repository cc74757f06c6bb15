// Before Eigen: its vectors then refuse to be made while allocation is forbidden.
#define EIGEN_RUNTIME_NO_MALLOC

#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/log_cosh.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/pointwise.hpp>
#include <lazytrain/loss/square.hpp>

#include "loss/loss_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// l(y, t) = (y - t)^4 / 4 on |y - t| <= 1: a loss of one's own.
struct Quartic {
  static constexpr std::string_view name = "quartic";
  static constexpr bool is_strongly_convex = false;
  static constexpr bool minimized_by_target = true;
  template <class T>
  static T value(T y, T t) {
    return T(0.25) * (y - t) * (y - t) * (y - t) * (y - t);
  }
  template <class T>
  static T derivative(T y, T t) {
    return (y - t) * (y - t) * (y - t);
  }
  template <class T>
  static T second(T y, T t) {
    return T(3) * (y - t) * (y - t);
  }
  static double smoothness() { return 3.0; }
  static double strong_convexity() { return 0.0; }
  static double weak_convexity() { return 0.0; }
};

struct NoConstants {
  [[maybe_unused]] static constexpr std::string_view name = "none";
};

template <Loss R>
void check_no_allocation(const R& loss) {
  const Index size = loss.output_space().dim();
  const Vector<double> y = Vector<double>::LinSpaced(size, -1, 1);
  Vector<double> out(size);
  Eigen::internal::set_is_malloc_allowed(false);
  const double value = loss.value(y) + loss.excess(y);
  loss.gradient(y, out);
  loss.hessian_apply(y, y, out);
  const R copy = loss;
  Eigen::internal::set_is_malloc_allowed(true);
  CHECK(std::isfinite(value));
  CHECK(copy.targets().data() == loss.targets().data());
}

}  // namespace

static_assert(PointwiseFunction<SquareFunction> && PointwiseFunction<Quartic>);
static_assert(!PointwiseFunction<NoConstants>);
static_assert(Loss<PointwiseLoss<double, Quartic>> && !StronglyConvexLoss<PointwiseLoss<double, Quartic>>);

TEST_CASE("a pointwise function of one's own makes a loss", "[loss]") {
  const auto space = uneven_space(2);
  const Matrix<double> targets = Matrix<double>::Constant(2, 5, 0.5);
  const PointwiseLoss<double, Quartic> loss(targets, space);
  const Vector<double> y = Vector<double>::LinSpaced(10, -0.25, 1.25);
  double expected = 0;
  for (Index i = 0; i < 5; ++i) {
    for (Index j = 0; j < 2; ++j) expected += space.weight(i) * std::pow(y(2 * i + j) - 0.5, 4) / 4;
  }
  CHECK_THAT(loss.value(y), WithinRel(expected, roundoff<double>(40)));
  CHECK(loss.gradient(y)(0) == std::pow(-0.75, 3));
  CHECK(loss.name() == "quartic");
}

TEST_CASE("losses evaluate and are copied without allocation", "[loss]") {
  const auto space = uneven_space(2);
  const Vector<double> targets = Vector<double>::Constant(10, 1.0);
  check_no_allocation(square_loss(targets, space));
  check_no_allocation(logistic_loss(targets, space));
  check_no_allocation(log_cosh_loss(targets, space));
  check_no_allocation(cross_entropy_loss({0, 1, 1, 0, 1}, space));
}

TEST_CASE("losses read expressions and write segments", "[loss]") {
  const auto loss = square_loss(Vector<double>{{1, 2}}, empirical(2));
  const Vector<double> y{{0, 3, 5, 0}};
  Vector<double> g = Vector<double>::Zero(4);
  loss.gradient(2 * y.segment(1, 2), g.tail(2));
  CHECK(g == Vector<double>{{0, 0, 5, 8}});
}

TEST_CASE("a single-precision value sums in double precision", "[loss]") {
  const Index n = 1 << 20;
  const auto loss = square_loss(Vector<float>::Zero(n).eval(), empirical(n));
  CHECK_THAT(loss.value(Vector<float>::Constant(n, 0.1F)), WithinRel(0.5F * 0.1F * 0.1F, 4e-7F));
}

TEST_CASE("losses refuse vectors that are not of their space", "[loss]") {
  const auto loss = square_loss(Vector<double>{{1, 2}}, empirical(2));
  const Vector<double> two = Vector<double>::Ones(2);
  const Vector<double> three = Vector<double>::Ones(3);
  Vector<double> out2(2);
  Vector<double> out3(3);
  const auto refusal = [](auto&& action) { return message_of<std::invalid_argument>(action); };
  CHECK_THAT(
      refusal([&] { (void)loss.value(three); }),
      ContainsSubstring("lazytrain::square_loss: y has size 3, expected 2 (n k, the space's dimension)"));
  CHECK_THAT(refusal([&] { (void)loss.gradient(three); }), ContainsSubstring("y has size 3, expected 2"));
  CHECK_THAT(refusal([&] { loss.gradient(two, out3); }), ContainsSubstring("g has size 3, expected 2"));
  CHECK_THAT(refusal([&] { loss.hessian_apply(two, three, out2); }),
             ContainsSubstring("v has size 3, expected 2"));
  CHECK_THAT(refusal([&] { loss.hessian_apply(two, two, out3); }),
             ContainsSubstring("out has size 3, expected 2"));
  CHECK_THAT(refusal([&] { (void)square_loss(three, empirical(2)); }),
             ContainsSubstring("square_loss: targets has size 3, expected 2"));
  CHECK_THAT(refusal([] { (void)square_loss(Matrix<double>::Ones(3, 4), empirical(4, 2)); }),
             ContainsSubstring("targets.rows() has size 3, expected 2 (k, the space's outputs)"));
  CHECK_THAT(refusal([] { (void)square_loss(Matrix<double>::Ones(2, 3), empirical(4, 2)); }),
             ContainsSubstring("targets.cols() has size 3, expected 4 (n, the space's samples)"));
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)square_loss(Vector<double>{{1, std::nan("")}}, empirical(2));
             }),
             ContainsSubstring("square_loss: targets is nan at (1, 0), expected finite numbers"));
}
