#include <lazytrain/flow/augmented_batches.hpp>
#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <stdexcept>
#include <support/catch.hpp>

using namespace lazytrain;

namespace {

const auto shift = [](Matrix<double>& X, Philox& rng) {
  for (Index j = 0; j < X.cols(); ++j) X.col(j).array() += uniform(rng);
};

}  // namespace

TEST_CASE("augmented batches are the plain ones, changed by the step's own numbers") {
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 2});
  Philox rng(1);
  const Matrix<double> X = normal_vector<double>(3 * 10, rng).reshaped(3, 10);
  const data::RegressionData<double> data(X, Matrix<double>::Ones(1, 10));
  const BatchOptions options{.size = 4, .seed = 5};
  auto plain = batches(net, data, options);
  auto augmented = augmented_batches(net, data, options, shift);
  CHECK(augmented.steps_per_epoch() == plain.steps_per_epoch());
  Matrix<double> first;
  for (const Index step : {0, 1, 7}) {
    const Matrix<double> before = plain.batch(step).model.inputs();
    const Matrix<double> after = augmented.batch(step).model.inputs();
    const Matrix<double> change = after - before;
    CHECK((change.array() > 0).all());
    CHECK((change.array() < 1).all());
    // Each column by one number of its own.
    CHECK((change.rowwise() - change.row(0)).norm() < 1e-15 * 30);
    CHECK(augmented.batch(step).model.inputs() == after);
    if (step == 0) first = change;
    if (step == 1) CHECK((change - first).norm() > 0.01);
  }
}

TEST_CASE("augmented batches refuse what batches refuse") {
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 2});
  const data::RegressionData<double> data(Matrix<double>::Zero(3, 4), Matrix<double>::Zero(1, 4));
  CHECK_THROWS_AS(augmented_batches(net, data, {.size = 5, .seed = 1}, shift), std::invalid_argument);
}
