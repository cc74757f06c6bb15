#include <cmath>
#include <Eigen/Eigenvalues>
#include <lazytrain/core/random.hpp>
#include <lazytrain/kernel/tangent_kernel.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/vgg11.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// A residual network with smooth activations, small enough for everything to be formed.
template <class S>
nn::Network<cpu::Backend<S>> smooth_network(Index outputs) {
  using B = cpu::Backend<S>;
  nn::Series<B> layers{nn::Conv{.filters = 2}, nn::Pointwise<Tanh>{}};
  layers.add_residual(nn::Series<B>{nn::Conv{.filters = 2}, nn::Pointwise<Tanh>{}})
      .add(nn::AveragePool{})
      .add(nn::Dense{.outputs = outputs});
  return nn::Network<B>({1, 4, 4}, layers, B({.threads = 1, .chunk = 2}));
}

template <class S>
Matrix<S> images(Index features, Index count) {
  Philox rng(21);
  return normal_vector<S>(features * count, rng).reshaped(features, count);
}

/// No dense shortcut anywhere: products alone.
const LazinessOptions by_products{.differential = {.tolerance = 1e-10, .dense_limit = 0}};

/// D^2h(w), p x p for every output, entry by entry.
template <class T>
std::vector<Matrix<double>> hessians(const T& tangent) {
  const Index p = tangent.parameter_dim();
  const Vector<double> zero = Vector<double>::Zero(p);
  std::vector<Matrix<double>> all(static_cast<std::size_t>(tangent.output_dim()), Matrix<double>(p, p));
  Vector<double> image(tangent.output_dim());
  for (Index i = 0; i < p; ++i) {
    for (Index j = 0; j <= i; ++j) {
      tangent.second(Vector<double>::Unit(p, i), Vector<double>::Unit(p, j), image);
      for (Index o = 0; o < image.size(); ++o) {
        all[static_cast<std::size_t>(o)](i, j) = all[static_cast<std::size_t>(o)](j, i) = image(o);
      }
    }
  }
  return all;
}

}  // namespace

TEST_CASE("kappa of a network with one output is that of its gradient and its Hessian") {
  const auto net = smooth_network<double>(1);
  Philox rng(22);
  const Vector<double> w0 = nn::xavier_normal(net, rng, 1.0);
  const auto h = net.on(images<double>(16, 1));
  const auto tangent = linearize(h, w0);
  const Vector<double> target = Vector<double>::Constant(1, 0.7);
  const Laziness found = laziness(h, square_loss(target, h.output_space()), w0, by_products);

  const double gradient = tangent.adjoint(Vector<double>::Ones(1)).norm();
  const double curvature =
      Eigen::SelfAdjointEigenSolver<Matrix<double>>(hessians(tangent)[0]).eigenvalues().cwiseAbs().maxCoeff();
  const double residual = std::abs(tangent.value()(0) - 0.7);
  // A Ritz value errs by the square of what the climb's tolerance leaves of the vector.
  CHECK_THAT(found.differential.value(), WithinRel(gradient, roundoff<double>(1e3)));
  CHECK_THAT(found.second_derivative.value(), WithinRel(curvature, 1e-9));
  CHECK(found.second_derivative.value() <= curvature * (1 + roundoff<double>(1e3)));
  CHECK_THAT(found.kappa.value(), WithinRel(residual * curvature / (gradient * gradient), 1e-9));
  CHECK_THAT(found.alignment.value(), WithinRel(1.0, roundoff<double>(1e3)));
}

TEST_CASE("kappa of a network by products is that of its Jacobian and its second derivatives") {
  const auto net = smooth_network<double>(2);
  Philox rng(23);
  const Vector<double> w0 = nn::xavier_normal(net, rng, 1.0);
  const auto h = net.on(images<double>(16, 3));
  const auto tangent = linearize(h, w0);
  const OutputSpace& space = h.output_space();
  const Vector<double> target = normal_vector<double>(6, rng);
  const auto loss = square_loss(target, space);
  const Laziness found = laziness(h, loss, w0, by_products);

  const Matrix<double> sigma = sigma_matrix(tangent);
  const double slope =
      std::sqrt(Eigen::SelfAdjointEigenSolver<Matrix<double>>(sigma).eigenvalues().maxCoeff());
  CHECK_THAT(found.differential.value(), WithinRel(slope, 1e-9));
  const Vector<double> residual = tangent.value() - target;
  CHECK_THAT(found.residual.value(), WithinRel(space.norm(residual), roundoff<double>(100)));
  CHECK_THAT(found.alignment.value(),
             WithinRel(tangent.adjoint(residual).norm() / (slope * space.norm(residual)), 1e-9));

  // The same search on the dense tensor, from other and more starts; and an upper bound: the norm of the
  // tensor as a matrix, outputs x pairs of parameters.
  const auto tensor = hessians(tangent);
  const auto bilinear = [&](const Vector<double>& u, const Vector<double>& v, Vector<double>& out) {
    for (Index o = 0; o < 6; ++o) out(o) = u.dot(tensor[static_cast<std::size_t>(o)] * v);
  };
  const auto contract = [&](const Vector<double>& z, const Vector<double>& u, Vector<double>& out) {
    Vector<double> cotangent = z;
    space.to_cotangent(cotangent);
    out.setZero();
    for (Index o = 0; o < 6; ++o) out += cotangent(o) * (tensor[static_cast<std::size_t>(o)] * u);
  };
  Philox starts(24);
  const double dense =
      bilinear_norm<double>(bilinear, contract, w0.size(), space, {.restarts = 30}, starts).lower;
  Matrix<double> products(6, 6);
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < 6; ++j) {
      products(i, j) =
          (tensor[static_cast<std::size_t>(i)].array() * tensor[static_cast<std::size_t>(j)].array()).sum() /
          3;
    }
  }
  const double above =
      std::sqrt(Eigen::SelfAdjointEigenSolver<Matrix<double>>(products).eigenvalues().maxCoeff());
  CHECK_THAT(found.second_derivative.value(), WithinRel(dense, 1e-6));
  CHECK(found.second_derivative.value() <= above);
  CHECK_THAT(found.kappa.value(), WithinRel(space.norm(residual) * dense / (slope * slope), 1e-6));
}

TEST_CASE("kappa of a network in single precision is that in double") {
  const auto net = smooth_network<float>(2);
  Philox rng(23);
  const Vector<float> w0 = nn::xavier_normal(net, rng, 1.0f);
  const auto h = net.on(images<float>(16, 3));
  const Vector<float> target = Vector<float>::Constant(6, 0.5f);
  const Laziness single = laziness(h, square_loss(target, h.output_space()), w0);

  const auto exact_h = smooth_network<double>(2).on(Matrix<double>(images<float>(16, 3).cast<double>()));
  const Laziness exact =
      laziness(exact_h, square_loss(Vector<double>(target.cast<double>()), exact_h.output_space()),
               Vector<double>(w0.cast<double>()));
  // Sums over the parameters, in three norms, the slope's twice.
  const double tolerance = roundoff<float>(4 * static_cast<double>(w0.size()));
  CHECK_THAT(single.differential.value(), WithinRel(exact.differential.value(), tolerance));
  CHECK_THAT(single.residual.value(), WithinRel(exact.residual.value(), tolerance));
  CHECK_THAT(single.kappa.value(), WithinRel(exact.kappa.value(), 4 * tolerance));
}

TEST_CASE("kappa of VGG-11 with relu needs no Jacobian") {
  const auto net = nn::vgg11<float>({.width = 0.03}, cpu::Backend<float>({.threads = 1}));
  Philox rng(25);
  const Vector<float> w0 = nn::xavier_normal(net, rng, std::sqrt(2.0));
  const auto h = net.on(images<float>(3072, 2));
  const auto loss = square_loss_one_hot<float>(std::vector<Index>{3, 7}, h.output_space());
  const Laziness found = laziness(
      h, loss, w0,
      LazinessOptions{.differential = {.tolerance = 1e-4, .dense_limit = 0},
                      .second_derivative = {.restarts = 1, .max_iterations = 2, .lanczos_steps = 4}});
  const Matrix<double> sigma = sigma_matrix(linearize(h, w0)).cast<double>();
  const double top = Eigen::SelfAdjointEigenSolver<Matrix<double>>(sigma).eigenvalues().maxCoeff();
  // The residual's bound is relative to the slope.
  CHECK_THAT(found.differential.value(), WithinRel(std::sqrt(top), 2e-4));
  CHECK(found.second_derivative.provenance() == Provenance::estimated);
  CHECK(found.kappa.value() > 0);
  CHECK(std::isfinite(found.kappa.value()));
  CHECK(found.parameters == w0.size());
}
