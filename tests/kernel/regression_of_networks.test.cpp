#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/kernel/regression.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/network_kernel.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("a linearized network solved by products alone is the regression by its kernel") {
  using B = cpu::Backend<double>;
  const nn::Network<B> net(
      {2, 6, 6},
      nn::Series<B>{nn::Conv{.filters = 3}, nn::Pointwise<>{}, nn::MaxPool{}, nn::Dense{.outputs = 2}},
      B({.threads = 2, .chunk = 3}));
  Philox rng(11);
  const Matrix<double> X = normal_vector<double>(72 * 7, rng).reshaped(72, 7);
  const Matrix<double> Y = normal_vector<double>(72 * 5, rng).reshaped(72, 5);
  const Vector<double> w0 = nn::xavier_normal(net, rng, std::sqrt(2.0));
  const auto train = linearize(net.on(X), w0);
  const auto test = linearize(net.on(Y), w0);
  const OutputSpace& space = train.output_space();
  const Vector<double> targets =
      square_loss_one_hot<double>(std::vector<Index>{0, 1, 1, 0, 1, 0, 0}, space).minimizer();
  const Vector<double> first = train.adjoint(Vector<double>(targets - train.value()));
  const Matrix<double> cross = nn::NetworkKernel(net, w0, X, Y).result();
  const double top = symmetric_eigenvalues(sigma_matrix(train)).values(0);
  const double test_norm = std::sqrt(sigma_matrix(test).trace());

  for (const double ridge : {0.0, 0.05}) {
    const double tolerance = 1e-11;
    const auto exact = kernel_regression(train, targets, {.ridge = ridge});
    const auto solved = kernel_regression(train, targets,
                                          {.ridge = ridge,
                                           .method = RegressionMethod::conjugate_gradient,
                                           .tolerance = tolerance,
                                           .max_iterations = 200});
    REQUIRE(exact.report.rank == space.dim());
    REQUIRE(solved.report.converged);
    // The gradient that is left divided by the least eigenvalue of the normal equations on their range; the
    // rounding of N products of length p, times the condition number.
    const double condition = exact.report.condition;
    const double least = (top + ridge) / condition;
    const double bound =
        tolerance * first.norm() / least +
        roundoff<double>(static_cast<double>(space.dim() * w0.size())) * condition * exact.norm;
    REQUIRE(bound < 1e-6 * exact.norm);
    CHECK((solved.displacement - exact.displacement).norm() <= bound);
    const Vector<double> by_kernel = predict(exact, cross, test.value());
    const double spread = test_norm * std::sqrt(static_cast<double>(Y.cols()));
    CHECK((predict(solved, test) - by_kernel).norm() <= spread * 2 * bound + roundoff<double>(100));
    if (ridge == 0) {
      // More parameters than outputs: the training images are fitted.
      CHECK(exact.residual <= std::sqrt(top) * bound);
      CHECK(solved.residual <= std::sqrt(top) * bound);
    }
  }
}
