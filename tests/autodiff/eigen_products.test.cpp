#include <lazytrain/autodiff/dual.hpp>
#include <lazytrain/autodiff/eigen_products.hpp>
#include <lazytrain/autodiff/reverse.hpp>
#include <lazytrain/autodiff/scaled_difference.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// The derivative information of a number: with the tape, the derivative along a fixed direction of inputs.
struct Context {
  Philox rng{1};
  Tape<double> tape;
  Tape<Dual<double>> dual_tape;
  Vector<double> tangents;
  Vector<Dual<double>> dual_tangents;

  double draw() { return normal(rng); }

  void make(Dual<double>& x) { x = {draw(), draw()}; }
  void make(Dual<Dual<double>>& x) { x = {{draw(), draw()}, {draw(), draw()}}; }
  void make(ScaledDifference<double>& x) { x = {draw(), draw(), 0.5}; }
  void make(Reverse<double>& x) { x = Reverse<double>::input(draw(), tape); }
  void make(Reverse<Dual<double>>& x) { x = Reverse<Dual<double>>::input({draw(), draw()}, dual_tape); }

  template <class T>
  Matrix<T> matrix(Index rows, Index cols) {
    Matrix<T> x(rows, cols);
    for (Index i = 0; i < x.size(); ++i) make(x.data()[i]);
    return x;
  }

  void sweep() {
    // Inputs are the variables without operations; give every one a tangent, the sweep overwrites the others.
    Philox directions(2);
    tangents = normal_vector(tape.size(), directions);
    dual_tangents = dual_vector<double>(normal_vector(dual_tape.size(), directions),
                                        normal_vector(dual_tape.size(), directions));
    tape.forward(tangents);
    dual_tape.forward(dual_tangents);
  }

  static std::vector<double> parts(double x) { return {x}; }
  template <class T>
  static std::vector<double> parts(const Dual<T>& x) {
    auto all = parts(x.value);
    for (const double part : parts(x.tangent)) all.push_back(part);
    return all;
  }
  static std::vector<double> parts(const ScaledDifference<double>& x) { return {x.value, x.difference}; }
  [[nodiscard]] std::vector<double> parts(const Reverse<double>& x) const {
    return {x.value, tangents(x.variable)};
  }
  [[nodiscard]] std::vector<double> parts(const Reverse<Dual<double>>& x) const {
    return {x.value.value, x.value.tangent, dual_tangents(x.variable).value,
            dual_tangents(x.variable).tangent};
  }

  template <class T>
  void check_equal(const Matrix<T>& computed, const Matrix<T>& expected) {
    REQUIRE(computed.rows() == expected.rows());
    REQUIRE(computed.cols() == expected.cols());
    sweep();
    for (Index i = 0; i < computed.size(); ++i) {
      const auto a = parts(computed.data()[i]);
      const auto b = parts(expected.data()[i]);
      for (std::size_t k = 0; k < a.size(); ++k) CHECK_THAT(a[k], WithinAbs(b[k], roundoff<double>(1000)));
    }
  }
};

/// The product number by number.
template <class A, class B>
auto reference(const A& a, const B& b) {
  using T = typename Eigen::ScalarBinaryOpTraits<typename A::Scalar, typename B::Scalar>::ReturnType;
  Matrix<T> c(a.rows(), b.cols());
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index j = 0; j < b.cols(); ++j) {
      T sum(0);
      for (Index k = 0; k < a.cols(); ++k) sum += a(i, k) * b(k, j);
      c(i, j) = sum;
    }
  }
  return c;
}

}  // namespace

TEMPLATE_TEST_CASE("Products of every layout equal sums of products of numbers", "", Dual<double>,
                   Dual<Dual<double>>, ScaledDifference<double>, Reverse<double>, Reverse<Dual<double>>) {
  using T = TestType;
  using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Context context;
  const Matrix<T> a = context.matrix<T>(9, 12);
  const Matrix<T> b = context.matrix<T>(12, 11);
  const Matrix<T> x = context.matrix<T>(12, 1);
  const Matrix<double> c = normal_matrix(12, 11, context.rng);
  const Matrix<double> d = normal_matrix(10, 9, context.rng);

  SECTION("matrices") { context.check_equal<T>(a * b, reference(a, b)); }
  SECTION("with a constant factor") {
    context.check_equal<T>(a * c, reference(a, c));
    context.check_equal<T>(d * a, reference(d, a));
    context.check_equal<T>(a * c.cast<T>(), reference(a, c));
  }
  SECTION("transposes") {
    context.check_equal<T>(b.transpose() * a.transpose(), reference(b.transpose(), a.transpose()));
    context.check_equal<T>(b.transpose() * c, reference(b.transpose(), c));
  }
  SECTION("row-major factors and results") {
    const RowMajor row_a = a;
    RowMajor result = row_a * b;
    context.check_equal<T>(result, reference(a, b));
    context.check_equal<T>(row_a * RowMajor(b), reference(a, b));
  }
  SECTION("blocks and maps") {
    context.check_equal<T>(a.block(1, 2, 7, 8) * b.block(3, 1, 8, 9),
                           reference(a.block(1, 2, 7, 8), b.block(3, 1, 8, 9)));
    const Eigen::Map<const Matrix<T>> map(b.data(), 11, 12);
    context.check_equal<T>(map * a.transpose(), reference(map, a.transpose()));
    Matrix<T> wide = Matrix<T>::Zero(12, 15);
    wide.block(2, 3, 9, 11) = a * b;
    context.check_equal<T>(wide.block(2, 3, 9, 11), reference(a, b));
  }
  SECTION("vectors") {
    const Vector<T> v = x.col(0);
    context.check_equal<T>(a * v, reference(a, x));
    context.check_equal<T>(v.transpose() * b, reference(x.transpose(), b));
    context.check_equal<T>(v.transpose() * c, reference(x.transpose(), c));
    context.check_equal<T>(v * v.transpose(), reference(x, x.transpose()));
    context.check_equal<T>(v.transpose() * v, reference(x.transpose(), x));
    context.check_equal<T>(a * b.col(3), reference(a, b.col(3)));
    Matrix<T> dot(1, 1);
    dot(0, 0) = v.transpose() * b.col(2);
    context.check_equal<T>(dot, reference(x.transpose(), b.col(2)));
  }
  SECTION("scalar factors") {
    context.check_equal<T>(2 * a * b, 2 * reference(a, b));
    context.check_equal<T>(a * (b * x(0, 0)), reference(a, b) * x(0, 0));
    context.check_equal<T>(-(a * b), -reference(a, b));
  }
  SECTION("accumulation") {
    Matrix<T> sum = c.topRows(9).template cast<T>();
    sum.noalias() += a * b;
    sum -= 3 * a * c;
    sum.noalias() -= a * b;
    sum += a * b;
    context.check_equal<T>(sum, c.topRows(9).template cast<T>() + reference(a, b) - 3 * reference(a, c));
  }
  SECTION("aliasing") {
    const Matrix<T> square = context.matrix<T>(6, 6);
    Matrix<T> power = square;
    power = power * power;
    context.check_equal<T>(power, reference(square, square));
  }
  SECTION("expressions") {
    context.check_equal<T>((a + a) * b.array().square().matrix(), reference(a + a, b.cwiseProduct(b)));
    context.check_equal<T>((a * b).array().tanh().matrix(), reference(a, b).array().tanh().matrix());
    context.check_equal<T>(a * b * x.topRows(11), reference(reference(a, b), x.topRows(11)));
    context.check_equal<T>((a * b).colwise().sum(), reference(a, b).colwise().sum());
  }
  SECTION("of an active and a constant entry in one factor") {
    Matrix<T> mixed = a;
    mixed.row(3).setConstant(T(2));
    context.check_equal<T>(mixed * b, reference(mixed, b));
  }
  SECTION("constants alone") {
    const Matrix<T> p = d.cast<T>();
    const Matrix<T> q = d.transpose().cast<T>();
    context.check_equal<T>(p * q, reference(p, q));
  }
  SECTION("small, fixed and empty") {
    const Eigen::Matrix<T, 2, 2> small = a.template topLeftCorner<2, 2>();
    context.check_equal<T>(small * small, reference(small, small));
    context.check_equal<T>(a.topLeftCorner(2, 3) * b.topLeftCorner(3, 1),
                           reference(a.topLeftCorner(2, 3), b.topLeftCorner(3, 1)));
    context.check_equal<T>(a.leftCols(0) * b.topRows(0), reference(a.leftCols(0), b.topRows(0)));
    CHECK(Matrix<T>(a.topRows(0) * b).size() == 0);
  }
}

TEST_CASE("A product is one block of the tape, which keeps only the values of the other factor") {
  Tape<double> tape;
  Matrix<Reverse<double>> w(20, 30);
  for (Index i = 0; i < w.size(); ++i) w.data()[i] = Reverse<double>::input(1, tape);
  const std::size_t before = tape.capacity();
  const Matrix<Reverse<double>> y = w * Matrix<double>::Ones(30, 40);
  CHECK(tape.size() == 1 + 600 + 800);
  // 1200 values, 600 and at most twice 1401 numbers of variables.
  CHECK(tape.capacity() - before < 1200 * sizeof(double) + (600 + 2 * 1401) * sizeof(std::uint32_t) + 1000);
  CHECK(y(19, 39).value == 30);
}
