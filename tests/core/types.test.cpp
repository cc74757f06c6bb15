#include <lazytrain/core/types.hpp>
#include <type_traits>

#include "support/catch.hpp"

using namespace lazytrain;

namespace {

struct Foreign {};

double first_of(view_t<Vector<double>> x) { return x(0); }
void assign(out_t<Vector<double>> y, double a) { y.setConstant(a); }

static_assert(std::is_same_v<view_t<Foreign>, const Foreign&>);
static_assert(std::is_same_v<out_t<Foreign>, Foreign&>);
static_assert(std::is_signed_v<Index>);
static_assert(!Matrix<float>::IsRowMajor);

}  // namespace

TEST_CASE("a view reads vectors, blocks, maps and expressions, in place when they are memory") {
  Matrix<double> a(2, 3);
  a << 1, 2, 3,  //
      4, 5, 6;
  const double raw[] = {7, 8};
  CHECK(first_of(Vector<double>::Constant(3, 5.0)) == 5);
  CHECK(first_of(a.col(1)) == 2);
  CHECK(first_of(a.col(1).tail(1)) == 5);
  CHECK(first_of(2 * a.col(2) - a.col(0)) == 5);
  CHECK(first_of(Eigen::Map<const Vector<double>>(raw, 2)) == 7);

  const Eigen::Ref<const Vector<double>> column = a.col(1);
  CHECK(column.data() == &a(0, 1));
}

TEST_CASE("an output is written where it lives, segments and columns included") {
  Vector<double> y = Vector<double>::Zero(4);
  assign(y.segment(1, 2), 3);
  CHECK(y == Eigen::Vector4d(0, 3, 3, 0));
  Matrix<double> a = Matrix<double>::Zero(2, 2);
  assign(a.col(1), 5);
  CHECK(a(0, 0) + a(1, 0) == 0);
  CHECK(a(0, 1) + a(1, 1) == 10);
}
