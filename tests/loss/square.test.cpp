#include <lazytrain/loss/square.hpp>

#include "loss/loss_laws.hpp"
#include "loss/oracle_flows.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

static_assert(StronglyConvexLoss<SquareLoss<float>>);
static_assert(StronglyConvexLoss<SquareLoss<double>>);

TEST_CASE("square loss: half the squared distance in F", "[loss]") {
  Philox rng(1);
  for (const Index k : {1, 3}) {
    for (const auto& space : {uneven_space(k), empirical(4, k), euclidean(6)}) {
      const Vector<double> targets = normal_vector(space.dim(), rng);
      const auto loss = square_loss(targets, space);
      check_loss_laws(loss, 2.0);
      const Vector<double> y = normal_vector(space.dim(), rng);
      const double distance = space.norm(Vector<double>(y - targets));
      CHECK_THAT(loss.value(y), WithinRel(0.5 * distance * distance, roundoff<double>(40)));
      CHECK(loss.minimizer() == targets);
      CHECK(loss.gradient(targets).isZero(0));
      CHECK(loss.value(targets) == 0);
      CHECK(loss.gradient(y) == Vector<double>(y - targets));
    }
  }
}

TEST_CASE("square loss: a k x n matrix of targets is the element of F it is", "[loss]") {
  const Matrix<double> targets{{1, 2, 3}, {4, 5, 6}};
  const auto loss = square_loss(targets, empirical(3, 2));
  CHECK(loss.targets() == Vector<double>{{1, 4, 2, 5, 3, 6}});
  CHECK(square_loss(targets.row(0), empirical(3)).targets() == Vector<double>{{1, 2, 3}});
  const auto copy = loss;
  CHECK(&copy.targets() == &loss.targets());
}

TEST_CASE("square loss on classes", "[loss]") {
  CHECK(square_loss_one_hot({2, 0}, empirical(2, 3)).targets() == Vector<double>{{0, 0, 1, 1, 0, 0}});
  CHECK(square_loss_signs<float>({1, 0}, empirical(2)).targets() == Vector<float>{{1, -1}});
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)square_loss_one_hot({0, 3}, empirical(2, 3));
             }),
             ContainsSubstring("labels[1] is 3, expected a class from 0 to 2"));
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)square_loss_one_hot({0, 1}, empirical(2));
             }),
             ContainsSubstring("space.outputs() is 1, expected k >= 2 classes"));
  CHECK_THAT(message_of<std::invalid_argument>([] { (void)square_loss_one_hot({0}, empirical(2, 2)); }),
             ContainsSubstring("labels has size 1, expected 2 (n, the space's samples)"));
  CHECK_THAT(message_of<std::invalid_argument>([] {
               (void)square_loss_signs({0, 1}, empirical(2, 2));
             }),
             ContainsSubstring("space.outputs() is 2, expected 1"));
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)square_loss_signs({0, -1}, empirical(2));
             }),
             ContainsSubstring("labels[1] is -1, expected a class from 0 to 1"));
}

TEST_CASE("square loss: single precision squares what float cannot", "[loss]") {
  const auto loss = square_loss(Vector<float>{{0, 0}}, OutputSpace::weighted(Vector<double>{{1e-10, 1e-10}}));
  CHECK_THAT(loss.value(Vector<float>{{1e20F, -1e20F}}), WithinRel(1e30F, 4e-7F));
}

TEST_CASE("square loss: values along the reference flows", "[loss]") {
  check_oracle_flows("square", "y_star",
                     [](const Vector<double>& y) { return square_loss(y, empirical(y.size())); });
}
