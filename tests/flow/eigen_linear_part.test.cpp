#include <lazytrain/flow/eigen_linear_part.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/jacobian.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

/// The matrix L = J^T W R'' J at the field's last point, formed by products with unit vectors.
template <class Field>
Matrix<double> linear_part(const Field& field) {
  const Matrix<double> j = jacobian(field.tangent());
  Matrix<double> l(j.cols(), j.cols());
  Vector<double> curved(j.rows());
  for (Index q = 0; q < j.cols(); ++q) {
    const Vector<double> column = j.col(q);
    field.loss().hessian_apply(field.outputs(), column, curved);
    l.col(q) = field.tangent().adjoint(curved);
  }
  return l;
}

/// phi_k(-tau L) by the eigenvectors of L itself.
Matrix<double> dense_phi(const Matrix<double>& l, int k, double tau) {
  const Matrix<double> symmetric = (l + l.transpose()) / 2;
  const auto eigen = symmetric_eigen(symmetric);
  Vector<double> values = -tau * eigen.values.cwiseMax(0.0);
  phi_in_place(k, values);
  return eigen.vectors * values.asDiagonal() * eigen.vectors.transpose();
}

template <class R>
void check_part(const R& loss, Index outputs) {
  Philox rng(4);
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 4, .outputs = outputs, .scaling = Scaling::sqrt});
  const auto h = net.on(normal_matrix(3, 5, rng), loss.output_space());
  const Vector<double> w0 = gaussian(net, 1.0, rng);
  auto field = displacement_field(h, loss, w0, 2.0);
  const Vector<double> x = 0.1 * normal_vector(w0.size(), rng);
  Vector<double> f(w0.size());
  field(x, f);
  detail::EigenLinearPart<std::remove_const_t<decltype(field)>> part(field);
  const Matrix<double> l = linear_part(field);
  const double tolerance = roundoff<double>(1000) * (1 + l.norm());

  part.begin(f);
  Vector<double> out(w0.size());
  for (const int k : {0, 1, 2, 3}) {
    for (const double tau : {0.0, 0.3, 50.0}) {
      part.combine({{0, 1.5, k, tau}}, out);
      CHECK((out - 1.5 * dense_phi(l, k, tau) * f).norm() <= tolerance * f.norm());
    }
  }

  // A remainder D = f_i - f + L dx, with dx the last combination, and sums over slots.
  part.combine({{0, 0.7, 1, 0.7}}, out);
  const Vector<double> dx = out;
  const Vector<double> other = normal_vector(w0.size(), rng);
  part.add_remainder(other, f);
  const Vector<double> d = other - f + l * dx;
  part.combine({{1, 1.0, 2, 0.4}, {0, -0.5, 1, 0.2}}, out);
  const Vector<double> expected = dense_phi(l, 2, 0.4) * d - 0.5 * dense_phi(l, 1, 0.2) * f;
  CHECK((out - expected).norm() <= tolerance * (d.norm() + f.norm()));
}

TEST_CASE("combinations of phi-functions equal the dense ones, for losses with and without blocks") {
  Philox rng(9);
  const OutputSpace weighted = OutputSpace::weighted(Vector<double>::LinSpaced(5, 0.1, 0.5));
  check_part(square_loss(normal_vector(5, rng), weighted), 1);
  check_part(logistic_loss((Vector<double>(5) << 1, -1, 1, 1, -1).finished(), empirical(5)), 1);
  check_part(cross_entropy_loss<double>(std::vector<Index>{0, 2, 1, 1, 0}, empirical(5, 3)), 3);
}

}  // namespace
