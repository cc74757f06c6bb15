#include <algorithm>
#include <cmath>
#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/flow/stochastic_descent.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
nn::Network<cpu::Backend<S>> network() {
  using B = cpu::Backend<S>;
  return nn::Network<B>(
      {2, 8, 8},
      nn::Series<B>{nn::Conv{.filters = 4}, nn::Pointwise<>{}, nn::MaxPool{}, nn::Conv{.filters = 6},
                    nn::Pointwise<>{}, nn::MaxPool{}, nn::Dense{.outputs = 3}},
      B({.threads = 1}));
}

constexpr Index steps = 30;
constexpr Index count = 12;

template <class S>
std::vector<double> train(auto field, const Vector<S>& start, double step) {
  std::vector<double> losses;
  const auto end = stochastic_descent(field, start, {.step = step, .momentum = 0.9, .epochs = steps},
                                      [&](const auto& view) { losses.push_back(view.mean_loss); });
  REQUIRE(end.succeeded());
  return losses;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("at alpha = 1e7 single precision follows double by displacement, and not by difference") {
  Philox rng(31);
  const Matrix<float> X = normal_vector<float>(128 * count, rng).reshaped(128, count);
  Matrix<float> targets = Matrix<float>::Zero(3, count);
  for (Index j = 0; j < count; ++j) targets(j % 3, j) = 1;
  const Vector<float> w0 = nn::xavier_normal(network<float>(), rng, std::sqrt(2.0f));
  const data::RegressionData<float> data(X, targets);
  const data::RegressionData<double> exact_data(X.cast<double>(), targets.cast<double>());
  const Vector<double> exact_w0 = w0.cast<double>();
  auto problem = batches(network<float>(), data, {.size = count});
  auto exact_problem = batches(network<double>(), exact_data, {.size = count});
  const Matrix<double> sigma = sigma_matrix(exact_problem.full_batch().model, exact_w0);
  const double step = 1 / symmetric_eigenvalues(sigma).values(0);

  const float alpha = 1e7f;
  const Vector<float> zero = Vector<float>::Zero(w0.size());
  const auto exact = train<double>(batch_displacement_field(exact_problem, exact_w0, 1e7, Start::centred),
                                   Vector<double>::Zero(w0.size()), step);
  const auto displaced =
      train<float>(batch_displacement_field(problem, w0, alpha, Start::centred), zero, step);
  const auto plain = train<float>(batch_parameter_field(problem, w0, alpha, Start::centred), w0, step);
  CHECK(exact.back() < 0.7 * exact.front());

  // The longest sums of a step: 18, 36 and 24 inputs of a unit, forwards, in the tangent and backwards, and
  // the weights' gradients over all positions of all images; a step inherits the errors of those before it.
  const double sums = 3 * (18 + 36 + 24) + count * (64 + 16 + 1);
  const double tolerance = roundoff<float>(sums * steps) * exact.front();
  CHECK(distance(displaced, exact) <= tolerance);
  CHECK(distance(plain, exact) > 10 * tolerance);
  CHECK(distance(plain, exact) > 1000 * distance(displaced, exact));
}
