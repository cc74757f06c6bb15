#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/network_kernel.hpp>
#include <stdexcept>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

template <class S>
nn::Network<cpu::Backend<S>> residual_network(const cpu::BackendOptions& options) {
  using B = cpu::Backend<S>;
  nn::Series<B> layers{nn::Conv{.filters = 3}, nn::Pointwise<Tanh>{}};
  layers
      .add_residual(
          nn::Series<B>{nn::Conv{.filters = 5, .stride = 2}, nn::Pointwise<Tanh>{}, nn::Conv{.filters = 4}},
          nn::Series<B>{nn::Conv{.filters = 4, .kernel = 1, .stride = 2, .padding = 0}})
      .add(nn::Pointwise<Tanh>{})
      .add_residual(nn::Series<B>{nn::Conv{.filters = 4}})
      .add(nn::AveragePool{})
      .add(nn::Dense{.outputs = 3});
  return nn::Network<B>({2, 7, 5}, layers, B(options));
}

/// J^T, p x N, column by column by vjps.
template <class S>
Matrix<S> transposed_jacobian(const nn::Network<cpu::Backend<S>>& net, const Vector<S>& w,
                              const Matrix<S>& X) {
  const auto tangent = net.on(X).linearize(w);
  Matrix<S> columns(w.size(), X.cols() * net.outputs());
  Vector<S> column(w.size());
  for (Index i = 0; i < columns.cols(); ++i) {
    tangent.vjp(Vector<S>::Unit(columns.cols(), i), column);
    columns.col(i) = column;
  }
  return columns;
}

}  // namespace

TEST_CASE("the kernel of a network is J J^T, in whatever way it is contracted") {
  const auto net = residual_network<double>({.threads = 2, .chunk = 3});
  Philox rng(3);
  const Matrix<double> X = normal_vector<double>(70 * 10, rng).reshaped(70, 10);
  const Matrix<double> Y = normal_vector<double>(70 * 4, rng).reshaped(70, 4);
  const Vector<double> w = 0.4 * normal_vector<double>(net.parameter_dim(), rng);
  const Matrix<double> J = transposed_jacobian<double>(net, w, X),
                       J2 = transposed_jacobian<double>(net, w, Y);
  const Matrix<double> K = J.transpose() * J, cross = J.transpose() * J2;
  const double tolerance = roundoff<double>(static_cast<double>(w.size()));
  for (const auto method : {KernelContraction::automatic, KernelContraction::jacobian,
                            KernelContraction::gram, KernelContraction::applied}) {
    const nn::KernelOptions options{.contraction = method};
    const Matrix<double> computed = nn::NetworkKernel(net, w, X, options).result();
    CHECK((computed - K).norm() <= tolerance * K.norm());
    CHECK(computed == computed.transpose());
    const Matrix<double> other = nn::NetworkKernel(net, w, X, Y, options).result();
    CHECK((other - cross).norm() <= tolerance * cross.norm());
  }
  Matrix<double> hook;
  net.on(X).linearize(w).gram(hook);
  CHECK((hook - K).norm() <= tolerance * K.norm());
  net.on(X).linearize(w).cross_gram(net.on(Y).linearize(w), hook);
  CHECK((hook - cross).norm() <= tolerance * cross.norm());
}

TEST_CASE("the bits of a kernel depend on neither memory nor threads nor interruptions") {
  Philox rng(4);
  const Matrix<float> X = normal_vector<float>(70 * 20, rng).reshaped(70, 20);
  const auto net = residual_network<float>({.threads = 1, .chunk = 4});
  const Vector<float> w = 0.4f * normal_vector<float>(net.parameter_dim(), rng);
  const Matrix<float> K = nn::NetworkKernel(net, w, X).result();
  for (const double memory : {1.0, 3e4, 1e5}) {
    nn::NetworkKernel kernel(residual_network<float>({.threads = 3, .chunk = 4}), w, X,
                             nn::KernelOptions{.memory = memory});
    REQUIRE(kernel.units() > 1);
    for (Index i = 0; i < kernel.units() / 2; ++i) CHECK(kernel.step());
    nn::NetworkKernel resumed(net, w, X, nn::KernelOptions{.memory = memory});
    resumed.resume(kernel.done(), kernel.partial());
    CHECK(std::move(resumed).result() == K);
    while (kernel.step()) continue;
    CHECK(kernel.finished());
    CHECK(kernel.partial() == K);
  }
}

TEST_CASE("a kernel refuses another kernel's sum, and wrong sizes") {
  const auto net = residual_network<double>({.threads = 1, .chunk = 4});
  const Vector<double> w = Vector<double>::Zero(net.parameter_dim());
  const Matrix<double> X = Matrix<double>::Zero(70, 2);
  nn::NetworkKernel kernel(net, w, X);
  CHECK_THROWS_AS(kernel.resume(0, Matrix<double>::Zero(5, 6)), std::invalid_argument);
  CHECK_THROWS_AS(kernel.resume(kernel.units() + 1, Matrix<double>::Zero(6, 6)), std::invalid_argument);
  CHECK_THROWS_AS(nn::NetworkKernel(net, Vector<double>(w.head(5)), X), std::invalid_argument);
  CHECK_THROWS_AS(nn::NetworkKernel(net, w, Matrix<double>(Matrix<double>::Zero(69, 2))),
                  std::invalid_argument);
}
