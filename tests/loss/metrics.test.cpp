#include <cmath>
#include <lazytrain/loss/metrics.hpp>
#include <lazytrain/loss/square.hpp>

#include "loss/loss_laws.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("accuracy: the strictly largest of k outputs, ties and NaN are errors", "[loss]") {
  const double nan = std::nan("");
  // Right, wrong, tie with the label's output, tie among others, NaN elsewhere.
  const Vector<double> y{{0, 2, 1, 3, 2, 1, 1, 1, 0, 0, 0, 5, nan, 1, 0}};
  const std::vector<Index> labels{1, 2, 0, 2, 1};
  CHECK(accuracy(y, labels, empirical(5, 3)) == 0.4);
}

TEST_CASE("accuracy: the sign of one output", "[loss]") {
  const Vector<float> y{{0.5F, -1.0F, -0.5F, 0.0F}};
  // In this order: g++ 12.2 with -march=native for AVX2 stores {1, 1, 0, 0} as {1, 1, 1, 1}.
  CHECK(accuracy(y, {1, 0, 1, 0}, empirical(4)) == 0.5);
  CHECK(sign_accuracy(y, Vector<float>{{1, -1, 1, -1}}, empirical(4)) == 0.5);
  CHECK(sign_accuracy(y, Vector<float>{{1, -1, -1, 1}}, empirical(4)) == 0.75);
}

TEST_CASE("accuracy: samples count by their weights", "[loss]") {
  const auto space = OutputSpace::weighted(Vector<double>{{1.0, 3.0}});
  CHECK(accuracy(Vector<double>{{1, 1}}, {0, 1}, space) == 0.75);
  CHECK(sign_accuracy(Vector<double>{{1, 1}}, Vector<double>{{1, -1}}, space) == 0.25);
}

TEST_CASE("mean squared error: twice the square loss in a space of total weight 1", "[loss]") {
  Philox rng(9);
  const Vector<double> y = normal_vector(12, rng);
  const Vector<double> t = normal_vector(12, rng);
  const auto space = empirical(4, 3);
  CHECK_THAT(mean_squared_error(y, t, space),
             WithinRel(2 * square_loss(t, space).value(y), roundoff<double>(12)));
  CHECK_THAT(mean_squared_error(y, t, space), WithinRel((y - t).squaredNorm() / 4, roundoff<double>(12)));
  const auto weighted = OutputSpace::weighted(Vector<double>{{1.0, 3.0}});
  CHECK(mean_squared_error(Vector<double>{{1, 2}}, Vector<double>{{0, 0}}, weighted) == 13.0 / 4);
}

TEST_CASE("metrics: refusals", "[loss]") {
  const Vector<double> y{{1, 2}};
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)accuracy(y, {0, 1, 1}, empirical(3));
             }),
             ContainsSubstring("accuracy: y has size 2, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)accuracy(y, {0}, empirical(2)); }),
             ContainsSubstring("accuracy: labels has size 1, expected 2"));
  CHECK_THAT(message_of<std::domain_error>([&] {
               (void)accuracy(y, {0, 2}, empirical(2));
             }),
             ContainsSubstring("accuracy: labels[1] is 2, expected a class from 0 to 1"));
  CHECK_THAT(message_of<std::domain_error>([&] {
               (void)sign_accuracy(y, Vector<double>{{1, 0.5}}, empirical(2));
             }),
             ContainsSubstring("sign_accuracy: signs is 0.5 at (1, 0)"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)sign_accuracy(y, y, empirical(1, 2)); }),
             ContainsSubstring("space.outputs() is 2, expected 1"));
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { (void)mean_squared_error(y, Vector<double>{{1.0}}, empirical(2)); }),
             ContainsSubstring("mean_squared_error: targets has size 1, expected 2"));
}

TEST_CASE("metrics read matrices of either storage order, a column a sample", "[loss]") {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  RowMajor y(2, 3), t(2, 3);
  y << 3, 3, 1, 1, 1, 3;
  t << 1, 0, 0, 0, 2, 0;
  const Matrix<double> y_columns = y, t_columns = t;
  const auto space = empirical(3, 2);
  CHECK(accuracy(y, {0, 0, 1}, space) == 1);
  CHECK(accuracy(y_columns, {0, 0, 1}, space) == 1);
  CHECK_THAT(mean_squared_error(y, t, space), WithinRel((y_columns - t_columns).squaredNorm() / 3, 1e-15));
  CHECK(mean_squared_error(y, y_columns, space) == 0);
  // A row a sample is another matrix, whatever its storage.
  CHECK_THROWS_AS(accuracy(RowMajor(y.transpose()), {0, 0, 1}, space), std::invalid_argument);
  CHECK_THROWS_AS(mean_squared_error(y, t_columns.transpose(), space), std::invalid_argument);
}
